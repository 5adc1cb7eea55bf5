/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "normalize/lint/lint.h"
#include "normalize/lint/target.h"
#include "normalize/lint/wire.h"
#include "tests/lib/suite.h"

static struct ocn_bytes bytes_of(const char *text)
{
    return (struct ocn_bytes){ text, strlen(text) };
}

static void begin(struct ocn_lint *lint)
{
    const struct ocn_lint_input input = { .name = "web.yaml", .kind = "kubernetes" };
    struct ocn_error err = { 0 };

    ck_assert_int_eq(ocn_lint_begin(lint, &input, &err), 0);
}

static const struct ocn_list *findings_of(const struct ocn_lint *lint)
{
    const struct ocn_lint_input *inputs = lint->inputs.items;

    return &inputs[lint->inputs.len - 1].findings;
}

static const struct ocn_lint_finding *only(const struct ocn_lint *lint)
{
    ck_assert_uint_eq(findings_of(lint)->len, 1);
    return findings_of(lint)->items;
}

static void add(struct ocn_lint *lint, const char *rule, const char *message, enum ocn_level level)
{
    const struct ocn_lint_finding finding = { .rule = rule, .message = message, .level = level };
    struct ocn_error err = { 0 };

    ck_assert_int_eq(ocn_lint_add(lint, &finding, &err), 0);
}

START_TEST(test_lint__rules_are_unique_and_named)
{
    for (unsigned i = 0; i < OCN_LINT_RULE_COUNT; i++) {
        ck_assert_uint_eq(ocn_lint_find(ocn_lint_rules[i].name), i);
        ck_assert_str_eq(ocn_lint_summary(ocn_lint_rules[i].name), ocn_lint_rules[i].summary);
        ck_assert_int_ne(ocn_lint_rules[i].level, OCN_LEVEL_EDIT);
    }
    ck_assert_uint_eq(ocn_lint_find("pod.nothing"), OCN_LINT_RULE_COUNT);
    ck_assert_ptr_null(ocn_lint_summary("pod.nothing"));
    ck_assert_ptr_nonnull(ocn_lint_summary("user.root")); /* the node's */
}
END_TEST

START_TEST(test_lint__text_is_printable)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    char many[5000];

    ck_assert_str_eq(ocn_lint_printable(&arena, "a\x1b[31m\n\xc3\xa9\x7f"),
                     "a\\x1b[31m\\x0a\\xc3\\xa9\\x7f");
    ck_assert_ptr_null(ocn_lint_printable(&arena, NULL));
    memset(many, 'x', sizeof(many) - 1);
    many[sizeof(many) - 1] = '\0';
    const char *cut = ocn_lint_printable(&arena, many);
    ck_assert_uint_eq(strlen(cut), OCN_LINT_MAX_TEXT + 3);
    ck_assert_str_eq(cut, ocn_lint_printable(&arena, cut));
}
END_TEST

START_TEST(test_lint__names_of_files_keep_their_letters)
{
    OCN_CLEANUP(ocn_lint_done) struct ocn_lint lint = { 0 };
    const char *names[] = { "gr\xc3\xb6\xc3\x9f.yaml", "a\nb", "\xff", "\x7f" };
    const char *kept[] = { "gr\xc3\xb6\xc3\x9f.yaml", "a\\x0ab", "\\xff", "\\x7f" };
    struct ocn_error err = { 0 };

    for (size_t i = 0; i < OCN_COUNT(names); i++) {
        const struct ocn_lint_input input = { .name = names[i], .kind = "k" };
        ck_assert_int_eq(ocn_lint_begin(&lint, &input, &err), 0);
        const struct ocn_lint_input *inputs = lint.inputs.items;
        ck_assert_str_eq(inputs[i].name, kept[i]);
    }
}
END_TEST

START_TEST(test_lint__the_table_has_the_level)
{
    OCN_CLEANUP(ocn_lint_done) struct ocn_lint lint = { 0 };

    begin(&lint);
    add(&lint, "pod.run-as-user", "off without a target", OCN_LEVEL_OFF);
    ck_assert_uint_eq(findings_of(&lint)->len, 0);
    add(&lint, "image.platform", "x", OCN_LEVEL_OFF);
    ck_assert_int_eq(only(&lint)->level, OCN_LEVEL_DENY);
    ck_assert_ptr_null(only(&lint)->target);
}
END_TEST

