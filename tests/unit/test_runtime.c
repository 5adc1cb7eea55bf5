/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program ocinorm-runtime with /bin/true in the runtime's place: what it refuses, and what it
 * leaves of config.json. No root is needed, and no container starts.
 */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hook/sys/io.h"
#include "normalize/base/buf.h"
#include "tests/lib/suite.h"

static const char config_text[] =
    "{\"process\": {\"user\": {\"uid\": 0, \"gid\": 0}, \"args\": [\"/app\"], \"env\": [], "
    "\"cwd\": \"/\", \"noNewPrivileges\": true}, \"root\": {\"path\": \"rootfs\"}, \"linux\": "
    "{\"namespaces\": [{\"type\": \"pid\"}, {\"type\": \"network\"}, {\"type\": \"ipc\"}, "
    "{\"type\": \"mount\"}]}}";

static char dir[64];

static const char *path_of(const char *name)
{
    static char path[128];

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

static void write_text(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static void enter(void)
{
    strcpy(dir, "/tmp/ocn-runtime-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_assert_int_eq(mkdir(path_of("rootfs"), 0755), 0);
    write_text("config.json", config_text);
}

static void leave(void)
{
    char command[128];

    (void)snprintf(command, sizeof(command), "rm -rf %s", dir);
    ck_assert_int_eq(system(command), 0);
}

/* Its exit status. Where nothing can be written, every write to a file fails: the disk is full. */
static int create(const char *on_error, bool can_write, struct ocn_buf *ret_said)
{
    char policy[256];
    int said[2];
    int status;
    struct ocn_error err = { 0 };

    (void)snprintf(policy, sizeof(policy),
                   "{\"profile\": \"unknown\", \"onError\": \"%s\", \"runtimes\": [\"/bin/true\"], "
                   "\"rules\": {\"entry.found\": \"off\"}}",
                   on_error);
    write_text("policy.json", policy);
    ck_assert_int_eq(pipe(said), 0);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        const struct rlimit nothing = { 0, 0 };
        (void)setenv("OCINORM_CONFIG", path_of("policy.json"), 1);
        (void)dup2(said[1], STDERR_FILENO);
        (void)signal(SIGXFSZ, SIG_IGN);
        if (can_write || setrlimit(RLIMIT_FSIZE, &nothing) == 0) {
            (void)execl(OCN_RUNTIME, OCN_RUNTIME, "create", "--bundle", dir, "id", (char *)NULL);
        }
        _exit(99);
    }
    (void)close(said[1]);
    ck_assert_int_eq(ocn_io_read_fd(said[0], "stderr", 4096, ret_said, &err), 0);
    (void)close(said[0]);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static bool is_unchanged(void)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf now = { 0 };
    struct ocn_error err = { 0 };

    ck_assert_int_eq(ocn_io_read_file(path_of("config.json"), 1 << 20, &now, &err), 0);
    return now.len == sizeof(config_text) - 1 && memcmp(now.ptr, config_text, now.len) == 0;
}

START_TEST(test_runtime__a_container_is_made_normal)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf said = { 0 };

    int status = create("deny", true, &said);
    ck_assert_msg(status == 0, "%d: %s", status, said.ptr);
    ck_assert(!is_unchanged());
}
END_TEST

/* onError is about what cannot be decided. Here it is decided: root must not start. */
START_TEST(test_runtime__what_cannot_be_written_is_refused_whatever_onError_says)
{
    static const char *const on_error[] = { "deny", "warn" };

    for (size_t i = 0; i < OCN_COUNT(on_error); i++) {
        OCN_CLEANUP(ocn_buf_done) struct ocn_buf said = { 0 };
        ck_assert_int_eq(create(on_error[i], false, &said), 1);
        ck_assert_msg(strstr(said.ptr, "config.json: cannot replace it") != NULL, "%s", said.ptr);
        ck_assert(is_unchanged());
    }
}
END_TEST

START_TEST(test_runtime__what_cannot_be_decided_is_for_onError)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf said = { 0 };

    write_text("config.json", "{\"process\": ");
    ck_assert_int_eq(create("deny", true, &said), 1);
    ck_assert_int_eq(create("warn", true, &said), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("runtime");
    TCase *tcase = tcase_create("runtime");

    tcase_add_checked_fixture(tcase, enter, leave);
    tcase_add_test(tcase, test_runtime__a_container_is_made_normal);
    tcase_add_test(tcase, test_runtime__what_cannot_be_written_is_refused_whatever_onError_says);
    tcase_add_test(tcase, test_runtime__what_cannot_be_decided_is_for_onError);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
