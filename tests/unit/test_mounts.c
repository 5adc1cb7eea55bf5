/* SPDX-License-Identifier: Apache-2.0 */
/* What needs no mount; the rest is integration/runc/entry.bats. */
#include "hook/mounts.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <string.h>

static const char mountinfo[] =
    "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
    "27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
    "227 27 254:0 /x /a\\040shared:9 rw - ext4 /dev/vda rw,x=\\040shared:2\n"
    "30 27 254:0 /x /b rw master:1 shared:4 - ext4 /dev/vda rw\n"
    "31 27 254:0 /x /c rw master:1 - ext4 /dev/ shared:5 rw\n"
    "32 27 254:0 /x /d rw shared:8";

static const struct {
    uint64_t id;
    int want;
} rows[] = {
    { 22, 0 }, { 27, 1 }, { 227, 0 }, { 30, 1 }, { 31, 0 }, { 32, 1 }, { 2, -1 }, { 7, -1 },
};

START_TEST(test_mounts__says_whether_a_mount_is_shared)
{
    const struct ocn_bytes text = { mountinfo, sizeof(mountinfo) - 1 };

    ck_assert_int_eq(ocn_mounts_is_shared(text, rows[_i].id), rows[_i].want);
}
END_TEST

START_TEST(test_mounts__finds_nothing_in_nothing)
{
    ck_assert_int_eq(ocn_mounts_is_shared((struct ocn_bytes){ "", 0 }, 1), -1);
    ck_assert_int_eq(ocn_mounts_is_shared((struct ocn_bytes){ "\n\n1", 3 }, 1), -1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mounts");
    TCase *tests = tcase_create("mounts");

    tcase_add_loop_test(tests, test_mounts__says_whether_a_mount_is_shared, 0,
                        (int)OCN_COUNT(rows));
    tcase_add_test(tests, test_mounts__finds_nothing_in_nothing);
    suite_add_tcase(suite, tests);
    return ocn_run_suite(suite);
}
