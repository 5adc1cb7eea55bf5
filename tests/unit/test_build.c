/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/json/build.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "hook/sys/io.h"
#include "tests/lib/json_texts.h"
#include "tests/lib/suite.h"

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

static size_t same; /* nothing is handed on to whom a text is given */

static void compare(const char *path, struct ocn_bytes text)
{
    const enum result result = build(text);

    ck_assert_msg(result != DIFFERENT, "%s", path);
    same += result == SAME ? 1 : 0;
}

START_TEST(test_build__every_text_of_the_tests_and_what_becomes_of_it_is_built_alike)
{
    struct ocn_json_texts seen;

    same = 0;
    ocn_json_texts_each(compare, &seen);
    ck_assert_uint_gt(seen.files, 1000);
    ck_assert_uint_gt(same, seen.files);
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
