/* SPDX-License-Identifier: Apache-2.0 */
/* Holding a child of our own, which takes no power; the rest is integration/runc/hold.bats. */
#include "hook/entry/hold.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "hook/sys/io.h"
#include "tests/lib/suite.h"

/* A child that waits until *ret_gate is closed, and then executes a file, or ends. */
static pid_t start(bool executes, int *ret_gate)
{
    int ends[2];
    char byte;

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        (void)close(ends[1]);
        ssize_t len = read(ends[0], &byte, 1);
        _exit(len == 0 && executes ? execl("/bin/sh", "sh", "-c", "exit 7", NULL) : 3);
    }
    (void)close(ends[0]);
    *ret_gate = ends[1];
    return pid;
}

/* Seized, and let go as far as it gets. */
static bool hold(struct ocn_hold *hold, bool executes)
{
    struct ocn_error err = { 0 };
    bool held = false;
    int gate = -1;

    ocn_hold_init(hold);
    pid_t pid = start(executes, &gate);
    ck_assert_msg(ocn_hold_open(hold, pid, NULL, NULL, &err) == 0, "%s", err.msg);
    ck_assert(!hold->traced);
    ck_assert_msg(ocn_hold_seize(hold, &held, &err) == 0, "%s", err.msg);
    ck_assert(held);
    (void)close(gate);
    return ocn_hold_await(hold);
}

START_TEST(test_hold__stops_it_when_it_executes)
{
    OCN_CLEANUP(ocn_hold_done) struct ocn_hold all;
    int status = 0;

    ck_assert(hold(&all, true));
    ck_assert_int_eq(ptrace(PTRACE_DETACH, all.pid, NULL, NULL), 0);
    ck_assert_int_eq(waitpid(all.pid, &status, 0), all.pid);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}
END_TEST

START_TEST(test_hold__says_when_it_is_gone)
{
    OCN_CLEANUP(ocn_hold_done) struct ocn_hold all;

    ck_assert(!hold(&all, false));
}
END_TEST

/* What is not the cover does not run. */
START_TEST(test_hold__kills_what_executes_anything_else)
{
    OCN_CLEANUP(ocn_hold_done) struct ocn_hold all;
    struct ocn_error err = { 0 };
    bool held = false;
    int gate = -1;
    int status = 0;

    ocn_hold_init(&all);
    pid_t pid = start(true, &gate);
    ck_assert_int_eq(ocn_hold_open(&all, pid, NULL, NULL, &err), 0);
    ck_assert_int_eq(ocn_hold_seize(&all, &held, &err), 0);
    (void)close(gate);
    ocn_hold_run(&all);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}
END_TEST

START_TEST(test_hold__a_traced_one_is_refused)
{
    OCN_CLEANUP(ocn_hold_done) struct ocn_hold all;
    struct ocn_error err = { 0 };
    bool held = true;
    int gate = -1;

    ocn_hold_init(&all);
    pid_t pid = start(false, &gate);
    pid_t other = fork(); /* traces it, and waits to be killed */
    if (other == 0) {
        (void)ptrace(PTRACE_SEIZE, pid, NULL, NULL);
        (void)pause();
    }
    do {
        ocn_hold_done(&all);
        ocn_hold_init(&all);
        ck_assert_int_eq(ocn_hold_open(&all, pid, NULL, NULL, &err), 0);
    } while (!all.traced);
    ck_assert(all.traced_by_us);
    ck_assert_int_eq(ocn_hold_seize(&all, &held, &err), -1);
    ck_assert_int_eq(err.code, OCN_E_UNSUPPORTED);
    ck_assert(!held);
    (void)kill(other, SIGKILL);
    (void)kill(pid, SIGKILL);
    (void)close(gate);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hold");
    TCase *tests = tcase_create("hold");

    tcase_add_test(tests, test_hold__stops_it_when_it_executes);
    tcase_add_test(tests, test_hold__says_when_it_is_gone);
    tcase_add_test(tests, test_hold__kills_what_executes_anything_else);
    tcase_add_test(tests, test_hold__a_traced_one_is_refused);
    suite_add_tcase(suite, tests);
    return ocn_run_suite(suite);
}
