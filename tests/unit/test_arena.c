/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <string.h>

#include "normalize/base/arena.h"
#include "normalize/base/buf.h"
#include "tests/lib/suite.h"

START_TEST(test_arena__gives_zeroed_aligned_memory_of_any_size)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    static const size_t sizes[] = { 0, 1, 15, 16, 17, 4095, 4096, 4097, 1 << 20 };

    for (size_t i = 0; i < OCN_COUNT(sizes); i++) {
        char *place = ocn_arena_alloc(&arena, sizes[i]);
        ck_assert_ptr_nonnull(place);
        ck_assert_uint_eq((uintptr_t)place % _Alignof(max_align_t), 0);
        size_t zeros = 0;
        while (zeros < sizes[i] && place[zeros] == 0) {
            zeros++;
        }
        ck_assert_uint_eq(zeros, sizes[i]);
        memset(place, 'x', sizes[i]);
    }
}
END_TEST

/* Until the arena is emptied; and whatever the step said before. */
START_TEST(test_arena__remembers_failure)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    static const size_t sizes[] = { SIZE_MAX, SIZE_MAX - 8 };

    for (size_t i = 0; i < OCN_COUNT(sizes); i++) {
        struct ocn_error err = { 0 };
        ck_assert_ptr_nonnull(ocn_arena_alloc(&arena, 1));
        ck_assert_int_eq(ocn_arena_check(&arena, &err), 0);
        ck_assert_int_eq(err.code, OCN_OK);
        ck_assert_ptr_null(ocn_arena_alloc(&arena, sizes[i]));
        ck_assert_ptr_null(ocn_arena_alloc(&arena, 1));
        ck_assert_str_eq(ocn_arena_copy(&arena, "lost", 4), "");
        ck_assert_uint_eq(ocn_arena_keep(&arena, (struct ocn_bytes){ "lost", 4 }).len, 0);
        ck_assert_str_eq(ocn_arena_printf(&arena, "%d", 1), "");
        ck_assert_str_eq(ocn_arena_printf(&arena, "%09999d", 1), "");
        (void)ocn_fail(&err, OCN_E_NOENT, "file", "is not there");
        ck_assert_int_eq(ocn_arena_check(&arena, &err), -1);
        ck_assert_int_eq(ocn_arena_check(&arena, NULL), -1);
        ck_assert_int_eq(err.code, OCN_E_NOMEM);
        ck_assert_str_eq(err.where, "");
        ocn_arena_done(&arena);
    }
}
END_TEST

START_TEST(test_arena__lists_keep_their_elements_while_they_grow)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    size_t *list = NULL;

    for (size_t len = 0; len < 1000; len++) {
        list = ocn_arena_grow(&arena, list, len, sizeof(*list));
        ck_assert_ptr_nonnull(list);
        list[len] = len * 3;
    }
    for (size_t i = 0; i < 1000; i++) {
        ck_assert_uint_eq(list[i], i * 3);
    }
    ck_assert_ptr_null(ocn_arena_grow(&arena, list, (size_t)1 << 62, sizeof(*list)));
    ck_assert_int_eq(ocn_arena_check(&arena, NULL), -1);
}
END_TEST

START_TEST(test_arena__strings)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };

    ck_assert_str_eq(ocn_arena_copy(&arena, "abcdef", 3), "abc");
    ck_assert_str_eq(ocn_arena_copy(&arena, NULL, 0), "");
    ck_assert_uint_eq(ocn_arena_keep(&arena, (struct ocn_bytes){ "a\0b", 3 }).len, 3);
    ck_assert_str_eq(ocn_arena_printf(&arena, "%s-%d", "x", 7), "x-7");
    ck_assert_uint_eq(strlen(ocn_arena_printf(&arena, "%09999d", 1)), 9999);
}
END_TEST

/* What follows in the same block does not begin in the text. */
START_TEST(test_arena__texts_have_their_whole_length)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };

    for (int len = 1; len < 40; len++) {
        const char *text = ocn_arena_printf(&arena, "%0*d", len, 1);
        const char *copy = ocn_arena_copy(&arena, text, strlen(text));
        const struct ocn_bytes kept =
            ocn_arena_keep(&arena, (struct ocn_bytes){ text, strlen(text) });
        memset(ocn_arena_alloc(&arena, 16), 'x', 16);
        ck_assert_uint_eq(strlen(text), (size_t)len);
        ck_assert_str_eq(copy, text);
        ck_assert_uint_eq(kept.len, (size_t)len);
        ck_assert_int_eq(memcmp(kept.ptr, text, kept.len), 0);
    }
}
END_TEST

START_TEST(test_arena__a_buffer_becomes_a_string)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf buf = { 0 };

    ck_assert_str_eq(ocn_buf_copy(&buf, &arena), "");
    ocn_buf_puts(&buf, "abc");
    ck_assert_str_eq(ocn_buf_copy(&buf, &arena), "abc");
    ck_assert_int_eq(ocn_arena_check(&arena, NULL), 0);
    ocn_buf_add(&buf, "x", SIZE_MAX / 2);
    ck_assert_str_eq(ocn_buf_copy(&buf, &arena), "");
    ck_assert_int_eq(ocn_arena_check(&arena, NULL), -1);
}
END_TEST

START_TEST(test_arena__a_buffer_grows_and_remembers_failure)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf buf = { 0 };
    struct ocn_error err = { 0 };

    ck_assert_str_eq(ocn_buf_bytes(&buf).ptr, "");
    for (int i = 0; i < 1000; i++) {
        ocn_buf_puts(&buf, "ab");
        ocn_buf_printf(&buf, "%03d", i);
    }
    ck_assert_uint_eq(buf.len, 5000);
    ck_assert_str_eq(buf.ptr + 4995, "ab999");
    ck_assert_int_eq(ocn_buf_check(&buf, &err), 0);
    ocn_buf_add(&buf, "x", SIZE_MAX / 2);
    ocn_buf_puts(&buf, "lost");
    ck_assert_uint_eq(buf.len, 5000);
    ck_assert_int_eq(ocn_buf_check(&buf, &err), -1);
    ck_assert_int_eq(err.code, OCN_E_NOMEM);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("arena");
    Suite *suite = suite_create("arena");

    tcase_add_test(tcase, test_arena__gives_zeroed_aligned_memory_of_any_size);
    tcase_add_test(tcase, test_arena__remembers_failure);
    tcase_add_test(tcase, test_arena__lists_keep_their_elements_while_they_grow);
    tcase_add_test(tcase, test_arena__strings);
    tcase_add_test(tcase, test_arena__texts_have_their_whole_length);
    tcase_add_test(tcase, test_arena__a_buffer_becomes_a_string);
    tcase_add_test(tcase, test_arena__a_buffer_grows_and_remembers_failure);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
