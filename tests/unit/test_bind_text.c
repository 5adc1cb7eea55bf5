/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "hook/sys/io.h"
#include "normalize/json/bind_text.h"
#include "normalize/json/scan.h"
#include "normalize/oci/container.h"
#include "tests/lib/bind_both.h"
#include "tests/lib/json_texts.h"
#include "tests/lib/suite.h"

#define FIXTURES OCN_CASES_DIR "/../fixtures"

static enum ocn_both bind(struct ocn_bytes text)
{
    return ocn_bind_both(text, text, ocn_container_fields, sizeof(struct ocn_container));
}

static enum ocn_both bind_text(const char *text)
{
    return bind((struct ocn_bytes){ text, strlen(text) });
}

START_TEST(test_bind_text__what_is_beyond_dispute_is_bound_as_the_tree_binds_it)
{
    static const char *const texts[] = {
        "{}",
        " {\t\r\n} ",
        "{\"process\":{\"user\":{\"uid\":4294967295,\"gid\":0,\"additionalGids\":[1,2]}}}",
        "{\"process\":{\"user\":{\"uid\":-0}}}",
        "{\"process\":null,\"mounts\":null,\"linux\":{\"seccomp\":null}}",
        "{\"process\":{\"args\":[],\"env\":[ \"A=\\u00e9\\u20ac\" , "
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"],"
        "\"cwd\":\"\",\"noNewPrivileges\":true}}",
        "{\"process\":{\"noNewPrivileges\":false,\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"hard\":"
        "1,\"soft\":18446744073709551615}]}}",
        "{\"mounts\":[{\"destination\":\"/a\",\"options\":[\"ro\"],\"uidMappings\":[{\"hostID\":1,"
        "\"size\":2,\"containerID\":3},{}]},{}]}",
        "{\"annotations\":{\"a\":\"1\",\"gone\":null,\"b\":\"\\u003c2\",\"\":\"\"}}",
        "{\"linux\":{\"resources\":{\"cpu\":{\"quota\":-1,\"period\":9007199254740993},"
        "\"memory\":{\"limit\":-9223372036854775808},\"unified\":{\"cpu.max\":\"1 2\"}}}}",
        "{\"hooks\":{\"poststop\":[[[]],{}],\"startContainer\":[{\"path\":\"/x\",\"args\":[1]}]}}",
        "{\"unknown\":{\"a\":{\"a\":[true,false,null,0,-12,\"\\ud7ff\\ue000\"]},\"b\":\"\x7f\"}}",
        "{\"unknown\":[{\"a\":1},{\"a\":1}],\"a\":1,\"aa\":1,\"ab\":1}",
    };

    for (size_t i = 0; i < OCN_COUNT(texts); i++) {
        ck_assert_msg(bind_text(texts[i]) == OCN_BOTH_SAME, "%s", texts[i]);
    }
}
END_TEST

static const char *const doubtful[] = {
    "",
    " ",
    "[]",
    "{",
    "{}{",
    "{} x",
    "{,}",
    "{\"a\":1,}",
    "{\"a\" 1}",
    "{\"a\":}",
    "{\"a\":1 \"b\":1}",
    "{a:1}",
    "{\"a\":[1,]}",
    "{\"a\":[,1]}",
    "{\"a\":[1 2]}",
    "{\"a\":[1}",
    "{\"a\":{\"b\":1]}",
    "{\"a\":tru}",
    "{\"a\":truex}",
    "{\"a\":nul",
    "{\"a\":01}",
    "{\"a\":-}",
    "{\"a\":+1}",
    "{\"a\":1.0}",
    "{\"a\":1e5}",
    "{\"a\":1x}",
    "{\"a\":18446744073709551616}",
    "{\"a\":\"\n\"}",
    "{\"a\":\"",
    "{\"a\":\"\\",
    "{\"a\":\"\\x\"}",
    "{\"a\":\"\\u12\"}",
    "{\"a\":\"\\u123g\"}",
    "{\"a\":\"\\u0000\"}",
    "{\"a\":\"\\ud800\"}",
    "{\"a\":\"\\udbff\\udfff\"}",
    "{\"a\":\"\xc3\xa9\"}",
    "{\"a\":\"\xff\"}",
    "{\"a\":'b'}",
    "{\"a\":/* */1}",
    "{\"\\u0061\":1}",
    /* twice, also where nobody reads */
    "{\"process\":{},\"process\":{}}",
    "{\"unknown\":[{\"a\":1,\"b\":2,\"a\":3}]}",
    "{\"annotations\":{\"a\":\"\",\"a\":\"\"}}",
    /* a fault */
    "{\"Process\":{}}",
    "{\"process\":{\"ARGS\":[]}}",
    "{\"process\":[]}",
    "{\"process\":{\"args\":\"a\"}}",
    "{\"process\":{\"args\":[null]}}",
    "{\"process\":{\"args\":{\"a\":\"b\"}}}",
    "{\"process\":{\"user\":{\"uid\":-1}}}",
    "{\"process\":{\"user\":{\"uid\":4294967296}}}",
    "{\"process\":{\"user\":{\"uid\":\"1\"}}}",
    "{\"process\":{\"noNewPrivileges\":1}}",
    "{\"mounts\":[null]}",
    "{\"mounts\":{}}",
    "{\"annotations\":{\"a\":1}}",
    "{\"annotations\":[]}",
};

