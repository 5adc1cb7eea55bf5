/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/doctor/checkup.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <jansson.h>
#include <string.h>

static void fill(struct ocn_checkup *checkup)
{
    ocn_checkup_add(checkup, OCN_CHECK_OK, "policy", "valid", "profile %s", "auto");
    ocn_checkup_add(checkup, OCN_CHECK_NOTE, "policy", "exempt", "nobody");
    ocn_checkup_add(checkup, OCN_CHECK_FAIL, "containerd", "ocinorm", "%s does not exist", "/x");
    ocn_checkup_fix(checkup, "put it %s", "there");
}

START_TEST(test_checkup__text_is_one_line_a_row_and_one_for_the_fix)
{
    OCN_CLEANUP(ocn_checkup_done) struct ocn_checkup checkup = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    struct ocn_error err = { 0 };

    fill(&checkup);
    ck_assert_int_eq(ocn_checkup_text(&checkup, "/", false, &out, &err), 0);
    ocn_buf_add(&out, "", 1);
    ck_assert_str_eq(out.ptr, "ocinorm " OCN_VERSION ", the node at /\n"
                              "policy\n"
                              "  ok      valid    profile auto\n"
                              "  note    exempt   nobody\n"
                              "containerd\n"
                              "  fail    ocinorm  /x does not exist\n"
                              "          fix: put it there\n"
                              "broken: something would not take effect\n");
}
END_TEST

START_TEST(test_checkup__colour_only_when_asked_for)
{
    OCN_CLEANUP(ocn_checkup_done) struct ocn_checkup checkup = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };

    fill(&checkup);
    ck_assert_int_eq(ocn_checkup_text(&checkup, "/", true, &out, NULL), 0);
    ocn_buf_add(&out, "", 1);
    ck_assert_ptr_nonnull(strstr(out.ptr, "\033[31mfail   \033[0m"));
}
END_TEST

START_TEST(test_checkup__json_has_every_row)
{
    OCN_CLEANUP(ocn_checkup_done) struct ocn_checkup checkup = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };

    fill(&checkup);
    ck_assert_int_eq(ocn_checkup_json(&checkup, "/n", &out, NULL), 0);
    json_auto_t *json = json_loadb(out.ptr, out.len, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_ptr_nonnull(json);
    json_auto_t *want = json_pack(
        "{s:i, s:s, s:s, s:[{s:s, s:s, s:s, s:s, s:n}, {s:s, s:s, s:s, s:s, s:n},"
        " {s:s, s:s, s:s, s:s, s:s}]}",
        "version", 1, "root", "/n", "verdict", "broken", "checks", "area", "policy", "name",
        "valid", "status", "ok", "text", "profile auto", "fix", "area", "policy", "name", "exempt",
        "status", "note", "text", "nobody", "fix", "area", "containerd", "name", "ocinorm",
        "status", "fail", "text", "/x does not exist", "fix", "put it there");
    ck_assert_ptr_nonnull(want);
    ck_assert_int_eq(json_equal(json, want), 1);
}
END_TEST

static const struct {
    enum ocn_check_status rows[3];
    enum ocn_check_status want;
} verdicts[] = {
    { { OCN_CHECK_OK, OCN_CHECK_OK, OCN_CHECK_OK }, OCN_CHECK_OK },
    { { OCN_CHECK_NOTE, OCN_CHECK_NOTE, OCN_CHECK_NOTE }, OCN_CHECK_OK },
    { { OCN_CHECK_OK, OCN_CHECK_UNKNOWN, OCN_CHECK_NOTE }, OCN_CHECK_UNKNOWN },
    { { OCN_CHECK_FAIL, OCN_CHECK_UNKNOWN, OCN_CHECK_OK }, OCN_CHECK_FAIL },
};

START_TEST(test_checkup__the_worst_row_is_the_verdict)
{
    OCN_CLEANUP(ocn_checkup_done) struct ocn_checkup checkup = { 0 };

    ck_assert_int_eq(ocn_checkup_verdict(&checkup), OCN_CHECK_OK);
    for (size_t i = 0; i < OCN_COUNT(verdicts[_i].rows); i++) {
        ocn_checkup_add(&checkup, verdicts[_i].rows[i], "a", "n", "t");
    }
    ck_assert_int_eq(ocn_checkup_verdict(&checkup), verdicts[_i].want);
}
END_TEST

START_TEST(test_checkup__hostile_text_stays_one_line)
{
    OCN_CLEANUP(ocn_checkup_done) struct ocn_checkup checkup = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };

    ocn_checkup_add(&checkup, OCN_CHECK_OK, "a", "n\033[2J", "x\ny\x7f\xc2\x9bz\xff");
    ocn_checkup_fix(&checkup, "%s", "a\rb");
    ck_assert_str_eq(checkup.rows[0].name, "n?[2J");
    ck_assert_str_eq(checkup.rows[0].text, "x?y???z\xff");
    ck_assert_str_eq(checkup.rows[0].fix, "a?b");
    ck_assert_int_eq(ocn_checkup_json(&checkup, "/", &out, NULL), 0);
    json_auto_t *json = json_loadb(out.ptr, out.len, 0, NULL);
    ck_assert_ptr_nonnull(json);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("checkup");
    TCase *tests = tcase_create("checkup");

    tcase_add_test(tests, test_checkup__text_is_one_line_a_row_and_one_for_the_fix);
    tcase_add_test(tests, test_checkup__colour_only_when_asked_for);
    tcase_add_test(tests, test_checkup__json_has_every_row);
    tcase_add_loop_test(tests, test_checkup__the_worst_row_is_the_verdict, 0,
                        (int)OCN_COUNT(verdicts));
    tcase_add_test(tests, test_checkup__hostile_text_stays_one_line);
    suite_add_tcase(suite, tests);
    return ocn_run_suite(suite);
}
