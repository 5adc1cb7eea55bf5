/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdbool.h>
#include <string.h>

#include "normalize/base/error.h"
#include "normalize/base/sort.h"
#include "tests/lib/suite.h"

#define MAX 300

static int compare_ints(const void *a, const void *b)
{
    int left = *(const int *)a;
    int right = *(const int *)b;

    return (left > right) - (left < right);
}

/* Seven bytes, so that no item but the first is aligned; the first byte decides. */
struct odd {
    unsigned char key;
    char rest[6];
};

static int compare_odd(const void *a, const void *b)
{
    return *(const unsigned char *)a - *(const unsigned char *)b;
}

/* Numbers in orders that sorts dislike. */
static int number(int order, int i, int len)
{
    const int values[] = { i, len - i, 0, i % 3, i < len / 2 ? i : len - i, 7919 * i % 251 };

    return values[order];
}

START_TEST(test_sort__every_length_in_every_order)
{
    int items[MAX + 1];

    for (int order = 0; order < 6; order++) {
        for (int len = 0; len <= MAX; len++) {
            long sum = 0;
            for (int i = 0; i < len; i++) {
                items[i] = number(order, i, len);
                sum += items[i];
            }
            items[len] = -1; /* behind the end */
            ocn_sort(items, (size_t)len, sizeof(*items), compare_ints);
            ck_assert_int_eq(items[len], -1);
            bool sorted = true;
            for (int i = 0; i < len; i++) {
                sum -= items[i];
                sorted = sorted && (i == 0 || items[i - 1] <= items[i]);
            }
            ck_assert_msg(sorted && sum == 0, "order %d, %d items", order, len);
        }
    }
}
END_TEST

START_TEST(test_sort__items_stay_whole)
{
    struct odd items[100];

    for (size_t i = 0; i < OCN_COUNT(items); i++) {
        items[i].key = (unsigned char)(i * 37 % 100);
        memset(items[i].rest, items[i].key, sizeof(items[i].rest));
    }
    ocn_sort(items, OCN_COUNT(items), sizeof(*items), compare_odd);
    for (size_t i = 0; i < OCN_COUNT(items); i++) {
        ck_assert_uint_eq(items[i].key, i);
        ck_assert_int_eq(items[i].rest[0], (int)i);
        ck_assert_int_eq(items[i].rest[5], (int)i);
    }
}
END_TEST

START_TEST(test_sort__nothing_is_sorted)
{
    ocn_sort(NULL, 0, sizeof(int), compare_ints);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("sort");
    Suite *suite = suite_create("sort");

    tcase_add_test(tcase, test_sort__every_length_in_every_order);
    tcase_add_test(tcase, test_sort__items_stay_whole);
    tcase_add_test(tcase, test_sort__nothing_is_sorted);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
