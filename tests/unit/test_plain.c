/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <string.h>

#include "normalize/json/plain.h"
#include "tests/lib/suite.h"

#define LEN ((size_t)21) /* two times eight, and a rest */

/* Every byte at every place, also where the rest of the text begins elsewhere than at an eighth. */
START_TEST(test_plain__a_run_of_ordinary_characters_ends_at_the_first_that_is_none)
{
    char bytes[LEN];

    for (size_t at = 0; at < LEN; at++) {
        for (int byte = 0; byte < 256; byte++) {
            memset(bytes, at % 2 == 0 ? 'a' : 0x7f, LEN);
            memset(bytes + at, byte, LEN - at);
            bytes[LEN - 1] = '"';
            bool plain = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
            for (size_t start = 0; start <= at; start++) {
                size_t end = ocn_json_plain_end((struct ocn_bytes){ bytes, LEN }, start);
                ck_assert_msg(end == (plain ? LEN - 1 : at), "%d at %zu from %zu: %zu", byte, at,
                              start, end);
            }
        }
    }
    memset(bytes, ' ', LEN);
    ck_assert_uint_eq(ocn_json_plain_end((struct ocn_bytes){ bytes, LEN }, 1), LEN);
    ck_assert_uint_eq(ocn_json_plain_end((struct ocn_bytes){ bytes, LEN }, LEN), LEN);
    ck_assert_uint_eq(ocn_json_plain_end((struct ocn_bytes){ bytes, LEN }, LEN + 2), LEN + 2);
}
END_TEST

START_TEST(test_plain__a_run_of_one_character_ends_at_the_first_other_one)
{
    static const char characters[] = { '\t', ' ', '\n', '\0', '\xff' };
    char bytes[LEN];

    for (size_t i = 0; i < sizeof(characters); i++) {
        for (size_t at = 1; at <= LEN; at++) {
            memset(bytes, characters[i], LEN);
            if (at < LEN) {
                bytes[at] = (char)(characters[i] ^ 1 << at % 8);
            }
            for (size_t start = 0; start < at; start++) {
                ck_assert_uint_eq(ocn_json_run_end((struct ocn_bytes){ bytes, LEN }, start), at);
            }
        }
    }
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("plain");
    Suite *suite = suite_create("plain");

    tcase_add_test(tcase, test_plain__a_run_of_ordinary_characters_ends_at_the_first_that_is_none);
    tcase_add_test(tcase, test_plain__a_run_of_one_character_ends_at_the_first_other_one);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
