/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/cases/<rule>/<case>/: a container and a world in, an outcome out.
 *   config.json    the container; process.json beside it makes it an exec into that container
 *   policy.json    what differs from the built-in policy and tests/cases/policy.json (optional)
 *   world.json     the view (tests/lib/mem_view.h; optional)
 *   expected.json  a part of what `ocinorm explain --format json` says: see below
 *   after.json     the bytes after applying the edits (optional; in every case without denial the
 *                  result is judged again and must then need no edit)
 * OCN_CASES_UPDATE=1 writes expected.json instead: read the diff before you commit it.
 *
 * A case speaks of its own rule, so that the words of a rule stand in its own folder only:
 *   verdict, exempt         always compared; no "exempt" means: not exempt
 *   edits, findings, kept   always compared, but only those of the folder's rule, and of the rules
 *                           that "also" of expected.json names; no "kept" means: none. A folder
 * that is no rule (exec, exempt, whole) speaks of all rules profile, facts          compared where
 * expected.json has them Of facts, and of an edit or a finding, the members that expected.json has
 * are compared. A case about the entrypoint's kind has { "facts": { "entry": { "kind": "elf" } } }:
 * write the member, and the update fills it in.
 */
#include <check.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "hook/judge/answer.h"
#include "hook/judge/edits.h"
#include "hook/judge/report.h"
#include "hook/sys/io.h"
#include "normalize/normalize.h"
#include "normalize/outcome/splice.h"
#include "normalize/rules/judge.h"
#include "tests/lib/mem_view.h"
#include "tests/lib/suite.h"

#define MAX_CASES 2048

struct run {
    char dir[512];
    struct ocn_buf all; /* tests/cases/policy.json */
    struct ocn_buf own;
    struct ocn_config *config; /* of the profile that fits the world and the container */
    struct ocn_policy policy;
    struct ocn_mem_view mem;
    struct ocn_arena arena;
    bool exec;
};

static void read_case_file(const struct run *run, const char *name, struct ocn_buf *ret)
{
    char path[640];
    struct ocn_error err = { 0 };

    snprintf(path, sizeof(path), "%s/%s", run->dir, name);
    if (ocn_io_read_file(path, (size_t)32 << 20, ret, &err) < 0) {
        ck_assert_msg(err.code == OCN_E_NOENT, "%s: %s", err.where, err.msg);
    }
}

static void load_world(struct run *run)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    json_error_t problem;

    read_case_file(run, "world.json", &text);
    json_t *world = text.len != 0 ? json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &problem)
                                  : json_object();
    ck_assert_msg(world != NULL, "%s/world.json:%d: %s", run->dir, problem.line, problem.text);
    ocn_mem_view_init(&run->mem, world);
}

/* The variables that every container gets would stand in every folder: there they are off. */
static void read_policy(struct run *run)
{
    struct ocn_error err = { 0 };

    ck_assert_int_eq(
        ocn_io_read_file(OCN_CASES_DIR "/policy.json", OCN_POLICY_MAX_SIZE, &run->all, &err), 0);
    read_case_file(run, "policy.json", &run->own);
}

static void load_policy(struct run *run, const struct ocn_container *container)
{
    const struct ocn_view view = ocn_mem_view_as_view(&run->mem);
    struct ocn_score scores[32];
    struct ocn_error err = { 0 };
    size_t count = ocn_profiles_built_in_len;

    ck_assert_uint_le(count, OCN_COUNT(scores));
    ck_assert_int_eq(
        ocn_detect_node(ocn_profiles_built_in, count, &view, &run->arena, scores, NULL, &err), 0);
    const struct ocn_profile *profile =
        ocn_detect_choose(ocn_profiles_built_in, count, scores, &container->process.env);
    const struct ocn_layer layers[] = {
        { "profile", profile != NULL ? profile->text : (struct ocn_bytes){ "{}", 2 },
          profile != NULL ? profile->name : OCN_PROFILE_UNKNOWN },
        { "tests/cases/policy.json", ocn_buf_bytes(&run->all), NULL },
        { "policy.json", ocn_buf_bytes(&run->own), NULL },
    };
    ocn_config_free(run->config);
    ck_assert_msg(ocn_config_load(layers, run->own.len != 0 ? 3 : 2, &run->config, &err) == 0,
                  "%s: %s: %s", run->dir, err.where, err.msg);
}

