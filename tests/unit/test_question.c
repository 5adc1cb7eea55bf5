/* SPDX-License-Identifier: Apache-2.0 */
/* What the confined child is asked arrives as it was asked. */
#include "hook/judge/question.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/suite.h"

#define CONFIG "{\"a\": \"/proc/1/ns/net\"}"
#define MANY_LAYERS ((size_t)10000)
#define PROCESS "{\"b\": 1}"

/* A profile of the node's own, and one that takes the place of a built-in one. */
static const struct {
    const char *path;
    const char *text;
} files[] = {
    { "profiles/mine.json", "{\"env\": {\"set\": {\"MINE\": \"1\"}}, \"detect\": "
                            "[{\"env\": \"MY_CLOUD\", \"weight\": 70}]}" },
    { "profiles/knative.json", "{\"detect\": [{\"file\": \"/nowhere\", \"weight\": 60}]}" },
};

static const char policy_text[] = "{\"user\": {\"uid\": 7, \"gid\": 8}}";

static char dir[64];
static char config_path[80];
static struct ocn_world world;
static struct ocn_node_policy policy;
static struct ocn_question question;
static struct ocn_buf bytes;
static struct ocn_error err;

/* The question on the node's own policy, in bytes as the child hears them. */
static void ask(const char *text)
{
    const struct ocn_layer layer = { "policy.json", { text, strlen(text) }, NULL };

    ck_assert_msg(ocn_node_policy_load(&world, &layer, 1, &policy, &err) == 0, "%s: %s", err.where,
                  err.msg);
    question = (struct ocn_question){
        .world = { .root = "/captured", .all_facts = true },
        .subject = { .event = OCN_ON_EXEC,
                     .bundle = "/bundle",
                     .id = "id",
                     .untold = true,
                     .config = { CONFIG, sizeof(CONFIG) - 1 },
                     .process = { PROCESS, sizeof(PROCESS) - 1 } },
        .policy = &policy,
    };
    ocn_namespaces_see(&question.seen, question.subject.config);
    ck_assert_int_eq(ocn_question_write(&question, &bytes, &err), 0);
    ocn_buf_puts(&bytes, CONFIG PROCESS);
    ck_assert_int_eq(ocn_buf_check(&bytes, &err), 0);
}

