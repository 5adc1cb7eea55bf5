/* SPDX-License-Identifier: Apache-2.0 */
/* The allocator of the programs that are linked with musl, under other names. */
#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "normalize/base/error.h"
#include "tests/lib/suite.h"

#define malloc short_malloc
#define calloc short_calloc
#define realloc short_realloc
#define free short_free
#define malloc_usable_size short_usable_size
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *block, size_t size);
void free(void *block);
#include "packaging/musl/malloc.c"

static bool all_are(const char *bytes, char value, size_t len)
{
    size_t i = 0;

    while (i < len && bytes[i] == value) {
        i++;
    }
    return i == len;
}

static const size_t sizes[] = { 0,     1,     7,     8,     9,         23,      24,        25,
                                40,    4095,  4096,  65535, LARGE - 1, LARGE,   LARGE + 1, 1 << 20,
                                70001, 65536, 65520, 1,     STRETCH,   3 << 20, 5,         100 };

START_TEST(test_malloc__blocks_are_aligned_and_apart)
{
    char *blocks[OCN_COUNT(sizes)];

    for (size_t i = 0; i < OCN_COUNT(sizes); i++) {
        blocks[i] = malloc(sizes[i]);
        ck_assert_ptr_nonnull(blocks[i]);
        ck_assert_uint_eq((uintptr_t)blocks[i] % ALIGNMENT, 0);
        ck_assert_uint_ge(malloc_usable_size(blocks[i]), sizes[i]);
        memset(blocks[i], (int)i, malloc_usable_size(blocks[i]));
    }
    for (size_t i = 0; i < OCN_COUNT(sizes); i++) {
        ck_assert(all_are(blocks[i], (char)i, malloc_usable_size(blocks[i])));
        free(blocks[i]);
    }
    free(NULL);
}
END_TEST

START_TEST(test_malloc__what_grows_keeps_its_bytes)
{
    char *blocks[3] = { NULL, NULL, NULL };
    size_t len = 1;

    for (; len < 4 * LARGE; len = len * 3 / 2 + 1) {
        for (size_t i = 0; i < OCN_COUNT(blocks); i++) {
            size_t before = malloc_usable_size(blocks[i]);
            blocks[i] = realloc(blocks[i], len);
            ck_assert_ptr_nonnull(blocks[i]);
            ck_assert_uint_eq((uintptr_t)blocks[i] % ALIGNMENT, 0);
            ck_assert(all_are(blocks[i], (char)i, before));
            memset(blocks[i], (int)i, malloc_usable_size(blocks[i]));
        }
    }
    char *shrunk = realloc(blocks[0], 10);
    ck_assert_ptr_eq(shrunk, blocks[0]);
    for (size_t i = 0; i < OCN_COUNT(blocks); i++) {
        free(blocks[i]);
    }
}
END_TEST

START_TEST(test_malloc__the_last_block_grows_in_its_place_and_is_used_again)
{
    char *last = malloc(100);
    char *grown = realloc(last, 1000);

    ck_assert_ptr_eq(grown, last);
    free(grown);
    ck_assert_ptr_eq(malloc(500), last);

    char *first = malloc(64);
    char *behind = malloc(64);
    ck_assert_ptr_ne(realloc(first, 128), first);
    ck_assert_ptr_nonnull(behind);
}
END_TEST

START_TEST(test_malloc__calloc_clears_what_was_used)
{
    char *used = malloc(300);

    memset(used, 'x', 300);
    free(used);
    char *cleared = calloc(30, 10);
    ck_assert_ptr_eq(cleared, used);
    ck_assert(all_are(cleared, 0, 300));
    ck_assert_ptr_nonnull(calloc(0, 8));
    ck_assert_ptr_nonnull(calloc(8, 0));
}
END_TEST

START_TEST(test_malloc__what_cannot_be_fails)
{
    char *block = malloc(8);
    char *large = malloc(LARGE);

    memset(block, 'x', 8);
    errno = 0;
    ck_assert_ptr_null(malloc(SIZE_MAX));
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_ptr_null(malloc((size_t)PTRDIFF_MAX / 2));
    ck_assert_ptr_null(calloc(SIZE_MAX / 2, 3));
    ck_assert_ptr_null(realloc(block, SIZE_MAX - 8));
    ck_assert_ptr_null(realloc(large, SIZE_MAX - 8));
    ck_assert_ptr_null(realloc(large, (size_t)PTRDIFF_MAX / 2));
    ck_assert(all_are(block, 'x', 8));
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("malloc");
    Suite *suite = suite_create("malloc");

    tcase_add_test(tcase, test_malloc__blocks_are_aligned_and_apart);
    tcase_add_test(tcase, test_malloc__what_grows_keeps_its_bytes);
    tcase_add_test(tcase, test_malloc__the_last_block_grows_in_its_place_and_is_used_again);
    tcase_add_test(tcase, test_malloc__calloc_clears_what_was_used);
    tcase_add_test(tcase, test_malloc__what_cannot_be_fails);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