/* The whole pipeline of every mode, in memory. */
static struct ocn_outcome *judge(struct run *run, struct ocn_container *container,
                                 struct ocn_container *joined, struct ocn_error *err)
{
    const struct ocn_view view = ocn_mem_view_as_view(&run->mem);
    struct ocn_identity identity;
    struct ocn_outcome *outcome = NULL;

    load_policy(run, joined != NULL ? joined : container);
    container->id = json_string_value(json_object_get(run->mem.world, "id"));
    const char *bundle = json_string_value(json_object_get(run->mem.world, "bundle"));
    struct ocn_container *known = joined != NULL ? joined : container;
    container->bundle = bundle;
    container->runtime = json_string_value(json_object_get(run->mem.world, "runtime"));
    container->unedited = json_is_true(json_object_get(run->mem.world, "hook"));
    known->bundle = bundle;
    ck_assert_int_eq(ocn_identity_read(known, &run->arena, &identity, err), 0);
    if (ocn_config_select(run->config, &identity, known, &run->arena, &run->policy, err) < 0) {
        return NULL;
    }
    const char *event = json_string_value(json_object_get(run->mem.world, "event"));
    int result = joined != NULL
                     ? ocn_normalize_exec(container, joined, &run->policy, &view, &outcome, err)
                 : event != NULL && strcmp(event, "restore") == 0
                     ? ocn_normalize_restore(container, &run->policy, &view, &outcome, err)
                     : ocn_normalize(container, &run->policy, &view, &outcome, err);
    ck_assert_int_eq(result, outcome == NULL ? -1 : 0);
    return outcome;
}

