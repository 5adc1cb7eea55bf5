/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <string.h>

#include "normalize/json/json.h"
#include "normalize/json/load.h"
#include "tests/lib/suite.h"

static struct ocn_bytes bytes(const char *text)
{
    return (struct ocn_bytes){ text, strlen(text) };
}

START_TEST(test_json__refuses_what_no_runtime_should_see)
{
    static const struct {
        const char *text;
        const char *where;
        const char *msg; /* a part of it */
    } rows[] = {
        { "", "1:1", "expected" },
        { "{\"a\":1,\n \"a\":2}", "2:4", "duplicate" },
        { "{}x", "1:3", "end of file expected" },
        { "{\"a\":\"\\u0000\"}", "1:13", "NUL" },
        { "{\"a\\u0000b\":1}", "1:11", "NUL" },
        { "{\"a\":\"\xc3\x28\"}", "1:6", "unable to decode" },
        { "{\"a\":01}", "1:6", "invalid token" },
        { "{\"a\":1,}", "1:8", "string" },
        { "{'a':1}", "1:2", "string" },
        { "1", "1:1", "expected" },
    };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        struct ocn_error err = { 0 };
        json_t *json = NULL;
        ck_assert_int_eq(ocn_json_load(bytes(rows[i].text), 1024, &json, &err), -1);
        ck_assert_ptr_null(json);
        ck_assert_str_eq(err.where, rows[i].where);
        ck_assert_msg(strstr(err.msg, rows[i].msg) != NULL, "%s: %s", rows[i].text, err.msg);
    }
}
END_TEST

/* A string as runtimes may read it: its length and what it is up to the first NUL. */
START_TEST(test_json__loose_takes_nul_and_half_a_pair)
{
    static const struct {
        const char *text;
        const char *value; /* NULL: refused all the same */
        size_t len;
    } rows[] = {
        { "[\"a\\u0000b\"]", "a", 3 },
        { "[\"a\\ud800b\"]", "a", 3 },
        { "[\"a\\uDFFFb\"]", "a", 3 },
        { "[\"\\ud83d\\ude00\\ud83d\"]", "\xf0\x9f\x98\x80", 5 },
        { "[\"\\ud83d\\ud83d\\ude00\"]", "", 5 },
        { "[\"\\\\ud800\\udc00x\"]", "\\ud800", 8 },
        { "[\"\\nd800\\ud800\"]", "\nd800", 6 },
        { "[\"\\ud8\"]", NULL, 0 },
        { "[\"\\ud8xx\"]", NULL, 0 },
        { "[\"\\ud800\"", NULL, 0 },
        { "{\"a\":1,\"a\":2}", NULL, 0 },
        { "{\"a\\u0000\":1}", NULL, 0 },
        { "[\"x\",{\"a\\ud800\" :\"\\\"\\udc00\"}]", "x", 1 },
        { "[\"\\ud800:\",{\"\\ud83d\\ude00\":1}]", "", 2 },
        { "{\"a\\ud800\":1,\"a\\udfff\":2}", NULL, 0 },
    };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        struct ocn_error err = { 0 };
        json_t *json = NULL;
        int result = ocn_json_load_loose(bytes(rows[i].text), 1024, &json, &err);
        const json_t *value = json_array_get(json, 0);
        ck_assert_msg(result == (rows[i].value != NULL ? 0 : -1), "%s: %s", rows[i].text, err.msg);
        if (result == 0) {
            ck_assert_int_eq(err.code, OCN_OK);
            ck_assert_str_eq(json_string_value(value), rows[i].value);
            ck_assert_uint_eq(json_string_length(value), rows[i].len);
        } else {
            ck_assert_int_eq(err.code, OCN_E_FORMAT);
        }
        json_decref(json);
    }
}
END_TEST

START_TEST(test_json__limits_size_and_depth)
{
    struct ocn_error err = { 0 };
    json_t *json = NULL;
    char deep[2 * OCN_JSON_MAX_DEPTH + 2];

    ck_assert_int_eq(ocn_json_load(bytes("{\"a\":1}"), 6, &json, &err), -1);
    ck_assert_int_eq(err.code, OCN_E_LIMIT);
    memset(deep, '[', OCN_JSON_MAX_DEPTH);
    memset(deep + OCN_JSON_MAX_DEPTH, ']', OCN_JSON_MAX_DEPTH);
    deep[2 * (size_t)OCN_JSON_MAX_DEPTH] = '\0';
    err = (struct ocn_error){ 0 };
    ck_assert_int_eq(ocn_json_load(bytes(deep), 4096, &json, &err), 0);
    json_decref(json);
    ck_assert_int_eq(ocn_json_load(bytes("{\"s\":\"[[[[{{{{\\\"[[\"}"), 64, &json, &err), 0);
    json_decref(json);
}
END_TEST

