/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the programs make of an arena: the n-th allocation fails for n = 1, 2, 3 ... until a run
 * ends without reaching it. Each run must end in OCN_E_NOMEM with nothing leaked (LSan), or do
 * without and say the same: a file, a layer or a container that is not found for want of memory is
 * none that is not there. test_oom.c does the same to the core.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hook/entry/apply.h"
#include "hook/judge/answer.h"
#include "hook/judge/edits.h"
#include "hook/judge/report.h"
#include "hook/ocihook/state.h"
#include "hook/policy/node_policy.h"
#include "hook/policy/policy_files.h"
#include "hook/running/running.h"
#include "hook/running/runtime_state.h"
#include "tests/lib/starve.h"
#include "tests/lib/suite.h"
#include "normalize/json/json.h"

#define MANY 100000

#define BUNDLE "/run/containerd/io.containerd.runtime.v2.task/k8s.io/c1"
#define CONFIG                                                                                     \
    "{\"process\":{\"user\":{\"uid\":0,\"gid\":0,\"additionalGids\":[0,5]},\"args\":[\"/app\"],"   \
    "\"env\":[\"A=b\",\"MORE=y\"],\"cwd\":\"/\"},\"root\":{\"path\":\"rootfs\"},"                  \
    "\"linux\":{\"namespaces\":["                                                                  \
    "{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"},{\"type\":\"mount\"}]}}"

static char dir[64];
static char state_dir[128];
static struct ocn_config *config;

static struct ocn_bytes bytes_of(const char *text)
{
    return (struct ocn_bytes){ text, strlen(text) };
}

static void run(const char *command)
{
    ck_assert_int_eq(system(command), 0);
}

/* Writes @text to @path below the tree. */
static void put(const char *path, const char *text)
{
    char whole[256];
    char command[300];

    (void)snprintf(whole, sizeof(whole), "%s%s", dir, path);
    (void)snprintf(command, sizeof(command), "mkdir -p \"$(dirname '%s')\"", whole);
    run(command);
    FILE *file = fopen(whole, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

/* A node as a tree, with a policy in all its places, and one container. */
static void enter(void)
{
    const struct ocn_layer layer = {
        "test", bytes_of("{\"env\":{\"set\":{\"MORE\":\"x\"},\"override\":true}}"), NULL
    };

    (void)umask(022);
    strcpy(dir, "/tmp/ocn-oom-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    (void)snprintf(state_dir, sizeof(state_dir), "%s/run/containerd/runc/k8s.io", dir);
    put("/proc/version", "Linux\n");
    put("/proc/7/stat", "7 (a) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 70 20 21\n");
    put("/proc/7/status", "Name:\ta\nUid:\t7\t7\t7\t7\nGid:\t7\t7\t7\t7\n");
    put(OCN_VENDOR_DIR "/10.json", "{\"env\":{\"set\":{\"A\":\"1\"}}}");
    put(OCN_VENDOR_DIR "/profiles/mine.json", "{\"detect\":[{\"file\":\"/proc/version\","
                                              "\"is\":\"Linux\",\"weight\":90}]}");
    put(OCN_CONFIG_DIR "/config.json", "{\"rules\":{\"entry.found\":\"off\"}}");
    put(OCN_CONFIG_DIR "/conf.d/20.json", "{\"env\":{\"set\":{\"B\":\"2\"}}}");
    put("/run/containerd/runc/k8s.io/c1/state.json",
        "{\"init_process_pid\":7,\"init_process_start\":70,\"config\":{\"labels\":[\"bundle=" BUNDLE
        "\"],\"rootfs\":\"" BUNDLE "/rootfs\"}}");
    put("/run/containerd/runc/k8s.io/c1/config.json", CONFIG);
    put(BUNDLE "/config.json", CONFIG);
    put(BUNDLE "/rootfs/nothing", "");
    ck_assert_int_eq(ocn_config_load(&layer, 1, &config, NULL), 0);
}

static void leave(void)
{
    char command[128];

    ocn_config_free(config);
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", dir);
    run(command);
}

/* ---- one step after the other ------------------------------------------------------------- */

/* Each appends what came of it to @told, with as much memory as it takes. */

static int read_policy(struct ocn_buf *told, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_node_policy_done) struct ocn_node_policy policy = { 0 };
    const struct ocn_world world = { .root = dir };

    if (ocn_node_policy_read(&world, &policy, err) < 0) {
        return -1;
    }
    (void)ocn_starve_end();
    json_auto_t *shown = ocn_config_show(policy.config);
    ck_assert_int_eq(ocn_json_print(shown, told, NULL), 0);
    for (size_t i = 0; i < policy.layers_len; i++) {
        ocn_buf_printf(told, "%s\n", policy.layers[i].name);
    }
    return 0;
}

static int read_layers(struct ocn_buf *told, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena other = { 0 };
    const struct ocn_world world = { .root = dir };
    struct ocn_strings names = { 0 };
    struct ocn_layer *layers = NULL;
    size_t count = 0;

    if (ocn_policy_layers(&world, &arena, &layers, &count, err) < 0 ||
        ocn_policy_profile_names(&world, &other, &names, err) < 0) {
        ck_assert_ptr_null(names.items);
        return -1;
    }
    (void)ocn_starve_end();
    for (size_t i = 0; i < count; i++) {
        ocn_buf_printf(told, "%s %s\n", layers[i].name, layers[i].text.ptr);
    }
    for (size_t i = 0; i < names.len; i++) {
        ocn_buf_printf(told, "%s\n", names.items[i]);
    }
    return 0;
}

static int read_named(struct ocn_buf *told, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_node_policy_done) struct ocn_node_policy policy = { 0 };
    const struct ocn_world world = { .root = dir };
    const struct ocn_layer layer = { "named", bytes_of("{\"profile\":\"mine\"}"), NULL };

    if (ocn_node_policy_load(&world, &layer, 1, &policy, err) < 0) {
        return -1;
    }
    (void)ocn_starve_end();
    ocn_buf_printf(told, "%s %s\n", policy.layers[0].name, ocn_config_base(policy.config)->profile);
    return 0;
}

static int ask_disabled(struct ocn_buf *told, struct ocn_error *err)
{
    const struct ocn_world world = { .root = dir };

    (void)err;
    ocn_buf_puts(told, ocn_policy_is_disabled(&world) ? "disabled" : "");
    return 0;
}

static int read_state(struct ocn_buf *told, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    struct ocn_state state = { 0 };

    if (ocn_state_read(bytes_of("{\"id\":\"c1\",\"pid\":7}"), "/cwd", &arena, &state, err) < 0) {
        ck_assert_ptr_null(state.bundle);
        return -1;
    }
    (void)ocn_starve_end();
    ocn_buf_printf(told, "%s %s", state.id, state.bundle);
    return 0;
}

/* Its own configuration lies beside the state, as crun has it. */
static int find_state(struct ocn_buf *told, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    struct ocn_runtime_state state = { 0 };

    if (ocn_runtime_state_find("/usr/bin/runc", state_dir, "c1", &arena, &state, err) < 0 ||
        ocn_runtime_state_check(&state, bytes_of("{\"root\":{\"path\":\"" BUNDLE "/rootfs\"}}"),
                                &arena, err) < 0) {
        return -1;
    }
    (void)ocn_starve_end();
    ocn_buf_printf(told, "%s %s", state.bundle, state.config != NULL ? state.config : "");
    return 0;
}

static int find_another(struct ocn_buf *told, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    struct ocn_runtime_state state = { .bundle = "/b", .rootfs = "rootfs" };

    if (ocn_runtime_state_check(&state, bytes_of("{\"root\":{\"path\":\"other\"}}"), &arena, err) ==
        0) {
        ocn_buf_puts(told, "the same");
        return 0;
    }
    if (err->code != OCN_E_FORMAT) { /* or the child is not heard: neither says that they are one */
        err->code = OCN_E_NOMEM;
        return -1;
    }
    (void)ocn_starve_end();
    ocn_buf_puts(told, err->msg);
    return 0;
}

static struct ocn_edit edits[] = {
    { OCN_RULE_USER_ROOT, "/process/user/uid", "0", "1001", "why" },
    { OCN_RULE_USER_GROUPS, "/process/user/additionalGids", "[0,5]", "[5]", "why" },
    { OCN_RULE_ENV_SET, "/process/env/MORE", "\"y\"", "\"x\"", "why" },
};

static int pass_answer(struct ocn_buf *told, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf bytes = { 0 };
    OCN_CLEANUP(ocn_answer_done) struct ocn_answer got = { 0 };
    struct ocn_pair setting = { "GOOS", "linux" };
    const struct ocn_go_facts go = { .version = "go1.25", .settings = { &setting, 1 } };
    struct ocn_finding finding = { OCN_RULE_USER_ACCESS, OCN_LEVEL_WARN, "message", "hint" };
    struct ocn_outcome outcome = { .profile = "unknown",
                                   .facts = { .host = { .os = "linux" }, .entry.go = &go },
                                   .edits = edits,
                                   .edits_len = OCN_COUNT(edits),
                                   .findings = &finding,
                                   .findings_len = 1 };
    struct ocn_container container = { .root = { "rootfs" } };
    const struct ocn_answer answer = { .outcome = &outcome, .container = &container };

    if (ocn_answer_write(&answer, &bytes, err) < 0 ||
        ocn_answer_read(ocn_buf_bytes(&bytes), &got, err) < 0) {
        ck_assert_ptr_null(got.outcome);
        return -1;
    }
    (void)ocn_starve_end();
    return ocn_report_text(got.outcome, "b", true, told, NULL);
}

static int check_edits(struct ocn_buf *told, struct ocn_error *err)
{
    struct ocn_edit own[OCN_COUNT(edits)];
    struct ocn_outcome outcome = { .edits = own, .edits_len = OCN_COUNT(own) };
    const struct ocn_edits_bounds bounds = { ocn_config_base(config), OCN_ON_CREATE,
                                             bytes_of(CONFIG), bytes_of(CONFIG), NULL };

    memcpy(own, edits, sizeof(own));
    int result = ocn_edits_check(&bounds, &outcome, err);
    (void)ocn_starve_end();
    for (size_t i = 0; result == 0 && i < outcome.edits_len; i++) {
        ocn_buf_printf(told, "%s %s %s\n", own[i].path, own[i].from, own[i].to);
    }
    ocn_arena_done(&outcome.arena);
    if (err->code == OCN_E_FORMAT) { /* what config.json has and cannot be loaded allows no edit */
        err->code = OCN_E_NOMEM;
    }
    return result;
}

/* What is granted of the mounts of a container; nothing, to who is not the node's root. */
static int grant(struct ocn_buf *told, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    struct ocn_mapping_answer answers[2];
    struct ocn_grants grants = { .len = 0 };
    const uint32_t mounts[] = { 0, 1 };
    const struct ocn_grant_site site = {
        .policy = ocn_config_base(config),
        .config = bytes_of("{\"mounts\":[{\"destination\":\"/d\",\"type\":\"bind\",\"source\":"
                           "\"/etc\"},{\"destination\":\"/p\",\"type\":\"proc\"}]}"),
        .bundle = "/b",
        .by_us = true,
    };

    if (ocn_grant_look(&site, mounts, 2, answers, &arena, &grants, err) < 0) {
        return -1;
    }
    (void)ocn_starve_end();
    ocn_buf_printf(told, "granted %zu\n", grants.len);
    return 0;
}

static int build_plan(struct ocn_buf *told, struct ocn_error *err)
{
    static uint32_t groups[] = { 0, 5 };
    const struct ocn_entry_site site = { .rootfs = "/r",
                                         .user = { .additional_gids = { groups, 2 } },
                                         .targets = { { "/bin/app", 7, 8 } },
                                         .targets_len = 1 };
    const struct ocn_outcome outcome = { .edits = edits, .edits_len = OCN_COUNT(edits) };

    return ocn_entry_plan_build(&site, &outcome, told, err);
}

static const struct step {
    const char *name;
    int (*run)(struct ocn_buf *told, struct ocn_error *err);
    const char *expected; /* stands in what it says */
} steps[] = {
    { "policy", read_policy, "\"B\": \"2\"" },
    { "layers", read_layers, "\nmine\n" },
    { "named profile", read_named, "profiles/mine.json mine" },
    { "disabled", ask_disabled, "" },
    { "state", read_state, "c1 /cwd" },
    { "runtime's state", find_state, "k8s.io/c1/config.json" },
    { "another bundle", find_another, "another container" },
    { "answer", pass_answer, "go1.25" },
    { "edits", check_edits, "[5]" },
    { "grant", grant, "granted 0" },
    { "plan", build_plan, "MORE=x" },
};

static bool is_same(const struct ocn_buf *a, const struct ocn_buf *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->ptr, b->ptr, a->len) == 0);
}

