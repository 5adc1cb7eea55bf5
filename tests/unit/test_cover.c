/* SPDX-License-Identifier: Apache-2.0 */
/* What needs no mount; the rest is integration/runc/entry.bats. */
#include "hook/entry/cover.h"
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
    enum ocn_cover_peers want;
} rows[] = {
    { 22, OCN_COVER_NOT_SHARED }, { 27, OCN_COVER_SHARED },     { 227, OCN_COVER_NOT_SHARED },
    { 30, OCN_COVER_SHARED },     { 31, OCN_COVER_NOT_SHARED }, { 32, OCN_COVER_SHARED },
    { 2, OCN_COVER_NO_MOUNT },    { 7, OCN_COVER_NO_MOUNT },
};

START_TEST(test_cover__says_whether_a_mount_is_shared)
{
    const struct ocn_bytes text = { mountinfo, sizeof(mountinfo) - 1 };

    ck_assert_int_eq(ocn_cover_peers_of(text, rows[_i].id), rows[_i].want);
}
END_TEST

START_TEST(test_cover__finds_nothing_in_nothing)
{
    ck_assert_int_eq(ocn_cover_peers_of((struct ocn_bytes){ "", 0 }, 1), OCN_COVER_NO_MOUNT);
    ck_assert_int_eq(ocn_cover_peers_of((struct ocn_bytes){ "\n\n1", 3 }, 1), OCN_COVER_NO_MOUNT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cover");
    TCase *tests = tcase_create("cover");

    tcase_add_loop_test(tests, test_cover__says_whether_a_mount_is_shared, 0, (int)OCN_COUNT(rows));
    tcase_add_test(tests, test_cover__finds_nothing_in_nothing);
    suite_add_tcase(suite, tests);
    return ocn_run_suite(suite);
}
