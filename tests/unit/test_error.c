/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "normalize/base/error.h"
#include "tests/lib/suite.h"

START_TEST(test_error__the_first_one_wins)
{
    struct ocn_error err = { 0 };

    ck_assert_int_eq(ocn_fail(&err, OCN_E_FORMAT, "/a", "first %d", 1), -1);
    ck_assert_int_eq(ocn_fail_sys(&err, EIO, "/b", "second"), -1);
    ck_assert_int_eq(err.code, OCN_E_FORMAT);
    ck_assert_str_eq(err.where, "/a");
    ck_assert_str_eq(err.msg, "first 1");
    ck_assert_int_eq(ocn_fail_nomem(NULL), -1);
}
END_TEST

START_TEST(test_error__a_missing_file_has_its_own_code)
{
    static const struct {
        int sys;
        enum ocn_code code;
    } rows[] = { { ENOENT, OCN_E_NOENT }, { ENOTDIR, OCN_E_NOENT }, { EACCES, OCN_E_IO } };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        struct ocn_error err = { 0 };
        ocn_fail_sys(&err, rows[i].sys, NULL, "cannot open");
        ck_assert_int_eq(err.code, rows[i].code);
        ck_assert_int_eq(err.sys, rows[i].sys);
        ck_assert_ptr_nonnull(strstr(err.msg, "cannot open: "));
    }
}
END_TEST

START_TEST(test_error__hostile_text_stays_one_line)
{
    struct ocn_error err = { 0 };

    ocn_fail(&err, OCN_E_FORMAT, "/a\nlevel=info", "x\r\n\x1b[2Jy\x7f");
    ck_assert_str_eq(err.where, "/a?level=info");
    ck_assert_str_eq(err.msg, "x???[2Jy?");
}
END_TEST

START_TEST(test_error__long_places_keep_their_tail)
{
    char where[1024];
    struct ocn_error err = { 0 };

    memset(where, 'd', sizeof(where));
    memcpy(where + sizeof(where) - 6, "/tail", 6);
    ocn_fail(&err, OCN_E_FORMAT, where, "%01000d", 7);
    ck_assert_uint_eq(strlen(err.where), sizeof(err.where) - 1);
    ck_assert_int_eq(strncmp(err.where, "...", 3), 0);
    ck_assert_str_eq(err.where + strlen(err.where) - 5, "/tail");
    ck_assert_uint_eq(strlen(err.msg), sizeof(err.msg) - 1);
    const char *fits = where + sizeof(where) - sizeof(err.where);
    where[sizeof(where) - 1] = '\0';
    err = (struct ocn_error){ 0 };
    ocn_fail(&err, OCN_E_FORMAT, fits, "x");
    ck_assert_str_eq(err.where, fits);
    err = (struct ocn_error){ 0 };
    ocn_fail(&err, OCN_E_FORMAT, fits - 1, "x");
    ck_assert_str_eq(err.where + 3, fits + 3);
    ck_assert_int_eq(strncmp(err.where, "...", 3), 0);
}
END_TEST

START_TEST(test_error__is_located_in_a_file)
{
    struct ocn_error err = { 0 };

    ocn_error_locate(&err, "f.json", 3);
    ck_assert_str_eq(err.where, "");
    ocn_fail(&err, OCN_E_FORMAT, "/user/uid", "x");
    ocn_error_locate(&err, "f.json", 3);
    ck_assert_str_eq(err.where, "f.json:3: /user/uid");
    err = (struct ocn_error){ 0 };
    ocn_fail(&err, OCN_E_FORMAT, NULL, "x");
    ocn_error_locate(&err, "f.json", 0);
    ck_assert_str_eq(err.where, "f.json");
    err = (struct ocn_error){ 0 };
    ocn_fail(&err, OCN_E_FORMAT, "2:5", "x");
    ocn_error_locate(&err, "f.json", 0);
    ck_assert_str_eq(err.where, "f.json:2:5");
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("error");
    Suite *suite = suite_create("error");

    tcase_add_test(tcase, test_error__the_first_one_wins);
    tcase_add_test(tcase, test_error__a_missing_file_has_its_own_code);
    tcase_add_test(tcase, test_error__hostile_text_stays_one_line);
    tcase_add_test(tcase, test_error__long_places_keep_their_tail);
    tcase_add_test(tcase, test_error__is_located_in_a_file);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