START_TEST(test_oom_node__every_allocation_of_a_step)
{
    const struct step *step = &steps[_i];
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf whole = { 0 };
    const size_t len = strlen(step->expected);

    ck_assert_int_eq(step->run(&whole, &(struct ocn_error){ 0 }), 0);
    ck_assert_msg(len == 0 || memmem(whole.ptr, whole.len, step->expected, len) != NULL, "%s: %s",
                  step->name, whole.ptr);
    for (long n = 0;; n++) {
        OCN_CLEANUP(ocn_buf_done) struct ocn_buf told = { 0 };
        struct ocn_error err = { 0 };
        ocn_starve_at(n);
        int result = step->run(&told, &err);
        if (!ocn_starve_end()) {
            ck_assert(result == 0 && is_same(&told, &whole));
            return;
        }
        ck_assert_int_lt(n, MANY);
        ck_assert_msg(result == 0 ? is_same(&told, &whole) : err.code == OCN_E_NOMEM,
                      "%s: allocation %ld failed, and the answer was %d, %d: %s %s", step->name, n,
                      result, (int)err.code, err.where, err.msg);
    }
}
END_TEST

#define CHILDREN 12 /* that list, look and judge; and some that there are not */

/*
 * Memory is out in the parent, or in one child, of which nobody may hear more then: the container
 * is told of all the same, or what is wrong.
 */
