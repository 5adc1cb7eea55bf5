/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "normalize/json/load.h"
#include "normalize/outcome/splice.h"
#include "tests/lib/suite.h"

struct row {
    const char *before;
    const char *edits[8]; /* path, value, path, value ... */
    const char *after;
};

static const struct row rows[] = {
    { "{ }", { NULL }, "{ }" },
    { "{\"a\" : 1e5 ,\"b\":2}", { "/b", "3" }, "{\"a\" : 1e5 ,\"b\":3}" },
    { "{\"a\":{\"x\":[1,{}]}}", { "/a", "null" }, "{\"a\":null}" },
    { "{}", { "/a", "1" }, "{\"a\":1}" },
    { "{ }", { "/a", "1" }, "{\"a\":1 }" },
    { " {\n \"a\": 1\n}\n", { "/b", "2" }, " {\n \"a\": 1,\n \"b\":2\n}\n" },
    { "{}",
      { "/a/b/c", "1", "/a/b/d", "2", "/a/e", "3" },
      "{\"a\":{\"b\":{\"c\":1,\"d\":2},\"e\":3}}" },
    { "{\"a\":null}", { "/a/b", "1" }, "{\"a\":{\"b\":1}}" },
    { "{\"a\":{\"b\":1}}",
      { "/a/b", "2", "/a/c", "3", "/d", "4" },
      "{\"a\":{\"b\":2,\"c\":3},\"d\":4}" },
    { "{\"\\u0061\":1}", { "/a", "2" }, "{\"\\u0061\":2}" },
    { "{\"x/y\":1,\"~\":2}", { "/x~1y", "5", "/~0", "6" }, "{\"x/y\":5,\"~\":6}" },
    { "{\"a\":1}", { "/a", "2", "/a", "3" }, "{\"a\":3}" },
    { "{\"n\":18446744073709551615,\"a\":1}",
      { "/a", "2" },
      "{\"n\":18446744073709551615,\"a\":2}" },
    /* elements */
    { "{\"m\":[{\"a\":1}, {\"b\":[2]} ]}",
      { "/m/1/c", "3" },
      "{\"m\":[{\"a\":1}, {\"b\":[2],\"c\":3} ]}" },
    { "{\"m\":[{},{\"c\":null},[5]]}",
      { "/m/0/x", "1", "/m/1/c/d", "2", "/m/2/0", "6" },
      "{\"m\":[{\"x\":1},{\"c\":{\"d\":2}},[6]]}" },
    { "{\"m\":[0,1,2,3,4,5,6,7,8,9,{\"a\":1}]}",
      { "/m/10/a", "2", "/m/1", "7" },
      "{\"m\":[0,7,2,3,4,5,6,7,8,9,{\"a\":2}]}" },
    /* variables */
    { "{\"process\":{\"env\":[]}}",
      { "/process/env/A", "\"1\"" },
      "{\"process\":{\"env\":[\"A=1\"]}}" },
    { "{\"process\":{\"env\":[ ]}}",
      { "/process/env/A", "\"1\"" },
      "{\"process\":{\"env\":[\"A=1\" ]}}" },
    { "{\"process\":{\"env\":null}}",
      { "/process/env/A", "\"1\"", "/process/env/B", "\"\"" },
      "{\"process\":{\"env\":[\"A=1\",\"B=\"]}}" },
    { "{\"process\":{}}",
      { "/process/env/A", "\"q\\\"\"" },
      "{\"process\":{\"env\":[\"A=q\\\"\"]}}" },
    { "{\"process\":{\"env\":[\"A=0\", \"AB=1\",\"A=2\"]}}",
      { "/process/env/A", "\"x\"" },
      "{\"process\":{\"env\":[\"A=x\", \"AB=1\",\"A=x\"]}}" },
    { "{\"process\":{\"env\":[\"\\u0041\\u003d0\"]}}",
      { "/process/env/A", "\"x\"" },
      "{\"process\":{\"env\":[\"A=x\"]}}" },
    { "{\"process\":{\"env\":[\n\t\"A\",\n\t\"B=1\"\n]}}",
      { "/process/env/A", "\"x\"", "/process/env/B", "\"2\"" },
      "{\"process\":{\"env\":[\n\t\"A\",\n\t\"B=2\",\n\t\"A=x\"\n]}}" },
};