/* jansson itself would read the first two. */
START_TEST(test_json__refuses_nul_bytes)
{
    static const struct ocn_bytes rows[] = { { "[0\0]", 4 }, { "[true\0]", 7 }, { "[0]\0", 4 } };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        struct ocn_error err = { 0 };
        json_t *json = NULL;
        ck_assert_int_eq(ocn_json_load(rows[i], 1024, &json, &err), -1);
        ck_assert_int_eq(err.code, OCN_E_FORMAT);
        ck_assert_ptr_nonnull(strstr(err.msg, "NUL"));
    }
}
END_TEST

START_TEST(test_json__numbers_of_every_size_load)
{
    struct ocn_error err = { 0 };
    json_t *json = NULL;

    ck_assert_int_eq(ocn_json_load(bytes("[18446744073709551615,-9223372036854775808,1e5,0.1]"), 99,
                                   &json, &err),
                     0);
    ck_assert(json_is_real(json_array_get(json, 0)));
    json_decref(json);
}
END_TEST

START_TEST(test_json__says_cheaply_that_a_key_is_nowhere)
{
    ck_assert(ocn_json_may_have(bytes("{\"profile\": 1}"), "profile"));
    ck_assert(ocn_json_may_have(bytes("{\"a\":{\"my\":1,\"profile\"  : 1}}"), "profile"));
    ck_assert(ocn_json_may_have(bytes("{\"pro\\u0066ile\": 1}"), "profile"));
    ck_assert(
        !ocn_json_may_have(bytes("{\"profiles\": 1, \"myprofile\": \"profile \"}"), "profile"));
    ck_assert(!ocn_json_may_have(bytes("{\"a\": profile"), "profile"));
    ck_assert(!ocn_json_may_have(bytes("profile\""), "profile"));
    ck_assert(!ocn_json_may_have(bytes("\"profile"), "profile"));
    ck_assert(!ocn_json_may_have(bytes(""), "profile"));
    ck_assert(!ocn_json_may_have((struct ocn_bytes){ 0 }, "profile"));
}
END_TEST

START_TEST(test_json__skips_values)
{
    static const char *const values[] = {
        "1", "-1.5e+3", "true", "null", "\"a\\\"]}\"", "[]", "[1,[2,\"]\"],{\"a\":[]}]", "{\"}\":1}"
    };

    for (size_t i = 0; i < OCN_COUNT(values); i++) {
        char text[64];
        snprintf(text, sizeof(text), "%s ,x", values[i]);
        ck_assert_uint_eq(ocn_json_skip_value(bytes(text), 0), strlen(values[i]));
    }
    ck_assert_uint_eq(ocn_json_skip_value(bytes("[1"), 0), 2);
    ck_assert_uint_eq(ocn_json_skip_value(bytes("\"a\\"), 0), 3);
    ck_assert_uint_eq(ocn_json_skip_value(bytes(""), 0), 0);
}
END_TEST

START_TEST(test_json__finds_the_value_of_a_pointer)
{
    static const char text[] = "{ \"a\": [1, {\"b/c\": \"d\\\"\"}], \"\\u0065\": {} }";
    static const struct {
        const char *pointer;
        const char *value; /* NULL: there is none */
    } rows[] = {
        { "/a/0", "1" },
        { "/a/1", "{\"b/c\": \"d\\\"\"}" },
        { "/a/1/b~1c", "\"d\\\"\"" },
        { "/e", "{}" },
        { "/a/2", NULL },
        { "/a/b", NULL },
        { "/f", NULL },
        { "/e/f", NULL },
        { "/a/0/b", NULL },
    };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        struct ocn_bytes value = ocn_json_value_at(bytes(text), rows[i].pointer);
        if (rows[i].value == NULL) {
            ck_assert_ptr_null(value.ptr);
        } else {
            ck_assert_uint_eq(value.len, strlen(rows[i].value));
            ck_assert_mem_eq(value.ptr, rows[i].value, value.len);
        }
    }
    ck_assert_uint_eq(ocn_json_value_at(bytes(text), "").len, sizeof(text) - 1);
}
END_TEST

