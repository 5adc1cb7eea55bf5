/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/running/runtime_state.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
    /* an annotation "bundle" of the container's author, and one whose key is "bundle=/x" */
    { "state.json",
      "{\"config\":{\"labels\":[\"bundle=/evil\",\"bundle=/x=y\",\"a=b\",\"bundle=/the/bundle\"]}}",
      "/the/bundle" },
    { "state.json", "{\"config\":{\"labels\":[\"bundle=/evil\",\"bundle=relative\"]}}", NULL },
    /* crun's own word stands before what a configuration says */
    { "status", "{\"bundle\":\"/the/bundle\",\"config\":{\"labels\":[\"bundle=/evil\"]}}",
      "/the/bundle" },
};

START_TEST(test_runtime_state__finds_the_bundle)
{
    struct ocn_error err = { 0 };
    struct ocn_runtime_state found = { 0 };
    char root[128];

    (void)snprintf(root, sizeof(root), "%s/root", dir);
    put("root", "c", states[_i].name, states[_i].text);
    int result = ocn_runtime_state_find("/usr/bin/runc", root, "c", &arena, &found, &err);
    if (states[_i].bundle != NULL) {
        ck_assert_msg(result == 0, "%s: %s", err.where, err.msg);
        ck_assert_str_eq(found.bundle, states[_i].bundle);
    } else {
        ck_assert_int_eq(result, -1);
        ck_assert_int_eq(err.code, OCN_E_FORMAT);
        ck_assert_ptr_nonnull(strstr(err.where, states[_i].name));
        ck_assert_ptr_null(found.bundle);
    }
}
END_TEST

START_TEST(test_runtime_state__no_container_is_noent)
{
    struct ocn_error err = { 0 };
    struct ocn_error nowhere = { 0 };
    struct ocn_runtime_state found = { 0 };

    put("root", "c", "config.json", "{}");
    ck_assert_int_eq(ocn_runtime_state_find("runc", dir, "other", &arena, &found, &err), -1);
    ck_assert_int_eq(err.code, OCN_E_NOENT);
    ck_assert_int_eq(ocn_runtime_state_find("no-such-runtime", NULL, "c", &arena, &found, &nowhere),
                     -1);
    ck_assert_int_eq(nowhere.code, OCN_E_NOENT);
}
END_TEST

START_TEST(test_runtime_state__an_id_is_no_path)
{
    static const char *const ids[] = { "", ".", "..", "a/b", "../c", "/" };
    struct ocn_runtime_state found = { 0 };

    put("root", "c", "status", "{\"bundle\":\"/b\"}");
    for (size_t i = 0; i < OCN_COUNT(ids); i++) {
        struct ocn_error err = { 0 };
        ck_assert_int_eq(ocn_runtime_state_find("crun", dir, ids[i], &arena, &found, &err), -1);
        ck_assert_int_eq(err.code, OCN_E_USAGE);
    }
    ck_assert_ptr_null(found.bundle);
}
END_TEST

/* The default state directory carries the runtime's name ... */
START_TEST(test_runtime_state__looks_below_xdg_runtime_dir)
{
    struct ocn_error err = { 0 };
    struct ocn_runtime_state found = { 0 };

    ck_assert_int_eq(setenv("XDG_RUNTIME_DIR", dir, 1), 0);
    put("ocn-test-runtime", "c", "status", "{\"bundle\":\"/b\"}");
    ck_assert_int_eq(
        ocn_runtime_state_find("/usr/bin/ocn-test-runtime", NULL, "c", &arena, &found, &err), 0);
    ck_assert_str_eq(found.bundle, "/b");
    ck_assert_int_eq(ocn_runtime_state_find("/usr/bin/another", NULL, "c", &arena, &found, &err),
                     -1);
    ck_assert_int_eq(err.code, OCN_E_NOENT);
}
END_TEST