static size_t edits_of(const struct row *row, struct ocn_edit edits[4])
{
    size_t count = 0;

    for (size_t i = 0; i < 8 && row->edits[i] != NULL; i += 2) {
        edits[count++] = (struct ocn_edit){ .path = row->edits[i], .to = row->edits[i + 1] };
    }
    return count;
}

START_TEST(test_splice__row)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    const struct row *row = &rows[_i];
    struct ocn_edit edits[4];
    struct ocn_error err = { 0 };
    const struct ocn_bytes before = { row->before, strlen(row->before) };
    size_t count = edits_of(row, edits);

    ck_assert_msg(ocn_splice_edits(before, "", edits, count, &out, &err) == 0, "%s", err.msg);
    ck_assert_str_eq(out.ptr, row->after);
    json_t *json = NULL;
    ck_assert_int_eq(ocn_json_load(ocn_buf_bytes(&out), 4096, &json, &err), 0);
    json_decref(json);
}
END_TEST

START_TEST(test_splice__process_json_is_a_part_of_config_json)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    const struct ocn_edit edits[] = { { .path = "/process/user/uid", .to = "1001" },
                                      { .path = "/annotations/x", .to = "1" },
                                      { .path = "/process/env/A", .to = "\"b\"" } };
    const struct ocn_bytes text = { "{\"user\":{\"uid\":0},\"env\":[]}", 27 };
    struct ocn_error err = { 0 };

    ck_assert_int_eq(ocn_splice_edits(text, "/process", edits, 3, &out, &err), 0);
    ck_assert_str_eq(out.ptr, "{\"user\":{\"uid\":1001},\"env\":[\"A=b\"]}");
}
END_TEST

/* However long a name is, it is that name. */
START_TEST(test_splice__a_long_name_is_not_cut)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    char path[3000] = "/process/env/";
    char expected[4000];
    struct ocn_error err = { 0 };

    memset(path + strlen(path), 'N', sizeof(path) - strlen(path) - 1);
    const struct ocn_edit edit = { .path = path, .to = "\"v\"" };
    snprintf(expected, sizeof(expected), "{\"process\":{\"env\":[\"%s=v\"]}}",
             path + strlen("/process/env/"));
    ck_assert_int_eq(ocn_splice_edits((struct ocn_bytes){ "{}", 2 }, "", &edit, 1, &out, &err), 0);
    ck_assert_str_eq(out.ptr, expected);
}
END_TEST

START_TEST(test_splice__refuses_a_way_through_no_object)
{
    static const char *const texts[] = { "{\"a\":1}", "{\"a\":\"x\"}", "{\"a\":[]}",
                                         "{\"a\":[{\"b\":1}]}", "{\"a\":true}" };
    const struct ocn_edit edit = { .path = "/a/b", .to = "1" };

    for (size_t i = 0; i < OCN_COUNT(texts); i++) {
        OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
        struct ocn_error err = { 0 };
        const struct ocn_bytes text = { texts[i], strlen(texts[i]) };
        ck_assert_int_eq(ocn_splice_edits(text, "", &edit, 1, &out, &err), -1);
        ck_assert_int_eq(err.code, OCN_E_FORMAT);
        ck_assert_str_eq(err.where, "/a/b");
    }
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("splice");
    Suite *suite = suite_create("splice");

    tcase_add_loop_test(tcase, test_splice__row, 0, (int)OCN_COUNT(rows));
    tcase_add_test(tcase, test_splice__process_json_is_a_part_of_config_json);
    tcase_add_test(tcase, test_splice__a_long_name_is_not_cut);
    tcase_add_test(tcase, test_splice__refuses_a_way_through_no_object);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