/* A runtime's state is not parsed before it is walked. */
START_TEST(test_json__ends_on_text_that_is_no_json)
{
    static const char texts[][8] = { "[\0]", "{\"a\":\0}", "[\0,1]", "{\0}", "[\"", "[\"\\",  "{]}",
                                     "[,,",  "{:",         "{\"a\"", ":",    "]",   "[[[[[[[" };

    for (size_t i = 0; i < OCN_COUNT(texts); i++) {
        for (size_t len = 0; len <= sizeof(texts[i]); len++) {
            const struct ocn_bytes text = { texts[i], len };
            struct ocn_bytes value = ocn_json_value_at(text, "/a");
            ck_assert(value.ptr == NULL || value.ptr + value.len <= texts[i] + len);
            (void)ocn_json_value_at(text, "/1");
        }
    }
}
END_TEST

START_TEST(test_json__compares_through_escapes)
{
    static const struct {
        const char *literal;
        const char *plain;
        int is, begins;
    } rows[] = {
        { "\"PATH\"", "PATH", 1, 1 },
        { "\"PATH=x\"", "PATH=", 0, 1 },
        { "\"\\u0050ATH\\u003d\"", "PATH=", 1, 1 },
        { "\"\\/a\\\"\\\\\\n\"", "/a\"\\\n", 1, 1 },
        { "\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80", 1, 1 },
        { "\"\xc3\xa9\"", "\xc3\xa9", 1, 1 },
        { "\"\\u00e9\"", "\xc3\xa9", 1, 1 },
        { "\"\\u20ac\"", "\xe2\x82\xac", 1, 1 },
        { "\"\"", "", 1, 1 },
        { "\"\"", "a", 0, 0 },
        { "\"PAT\"", "PATH", 0, 0 },
        { "1", "1", 0, 0 },
        { "\"\\u00", "x", 0, 0 },
        { "\"\\ud83d\\ude00", "\xf0\x9f\x98\x80", 0, 1 },
    };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        size_t len = strlen(rows[i].plain);
        ck_assert_int_eq(ocn_json_string_is(bytes(rows[i].literal), 0, rows[i].plain, len),
                         rows[i].is);
        ck_assert_int_eq(ocn_json_string_begins(bytes(rows[i].literal), 0, rows[i].plain, len),
                         rows[i].begins);
    }
}
END_TEST

START_TEST(test_json__quotes_so_that_it_loads_again)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    char plain[256];
    size_t len = 0;

    for (int c = 1; c < 128; c++) {
        plain[len++] = (char)c;
    }
    memcpy(plain + len, "\xc3\xa9\xf0\x9f\x98\x80", 7);
    ocn_json_quote(&out, plain, strlen(plain));
    json_t *json = json_loadb(out.ptr, out.len, JSON_DECODE_ANY, NULL);
    ck_assert_str_eq(json_string_value(json), plain);
    ck_assert_int_eq(ocn_json_string_is(ocn_buf_bytes(&out), 0, plain, strlen(plain)), 1);
    json_decref(json);
}
END_TEST

START_TEST(test_json__finds_the_line_of_a_pointer)
{
    const struct ocn_bytes text =
        bytes("{\n\"a\": {\n \"b\": [1,\n  {\"c/d\": 2}],\n \"~\": 3}\n}");
    static const struct {
        const char *pointer;
        size_t line;
    } rows[] = { { "", 1 },       { "/a", 2 },          { "/a/b", 3 },
                 { "/a/b/1", 4 }, { "/a/b/1/c~1d", 4 }, { "/a/~0", 5 },
                 { "/a/x", 2 },   { "/a/b/7", 3 },      { "/x", 1 } };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        ck_assert_uint_eq(ocn_json_line_of(text, rows[i].pointer), rows[i].line);
    }
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("json");
    Suite *suite = suite_create("json");

    tcase_add_test(tcase, test_json__refuses_what_no_runtime_should_see);
    tcase_add_test(tcase, test_json__loose_takes_nul_and_half_a_pair);
    tcase_add_test(tcase, test_json__limits_size_and_depth);
    tcase_add_test(tcase, test_json__refuses_nul_bytes);
    tcase_add_test(tcase, test_json__numbers_of_every_size_load);
    tcase_add_test(tcase, test_json__says_cheaply_that_a_key_is_nowhere);
    tcase_add_test(tcase, test_json__skips_values);
    tcase_add_test(tcase, test_json__finds_the_value_of_a_pointer);
    tcase_add_test(tcase, test_json__ends_on_text_that_is_no_json);
    tcase_add_test(tcase, test_json__compares_through_escapes);
    tcase_add_test(tcase, test_json__quotes_so_that_it_loads_again);
    tcase_add_test(tcase, test_json__finds_the_line_of_a_pointer);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
