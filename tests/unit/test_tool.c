/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/install/tool.h"

#include <check.h>
#include <string.h>

#include "tests/lib/suite.h"

static struct ocn_node node;
static struct ocn_tool_result result;

static void enter(void)
{
    ck_assert_int_eq(ocn_node_open(NULL, &node, NULL), 0);
    ck_assert(ocn_node_is_this_machine(&node));
}

static void leave(void)
{
    ocn_tool_done(&result);
    ocn_node_done(&node);
}

static int run(const char *script, int seconds, struct ocn_error *err)
{
    const char *const argv[] = { "/bin/sh", "-c", script, NULL };

    return ocn_tool_run(&node, argv, seconds, &result, err);
}

START_TEST(test_tool__what_it_prints_and_how_it_ends)
{
    ck_assert_int_eq(run("echo out; printf 'first\\nlast\\n\\n' >&2; exit 3", 10, NULL), 0);
    ck_assert_int_eq(result.status, 3);
    ck_assert_str_eq(result.out.ptr, "out\n");
    ck_assert_str_eq(ocn_tool_reason(&result), "last");
}
END_TEST

START_TEST(test_tool__has_nothing_of_ours)
{
    ck_assert_int_eq(setenv("LD_PRELOAD", "/nothing.so", 1), 0);
    ck_assert_int_eq(
        run("env | sort | cut -d= -f1 | tr '\\n' ' '; pwd; cat; ls /proc/self/fd | wc -l", 10,
            NULL),
        0);
    /* 0, 1, 2, and the one that ls lists with. */
    ck_assert_str_eq(result.out.ptr, "LC_ALL PATH PWD /\n4\n");
}
END_TEST

START_TEST(test_tool__one_that_hangs_is_killed_with_its_children)
{
    struct ocn_error err = { 0 };

    ck_assert_int_eq(run("sleep 100 & sleep 100", 1, &err), -1);
    ck_assert_str_eq(err.where, "/bin/sh");
    ck_assert_ptr_nonnull(strstr(err.msg, "1 seconds"));
}
END_TEST

START_TEST(test_tool__too_much_is_cut_off)
{
    ck_assert_int_eq(run("head -c 10000000 /dev/zero", 20, NULL), -1);
}
END_TEST

START_TEST(test_tool__one_that_cannot_start)
{
    const char *const argv[] = { "/no/such/program", NULL };

    ck_assert_int_eq(ocn_tool_run(&node, argv, 10, &result, NULL), 0);
    ck_assert_int_eq(result.status, 127);
    ck_assert_str_eq(ocn_tool_reason(&result), "it could not be started");
}
END_TEST

START_TEST(test_tool__a_signal_is_a_status)
{
    ck_assert_int_eq(run("kill -9 $$", 10, NULL), 0);
    ck_assert_int_eq(result.status, 128 + 9);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tool");
    TCase *tcase = tcase_create("tool");

    tcase_set_timeout(tcase, OCN_TEST_SECONDS);
    tcase_add_checked_fixture(tcase, enter, leave);
    tcase_add_test(tcase, test_tool__what_it_prints_and_how_it_ends);
    tcase_add_test(tcase, test_tool__has_nothing_of_ours);
    tcase_add_test(tcase, test_tool__one_that_hangs_is_killed_with_its_children);
    tcase_add_test(tcase, test_tool__too_much_is_cut_off);
    tcase_add_test(tcase, test_tool__one_that_cannot_start);
    tcase_add_test(tcase, test_tool__a_signal_is_a_status);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
