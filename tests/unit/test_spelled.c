/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/json/spelled.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "normalize/json/json.h"
#include "tests/lib/suite.h"

static const char *const ours[] = {
    "0",
    "7",
    "1001",
    "999999999999999999",
    "\"\"",
    "\"a\"",
    "\"/usr/bin:/bin ~\x7f\"",
    "[]",
    "[0]",
    "[1,20,300]",
    "[\"CAP_KILL\",\"CAP_SETUID\"]",
    "[\"\",0,\"[]\"]",
};

/* What a parser reads differently, spells differently, or refuses. */
static const char *const others[] = {
    "",
    " ",
    "-1",
    "01",
    "00",
    "1.0",
    "1e3",
    "+1",
    "1 ",
    " 1",
    "true",
    "null",
    "{}",
    "\"",
    "\"\\\"",
    "\"\\n\"",
    "\"a\nb\"",
    "\"\\u0041\"",
    "\"\xc3\xa9\"",
    "\"\xff\"",
    "\"a\"b",
    "\"a\" ",
    "[",
    "]",
    "[,]",
    "[1,]",
    "[1",
    "[1,",
    "[1,2]]",
    "[ ]",
    "[1, 2]",
    "[[]]",
    "[{}]",
    "[true]",
    "[\"a\"",
    "[1 2]",
    "[1]x",
    "1,2",
    "[01]",
    "[\"a\\\"]",
    "1000000000000000000",
    "9223372036854775807",
    "9223372036854775808",
};

static json_t *parse(const char *text)
{
    json_error_t problem;

    return json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &problem);
}

/* What the library makes of @text, and that it spells it so. */
static void expect_same(const char *text, const json_t *value)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf printed = { 0 };
    json_auto_t *wanted = parse(text);

    ck_assert_msg(json_equal(wanted, value), "%s", text);
    ck_assert_int_eq(ocn_json_dump(value, JSON_ENCODE_ANY | JSON_COMPACT, &printed, NULL), 0);
    ck_assert_str_eq(printed.ptr, text);
}

START_TEST(test_spelled__is_read_as_a_parser_reads_it)
{
    for (size_t i = 0; i < OCN_COUNT(ours); i++) {
        json_auto_t *value = ocn_json_spelled((struct ocn_bytes){ ours[i], strlen(ours[i]) });
        ck_assert_msg(value != NULL, "%s", ours[i]);
        expect_same(ours[i], value);
    }
}
END_TEST

START_TEST(test_spelled__all_else_is_left_to_the_parser)
{
    for (size_t i = 0; i < OCN_COUNT(others); i++) {
        json_auto_t *value = ocn_json_spelled((struct ocn_bytes){ others[i], strlen(others[i]) });
        ck_assert_msg(value == NULL, "%s", others[i]);
    }
    ck_assert_ptr_null(ocn_json_spelled((struct ocn_bytes){ "\"a\0b\"", 5 }));
}
END_TEST

/* Not a byte behind the end counts. */
START_TEST(test_spelled__ends_where_the_text_does)
{
    for (size_t i = 0; i < OCN_COUNT(ours); i++) {
        for (size_t len = 0; len < strlen(ours[i]); len++) {
            char *part = malloc(len + 1);
            ck_assert_ptr_nonnull(part);
            memcpy(part, ours[i], len);
            part[len] = '\0';
            json_auto_t *value = ocn_json_spelled((struct ocn_bytes){ part, len });
            if (value != NULL) {
                expect_same(part, value);
            }
            free(part);
        }
    }
}
END_TEST

/* Texts of few characters, in all orders: those that are taken mean the same. */
START_TEST(test_spelled__of_any_text)
{
    static const char characters[] = "[],\"0a1\\ ";
    const size_t base = sizeof(characters) - 1;
    size_t taken = 0;

    for (size_t number = 0; number < base * base * base * base * base * base; number++) {
        char text[7] = "";
        size_t rest = number;
        for (size_t i = 0; i < 6; i++, rest /= base) {
            text[i] = characters[rest % base];
        }
        size_t len = 1 + number % 6;
        text[len] = '\0';
        json_auto_t *value = ocn_json_spelled((struct ocn_bytes){ text, len });
        if (value != NULL) {
            expect_same(text, value);
            taken++;
        }
    }
    ck_assert_uint_gt(taken, 100);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("spelled");
    TCase *tcase = tcase_create("spelled");

    tcase_set_timeout(tcase, OCN_TEST_SECONDS);
    tcase_add_test(tcase, test_spelled__is_read_as_a_parser_reads_it);
    tcase_add_test(tcase, test_spelled__all_else_is_left_to_the_parser);
    tcase_add_test(tcase, test_spelled__ends_where_the_text_does);
    tcase_add_test(tcase, test_spelled__of_any_text);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