START_TEST(test_bind_text__what_is_in_doubt_is_left_to_the_tree)
{
    for (size_t i = 0; i < OCN_COUNT(doubtful); i++) {
        ck_assert_msg(bind_text(doubtful[i]) == OCN_BOTH_DOUBT, "%s", doubtful[i]);
    }
    ck_assert_int_eq(bind((struct ocn_bytes){ "{}\0", 3 }), OCN_BOTH_DOUBT);
    ck_assert_int_eq(bind((struct ocn_bytes){ "{\"a\0b\":1}", 9 }), OCN_BOTH_DOUBT);
}
END_TEST

/* @levels objects within each other. */
static enum ocn_both bind_nested(size_t levels)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };

    for (size_t i = 1; i < levels; i++) {
        ocn_buf_puts(&text, "{\"a\":");
    }
    ocn_buf_puts(&text, "{}");
    for (size_t i = 1; i < levels; i++) {
        ocn_buf_puts(&text, "}");
    }
    return bind(ocn_buf_bytes(&text));
}

START_TEST(test_bind_text__it_goes_so_deep_and_no_deeper)
{
    ck_assert_int_eq(bind_nested(OCN_JSON_SCAN_DEPTH), OCN_BOTH_SAME);
    ck_assert_int_eq(bind_nested(OCN_JSON_SCAN_DEPTH + 1), OCN_BOTH_DOUBT);
    ck_assert_int_eq(bind_nested(100000), OCN_BOTH_DOUBT);
}
END_TEST

/* An object of @count annotations; @again: the key of one of them once more. */
static enum ocn_both bind_annotations(size_t count, const char *again)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };

    ocn_buf_puts(&text, "{\"annotations\":{");
    for (size_t i = 0; i < count; i++) {
        ocn_buf_printf(&text, "\"org.example.key-%zu\":\"%zu\",", i, i);
    }
    ocn_buf_printf(&text, "\"%s\":\"\"}}", again);
    return bind(ocn_buf_bytes(&text));
}

START_TEST(test_bind_text__a_key_that_is_there_twice_is_found_among_many)
{
    for (size_t count = 1; count < 20000; count = count * 3 / 2 + 1) {
        ck_assert_msg(bind_annotations(count, "org.example.key") == OCN_BOTH_SAME, "%zu", count);
        ck_assert_msg(bind_annotations(count, "org.example.key-0") == OCN_BOTH_DOUBT, "%zu", count);
    }
}
END_TEST

/* A test that cannot fail is worse than none. */
START_TEST(test_bind_text__a_difference_is_seen)
{
    static const struct {
        const char *ours;
        const char *theirs;
    } rows[] = {
        { "{\"root\":{\"path\":\"a\"}}", "{\"root\":{\"path\":\"b\"}}" },
        { "{\"root\":{\"path\":\"\"}}", "{\"root\":{}}" },
        { "{\"process\":{\"user\":{\"uid\":1}}}", "{\"process\":{\"user\":{\"uid\":2}}}" },
        { "{\"process\":{\"args\":[\"a\"]}}", "{\"process\":{\"args\":[\"a\",\"\"]}}" },
        { "{\"mounts\":[{\"options\":[\"ro\"]}]}", "{\"mounts\":[{\"options\":[\"rw\"]}]}" },
        { "{\"annotations\":{\"a\":\"1\"}}", "{\"annotations\":{\"a\":\"2\"}}" },
        { "{\"linux\":{\"resources\":{\"cpu\":{\"shares\":1}}}}", "{}" },
        { "{}", "{\"Root\":{}}" },
        { "{}", "{" },
    };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        const struct ocn_bytes ours = { rows[i].ours, strlen(rows[i].ours) };
        const struct ocn_bytes theirs = { rows[i].theirs, strlen(rows[i].theirs) };
        ck_assert_msg(ocn_bind_both(ours, theirs, ocn_container_fields,
                                    sizeof(struct ocn_container)) == OCN_BOTH_DIFFER,
                      "%s", rows[i].ours);
    }
}
END_TEST