static void enter(void)
{
    char path[256];

    err = (struct ocn_error){ 0 };
    (void)umask(022);
    strcpy(dir, "/tmp/ocn-question-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    (void)snprintf(path, sizeof(path), "%s/profiles", dir);
    ck_assert_int_eq(mkdir(path, 0755), 0);
    for (size_t i = 0; i < OCN_COUNT(files); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", dir, files[i].path);
        FILE *file = fopen(path, "w");
        ck_assert_ptr_nonnull(file);
        ck_assert_int_ge(fputs(files[i].text, file), 0);
        ck_assert_int_eq(fclose(file), 0);
    }
    (void)snprintf(config_path, sizeof(config_path), "%s/config.json", dir);
    world = (struct ocn_world){ .config = config_path, .any_owner = true };
}

static void leave(void)
{
    char command[128];

    ocn_node_policy_done(&policy);
    ocn_buf_done(&bytes);
    (void)snprintf(command, sizeof(command), "rm -rf %s", dir);
    ck_assert_int_eq(system(command), 0);
}

static void expect_text(const char *text, const char *wanted)
{
    ck_assert((text == NULL) == (wanted == NULL));
    ck_assert(wanted == NULL || strcmp(text, wanted) == 0);
}

static void expect_bytes(struct ocn_bytes got, struct ocn_bytes wanted)
{
    ck_assert((got.ptr == NULL) == (wanted.ptr == NULL));
    ck_assert_uint_eq(got.len, wanted.len);
    ck_assert(wanted.len == 0 || memcmp(got.ptr, wanted.ptr, wanted.len) == 0);
}

static void expect_policy(const struct ocn_node_policy *got)
{
    ck_assert_uint_eq(got->layers_len, policy.layers_len);
    for (size_t i = 0; i < policy.layers_len; i++) {
        expect_text(got->layers[i].name, policy.layers[i].name);
        expect_text(got->layers[i].profile, policy.layers[i].profile);
        expect_bytes(got->layers[i].text, policy.layers[i].text);
    }
    ck_assert_uint_eq(got->profiles_len, policy.profiles_len);
    for (size_t i = 0; i < policy.profiles_len; i++) {
        const struct ocn_profile *own = &got->profiles[i];
        const struct ocn_profile *wanted = &policy.profiles[i];
        expect_text(own->name, wanted->name);
        expect_text(own->origin, wanted->origin);
        expect_bytes(own->text, wanted->text);
        ck_assert_uint_eq(own->clues_len, wanted->clues_len);
        for (size_t k = 0; k < wanted->clues_len; k++) {
            expect_text(own->clues[k].file, wanted->clues[k].file);
            expect_text(own->clues[k].env, wanted->clues[k].env);
            ck_assert_uint_eq(own->clues[k].weight, wanted->clues[k].weight);
        }
        ck_assert_uint_eq(got->scores[i].found, policy.scores[i].found);
        ck_assert(got->scores[i].out == policy.scores[i].out);
    }
    ck_assert_int_eq(got->profile != NULL ? got->profile - got->profiles : -1,
                     policy.profile != NULL ? policy.profile - policy.profiles : -1);
    ck_assert_uint_eq(ocn_config_base(got->config)->user.uid,
                      ocn_config_base(policy.config)->user.uid);
    expect_text(ocn_config_base(got->config)->profile, ocn_config_base(policy.config)->profile);
}

/* "auto": all profiles, what the node shows of them; by its name: one; none at all. */
static const char *const policies[] = { policy_text, "{\"profile\": \"mine\"}",
                                        "{\"profile\": \"aws-eks\"}",
                                        "{\"profile\": \"unknown\"}" };

START_TEST(test_question__arrives_as_it_was_asked)
{
    OCN_CLEANUP(ocn_node_policy_done) struct ocn_node_policy heard = { 0 };
    struct ocn_question got = { .policy = &heard };

    ask(policies[_i]);
    ck_assert_uint_eq(policy.profiles_len, _i == 0 ? ocn_profiles_built_in_len + 1 : 0);
    ck_assert_msg(ocn_question_read(ocn_buf_bytes(&bytes), &got, &err) == 0, "%s", err.msg);
    expect_policy(&heard);
    expect_text(got.world.root, "/captured");
    ck_assert(got.world.all_facts);
    ck_assert_int_eq(got.subject.event, OCN_ON_EXEC);
    expect_text(got.subject.bundle, "/bundle");
    expect_text(got.subject.id, "id");
    expect_text(got.subject.runtime, NULL);
    ck_assert(got.subject.untold && !got.subject.unedited && !got.subject.placeless);
    expect_bytes(got.subject.config, question.subject.config);
    expect_bytes(got.subject.process, question.subject.process);
    ck_assert_uint_eq(got.seen.len, 1);
    const struct ocn_namespace *seen = ocn_namespaces_find(&got.seen, "/proc/1/ns/net");
    ck_assert_ptr_nonnull(seen);
    ck_assert_uint_eq(seen->ino, question.seen.items[0].namespace.ino);
}
END_TEST

/* Without a single layer it is the built-in policy. */
START_TEST(test_question__of_no_layers)
{
    OCN_CLEANUP(ocn_node_policy_done) struct ocn_node_policy heard = { 0 };
    struct ocn_question got = { .policy = &heard };

    ck_assert_int_eq(ocn_node_policy_bind(&policy, &err), 0);
    question = (struct ocn_question){ .subject = { .bundle = "/" }, .policy = &policy };
    ck_assert_int_eq(ocn_question_write(&question, &bytes, &err), 0);
    ck_assert_int_eq(ocn_question_read(ocn_buf_bytes(&bytes), &got, &err), 0);
    expect_policy(&heard);
    ck_assert_uint_eq(got.subject.config.len, 0);
}
END_TEST

/* A directory may hold as many files of the policy as somebody likes. */
START_TEST(test_question__of_many_layers)
{
    OCN_CLEANUP(ocn_node_policy_done) struct ocn_node_policy heard = { 0 };
    static struct ocn_layer layers[MANY_LAYERS];
    struct ocn_question got = { .policy = &heard };

    for (size_t i = 0; i < MANY_LAYERS; i++) {
        layers[i] = (struct ocn_layer){ "file.json", { "{}", 2 }, NULL };
    }
    ck_assert_int_eq(ocn_node_policy_load(&world, layers, MANY_LAYERS, &policy, &err), 0);
    question = (struct ocn_question){ .subject = { .bundle = "/" }, .policy = &policy };
    ck_assert_int_eq(ocn_question_write(&question, &bytes, &err), 0);
    ck_assert_int_eq(ocn_question_read(ocn_buf_bytes(&bytes), &got, &err), 0);
    ck_assert_uint_eq(heard.layers_len, MANY_LAYERS + 1);
}
END_TEST

/* A part of it is no question, and is not read beyond its end (sanitizers look). */
START_TEST(test_question__is_whole)
{
    ask(policy_text);
    for (size_t len = 0; len < bytes.len; len++) {
        OCN_CLEANUP(ocn_node_policy_done) struct ocn_node_policy heard = { 0 };
        struct ocn_question got = { .policy = &heard };
        char *part = malloc(len + 1);
        ck_assert_ptr_nonnull(part);
        memcpy(part, bytes.ptr, len);
        err = (struct ocn_error){ 0 };
        ck_assert_int_eq(ocn_question_read((struct ocn_bytes){ part, len }, &got, &err), -1);
        ck_assert_int_eq(err.code, OCN_E_FORMAT);
        ocn_node_policy_done(&heard); /* what it borrows goes with this */
        free(part);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("question");
    TCase *tcase = tcase_create("question");

    tcase_add_checked_fixture(tcase, enter, leave);
    tcase_set_timeout(tcase, OCN_TEST_SECONDS);
    tcase_add_loop_test(tcase, test_question__arrives_as_it_was_asked, 0, OCN_COUNT(policies));
    tcase_add_test(tcase, test_question__of_no_layers);
    tcase_add_test(tcase, test_question__of_many_layers);
    tcase_add_test(tcase, test_question__is_whole);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
