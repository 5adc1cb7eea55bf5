/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/base/format.h"

#include <check.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/suite.h"

#define SIZE 96

/* What the two make of it, for every size that cuts it, and for more than enough. */
#define EXPECT_SAME(...)                                                                           \
    do {                                                                                           \
        for (size_t size = 0; size <= SIZE; size++) {                                              \
            char wanted[SIZE + 1];                                                                 \
            char got[SIZE + 1];                                                                    \
            memset(wanted, '#', sizeof(wanted));                                                   \
            memset(got, '#', sizeof(got));                                                         \
            int wanted_len = snprintf(size != 0 ? wanted : NULL, size, __VA_ARGS__);               \
            int len = ocn_format_into(size != 0 ? got : NULL, size, __VA_ARGS__);                  \
            ck_assert_int_eq(len, wanted_len);                                                     \
            ck_assert(size == 0 || strcmp(got, wanted) == 0);                                      \
            ck_assert_msg(memcmp(got + size, "#################################",                  \
                                 SIZE + 1 - size > 32 ? 32 : SIZE + 1 - size) == 0,                \
                          "%zu", size);                                                            \
        }                                                                                          \
    } while (0)

START_TEST(test_format__texts)
{
    EXPECT_SAME("nothing");
    EXPECT_SAME("100%%");
    EXPECT_SAME("%%%s%%", "a");
    EXPECT_SAME("%s/%s", "/usr/bin", "runc");
    EXPECT_SAME("%s", "");
    EXPECT_SAME("%.*s/%s", 3, "abcdef", "x");
    EXPECT_SAME("%.*s|", 0, "abcdef");
    EXPECT_SAME("%.*s|", 99, "abcdef");
    EXPECT_SAME("%.*s|", -1, "abcdef");
    EXPECT_SAME("%c%c%c", 'a', '\xff', ' ');
}
END_TEST

/* What has no NUL is read no further than it is long. */
START_TEST(test_format__a_part_of_a_text)
{
    static const char part[3] = { 'a', 'b', 'c' };

    EXPECT_SAME("<%.*s>", 3, part);
}
END_TEST

START_TEST(test_format__numbers)
{
    static const long long numbers[] = { 0, 1, -1, 9, 10, -10, 4096, INT_MAX, INT_MIN };

    for (size_t i = 0; i < OCN_COUNT(numbers); i++) {
        EXPECT_SAME("%d %u", (int)numbers[i], (unsigned)numbers[i]);
        EXPECT_SAME("%ld %lu %lld", (long)numbers[i], (unsigned long)numbers[i], numbers[i]);
        EXPECT_SAME("%zu;%llu", (size_t)numbers[i], (unsigned long long)numbers[i]);
    }
    EXPECT_SAME("%lld %llu %zu", LLONG_MIN, ULLONG_MAX, SIZE_MAX);
}
END_TEST

/* These are libc's, with what stands before them in the same text. */
START_TEST(test_format__all_else)
{
    EXPECT_SAME("%s is %.0f of %5d", "it", 2.5, 7);
    EXPECT_SAME("%d%% %x", 3, 255U);
    EXPECT_SAME("%u \\u%04x", 3U, 255U);
    EXPECT_SAME("%s %04o", "mode", 0644U);
    EXPECT_SAME("%-4s|%4s|%.2s", "a", "b", "cde");
    EXPECT_SAME("%zd %hhu %jd", (ptrdiff_t)-3, (unsigned char)200, (intmax_t)7);
    EXPECT_SAME("%+d % d %i", 1, 2, 3);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("format");
    TCase *tcase = tcase_create("format");

    tcase_set_timeout(tcase, OCN_TEST_SECONDS);
    tcase_add_test(tcase, test_format__texts);
    tcase_add_test(tcase, test_format__a_part_of_a_text);
    tcase_add_test(tcase, test_format__numbers);
    tcase_add_test(tcase, test_format__all_else);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
