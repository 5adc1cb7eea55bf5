/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/json/build.h"

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "hook/sys/io.h"
#include "normalize/base/buf.h"
#include "tests/lib/suite.h"

#define FIXTURES OCN_CASES_DIR "/../fixtures"
#define MAX_SIZE ((size_t)64 << 20)

/* ---- one text ---------------------------------------------------------------------------- */

static json_t *parse(struct ocn_bytes text)
{
    const size_t flags = JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL | JSON_REJECT_DUPLICATES;

    return json_loadb(text.ptr, text.len, flags, NULL);
}

/* As it is written, with the keys in their order: json_equal(3) does not look at that. */
static char *print(const json_t *json)
{
    return json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_ENCODE_ANY);
}

static bool are_same(const json_t *ours, const json_t *theirs)
{
    OCN_CLEANUP(ocn_freep) char *our = print(ours);
    OCN_CLEANUP(ocn_freep) char *their = print(theirs);

    return our != NULL && their != NULL && strcmp(our, their) == 0 && json_equal(ours, theirs);
}

enum result { SAME, DOUBT, DIFFERENT };

static enum result build(struct ocn_bytes text)
{
    json_auto_t *ours = ocn_json_build(text);

    if (ours == NULL) {
        return DOUBT;
    }
    json_auto_t *theirs = parse(text);
    return are_same(ours, theirs) ? SAME : DIFFERENT;
}

static struct ocn_bytes bytes_of(const char *text)
{
    return (struct ocn_bytes){ text, strlen(text) };
}

START_TEST(test_build__what_is_beyond_dispute_is_built_as_the_library_builds_it)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        " [ ] ",
        "\t{\"a\" : [ true , false , null ] }\r\n",
        "{\"b\":1,\"a\":-0,\"\":18446744073709551615}",
        "[9007199254740993,-9223372036854775808,0]",
        "[\"\",\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20ac\",\"\x7f\"]",
        "{\"a\":{\"a\":{\"a\":[[[{}]]]}}}",
        "[{\"a\":1},{\"a\":1}]",
        "1",
        " \"a\"",
        "true\n",
    };

    for (size_t i = 0; i < OCN_COUNT(texts); i++) {
        ck_assert_msg(build(bytes_of(texts[i])) == SAME, "%s", texts[i]);
    }
}
END_TEST

START_TEST(test_build__what_is_in_doubt_is_left_to_the_library)
{
    static const char *const texts[] = {
        "",
        " ",
        "{",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{\"a\":1,\"a\":1}",
        "{\"a\":{\"b\":1,\"b\":2}}",
        "{\"\\u0061\":1}",
        "[1.0]",
        "[1e3]",
        "[01]",
        "[+1]",
        "[18446744073709551616]",
        "[\"\\u0000\"]",
        "[\"\\ud800\"]",
        "[\"\\x\"]",
        "[\"\n\"]",
        "[\"\xc3\xa9\"]",
        "{\"\xc3\xa9\":1}",
        "[truth]",
        "[]]",
        "{}{}",
        "[1]x",
        "[1 2]",
    };

    for (size_t i = 0; i < OCN_COUNT(texts); i++) {
        ck_assert_msg(build(bytes_of(texts[i])) == DOUBT, "%s", texts[i]);
    }
    ck_assert(build((struct ocn_bytes){ "[1\0]", 4 }) == DOUBT);
    ck_assert(build((struct ocn_bytes){ "[]\0", 3 }) == DOUBT);
}
END_TEST

/* ---- what engines and people wrote, and what becomes of it ------------------------------- */

static struct {
    size_t files;
    size_t same;
} seen; /* nftw(3) hands nothing on to its callback */

static void compare(const char *path, struct ocn_bytes text)
{
    const enum result result = build(text);

    ck_assert_msg(result != DIFFERENT, "%s", path);
    seen.same += result == SAME ? 1 : 0;
}

/* Each text with one byte of it changed, or where it is cut, at some places. */
static void compare_changed(const char *path, struct ocn_buf *text)
{
    static const char bytes[] = { '"', '\\', '}', ',', 'N', '0', '\0', '\xc3', ':', ']', '-', '.' };

    for (size_t i = 0; i < 2 * sizeof(bytes) && text->len != 0; i++) {
        const size_t at = i * 7919 % text->len;
        const char byte = text->ptr[at];
        text->ptr[at] = bytes[i % sizeof(bytes)];
        compare(path, ocn_buf_bytes(text));
        text->ptr[at] = byte;
        compare(path, (struct ocn_bytes){ text->ptr, at });
    }
}

static int compare_file(const char *path, const struct stat *status, int type, struct FTW *place)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    struct ocn_error err = { 0 };

    (void)status;
    if (type == FTW_F && strstr(path + place->base, ".json") != NULL) {
        ck_assert_int_eq(ocn_io_read_file(path, MAX_SIZE, &text, &err), 0);
        compare(path, ocn_buf_bytes(&text));
        compare_changed(path, &text);
        seen.files++;
    }
    return 0;
}

START_TEST(test_build__every_text_of_the_tests_and_what_becomes_of_it_is_built_alike)
{
    memset(&seen, 0, sizeof(seen));
    ck_assert_int_eq(nftw(OCN_CASES_DIR, compare_file, 16, FTW_PHYS), 0);
    ck_assert_int_eq(nftw(FIXTURES, compare_file, 16, FTW_PHYS), 0);
    ck_assert_uint_gt(seen.files, 1000);
    ck_assert_uint_gt(seen.same, seen.files);
}
END_TEST

START_TEST(test_build__a_difference_is_seen)
{
    static const struct {
        const char *ours;
        const char *theirs;
    } rows[] = {
        { "{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}" },
        { "[1]", "[2]" },
        { "[\"a\"]", "[\"b\"]" },
    };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        json_auto_t *ours = ocn_json_build(bytes_of(rows[i].ours));
        json_auto_t *theirs = parse(bytes_of(rows[i].theirs));
        ck_assert_msg(!are_same(ours, theirs), "%s", rows[i].ours);
    }
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("build");
    Suite *suite = suite_create("build");

    tcase_set_timeout(tcase, OCN_TEST_SECONDS);
    tcase_add_test(tcase, test_build__what_is_beyond_dispute_is_built_as_the_library_builds_it);
    tcase_add_test(tcase, test_build__what_is_in_doubt_is_left_to_the_library);
    tcase_add_test(tcase,
                   test_build__every_text_of_the_tests_and_what_becomes_of_it_is_built_alike);
    tcase_add_test(tcase, test_build__a_difference_is_seen);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