static bool is_rule(const char *name)
{
    for (size_t i = 0; i < OCN_RULE_COUNT; i++) {
        if (strcmp(ocn_rules[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Does the case speak of @rule? @also is what its expected.json says of others. */
static bool speaks_of(const struct run *run, const json_t *also, const char *rule)
{
    const char *begin = run->dir + strlen(OCN_CASES_DIR "/");
    char folder[64];

    snprintf(folder, sizeof(folder), "%.*s", (int)strcspn(begin, "/"), begin);
    for (size_t i = 0; i < json_array_size(also); i++) {
        const char *other = json_string_value(json_array_get(also, i));
        ck_assert_msg(other != NULL && is_rule(other), "%s: \"also\" names no rule", run->dir);
        if (strcmp(other, rule) == 0) {
            return true;
        }
    }
    return !is_rule(folder) || strcmp(folder, rule) == 0;
}

/* Drops the members of the object @actual that the object @expected has not, @depth levels down. */
static void drop_unlisted(json_t *actual, const json_t *expected, int depth)
{
    const char *key;
    void *next;
    json_t *value;

    if (depth == 0 || !json_is_object(expected)) {
        return;
    }
    json_object_foreach_safe(actual, next, key, value)
    {
        const json_t *listed = json_object_get(expected, key);
        if (listed == NULL) {
            json_object_del(actual, key);
        } else {
            drop_unlisted(value, listed, depth - 1);
        }
    }
}

/* Of the edits, findings or kept variables: those that the case speaks of. */
static void drop_others(const struct run *run, json_t *entries, const json_t *also,
                        const json_t *expected)
{
    for (size_t i = json_array_size(entries); i-- > 0;) {
        const json_t *rule = json_object_get(json_array_get(entries, i), "rule");
        if (!speaks_of(run, also, json_string_value(rule))) {
            json_array_remove(entries, i);
        }
    }
    for (size_t i = 0;
         json_array_size(entries) == json_array_size(expected) && i < json_array_size(entries);
         i++) {
        drop_unlisted(json_array_get(entries, i), json_array_get(expected, i), 1);
    }
}

/* What the case compares of @report: the comment above says which part. */
static json_t *part_compared(const struct run *run, json_t *report, const json_t *expected)
{
    static const char *const optional[] = { "profile", "facts" };
    static const char *const lists[] = { "edits", "findings", "kept" };
    json_t *also = json_object_get(expected, "also");
    json_t *part = json_object();

    json_object_del(report, "version");
    json_object_del(report, "bundle");
    if (json_is_null(json_object_get(report, "exempt"))) {
        json_object_del(report, "exempt");
    }
    for (size_t i = 0; i < OCN_COUNT(optional); i++) {
        const json_t *listed = json_object_get(expected, optional[i]);
        if (listed == NULL) {
            json_object_del(report, optional[i]);
        }
        drop_unlisted(json_object_get(report, optional[i]), listed, INT_MAX);
    }
    for (size_t i = 0; i < OCN_COUNT(lists); i++) {
        drop_others(run, json_object_get(report, lists[i]), also,
                    json_object_get(expected, lists[i]));
    }
    if (json_array_size(json_object_get(report, "kept")) == 0) {
        json_object_del(report, "kept");
    }
    if (also != NULL) {
        json_object_set(part, "also", also);
    }
    json_object_update(part, report);
    return part;
}

static json_t *report_of(const struct ocn_outcome *outcome, const struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    struct ocn_error problem = { 0 };

    if (outcome == NULL) {
        return json_pack("{s:s, s:s}", "error", err->msg, "where", err->where);
    }
    ck_assert_msg(ocn_report_json(outcome, "bundle", &text, &problem) == 0, "%s", problem.msg);
    json_t *json = json_loadb(text.ptr, text.len, 0, NULL);
    ck_assert_ptr_nonnull(json);
    return json;
}

static void check_expected(const struct run *run, json_t *report)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    char path[640];

    snprintf(path, sizeof(path), "%s/expected.json", run->dir);
    read_case_file(run, "expected.json", &text);
    json_t *expected = text.len != 0 ? json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL)
                                     : json_object();
    ck_assert_msg(expected != NULL, "%s is no JSON", path);
    json_t *actual = part_compared(run, report, expected);
    if (getenv("OCN_CASES_UPDATE") != NULL) {
        ck_assert_int_eq(json_dump_file(actual, path, JSON_INDENT(2) | JSON_PRESERVE_ORDER), 0);
    } else {
        char *shown = json_dumps(actual, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
        ck_assert_msg(json_equal(actual, expected), "%s: got\n%s", run->dir, shown);
        free(shown);
    }
    json_decref(actual);
    json_decref(expected);
}

/* *joined is there for an exec only. */
static int read_container(const struct run *run, struct ocn_bytes config, struct ocn_bytes process,
                          struct ocn_container **joined, struct ocn_container **container,
                          struct ocn_error *err)
{
    if (!run->exec) {
        return ocn_container_parse(config, container, err);
    }
    return ocn_container_parse(config, joined, err) < 0
               ? -1
               : ocn_container_join(*joined, process, container, err);
}

/* Applies the edits, compares with after.json, and judges the result again: nothing may be left. */
static void check_applied(struct run *run, const struct ocn_outcome *outcome,
                          struct ocn_bytes config, struct ocn_bytes process)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf after = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf expected = { 0 };
    OCN_CLEANUP(ocn_container_freep) struct ocn_container *container = NULL;
    OCN_CLEANUP(ocn_container_freep) struct ocn_container *joined = NULL;
    struct ocn_error err = { 0 };
    const struct ocn_bytes before = run->exec ? process : config;

    ck_assert_msg(ocn_splice_edits(before, run->exec ? "/process" : "", outcome->edits,
                                   outcome->edits_len, &after, &err) == 0,
                  "%s: %s: %s", run->dir, err.where, err.msg);
    if (outcome->edits_len == 0) {
        ck_assert_mem_eq(after.ptr, before.ptr, before.len);
    }
    read_case_file(run, "after.json", &expected);
    if (expected.len != 0) {
        ck_assert_msg(expected.len == after.len && memcmp(expected.ptr, after.ptr, after.len) == 0,
                      "%s: got\n%s", run->dir, after.ptr);
    }
    const struct ocn_bytes config_after = run->exec ? config : ocn_buf_bytes(&after);
    ck_assert_msg(
        read_container(run, config_after, ocn_buf_bytes(&after), &joined, &container, &err) == 0,
        "%s: %s: %s\n%s", run->dir, err.where, err.msg, after.ptr);
    struct ocn_outcome *again = judge(run, container, joined, &err);
    ck_assert_msg(again != NULL, "%s: second pass: %s", run->dir, err.msg);
    ck_assert_msg(again->edits_len == 0, "%s: second pass edits %s", run->dir,
                  again->edits[0].path);
    ocn_outcome_free(again);
}

/* What the confined child says, the parent takes: all of it is as the two texts have it, and whole.
 */
static void check_taken(const struct run *run, struct ocn_outcome *outcome,
                        struct ocn_container *container, struct ocn_bytes config,
                        struct ocn_bytes process)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf bytes = { 0 };
    OCN_CLEANUP(ocn_answer_done) struct ocn_answer read = { 0 };
    const struct ocn_answer answer = { .outcome = outcome, .container = container };
    struct ocn_grant granted[16];
    const struct ocn_grants all = { .items = granted, .len = OCN_COUNT(granted) };
    const struct ocn_edits_bounds bounds = { .policy = &run->policy,
                                             .event = run->exec ? OCN_ON_EXEC : OCN_ON_CREATE,
                                             .text = run->exec ? process : config,
                                             .joined = config,
                                             .grants = &all };
    struct ocn_error err = { 0 };

    /* Whatever the core maps: what is granted is for test_grant.c. */
    for (uint32_t i = 0; i < OCN_COUNT(granted); i++) {
        granted[i] = (struct ocn_grant){ .mount = i };
    }
    ck_assert_int_eq(ocn_answer_write(&answer, &bytes, &err), 0);
    ck_assert_int_eq(ocn_answer_read(ocn_buf_bytes(&bytes), &read, &err), 0);
    ck_assert_msg(ocn_edits_check(&bounds, read.outcome, &err) == 0, "%s: %s", run->dir, err.msg);
    json_t *said = report_of(outcome, &err);
    json_t *taken = report_of(read.outcome, &err);
    ck_assert_msg(json_equal(said, taken), "%s: the parent takes another outcome", run->dir);
    json_decref(said);
    json_decref(taken);
    ck_assert_msg(run->exec || ocn_edits_check_container(&bounds, read.container, &err) == 0,
                  "%s: %s", run->dir, err.msg);
}

static void run_case(struct run *run)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf config = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf process = { 0 };
    OCN_CLEANUP(ocn_container_freep) struct ocn_container *container = NULL;
    OCN_CLEANUP(ocn_container_freep) struct ocn_container *joined = NULL;
    OCN_CLEANUP(ocn_outcome_freep) struct ocn_outcome *outcome = NULL;
    struct ocn_error err = { 0 };

    read_case_file(run, "config.json", &config);
    read_case_file(run, "process.json", &process);
    run->exec = process.len != 0;
    load_world(run);
    read_policy(run);
    if (read_container(run, ocn_buf_bytes(&config), ocn_buf_bytes(&process), &joined, &container,
                       &err) == 0) {
        outcome = judge(run, container, joined, &err);
    }
    json_t *report = report_of(outcome, &err);
    check_expected(run, report);
    json_decref(report);
    if (outcome != NULL) {
        check_taken(run, outcome, container, ocn_buf_bytes(&config), ocn_buf_bytes(&process));
    }
    if (outcome != NULL && outcome->verdict == OCN_ALLOW) {
        check_applied(run, outcome, ocn_buf_bytes(&config), ocn_buf_bytes(&process));
    }
    ocn_mem_view_done(&run->mem);
    ocn_config_free(run->config);
    ocn_buf_done(&run->all);
    ocn_buf_done(&run->own);
    ocn_arena_done(&run->arena);
}

static char case_dirs[MAX_CASES][512];
static int case_count;

/* Takes @dir as a case if it holds a config.json, or else what lies @depth levels below it. */
static void collect(const char *dir, int depth)
{
    char path[512];
    DIR *stream;
    struct dirent *entry;

    snprintf(path, sizeof(path), "%s/config.json", dir);
    if (access(path, R_OK) == 0) {
        if (case_count == MAX_CASES) {
            fprintf(stderr, "more than %d cases: raise MAX_CASES\n", MAX_CASES);
            exit(EXIT_FAILURE);
        }
        snprintf(case_dirs[case_count++], sizeof(case_dirs[0]), "%s", dir);
        return;
    }
    stream = depth > 0 ? opendir(dir) : NULL;
    while (stream != NULL && (entry = readdir(stream)) != NULL) {
        if (entry->d_name[0] != '.') {
            snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
            collect(path, depth - 1);
        }
    }
    if (stream != NULL) {
        closedir(stream);
    }
}

START_TEST(test_cases__folder)
{
    struct run run = { 0 };

    memcpy(run.dir, case_dirs[_i], sizeof(run.dir));
    run_case(&run);
}
END_TEST

/* test_cases [RULE | RULE/NAME]...: all, those of some rules, or some. */
int main(int argc, char **argv)
{
    Suite *suite = suite_create("cases");
    TCase *tcase = tcase_create("folders");

    if (argc < 2) {
        collect(OCN_CASES_DIR, 2);
    }
    for (int i = 1; i < argc; i++) {
        char dir[512];
        const int before = case_count;
        snprintf(dir, sizeof(dir), "%s/%s", OCN_CASES_DIR, argv[i]);
        collect(dir, 1);
        if (case_count == before) {
            fprintf(stderr, "no case in %s\n", dir);
            return EXIT_FAILURE;
        }
    }
    tcase_add_loop_test(tcase, test_cases__folder, 0, case_count);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