START_TEST(test_lint__a_level_that_is_given_stays)
{
    OCN_CLEANUP(ocn_lint_done) struct ocn_lint lint = { 0 };

    begin(&lint);
    add(&lint, "user.root", "of the node's rules", OCN_LEVEL_WARN);
    ck_assert_int_eq(only(&lint)->level, OCN_LEVEL_WARN);
}
END_TEST

#define RULE(name, level) "\"" name "\":{\"level\":\"" level "\",\"reason\":\"r\",\"source\":\"s\"}"
#define TARGET(name, rules) "{\"version\":1,\"name\":\"" name "\",\"rules\":{" rules "}}"

struct targets {
    struct ocn_lint_target items[3];
    json_t *json[3];
    struct ocn_arena arena;
};

static void targets_done(struct targets *targets)
{
    for (size_t i = 0; i < 3; i++) {
        json_decref(targets->json[i]);
    }
    ocn_arena_done(&targets->arena);
}

static void read_targets(struct targets *targets, const char *const texts[], size_t len)
{
    struct ocn_error err = { 0 };

    for (size_t i = 0; i < len; i++) {
        int status = ocn_lint_target_read("t.json", bytes_of(texts[i]), &targets->arena,
                                          &targets->items[i], &targets->json[i], &err);
        ck_assert_msg(status == 0, "%s: %s", err.where, err.msg);
    }
}

START_TEST(test_lint__targets_have_the_level)
{
    static const char *const texts[] = {
        TARGET("mild", RULE("pod.privileged", "warn") "," RULE("pod.sysctls", "off")),
        TARGET("strict", RULE("pod.privileged", "deny") "," RULE("image.user", "deny")),
        TARGET("other", RULE("pod.seccomp", "deny")),
    };
    OCN_CLEANUP(ocn_lint_done) struct ocn_lint lint = { 0 };
    OCN_CLEANUP(targets_done) struct targets targets = { 0 };

    read_targets(&targets, texts, OCN_COUNT(texts));
    lint.targets = targets.items;
    lint.targets_len = OCN_COUNT(texts);
    begin(&lint);
    add(&lint, "pod.sysctls", "off where it is named, and nobody else asks", OCN_LEVEL_OFF);
    add(&lint, "pod.selinux", "nobody asks", OCN_LEVEL_OFF);
    ck_assert_uint_eq(findings_of(&lint)->len, 0);
    add(&lint, "pod.privileged", "x", OCN_LEVEL_OFF);
    ck_assert_int_eq(only(&lint)->level, OCN_LEVEL_DENY);
    ck_assert_str_eq(only(&lint)->target, "mild, strict");
    begin(&lint);
    add(&lint, "image.user", "holds always, and stricter in one", OCN_LEVEL_OFF);
    ck_assert_int_eq(only(&lint)->level, OCN_LEVEL_DENY);
    ck_assert_str_eq(only(&lint)->target, "strict");
    begin(&lint);
    add(&lint, "image.blobs", "holds always", OCN_LEVEL_OFF);
    ck_assert_int_eq(only(&lint)->level, OCN_LEVEL_DENY);
    ck_assert_ptr_null(only(&lint)->target);
}
END_TEST

START_TEST(test_lint__a_target_turns_off_what_has_its_own_level)
{
    static const char *const texts[] = { TARGET("quiet", RULE("pod.limits", "off")) };
    OCN_CLEANUP(ocn_lint_done) struct ocn_lint lint = { 0 };
    OCN_CLEANUP(targets_done) struct targets targets = { 0 };
    const struct ocn_lint_finding finding = { .rule = "pod.limits",
                                              .level = OCN_LEVEL_DENY,
                                              .message = "x" };
    struct ocn_error err = { 0 };

    read_targets(&targets, texts, OCN_COUNT(texts));
    begin(&lint);
    ck_assert_int_eq(ocn_lint_add_for(&lint, &targets.items[0], &finding, &err), 0);
    ck_assert_uint_eq(findings_of(&lint)->len, 0);
    ck_assert_int_eq(ocn_lint_add_for(&lint, NULL, &finding, &err), 0);
    ck_assert_int_eq(only(&lint)->level, OCN_LEVEL_DENY);
}
END_TEST

START_TEST(test_lint__knows_names_in_a_list)
{
    ck_assert(ocn_lint_names("eks, pss-baseline", "eks"));
    ck_assert(ocn_lint_names("eks, pss-baseline", "pss-baseline"));
    ck_assert(!ocn_lint_names("eks, pss-baseline", "pss"));
    ck_assert(!ocn_lint_names("eks, pss-baseline", "baseline"));
    ck_assert(!ocn_lint_names("aks-eks", "eks"));
    ck_assert(!ocn_lint_names(NULL, "eks"));
}
END_TEST

