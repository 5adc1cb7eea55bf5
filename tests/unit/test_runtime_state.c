/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/runtime_state.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static char dir[64];
static struct ocn_arena arena;

static void enter(void)
{
    strcpy(dir, "/tmp/ocn-state-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_assert_int_eq(unsetenv("XDG_RUNTIME_DIR"), 0);
}

static void leave(void)
{
    char command[128];

    ocn_arena_done(&arena);
    (void)snprintf(command, sizeof(command), "rm -rf %s", dir);
    ck_assert_int_eq(system(command), 0);
}

/* Writes DIR/@below/@id/@name. */
static void put(const char *below, const char *id, const char *name, const char *text)
{
    char path[256];

    (void)snprintf(path, sizeof(path), "%s/%s", dir, below);
    (void)mkdir(path, 0700);
    (void)snprintf(path, sizeof(path), "%s/%s/%s", dir, below, id);
    (void)mkdir(path, 0700);
    (void)snprintf(path, sizeof(path), "%s/%s/%s/%s", dir, below, id, name);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static const struct {
    const char *name;
    const char *text;
    const char *bundle; /* NULL: an error */
} states[] = {
    /* runc 1.1.5, shortened */
    { "state.json",
      "{\"id\":\"c\",\"init_process_pid\":4711,\"config\":{\"rootfs\":\"/b/rootfs\",\"labels\":"
      "[\"a=b\",\"bundle=/the/bundle\"],\"readonlyfs\":true}}",
      "/the/bundle" },
    /* crun 1.8.1, shortened */
    { "status",
      "{\"pid\":5120,\"process-start-time\":174512,\"cgroup-path\":\"/c\",\"rootfs\":\"rootfs\","
      "\"bundle\":\"/the/bundle\",\"detached\":true}",
      "/the/bundle" },
    /* youki */
    { "state.json", "{\"id\":\"c\",\"status\":\"running\",\"bundle\":\"/the/bundle\"}",
      "/the/bundle" },
    { "state.json", "{\"config\":{\"labels\":[\"bundle=relative\"]}}", NULL },
    { "state.json", "{\"config\":{\"labels\":[1,null,\"bundles=/x\"]}}", NULL },
    { "state.json", "{\"config\":{\"labels\":\"bundle=/x\"}}", "/x" },
    { "state.json", "{\"bundle\":7}", NULL },
    { "state.json", "[]", NULL },
    { "state.json", "{\"bundle\":\"/the/bundle", NULL },
    { "state.json", "{\"bundle\":\"/the\nbundle\"}", NULL },
    { "state.json", "{\"config\":{\"labels\":[\"bundle=/x\"", NULL },
    { "state.json", "\"bundle\"", NULL },
    { "state.json", "{\"bundle\":\"/the/b\\u0075ndle\"}", "/the/bundle" },
    { "state.json", "{\"config\":{\"bundle\":\"/x\"},\"labels\":[\"bundle=/x\"]}", NULL },
    { "status", "", NULL },
};

START_TEST(test_runtime_state__finds_the_bundle)
{
    struct ocn_error err = { 0 };
    char *bundle = NULL;
    char root[128];

    (void)snprintf(root, sizeof(root), "%s/root", dir);
    put("root", "c", states[_i].name, states[_i].text);
    int result = ocn_runtime_bundle("/usr/bin/runc", root, "c", &arena, &bundle, &err);
    if (states[_i].bundle != NULL) {
        ck_assert_msg(result == 0, "%s: %s", err.where, err.msg);
        ck_assert_str_eq(bundle, states[_i].bundle);
    } else {
        ck_assert_int_eq(result, -1);
        ck_assert_int_eq(err.code, OCN_E_FORMAT);
        ck_assert_ptr_nonnull(strstr(err.where, states[_i].name));
        ck_assert_ptr_null(bundle);
    }
}
END_TEST

START_TEST(test_runtime_state__no_container_is_noent)
{
    struct ocn_error err = { 0 };
    struct ocn_error nowhere = { 0 };
    char *bundle;

    put("root", "c", "config.json", "{}");
    ck_assert_int_eq(ocn_runtime_bundle("runc", dir, "other", &arena, &bundle, &err), -1);
    ck_assert_int_eq(err.code, OCN_E_NOENT);
    ck_assert_int_eq(ocn_runtime_bundle("no-such-runtime", NULL, "c", &arena, &bundle, &nowhere),
                     -1);
    ck_assert_int_eq(nowhere.code, OCN_E_NOENT);
}
END_TEST

START_TEST(test_runtime_state__an_id_is_no_path)
{
    static const char *const ids[] = { "", ".", "..", "a/b", "../c", "/" };
    char *bundle = NULL;

    put("root", "c", "status", "{\"bundle\":\"/b\"}");
    for (size_t i = 0; i < OCN_COUNT(ids); i++) {
        struct ocn_error err = { 0 };
        ck_assert_int_eq(ocn_runtime_bundle("crun", dir, ids[i], &arena, &bundle, &err), -1);
        ck_assert_int_eq(err.code, OCN_E_USAGE);
    }
    ck_assert_ptr_null(bundle);
}
END_TEST

/* The default state directory carries the runtime's name. */
START_TEST(test_runtime_state__looks_below_xdg_runtime_dir)
{
    struct ocn_error err = { 0 };
    char *bundle = NULL;

    ck_assert_int_eq(setenv("XDG_RUNTIME_DIR", dir, 1), 0);
    put("ocn-test-runtime", "c", "status", "{\"bundle\":\"/b\"}");
    ck_assert_int_eq(
        ocn_runtime_bundle("/usr/bin/ocn-test-runtime", NULL, "c", &arena, &bundle, &err), 0);
    ck_assert_str_eq(bundle, "/b");
    ck_assert_int_eq(ocn_runtime_bundle("/usr/bin/another", NULL, "c", &arena, &bundle, &err), -1);
    ck_assert_int_eq(err.code, OCN_E_NOENT);
}
END_TEST

/* Real states of long-lived containers are larger than any buffer of ours. */
START_TEST(test_runtime_state__a_large_state_is_read)
{
    static char text[300000];
    struct ocn_error err = { 0 };
    char *bundle = NULL;
    char root[128];

    (void)snprintf(root, sizeof(root), "%s/root", dir);
    size_t len = (size_t)snprintf(text, sizeof(text), "{\"x\":\"");
    memset(text + len, 'x', sizeof(text) - len);
    strcpy(text + sizeof(text) - 30, "\",\"bundle\":\"/b\"}");
    put("root", "c", "state.json", text);
    ck_assert_int_eq(ocn_runtime_bundle("runc", root, "c", &arena, &bundle, &err), 0);
    ck_assert_str_eq(bundle, "/b");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("runtime_state");
    TCase *tcase = tcase_create("runtime_state");

    tcase_add_checked_fixture(tcase, enter, leave);
    tcase_add_loop_test(tcase, test_runtime_state__finds_the_bundle, 0, (int)OCN_COUNT(states));
    tcase_add_test(tcase, test_runtime_state__no_container_is_noent);
    tcase_add_test(tcase, test_runtime_state__an_id_is_no_path);
    tcase_add_test(tcase, test_runtime_state__looks_below_xdg_runtime_dir);
    tcase_add_test(tcase, test_runtime_state__a_large_state_is_read);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