/* crun looks there whenever the variable is set; runc, as root, in /run. */
START_TEST(test_runtime_state__crun_goes_by_xdg_runtime_dir_as_root_too)
{
    struct ocn_error err = { 0 };
    struct ocn_runtime_state found = { 0 };
    char id[64];
    char path[128];

    (void)snprintf(id, sizeof(id), "ocn-test-%d", getpid());
    (void)snprintf(path, sizeof(path), "/run/crun/%s", id);
    (void)mkdir("/run/crun", 0700);
    if (mkdir(path, 0700) < 0) {
        return; /* the build of a package */
    }
    (void)snprintf(path, sizeof(path), "/run/crun/%s/status", id);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs("{\"bundle\":\"/in/run\"}", file), 0);
    ck_assert_int_eq(fclose(file), 0);
    put("crun", id, "status", "{\"bundle\":\"/in/xdg\"}");

    ck_assert_int_eq(setenv("XDG_RUNTIME_DIR", dir, 1), 0);
    int with = ocn_runtime_state_find("/usr/bin/crun", NULL, id, &arena, &found, &err);
    const char *bundle = found.bundle;
    ck_assert_int_eq(setenv("XDG_RUNTIME_DIR", "", 1), 0);
    int without = ocn_runtime_state_find("/usr/bin/crun", NULL, id, &arena, &found, &err);
    (void)unlink(path);
    (void)snprintf(path, sizeof(path), "/run/crun/%s", id);
    (void)rmdir(path);
    ck_assert_int_eq(with, 0);
    ck_assert_str_eq(bundle, "/in/xdg");
    ck_assert_int_eq(without, 0);
    ck_assert_str_eq(found.bundle, "/in/run");
}
END_TEST

/* As a runtime reads it: from where it was started. */
START_TEST(test_runtime_state__a_relative_directory_is_one)
{
    struct ocn_error err = { 0 };
    struct ocn_runtime_state found = { 0 };

    put("crun", "c", "status", "{\"bundle\":\"/b\"}");
    ck_assert_int_eq(chdir(dir), 0);
    ck_assert_int_eq(setenv("XDG_RUNTIME_DIR", ".", 1), 0);
    ck_assert_int_eq(ocn_runtime_state_find("crun", NULL, "c", &arena, &found, &err), 0);
    ck_assert_int_eq(chdir("crun"), 0);
    ck_assert_int_eq(ocn_runtime_state_find("crun", ".", "c", &arena, &found, &err), 0);
    ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

START_TEST(test_runtime_state__whose_states_are_known)
{
    ck_assert(ocn_runtime_state_is_known("/usr/sbin/runc"));
    ck_assert(ocn_runtime_state_is_known("crun-1.28"));
    ck_assert(!ocn_runtime_state_is_known("/usr/bin/runsc"));
    ck_assert(!ocn_runtime_state_is_known("/opt/runc/bin/kata-runtime"));
}
END_TEST

/* Real states of long-lived containers are larger than any buffer of ours. */
/* Which process is the container's: its number, and when that one was started. */
START_TEST(test_runtime_state__tells_the_process)
{
    static const struct {
        const char *text;
        uint32_t pid;
        uint64_t start;
    } rows[] = {
        { "{\"init_process_pid\":4711,\"init_process_start\":174512,\"config\":{\"pid\":1}}", 4711,
          174512 },
        { "{\"pid\":5120,\"process-start-time\":174512}", 5120, 174512 },
        { "{\"pid\":5120}", 5120, 0 },
        { "{\"pid\":0,\"process-start-time\":-1}", 0, 0 },
        { "{\"pid\":99999999999,\"process-start-time\":1e300}", 0, 0 },
        { "{\"pid\":\"1\",\"init_process_start\":[2]}", 0, 0 },
        { "[", 0, 0 },
        { "", 0, 0 },
    };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        const struct ocn_bytes text = { rows[i].text, strlen(rows[i].text) };
        struct ocn_runtime_process process = { 7, 7 };
        ocn_runtime_state_process(text, &process);
        ck_assert_uint_eq(process.pid, rows[i].pid);
        ck_assert_uint_eq(process.start, rows[i].start);
    }
}
END_TEST