/* A row that asks more than a type is for the tree; so is a type that borrows from it. */
START_TEST(test_bind_text__a_table_of_a_policy_is_left_to_the_tree)
{
    static const char *const names[] = { "a", NULL };
    static const struct ocn_bind tables[][2] = {
        { { "a", OCN_BIND_STRING, .nullable = true } },
        { { "a", OCN_BIND_ENUM, .names = names } },
        { { "a", OCN_BIND_JSON, .offset = 0 } },
    };
    const struct ocn_bytes text = { "{\"a\":null}", 10 };

    for (size_t i = 0; i < OCN_COUNT(tables); i++) {
        OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
        const char *field = NULL;
        ck_assert(!ocn_json_bind_text(text, tables[i], &field, &arena));
    }
}
END_TEST

/* ---- what engines wrote, and what becomes of it ------------------------------------------ */

static size_t same; /* nothing is handed on to whom a text is given */

static void compare(const char *path, struct ocn_bytes text)
{
    enum ocn_both config = bind(text);
    enum ocn_both process =
        ocn_bind_both(text, text, ocn_container_process_fields, sizeof(struct ocn_oci_process));

    ck_assert_msg(config != OCN_BOTH_DIFFER && process != OCN_BOTH_DIFFER, "%s", path);
    same += config == OCN_BOTH_SAME ? 1 : 0;
}

START_TEST(test_bind_text__every_text_of_the_tests_and_what_becomes_of_it_is_read_alike)
{
    struct ocn_json_texts seen;

    same = 0;
    ocn_json_texts_each(compare, &seen);
    ck_assert_uint_gt(seen.files, 1000);
    ck_assert_uint_gt(seen.changed, 20000);
    ck_assert_uint_gt(same, seen.files); /* many a change is none, for the reader */
}
END_TEST

static size_t plain; /* nftw(3) hands nothing on to its callback, either */

static int require_plain(const char *path, const struct stat *status, int type, struct FTW *place)
{
    OCN_CLEANUP(ocn_container_freep) struct ocn_container *container = NULL;
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    struct ocn_error err = { 0 };

    (void)status;
    if (type == FTW_F && strstr(path + place->base, ".config.json") != NULL) {
        ck_assert_int_eq(ocn_io_read_file(path, OCN_CONFIG_MAX_SIZE, &text, &err), 0);
        ck_assert_int_eq(ocn_container_parse(ocn_buf_bytes(&text), &container, &err), 0);
        ck_assert_msg(container->json == NULL, "%s", path);
        plain++;
    }
    return 0;
}

START_TEST(test_bind_text__what_engines_write_needs_no_tree)
{
    plain = 0;
    ck_assert_int_eq(nftw(FIXTURES, require_plain, 16, FTW_PHYS), 0);
    ck_assert_uint_ge(plain, 20);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("bind_text");
    Suite *suite = suite_create("bind_text");

    tcase_set_timeout(tcase, OCN_TEST_SECONDS);
    tcase_add_test(tcase, test_bind_text__what_is_beyond_dispute_is_bound_as_the_tree_binds_it);
    tcase_add_test(tcase, test_bind_text__what_is_in_doubt_is_left_to_the_tree);
    tcase_add_test(tcase, test_bind_text__it_goes_so_deep_and_no_deeper);
    tcase_add_test(tcase, test_bind_text__a_key_that_is_there_twice_is_found_among_many);
    tcase_add_test(tcase, test_bind_text__a_difference_is_seen);
    tcase_add_test(tcase, test_bind_text__a_table_of_a_policy_is_left_to_the_tree);
    tcase_add_test(tcase,
                   test_bind_text__every_text_of_the_tests_and_what_becomes_of_it_is_read_alike);
    tcase_add_test(tcase, test_bind_text__what_engines_write_needs_no_tree);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
