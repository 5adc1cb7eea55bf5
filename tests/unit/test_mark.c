/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/sys/mark.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <string.h>

#define NAME "ocinorm-runtime"
#define AS_BYTES(text)                                                                             \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

/* clang-format off */
static const struct {
    struct ocn_bytes file;
    const char *want; /* NULL: not ours */
} rows[] = {
    { AS_BYTES("\177ELF..ocinorm-program:ocinorm-runtime:0.1.0\0..."), "0.1.0" },
    { AS_BYTES("ocinorm-program:ocinorm-runtime:1\0"), "1" },
    { AS_BYTES("ocinorm-program:ocinorm-hook:0.1.0\0 ocinorm-program:ocinorm-runtime:9\0"), "9" },
    { AS_BYTES("ocinorm-program:ocinorm-hook:0.1.0\0"), NULL },
    { AS_BYTES("ocinorm-program:ocinorm-runtime:0.1.0"), NULL }, /* the file ends in it */
    { AS_BYTES("ocinorm-program:ocinorm-runtime:"), NULL },
    { AS_BYTES("ocinorm-program:ocinorm-runtime:0123456789012345678901234567890\0"), "0123456789012345678901234567890" },
    { AS_BYTES("ocinorm-program:ocinorm-runtime:01234567890123456789012345678901\0"), NULL },
    { AS_BYTES("ocinorm-program:ocinorm-runtim"), NULL },
    { AS_BYTES(""), NULL },
};
/* clang-format on */

START_TEST(test_mark__knows_a_program_by_its_bytes)
{
    char version[OCN_MARK_VERSION_SIZE] = "untouched";
    bool found = ocn_mark_find(rows[_i].file, NAME, version);

    ck_assert(found == (rows[_i].want != NULL));
    ck_assert_str_eq(version, rows[_i].want != NULL ? rows[_i].want : "untouched");
}
END_TEST

START_TEST(test_mark__tells_which_program_it_is)
{
    char version[OCN_MARK_VERSION_SIZE] = "";
    const char *found =
        ocn_mark_which((struct ocn_bytes)AS_BYTES("..ocinorm-program:ocinorm-hook:1.2\0"), version);

    ck_assert_pstr_eq(found, "ocinorm-hook");
    ck_assert_str_eq(version, "1.2");
    ck_assert_pstr_eq(
        ocn_mark_which((struct ocn_bytes)AS_BYTES("ocinorm-program:ocinorm-else:1\0"), version),
        NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mark");
    TCase *tests = tcase_create("mark");

    tcase_add_loop_test(tests, test_mark__knows_a_program_by_its_bytes, 0, (int)OCN_COUNT(rows));
    tcase_add_test(tests, test_mark__tells_which_program_it_is);
    suite_add_tcase(suite, tests);
    return ocn_run_suite(suite);
}