/* ... that it was built with: a link or a copy of another name keeps it. */
START_TEST(test_runtime_state__another_name_of_the_file_has_the_same_directory)
{
    static const char *const names[] = { "/opt/crun-1.28", "/opt/runc.amd64", "/opt/oci" };
    struct ocn_runtime_state found = { 0 };

    ck_assert_int_eq(setenv("XDG_RUNTIME_DIR", dir, 1), 0);
    put("crun", "c", "status", "{\"bundle\":\"/b\"}");
    put("runc", "r", "state.json", "{\"config\":{\"labels\":[\"bundle=/r\"]}}");
    for (size_t i = 0; i < OCN_COUNT(names); i++) {
        struct ocn_error err = { 0 };
        ck_assert_int_eq(ocn_runtime_state_find(names[i], NULL, "c", &arena, &found, &err), 0);
        ck_assert_str_eq(found.bundle, "/b");
        ck_assert_int_eq(ocn_runtime_state_find(names[i], NULL, "r", &arena, &found, &err), 0);
        ck_assert_str_eq(found.bundle, "/r");
    }
}
END_TEST

/* Real states of long-lived containers are larger than any buffer of ours. */
START_TEST(test_runtime_state__a_large_state_is_read)
{
    static char text[300000];
    struct ocn_error err = { 0 };
    struct ocn_runtime_state found = { 0 };
    char root[128];

    (void)snprintf(root, sizeof(root), "%s/root", dir);
    size_t len = (size_t)snprintf(text, sizeof(text), "{\"x\":\"");
    memset(text + len, 'x', sizeof(text) - len);
    strcpy(text + sizeof(text) - 30, "\",\"bundle\":\"/b\"}");
    put("root", "c", "state.json", text);
    ck_assert_int_eq(ocn_runtime_state_find("runc", root, "c", &arena, &found, &err), 0);
    ck_assert_str_eq(found.bundle, "/b");
}
END_TEST

/* The configuration in the bundle is that of the container, or nothing follows from it. */
START_TEST(test_runtime_state__the_bundle_is_the_containers)
{
    static const struct {
        const char *rootfs; /* in the state */
        const char *config;
        int result;
    } rows[] = {
        { "/b/rootfs", "{\"root\":{\"path\":\"/b/rootfs\"}}", 0 },
        { "/the/bundle/rootfs", "{\"root\":{\"path\":\"rootfs\"}}", 0 },
        { "rootfs", "{\"root\":{\"path\":\"rootfs\"}}", 0 },
        { "/usr/../usr", "{\"root\":{\"path\":\"/usr\"}}", 0 }, /* the same directory */
        { NULL, "{\"root\":{\"path\":\"rootfs\"}}", 0 },
        { "/b/rootfs", "{\"root\":{\"path\":\"rootfs\"}}", -1 },
        { "/usr", "{\"root\":{\"path\":\"/etc\"}}", -1 },
        { "/b/rootfs", "{}", -1 },
        { "/b/rootfs", "{\"root\":{\"path\":7}}", -1 },
        { "/b/rootfs", "", -1 },
    };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        const struct ocn_runtime_state state = { .bundle = "/the/bundle",
                                                 .rootfs = rows[i].rootfs };
        const struct ocn_bytes config = { rows[i].config, strlen(rows[i].config) };
        struct ocn_error err = { 0 };
        ck_assert_msg(ocn_runtime_state_check(&state, config, &arena, &err) == rows[i].result,
                      "%zu: %s", i, err.msg);
        ck_assert_int_eq(err.code, rows[i].result == 0 ? OCN_OK : OCN_E_FORMAT);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("runtime_state");
    TCase *tcase = tcase_create("runtime_state");

    tcase_add_checked_fixture(tcase, enter, leave);
    tcase_add_test(tcase, test_runtime_state__the_bundle_is_the_containers);
    tcase_add_loop_test(tcase, test_runtime_state__finds_the_bundle, 0, (int)OCN_COUNT(states));
    tcase_add_test(tcase, test_runtime_state__no_container_is_noent);
    tcase_add_test(tcase, test_runtime_state__an_id_is_no_path);
    tcase_add_test(tcase, test_runtime_state__tells_the_process);
    tcase_add_test(tcase, test_runtime_state__looks_below_xdg_runtime_dir);
    tcase_add_test(tcase, test_runtime_state__another_name_of_the_file_has_the_same_directory);
    tcase_add_test(tcase, test_runtime_state__crun_goes_by_xdg_runtime_dir_as_root_too);
    tcase_add_test(tcase, test_runtime_state__a_relative_directory_is_one);
    tcase_add_test(tcase, test_runtime_state__whose_states_are_known);
    tcase_add_test(tcase, test_runtime_state__a_large_state_is_read);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
