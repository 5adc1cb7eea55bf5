/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/install/unified_diff.h"

#include <check.h>
#include <string.h>

#include "tests/lib/suite.h"

static const struct row {
    const char *old; /* NULL: no file */
    const char *new;
    const char *diff;
} rows[] = {
    { "a\n", "a\n", "" },
    { NULL, "a\nb\n", "--- /dev/null\n+++ f\n@@ -0,0 +1,2 @@\n+a\n+b\n" },
    { "a\n", NULL, "--- f\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n" },
    { "", "a\n", "--- f\n+++ f\n@@ -0,0 +1 @@\n+a\n" },
    { "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n",
      "--- f\n+++ f\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n" },
    { "a\nb\n", "a\nx\nb\n", "--- f\n+++ f\n@@ -1,2 +1,3 @@\n a\n+x\n b\n" },
    { "a", "a\n", "--- f\n+++ f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n" },
    { "a\nb", "a\nc\nb",
      "--- f\n+++ f\n@@ -1,2 +1,3 @@\n a\n+c\n b\n\\ No newline at end of file\n" },
    { "a\na\na\n", "a\na\n", "--- f\n+++ f\n@@ -1,3 +1,2 @@\n a\n a\n-a\n" },
};

static struct ocn_bytes bytes(const char *text)
{
    return (struct ocn_bytes){ text, text != NULL ? strlen(text) : 0 };
}

START_TEST(test_unified_diff__is_what_diff_prints)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };

    ocn_unified_diff(&out, "f", bytes(rows[_i].old), bytes(rows[_i].new));
    ck_assert_str_eq(ocn_buf_bytes(&out).ptr, rows[_i].diff);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("unified_diff");
    TCase *tcase = tcase_create("unified_diff");

    tcase_add_loop_test(tcase, test_unified_diff__is_what_diff_prints, 0, (int)OCN_COUNT(rows));
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
