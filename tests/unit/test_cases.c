/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/cases/<rule>/<case>/: a container and a world in, an outcome out.
 *   config.json    the container; process.json beside it makes it an exec into that container
 *   policy.json    what differs from the built-in policy and tests/cases/policy.json (optional)
 *   world.json     the view (tests/lib/mem_view.h; optional)
 *   expected.json  what `ocinorm explain --format json` says
 *   after.json     the bytes after applying the edits (optional; in every case without denial the
 *                  result is judged again and must then need no edit)
 * OCN_CASES_UPDATE=1 writes expected.json instead: read the diff before you commit it.
 */
#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "hook/io.h"
#include "hook/report.h"
#include "normalize/json_splice.h"
#include "normalize/normalize.h"
#include "tests/lib/mem_view.h"
#include "tests/lib/suite.h"

#define MAX_CASES 1024

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
    if (ocn_read_file(path, (size_t)32 << 20, ret, &err) < 0) {
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
        ocn_read_file(OCN_CASES_DIR "/policy.json", OCN_POLICY_MAX_SIZE, &run->all, &err), 0);
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

/* The whole pipeline of every mouth, in memory. */
static struct ocn_outcome *judge(struct run *run, struct ocn_container *container,
                                 struct ocn_container *joined, struct ocn_error *err)
{
    const struct ocn_view view = ocn_mem_view_as_view(&run->mem);
    struct ocn_identity identity;
    struct ocn_outcome *outcome = NULL;

    load_policy(run, joined != NULL ? joined : container);
    container->id = json_string_value(json_object_get(run->mem.world, "id"));
    ocn_identity_read(joined != NULL ? joined : container, &identity);
    ck_assert_int_eq(ocn_config_select(run->config, &identity, joined != NULL ? joined : container,
                                       &run->arena, &run->policy, err),
                     0);
    int result = joined == NULL
                     ? ocn_normalize(container, &run->policy, &view, &outcome, err)
                     : ocn_normalize_exec(container, joined, &run->policy, &view, &outcome, err);
    ck_assert_int_eq(result, outcome == NULL ? -1 : 0);
    return outcome;
}

/* A folder speaks of the variables that its own rule leaves alone, or every folder would of all. */
static void drop_kept_of_others(const struct run *run, json_t *report)
{
    json_t *kept = json_object_get(report, "kept");
    char folder[64];

    for (size_t i = json_array_size(kept); i-- > 0;) {
        const char *rule = json_string_value(json_object_get(json_array_get(kept, i), "rule"));
        snprintf(folder, sizeof(folder), "/%s/", rule);
        if (strstr(run->dir, folder) == NULL) {
            json_array_remove(kept, i);
        }
    }
    if (json_array_size(kept) == 0) {
        json_object_del(report, "kept");
    }
}

static json_t *report(const struct run *run, const struct ocn_outcome *outcome,
                      const struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    struct ocn_error problem = { 0 };

    if (outcome == NULL) {
        return json_pack("{s:s, s:s}", "error", err->msg, "where", err->where);
    }
    ck_assert_msg(ocn_report_json(outcome, "bundle", &text, &problem) == 0, "%s", problem.msg);
    json_t *json = json_loadb(text.ptr, text.len, 0, NULL);
    ck_assert_ptr_nonnull(json);
    drop_kept_of_others(run, json);
    return json;
}

static void check_expected(const struct run *run, json_t *actual)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    char path[640];

    snprintf(path, sizeof(path), "%s/expected.json", run->dir);
    if (getenv("OCN_CASES_UPDATE") != NULL) {
        ck_assert_int_eq(json_dump_file(actual, path, JSON_INDENT(2) | JSON_PRESERVE_ORDER), 0);
        return;
    }
    read_case_file(run, "expected.json", &text);
    json_t *expected = json_loadb(text.ptr, text.len, 0, NULL);
    ck_assert_msg(expected != NULL, "%s is missing or no JSON", path);
    char *shown = json_dumps(actual, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    ck_assert_msg(json_equal(actual, expected), "%s: got\n%s", run->dir, shown);
    free(shown);
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

    ck_assert_msg(ocn_json_splice(before, run->exec ? "/process" : "", outcome->edits,
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
    json_t *actual = report(run, outcome, &err);
    check_expected(run, actual);
    json_decref(actual);
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

/* Collects the folders that hold a config.json, two levels down. */
static void collect(const char *dir, int depth)
{
    DIR *stream = opendir(dir);
    struct dirent *entry;

    while (stream != NULL && (entry = readdir(stream)) != NULL) {
        char path[512];
        char config[640];
        if (entry->d_name[0] == '.') {
            continue;
        }
        snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
        snprintf(config, sizeof(config), "%s/config.json", path);
        if (depth == 0) {
            collect(path, 1);
        } else if (access(config, R_OK) == 0 && case_count < MAX_CASES) {
            memcpy(case_dirs[case_count++], path, sizeof(path));
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

int main(void)
{
    Suite *suite = suite_create("cases");
    TCase *tcase = tcase_create("folders");

    collect(OCN_CASES_DIR, 0);
    if (case_count == 0) {
        fprintf(stderr, "no cases below %s\n", OCN_CASES_DIR);
        return EXIT_FAILURE;
    }
    tcase_add_loop_test(tcase, test_cases__folder, 0, case_count);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
