/* SPDX-License-Identifier: Apache-2.0 */
/* How a destination is spelled; what lies there is in tests/cases/entry.found. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "normalize/rootfs/path.h"
#include "tests/lib/suite.h"

static const struct {
    const char *path;
    const char *clean;
} rows[] = {
    { "/", "" },
    { "/a", "/a" },
    { "//a///b/", "/a/b" },
    { "/./a/./b/.", "/a/b" },
    { "/a/../b", "/b" },
    { "/../a", "/a" },
    { "/a/b/../../..", "" },
    { "/...", "/..." },
    { "/.a/b./..c", "/.a/b./..c" },
    { "/ab/c/../d", "/ab/d" },
};

START_TEST(test_path__a_clean_one)
{
    char path[64];

    (void)snprintf(path, sizeof(path) - 1, "%s", rows[_i].path);
    ocn_path_clean(path);
    ck_assert_str_eq(path, rows[_i].clean);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("path");
    TCase *tcase = tcase_create("path");

    tcase_add_loop_test(tcase, test_path__a_clean_one, 0, (int)OCN_COUNT(rows));
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
