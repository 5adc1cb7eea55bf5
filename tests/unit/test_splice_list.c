/* SPDX-License-Identifier: Apache-2.0 */
/* Lists edited entry by entry, to the byte (normalize/outcome/splice_list.h). */
#include <check.h>
#include <string.h>

#include "normalize/outcome/splice_list.h"
#include "tests/lib/suite.h"

#define MAX_ENTRIES 4

static struct ocn_bytes bytes(const char *text)
{
    return (struct ocn_bytes){ text, strlen(text) };
}

static const struct ocn_edit edit = { .path = "/d", .to = "\"new\"" };

/* What becomes of each entry: '.' nothing, '-' it goes, '+' it is edited. */
static size_t entries_of(const char *what, struct ocn_splice_entry entries[MAX_ENTRIES])
{
    size_t count = strlen(what);

    ck_assert_uint_le(count, MAX_ENTRIES);
    for (size_t i = 0; i < count; i++) {
        entries[i] = (struct ocn_splice_entry){ what[i] == '-', what[i] == '+' ? &edit : NULL,
                                                what[i] == '+' ? 1 : 0 };
    }
    return count;
}

static const struct {
    const char *before;
    const char *what;
    const char *after;
} rows[] = {
    { "{\"l\":[]}", "", "{\"l\":[]}" },
    { "{ \"l\" : [ \n ] }", "", "{ \"l\" : [ \n ] }" },
    { "{\"x\":1e2,\"l\" : [ {\"d\" : 1} ,\n{ } ] }\n", "..",
      "{\"x\":1e2,\"l\" : [ {\"d\" : 1} ,\n{ } ] }\n" },
    { "{\"l\":[{\"d\":1}]}", "+", "{\"l\":[{\"d\":\"new\"}]}" },
    { "{\"l\":[ {} , {\"a\":[1,2]} ]}", "+.", "{\"l\":[ {\"d\":\"new\"} , {\"a\":[1,2]} ]}" },
    { "{\"l\":[{},{\"a\":1},{}]}", ".-.", "{\"l\":[{},{}]}" },
    { "{\"l\":[{\"a\":1},{},{}]}", "-.+", "{\"l\":[{},{\"d\":\"new\"}]}" },
    { "{\"l\":[\n {},\n {\"a\":1}\n],\"z\":\"]\"}", ".-", "{\"l\":[\n {}],\"z\":\"]\"}" },
    { "{\"l\":[{\"a\":\"],[\"},{}]}", "--", "{\"l\":[]}" },
};

START_TEST(test_splice_list__rows)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    struct ocn_splice_entry entries[MAX_ENTRIES];
    size_t count = entries_of(rows[_i].what, entries);

    ck_assert_int_eq(ocn_splice_list(bytes(rows[_i].before), "/l", entries, count, &out, NULL), 0);
    ocn_buf_add(&out, "", 1);
    ck_assert_str_eq(out.ptr, rows[_i].after);
}
END_TEST

START_TEST(test_splice_list__refuses)
{
    static const struct {
        const char *text;
        const char *what;
    } refused[] = {
        { "{}", "" },           { "{\"l\":{}}", "" },       { "{\"l\":null}", "" },
        { "{\"l\":[]}", "." },  { "{\"l\":[{}]}", "" },     { "{\"l\":[{}]}", ".." },
        { "{\"l\":[1]}", "+" }, { "{\"l\":[\"x\"]}", "+" }, { "[{}]", "." },
    };
    struct ocn_splice_entry entries[MAX_ENTRIES];

    for (size_t i = 0; i < OCN_COUNT(refused); i++) {
        OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
        struct ocn_error err = { 0 };
        struct ocn_bytes found[MAX_ENTRIES];
        size_t count = entries_of(refused[i].what, entries);
        ck_assert(refused[i].what[0] == '+' ||
                  ocn_splice_list_entries(bytes(refused[i].text), "/l", found, count, NULL) < 0);
        ck_assert_int_eq(ocn_splice_list(bytes(refused[i].text), "/l", entries, count, &out, &err),
                         -1);
        ck_assert_int_eq(err.code, OCN_E_FORMAT);
    }
}
END_TEST

START_TEST(test_splice_list__entries)
{
    static const char text[] = "{\"l\":[ {\"a\":[1,2]} , \"]\",{}]}";
    struct ocn_bytes found[MAX_ENTRIES];

    ck_assert_int_eq(ocn_splice_list_entries(bytes(text), "/l", found, 3, NULL), 0);
    ck_assert_uint_eq(found[0].len, 11);
    ck_assert_mem_eq(found[0].ptr, "{\"a\":[1,2]}", 11);
    ck_assert_uint_eq(found[1].len, 3);
    ck_assert_mem_eq(found[1].ptr, "\"]\"", 3);
    ck_assert_uint_eq(found[2].len, 2);
}
END_TEST

START_TEST(test_splice_list__appends)
{
    static const struct {
        const char *before;
        const char *after;
    } appended[] = {
        { "{\"l\":[]}", "{\"l\":[{}]}" },
        { "{\"l\":[ ]}", "{\"l\":[{} ]}" },
        { "{\"l\":[{\"a\":1}]}", "{\"l\":[{\"a\":1},{}]}" },
        { "{\"l\":[\n  1,\n  2\n]}\n", "{\"l\":[\n  1,\n  2,\n  {}\n]}\n" },
    };

    for (size_t i = 0; i < OCN_COUNT(appended); i++) {
        OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
        ck_assert_int_eq(
            ocn_splice_list_append(bytes(appended[i].before), "/l", bytes("{}"), &out, NULL), 0);
        ocn_buf_add(&out, "", 1);
        ck_assert_str_eq(out.ptr, appended[i].after);
    }
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    ck_assert_int_eq(ocn_splice_list_append(bytes("{\"l\":1}"), "/l", bytes("{}"), &out, NULL), -1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("splice_list");
    TCase *tests = tcase_create("splice_list");

    tcase_add_loop_test(tests, test_splice_list__rows, 0, OCN_COUNT(rows));
    tcase_add_test(tests, test_splice_list__refuses);
    tcase_add_test(tests, test_splice_list__entries);
    tcase_add_test(tests, test_splice_list__appends);
    suite_add_tcase(suite, tests);
    return ocn_run_suite(suite);
}