START_TEST(test_lint__equal_findings_are_one)
{
    OCN_CLEANUP(ocn_lint_done) struct ocn_lint lint = { 0 };

    begin(&lint);
    add(&lint, "image.user", "x", OCN_LEVEL_WARN);
    add(&lint, "image.user", "x", OCN_LEVEL_DENY);
    ck_assert_int_eq(only(&lint)->level, OCN_LEVEL_DENY);
    add(&lint, "image.user", "y", OCN_LEVEL_OFF);
    const struct ocn_lint_finding *findings = findings_of(&lint)->items;
    ck_assert_uint_eq(findings_of(&lint)->len, 2);
    ck_assert_str_ne(findings[0].fingerprint, findings[1].fingerprint);
}
END_TEST

START_TEST(test_lint__fingerprints_outlive_lines)
{
    OCN_CLEANUP(ocn_lint_done) struct ocn_lint a = { 0 };
    OCN_CLEANUP(ocn_lint_done) struct ocn_lint b = { 0 };
    const struct ocn_lint_finding first = {
        .rule = "pod.privileged", .message = "x", .line = 1, .path = "/spec"
    };
    const struct ocn_lint_finding moved = {
        .rule = "pod.privileged", .message = "in other words", .line = 9, .path = "/spec"
    };
    struct ocn_error err = { 0 };

    begin(&a);
    begin(&b);
    ck_assert_int_eq(ocn_lint_add(&a, &first, &err), 0);
    ck_assert_int_eq(ocn_lint_add(&b, &moved, &err), 0);
    ck_assert_str_eq(only(&a)->fingerprint, only(&b)->fingerprint);
}
END_TEST

START_TEST(test_lint__nothing_hides_behind_many)
{
    OCN_CLEANUP(ocn_lint_done) struct ocn_lint lint = { 0 };
    struct ocn_error err = { 0 };
    char message[32];

    begin(&lint);
    for (size_t i = 0; i < OCN_LINT_MAX_FINDINGS; i++) {
        (void)snprintf(message, sizeof(message), "%zu", i);
        add(&lint, "image.user", message, OCN_LEVEL_OFF);
    }
    const struct ocn_lint_finding one_more = { .rule = "image.user", .message = "more" };
    ck_assert_int_eq(ocn_lint_add(&lint, &one_more, &err), -1);
    ck_assert_int_eq(err.code, OCN_E_LIMIT);
}
END_TEST

START_TEST(test_lint__passes_the_wire)
{
    OCN_CLEANUP(ocn_lint_done) struct ocn_lint lint = { 0 };
    OCN_CLEANUP(ocn_lint_done) struct ocn_lint again = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf first = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf second = { 0 };
    const struct ocn_lint_finding whole = { .rule = "pod.privileged",
                                            .level = OCN_LEVEL_DENY,
                                            .message = "m\n",
                                            .hint = "h",
                                            .target = "eks",
                                            .file = "f",
                                            .line = 3,
                                            .column = 4,
                                            .object = "o",
                                            .path = "/p",
                                            .origin = "layer 1" };
    struct ocn_error err = { 0 };

    begin(&lint);
    ck_assert_int_eq(ocn_lint_add(&lint, &whole, &err), 0);
    add(&lint, "user.root", "of the node", OCN_LEVEL_WARN);
    ck_assert_int_eq(ocn_lint_dump(&lint, &first, &err), 0);
    ck_assert_int_eq(ocn_lint_load(&again, ocn_buf_bytes(&first), &err), 0);
    ck_assert_int_eq(ocn_lint_dump(&again, &second, &err), 0);
    ck_assert_str_eq(first.ptr, second.ptr);
}
END_TEST

#define INPUT(findings)                                                                            \
    "{\"inputs\":[{\"input\":\"a\",\"kind\":\"k\",\"findings\":[" findings "]}]}"

/* What a child that is no longer ours could say. */
static const char *const lies[] = {
    "",
    "[]",
    "{\"inputs\":{}}",
    "{\"inputs\":[{}]}",
    "{\"inputs\":[{\"input\":\"a\"}]}",
    INPUT("{}"),
    INPUT("{\"rule\":\"none\",\"level\":\"warn\",\"message\":\"m\"}"),
    INPUT("{\"rule\":\"pod.privileged\",\"message\":\"m\"}"),
    INPUT("{\"rule\":\"pod.privileged\",\"level\":\"off\",\"message\":\"m\"}"),
    INPUT("{\"rule\":\"pod.privileged\",\"level\":\"edit\",\"message\":\"m\"}"),
    INPUT("{\"rule\":\"pod.privileged\",\"level\":\"warn\"}"),
    INPUT("{\"rule\":\"pod.privileged\",\"level\":\"warn\",\"message\":\"m\",\"line\":-1}"),
};

