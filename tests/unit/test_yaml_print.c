/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "normalize/json/json.h"
#include "normalize/json/yaml_print.h"
#include "tests/lib/suite.h"

/* What a reader of YAML 1.1 takes for a number, a bool, a date or a comment is quoted. */
static const struct {
    const char *json;
    const char *yaml;
} rows[] = {
    { "{}", "{}\n" },
    { "[]", "[]\n" },
    { "{\"a\": \"b\"}", "a: b\n" },
    { "{\"a\": \"\"}", "a: \"\"\n" },
    { "{\"a\": \"yes\"}", "a: \"yes\"\n" },
    { "{\"No\": \"NULL\"}", "\"No\": \"NULL\"\n" },
    { "{\"a\": \"1.30\"}", "a: \"1.30\"\n" },
    { "{\"a\": \"~\"}", "a: \"~\"\n" },
    { "{\"a\": \"b: c\"}", "a: \"b: c\"\n" },
    { "{\"a\": \"b #c\"}", "a: \"b #c\"\n" },
    { "{\"a\": \"- b\"}", "a: \"- b\"\n" },
    { "{\"a\": \"x\\ny\\\"\\\\\"}", "a: \"x\\u000ay\\\"\\\\\"\n" },
    { "{\"a\": null, \"b\": true, \"c\": false}", "a: null\nb: true\nc: false\n" },
    { "{\"a\": {\"b\": {}}, \"c\": []}", "a:\n  b: {}\nc: []\n" },
    { "{\"a\": [\"b\", {\"c\": \"d\", \"e\": [\"f\"]}, [\"g\", []]]}",
      "a:\n- b\n- c: d\n  e:\n  - f\n- - g\n  - []\n" },
    { "{\"a\": {\"b\": \"0123456789 123456789 123456789 123456789 123456789 123456789 '\\\"\\\\: "
      "#\"}}",
      "a:\n  b: |-\n    0123456789 123456789 123456789 123456789 123456789 123456789 '\"\\: #\n" },
    { "{\"a\": \" 123456789 123456789 123456789 123456789 123456789 123456789 .\"}",
      "a: \" 123456789 123456789 123456789 123456789 123456789 123456789 .\"\n" },
};

START_TEST(test_yaml_print__rows)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    json_auto_t *json = json_loads(rows[_i].json, 0, NULL);

    ck_assert_ptr_nonnull(json);
    ocn_yaml_print(json, &out);
    ocn_buf_add(&out, "", 1);
    ck_assert_str_eq(out.ptr, rows[_i].yaml);
}
END_TEST

START_TEST(test_yaml_print__integers)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    json_auto_t *json = json_pack("{s:[i, I]}", "a", 1, (json_int_t)-5000000000);

    ocn_yaml_print(json, &out);
    ocn_buf_add(&out, "", 1);
    ck_assert_str_eq(out.ptr, "a:\n- 1\n- -5000000000\n");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("yaml_print");
    TCase *tests = tcase_create("yaml_print");

    tcase_add_loop_test(tests, test_yaml_print__rows, 0, (int)OCN_COUNT(rows));
    tcase_add_test(tests, test_yaml_print__integers);
    suite_add_tcase(suite, tests);
    return ocn_run_suite(suite);
}