START_TEST(test_oom_node__a_container_that_runs_is_never_passed_over)
{
    const struct ocn_world world = { .root = dir };

    for (long n = 0;; n++) {
        OCN_CLEANUP(ocn_running_done) struct ocn_runnings found = { 0 };
        struct ocn_error err = { 0 };
        if (_i < CHILDREN) {
            ocn_starve_child_at(_i, n);
        } else {
            ocn_starve_at(n);
        }
        int result = ocn_running_read(&world, NULL, &found, &err);
        if (!ocn_starve_end()) {
            ck_assert_int_eq(result, 0);
            ck_assert_uint_eq(found.len, 1);
            ck_assert_uint_eq(found.problems_len, 0);
            ck_assert_ptr_null(found.items[0].problem);
            return;
        }
        ck_assert_int_lt(n, MANY);
        ck_assert_msg(result == 0 ? found.len == 1 || found.problems_len != 0
                                  : err.code == OCN_E_NOMEM,
                      "allocation %ld failed, and the answer was %d, %d: %s %s", n, result,
                      (int)err.code, err.where, err.msg);
    }
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("oom_node");
    Suite *suite = suite_create("oom_node");

    ocn_starve_begin();
    tcase_set_timeout(tcase, OCN_TEST_SECONDS);
    tcase_add_checked_fixture(tcase, enter, leave);
    tcase_add_loop_test(tcase, test_oom_node__every_allocation_of_a_step, 0, (int)OCN_COUNT(steps));
    tcase_add_loop_test(tcase, test_oom_node__a_container_that_runs_is_never_passed_over, 0,
                        CHILDREN + 1);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