START_TEST(test_lint__believes_no_child)
{
    OCN_CLEANUP(ocn_lint_done) struct ocn_lint lint = { 0 };
    struct ocn_error err = { 0 };

    ck_assert_msg(ocn_lint_load(&lint, bytes_of(lies[_i]), &err) == -1, "%s", lies[_i]);
    ck_assert_int_ne(err.code, OCN_OK);
}
END_TEST

START_TEST(test_lint__no_child_ignores)
{
    OCN_CLEANUP(ocn_lint_done) struct ocn_lint lint = { 0 };
    struct ocn_error err = { 0 };
    const char *text = INPUT("{\"rule\":\"pod.privileged\",\"level\":\"deny\",\"message\":\"m\","
                             "\"ignored\":\"because\",\"fingerprint\":\"mine\"}");

    ck_assert_int_eq(ocn_lint_load(&lint, bytes_of(text), &err), 0);
    ck_assert_ptr_null(only(&lint)->ignored);
    ck_assert_str_ne(only(&lint)->fingerprint, "mine");
}
END_TEST

static const struct {
    const char *text;
    const char *where;
    const char *msg;
} refused[] = {
    { "{", "t.json:1:1", "" },
    { "{\"name\":\"x\"}", "t.json:1: /version", "version" },
    { "{\"version\":2,\"name\":\"x\"}", "t.json:1: /version", "version 1" },
    { "{\"version\":1}", "t.json:1: /name", "small letters" },
    { "{\"version\":1,\"name\":\"a b\"}", "t.json:1: /name", "small letters" },
    { "{\"version\":1,\"name\":\"a\",\n\"rule\":{}}", "t.json:2: /rule", "did you mean \"rules\"" },
    { TARGET("a", RULE("pod.privleged", "deny")), "t.json:1: /rules/pod.privleged",
      "did you mean \"pod.privileged\"" },
    { TARGET("a", RULE("pod.privileged", "edit")), "t.json:1: /rules/pod.privileged/level",
      "unknown value" },
    { TARGET("a", "\"pod.privileged\":{\"level\":\"deny\"}"), "t.json:1: /rules/pod.privileged",
      "reason" },
    { TARGET("a", "\"pod.privileged\":\"deny\""), "t.json:1: /rules/pod.privileged", "expected" },
};

START_TEST(test_lint__refuses_a_target)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    struct ocn_lint_target target = { 0 };
    struct ocn_error err = { 0 };
    json_t *json = NULL;

    ck_assert_int_eq(
        ocn_lint_target_read("t.json", bytes_of(refused[_i].text), &arena, &target, &json, &err),
        -1);
    ck_assert_ptr_null(json);
    ck_assert_str_eq(err.where, refused[_i].where);
    ck_assert_msg(strstr(err.msg, refused[_i].msg) != NULL, "%s", err.msg);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lint");
    TCase *tests = tcase_create("lint");

    tcase_set_timeout(tests, OCN_TEST_SECONDS);
    tcase_add_test(tests, test_lint__rules_are_unique_and_named);
    tcase_add_test(tests, test_lint__text_is_printable);
    tcase_add_test(tests, test_lint__names_of_files_keep_their_letters);
    tcase_add_test(tests, test_lint__the_table_has_the_level);
    tcase_add_test(tests, test_lint__a_level_that_is_given_stays);
    tcase_add_test(tests, test_lint__targets_have_the_level);
    tcase_add_test(tests, test_lint__a_target_turns_off_what_has_its_own_level);
    tcase_add_test(tests, test_lint__knows_names_in_a_list);
    tcase_add_test(tests, test_lint__equal_findings_are_one);
    tcase_add_test(tests, test_lint__fingerprints_outlive_lines);
    tcase_add_test(tests, test_lint__nothing_hides_behind_many);
    tcase_add_test(tests, test_lint__passes_the_wire);
    tcase_add_loop_test(tests, test_lint__believes_no_child, 0, OCN_COUNT(lies));
    tcase_add_test(tests, test_lint__no_child_ignores);
    tcase_add_loop_test(tests, test_lint__refuses_a_target, 0, OCN_COUNT(refused));
    suite_add_tcase(suite, tests);
    return ocn_run_suite(suite);
}
