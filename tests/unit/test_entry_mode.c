/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/rules/entry_mode.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "normalize/normalize.h"
#include "tests/lib/suite.h"

static struct ocn_edit edits[] = {
    { OCN_RULE_USER_ROOT, "/process/user/uid", "0", "1001", "why" },
    { OCN_RULE_USER_ROOT, "/annotations/io.ocinorm.original-user", NULL, "\"0:0\"", "why" },
    { OCN_RULE_ENV_SET, "/process/env/TEAM", NULL, "\"a\"", "why" },
    { OCN_RULE_USER_CAPABILITIES, "/process/capabilities/ambient", "[]",
      "[\"CAP_NET_BIND_SERVICE\"]", "why" },
    { OCN_RULE_ANNOTATIONS_DERIVE, "/hostname", NULL, "\"y\"", "why" },
    { OCN_RULE_ENV_OTEL, "/process/env/OTEL_RESOURCE_ATTRIBUTES", NULL, "\"a=b\"", "why" },
    { OCN_RULE_USER_GROUPS, "/annotations/run.oci.keep_original_groups", "\"1\"", "\"0\"", "why" },
    { OCN_RULE_USER_ROOT, "/process/user/uid", "0", "1001", "why" },
};
enum { USER, NOTE, TEAM, AMBIENT, ANNOTATION, ATTRIBUTES, DIRECTIVE };

#define ALL "[\"CAP_SETUID\",\"CAP_SETGID\",\"CAP_NET_BIND_SERVICE\"]"
#define SETS(bounding, permitted, inheritable, ambient)                                            \
    "{\"bounding\":" bounding ",\"permitted\":" permitted ",\"inheritable\":" inheritable          \
    ",\"ambient\":" ambient ",\"effective\":" permitted "}"
#define OWN "[{\"type\":\"mount\"}]"

struct world {
    const char *process; /* more members of it */
    const char *capabilities;
    const char *namespaces;
};

static const struct world usual = { "", SETS(ALL, ALL, "[]", "[]"), OWN };

/* The outcome after judging @count edits from @first on in @world. */
static struct ocn_outcome *judge(const struct world *world, size_t first, size_t count)
{
    OCN_CLEANUP(ocn_container_freep) struct ocn_container *container = NULL;
    struct ocn_outcome *outcome = calloc(1, sizeof(*outcome));
    struct ocn_error err = { 0 };
    char text[2048];

    ck_assert_ptr_nonnull(outcome);
    outcome->edits = edits + first;
    outcome->edits_len = count;
    outcome->facts.entry.real = "/app";
    int len = snprintf(text, sizeof(text),
                       "{\"process\":{\"args\":[\"/app\"],\"cwd\":\"/\"%s,\"capabilities\":%s},"
                       "\"root\":{\"path\":\"r\"},\"linux\":{\"namespaces\":%s}}",
                       world->process, world->capabilities, world->namespaces);
    ck_assert_int_eq(ocn_container_parse((struct ocn_bytes){ text, (size_t)len }, &container, &err),
                     0);
    ck_assert_int_eq(ocn_entry_mode_judge(container, outcome, &err), 0);
    return outcome;
}

/* @rule denies with @part in its reason, or nobody does. */
static void check(const struct world *world, size_t first, size_t count, const char *part,
                  enum ocn_rule_id rule)
{
    OCN_CLEANUP(ocn_outcome_freep) struct ocn_outcome *outcome = judge(world, first, count);
    const struct ocn_finding *denial = ocn_outcome_denial(outcome);

    if (part == NULL) {
        ck_assert_msg(denial == NULL, "denied: %s", denial != NULL ? denial->message : "");
        ck_assert_int_eq(outcome->verdict, OCN_ALLOW);
        return;
    }
    ck_assert_ptr_nonnull(denial);
    ck_assert_int_eq(outcome->verdict, OCN_DENY);
    ck_assert_int_eq(denial->rule, rule);
    ck_assert_msg(strstr(denial->message, part) != NULL, "no \"%s\" in: %s", part, denial->message);
    ck_assert_ptr_nonnull(strstr(denial->hint, "ocinorm-runtime"));
}

START_TEST(test_entry_mode__nothing_to_edit_is_nothing_to_find)
{
    const struct world hopeless = { "", SETS("[]", "[]", "[]", "[]"), "[]" };

    check(&hopeless, USER, 0, NULL, 0);
    check(&hopeless, NOTE, 1, NULL, 0);
    check(&usual, USER, 4, NULL, 0);
}
END_TEST

/* Annotations only tell; but not what the runtime obeys, unless the plan sets the groups. */
START_TEST(test_entry_mode__a_directive_is_no_note)
{
    check(&usual, DIRECTIVE, 1, "keep_original_groups should be \"0\"", OCN_RULE_USER_GROUPS);
    check(&usual, DIRECTIVE, 2, NULL, 0);
}
END_TEST

#define NNP ",\"noNewPrivileges\":true"
#define UID5 ",\"user\":{\"uid\":5,\"gid\":5}"
#define NO_UID "[\"CAP_SETGID\"]"
#define NO_GID "[\"CAP_SETUID\"]"

static const struct {
    const char *process;
    const char *capabilities;
    const char *part; /* NULL: it can be done */
} capability_rows[] = {
    { "", SETS(ALL, ALL, "[]", "[]"), NULL },
    { "", SETS(NO_UID, NO_UID, "[]", "[]"), "without CAP_SETUID" },
    { "", SETS(NO_GID, NO_GID, "[]", "[]"), "without CAP_SETGID" },
    { "", SETS("[]", "[]", "[]", "[]"),
      "uid 0: the process starts without CAP_SETUID and CAP_SET" },
    /* root's exec gives it the bounding set ... */
    { "", SETS(ALL, "[]", "[]", "[]"), NULL },
    { "", SETS("[]", ALL, "[]", "[]"), "CAP_SETUID" },
    { "", SETS("[]", ALL, ALL, "[]"), NULL },
    /* ... but with no_new_privs nothing that was not permitted ... */
    { NNP, SETS(ALL, "[]", "[]", "[]"), "CAP_SETUID" },
    { NNP, SETS(ALL, ALL, "[]", "[]"), NULL },
    /* ... and to another user only the ambient ones. */
    { UID5, SETS(ALL, ALL, ALL, "[]"), "uid 5: the process starts without CAP_SETUID" },
    { UID5, SETS(ALL, ALL, ALL, ALL), NULL },
};

START_TEST(test_entry_mode__a_change_of_user_needs_the_capabilities_after_exec)
{
    struct world world = usual;

    world.process = capability_rows[_i].process;
    world.capabilities = capability_rows[_i].capabilities;
    check(&world, USER, 1, capability_rows[_i].part, OCN_RULE_USER_ROOT);
    check(&world, TEAM, 1, NULL, 0); /* a variable needs none */
}
END_TEST

START_TEST(test_entry_mode__low_ports_need_their_capability)
{
    struct world world = usual;

    check(&world, AMBIENT, 1, NULL, 0);
    world.capabilities = SETS(NO_UID, NO_UID, "[]", "[]");
    check(&world, AMBIENT, 1, "CAP_NET_BIND_SERVICE", OCN_RULE_USER_CAPABILITIES);
}
END_TEST

START_TEST(test_entry_mode__mounts_must_be_the_containers_own)
{
    struct world world = usual;

    world.namespaces = "[{\"type\":\"pid\"}]";
    check(&world, TEAM, 1, "no mount namespace of its own", OCN_RULE_ENV_SET);
    world.namespaces = "[{\"type\":\"mount\",\"path\":\"/proc/7/ns/mnt\"}]";
    check(&world, TEAM, 1, "no mount namespace of its own", OCN_RULE_ENV_SET);
    world.namespaces = "[{\"type\":\"pid\"},{\"type\":\"mount\",\"path\":\"\"}]";
    check(&world, TEAM, 1, NULL, 0);
}
END_TEST

START_TEST(test_entry_mode__what_is_no_part_of_the_process_cannot_change)
{
    check(&usual, ANNOTATION, 1, "/hostname should be \"y\"", OCN_RULE_ANNOTATIONS_DERIVE);
}
END_TEST

START_TEST(test_entry_mode__a_refusal_names_the_first_change_and_keeps_what_was_found)
{
    struct ocn_finding warning = { OCN_RULE_USER_ACCESS, OCN_LEVEL_WARN, "m", "h" };
    OCN_CLEANUP(ocn_outcome_freep) struct ocn_outcome *outcome = calloc(1, sizeof(*outcome));
    struct ocn_error err = { 0 };

    ck_assert_ptr_nonnull(outcome);
    outcome->findings = &warning;
    outcome->findings_len = 1;
    ck_assert_int_eq(ocn_entry_mode_refuse(outcome, "because", &err), 0);
    ck_assert_uint_eq(outcome->findings_len, 1); /* nothing was to be changed */
    outcome->edits = edits + NOTE;
    outcome->edits_len = 2;
    ck_assert_int_eq(ocn_entry_mode_refuse(outcome, "because", &err), 0);
    ck_assert_uint_eq(outcome->findings_len, 2);
    ck_assert_str_eq(outcome->findings[0].message, "m");
    ck_assert_str_eq(outcome->findings[1].message,
                     "/process/env/TEAM is not set and should be \"a\", but the hook cannot change "
                     "it: because");
    ck_assert_int_eq(outcome->findings[1].rule, OCN_RULE_ENV_SET);
}
END_TEST

/* They are added where that is possible, and nobody is refused over them where it is not. */
START_TEST(test_entry_mode__attributes_are_no_reason_to_refuse)
{
    const struct world hopeless = { "", SETS("[]", "[]", "[]", "[]"), "[]" };
    OCN_CLEANUP(ocn_outcome_freep) struct ocn_outcome *possible = judge(&usual, ATTRIBUTES, 1);
    OCN_CLEANUP(ocn_outcome_freep) struct ocn_outcome *dropped = judge(&hopeless, ATTRIBUTES, 1);

    ck_assert_uint_eq(possible->edits_len, 1);
    ck_assert_uint_eq(possible->findings_len, 0);
    ck_assert_uint_eq(dropped->edits_len, 0);
    ck_assert_uint_eq(dropped->findings_len, 1);
    ck_assert_int_eq(dropped->findings[0].level, OCN_LEVEL_WARN);
    ck_assert_int_eq(dropped->verdict, OCN_ALLOW);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("entry_mode");
    TCase *tests = tcase_create("entry_mode");

    tcase_add_test(tests, test_entry_mode__a_directive_is_no_note);
    tcase_add_test(tests, test_entry_mode__nothing_to_edit_is_nothing_to_find);
    tcase_add_loop_test(tests, test_entry_mode__a_change_of_user_needs_the_capabilities_after_exec,
                        0, (int)OCN_COUNT(capability_rows));
    tcase_add_test(tests, test_entry_mode__low_ports_need_their_capability);
    tcase_add_test(tests, test_entry_mode__mounts_must_be_the_containers_own);
    tcase_add_test(tests, test_entry_mode__attributes_are_no_reason_to_refuse);
    tcase_add_test(tests, test_entry_mode__what_is_no_part_of_the_process_cannot_change);
    tcase_add_test(tests,
                   test_entry_mode__a_refusal_names_the_first_change_and_keeps_what_was_found);
    suite_add_tcase(suite, tests);
    return ocn_run_suite(suite);
}
