/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "normalize/json/bind.h"
#include "normalize/json/load.h"
#include "normalize/json/pointer.h"
#include "tests/lib/suite.h"

static const char *const colours[] = { "red", "", "green", "blue", NULL };

struct leaf {
    const char *name;
    uint32_t weight;
};

struct tree {
    bool flag;
    uint32_t count;
    uint32_t small; /* 1 to 10 */
    double share;   /* 0 to 1 */
    double any;
    const char *text;
    const char *maybe;
    struct ocn_strings words;
    struct ocn_u32s ids;
    struct ocn_pairs pairs;
    enum { RED, GREEN = 2, BLUE } colour;
    struct leaf leaf;
    struct ocn_list leaves;
    json_t *raw;
};

static const char *check_odd(const char *name, const json_t *value)
{
    const char *text = json_string_value(value);

    if (strcmp(name, "bad") == 0) {
        return "the name is bad";
    }
    return text != NULL && strcmp(text, "bad") == 0 ? "the value is bad" : NULL;
}

static const char *check_leaf(const char *name, const json_t *value)
{
    (void)name;
    return json_object_get(value, "name") == NULL ? "a leaf needs a name" : NULL;
}

static const struct ocn_bind leaf_fields[] = {
    { "name", OCN_BIND_STRING, .offset = offsetof(struct leaf, name) },
    { "weight", OCN_BIND_U32, .offset = offsetof(struct leaf, weight) },
    { 0 },
};

static const struct ocn_bind tree_fields[] = {
    { "flag", OCN_BIND_BOOL, .offset = offsetof(struct tree, flag) },
    { "count", OCN_BIND_U32, .offset = offsetof(struct tree, count) },
    { "small", OCN_BIND_U32, .offset = offsetof(struct tree, small), .min = 1, .max = 10 },
    { "share", OCN_BIND_NUMBER, .offset = offsetof(struct tree, share), .max = 1 },
    { "any", OCN_BIND_NUMBER, .offset = offsetof(struct tree, any) },
    { "text", OCN_BIND_STRING, .offset = offsetof(struct tree, text), .check = check_odd },
    { "maybe", OCN_BIND_STRING, .offset = offsetof(struct tree, maybe), .nullable = true },
    { "words", OCN_BIND_STRINGS, .offset = offsetof(struct tree, words), .part = 1 },
    { "ids", OCN_BIND_U32S, .offset = offsetof(struct tree, ids) },
    { "pairs", OCN_BIND_PAIRS, .offset = offsetof(struct tree, pairs), .check = check_odd },
    { "colour", OCN_BIND_ENUM, .offset = OCN_BIND_ENUM_AT(struct tree, colour), .names = colours },
    { "leaf", OCN_BIND_OBJECT, .offset = offsetof(struct tree, leaf), .fields = leaf_fields,
      .part = 2 },
    { "leaves", OCN_BIND_OBJECTS, .offset = offsetof(struct tree, leaves), .fields = leaf_fields,
      .size = sizeof(struct leaf), .check = check_leaf },
    { "raw", OCN_BIND_JSON, .offset = offsetof(struct tree, raw) },
    { 0 },
};

/* One document bound after another; what they borrow lives as long as a test. */
static struct ocn_arena arena;
static json_t *documents[8];
static size_t documents_len;

static void teardown(void)
{
    while (documents_len > 0) {
        json_decref(documents[--documents_len]);
    }
    ocn_arena_done(&arena);
}

static int bind(const char *text, enum ocn_bind_mode mode, struct tree *tree, struct ocn_error *err)
{
    json_t *json = NULL;

    ck_assert_uint_lt(documents_len, OCN_COUNT(documents));
    ck_assert_int_eq(ocn_json_load((struct ocn_bytes){ text, strlen(text) }, 1 << 20, &json, err),
                     0);
    documents[documents_len++] = json;
    return ocn_json_bind(json, tree_fields, mode, tree, &arena, err);
}

static void assert_refused(const char *text, enum ocn_bind_mode mode, const char *where,
                           const char *msg)
{
    struct tree tree = { 0 };
    struct ocn_error err = { 0 };

    ck_assert_int_eq(bind(text, mode, &tree, &err), -1);
    ck_assert_int_eq(err.code, OCN_E_FORMAT);
    ck_assert_str_eq(err.where, where);
    ck_assert_str_eq(err.msg, msg);
    teardown();
}

static const char everything[] =
    "{\"flag\":true,\"count\":4294967295,\"small\":10,\"share\":0.5,\"any\":1e300,\"text\":\"t\","
    "\"maybe\":\"m\",\"words\":[\"a\",\"b\"],\"ids\":[0,7],\"pairs\":{\"k\":\"v\"},"
    "\"colour\":\"green\",\"leaf\":{\"name\":\"n\",\"weight\":3},"
    "\"leaves\":[{\"name\":\"x\"},{\"name\":\"y\",\"weight\":1}],\"raw\":{\"deep\":[1]}}";

START_TEST(test_json_bind__fills_every_type)
{
    struct tree tree = { 0 };

    ck_assert_int_eq(bind(everything, OCN_BIND_STRICT, &tree, NULL), 0);
    ck_assert(tree.flag);
    ck_assert_uint_eq(tree.count, 4294967295U);
    ck_assert_uint_eq(tree.small, 10);
    ck_assert_double_eq(tree.share, 0.5);
    ck_assert_double_eq(tree.any, 1e300);
    ck_assert_str_eq(tree.text, "t");
    ck_assert_str_eq(tree.maybe, "m");
    ck_assert_uint_eq(tree.words.len, 2);
    ck_assert_str_eq(tree.words.items[1], "b");
    ck_assert_uint_eq(tree.ids.len, 2);
    ck_assert_uint_eq(tree.ids.items[1], 7);
    ck_assert_uint_eq(tree.pairs.len, 1);
    ck_assert_str_eq(tree.pairs.items[0].name, "k");
    ck_assert_str_eq(tree.pairs.items[0].value, "v");
    ck_assert_int_eq(tree.colour, GREEN);
    ck_assert_str_eq(tree.leaf.name, "n");
    ck_assert_uint_eq(tree.leaf.weight, 3);
    ck_assert_uint_eq(tree.leaves.len, 2);
    ck_assert_str_eq(((struct leaf *)tree.leaves.items)[1].name, "y");
    ck_assert_uint_eq(((struct leaf *)tree.leaves.items)[0].weight, 0);
    ck_assert_uint_eq(json_object_size(tree.raw), 1);
}
END_TEST

START_TEST(test_json_bind__absent_members_keep_their_field)
{
    struct tree tree = { 0 };

    ck_assert_int_eq(bind(everything, OCN_BIND_STRICT, &tree, NULL), 0);
    ck_assert_int_eq(bind("{\"leaf\":{\"weight\":9},\"words\":[]}", OCN_BIND_STRICT, &tree, NULL),
                     0);
    ck_assert_uint_eq(tree.count, 4294967295U);
    ck_assert_str_eq(tree.leaf.name, "n");
    ck_assert_uint_eq(tree.leaf.weight, 9);
    ck_assert_uint_eq(tree.words.len, 0);
    ck_assert_uint_eq(tree.ids.len, 2);
}
END_TEST

START_TEST(test_json_bind__pairs_merge_by_name_and_leave_a_copy_alone)
{
    struct tree tree = { 0 };

    ck_assert_int_eq(bind("{\"pairs\":{\"a\":\"1\",\"b\":\"2\"}}", OCN_BIND_STRICT, &tree, NULL),
                     0);
    struct tree copy = tree;
    ck_assert_int_eq(bind("{\"pairs\":{\"c\":\"3\",\"a\":\"4\"}}", OCN_BIND_STRICT, &tree, NULL),
                     0);
    ck_assert_uint_eq(tree.pairs.len, 3);
    ck_assert_str_eq(tree.pairs.items[0].value, "4");
    ck_assert_str_eq(tree.pairs.items[1].value, "2");
    ck_assert_str_eq(tree.pairs.items[2].name, "c");
    ck_assert_uint_eq(copy.pairs.len, 2);
    ck_assert_str_eq(copy.pairs.items[0].value, "1");
}
END_TEST

START_TEST(test_json_bind__a_large_object_of_pairs_takes_linear_time)
{
    struct ocn_buf text = { 0 };
    struct tree tree = { 0 };
    struct ocn_error err = { 0 };
    json_t *json = NULL;

    ocn_buf_puts(&text, "{\"pairs\":{\"first\":\"\"");
    for (int i = 0; i < 300000; i++) {
        ocn_buf_printf(&text, ",\"%d\":\"\"", i);
    }
    ocn_buf_puts(&text, "}}");
    ck_assert_int_eq(ocn_json_load(ocn_buf_bytes(&text), 1 << 24, &json, &err), 0);
    ck_assert_int_eq(ocn_json_bind(json, tree_fields, OCN_BIND_LENIENT, &tree, &arena, &err), 0);
    ck_assert_uint_eq(tree.pairs.len, 300001);
    json_decref(json);
    ocn_buf_done(&text);
}
END_TEST

START_TEST(test_json_bind__strict_names_the_nearest_key)
{
    enum ocn_bind_mode strict = OCN_BIND_STRICT;

    assert_refused("{\"cuont\":1}", strict, "/cuont",
                   "unknown key \"cuont\"; did you mean \"count\"?");
    assert_refused("{\"Colour\":1}", strict, "/Colour",
                   "unknown key \"Colour\"; did you mean \"colour\"?");
    assert_refused("{\"leaf\":{\"nane\":1}}", strict, "/leaf/nane",
                   "unknown key \"nane\"; did you mean \"name\"?");
    assert_refused("{\"leaves\":[{},{\"zzzzz\":1}]}", strict, "/leaves/0", "a leaf needs a name");
    assert_refused("{\"leaves\":[{\"name\":\"\"},{\"zzzzz\":1}]}", strict, "/leaves/1/zzzzz",
                   "unknown key \"zzzzz\"; known here: name, weight");
}
END_TEST

START_TEST(test_json_bind__strict_cuts_a_long_key_between_characters)
{
    /* 47 bytes of ASCII and then letters of two bytes: the 48th byte would be half a letter. */
    assert_refused("{\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa4\xc3\xa4\":1}",
                   OCN_BIND_STRICT,
                   "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa4\xc3\xa4",
                   "unknown key \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"; known here: "
                   "flag, count, small, share, any, text, maybe, words, ids, pairs, colour, leaf, "
                   "leaves, raw");
}
END_TEST

START_TEST(test_json_bind__a_wrong_type_says_what_was_expected_and_found)
{
    static const struct {
        const char *text, *where, *msg;
    } rows[] = {
        { "[]", "", "expected an object, found a list" },
        { "{\"flag\":\"yes\"}", "/flag", "expected true or false, found \"yes\"" },
        { "{\"count\":-1}", "/count", "expected a whole number from 0 to 4294967295, found -1" },
        { "{\"count\":1.5}", "/count", "expected a whole number from 0 to 4294967295, found 1.5" },
        { "{\"count\":4294967296}", "/count",
          "expected a whole number from 0 to 4294967295, found 4294967296" },
        { "{\"count\":true}", "/count",
          "expected a whole number from 0 to 4294967295, found true" },
        { "{\"small\":0}", "/small", "expected a whole number from 1 to 10, found 0" },
        { "{\"small\":11}", "/small", "expected a whole number from 1 to 10, found 11" },
        { "{\"share\":1.01}", "/share", "expected a number from 0 to 1, found 1.01" },
        { "{\"share\":false}", "/share", "expected a number from 0 to 1, found false" },
        { "{\"any\":{}}", "/any", "expected a number, found an object" },
        { "{\"text\":7}", "/text", "expected a string, found 7" },
        { "{\"words\":\"a\"}", "/words", "expected a list of strings, found \"a\"" },
        { "{\"words\":[\"a\",2]}", "/words/1", "expected a string, found 2" },
        { "{\"ids\":{}}", "/ids", "expected a list of whole numbers, found an object" },
        { "{\"ids\":[\"1\"]}", "/ids/0",
          "expected a whole number from 0 to 4294967295, found \"1\"" },
        { "{\"pairs\":[]}", "/pairs", "expected an object of strings, found a list" },
        { "{\"pairs\":{\"a/b~c\":1}}", "/pairs/a~1b~0c", "expected a string, found 1" },
        { "{\"colour\":1}", "/colour", "expected a string, found 1" },
        { "{\"colour\":\"gren\"}", "/colour", "unknown value \"gren\"; did you mean \"green\"?" },
        { "{\"colour\":\"\"}", "/colour", "unknown value \"\"; known here: red, green, blue" },
        { "{\"leaf\":[]}", "/leaf", "expected an object, found a list" },
        { "{\"leaves\":{}}", "/leaves", "expected a list of objects, found an object" },
        { "{\"leaves\":[1]}", "/leaves/0", "expected an object, found 1" },
        { "{\"raw\":[]}", "/raw", "expected an object, found a list" },
    };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        assert_refused(rows[i].text, OCN_BIND_STRICT, rows[i].where, rows[i].msg);
        assert_refused(rows[i].text, OCN_BIND_LENIENT, rows[i].where, rows[i].msg);
    }
}
END_TEST

START_TEST(test_json_bind__a_check_refuses_members_and_entries)
{
    assert_refused("{\"text\":\"bad\"}", OCN_BIND_STRICT, "/text", "the value is bad");
    assert_refused("{\"pairs\":{\"bad\":\"x\"}}", OCN_BIND_STRICT, "/pairs/bad", "the name is bad");
    assert_refused("{\"pairs\":{\"x\":\"bad\"}}", OCN_BIND_LENIENT, "/pairs/x", "the value is bad");
}
END_TEST

START_TEST(test_json_bind__null_is_absent_or_an_error)
{
    struct tree tree = { 0 };

    ck_assert_int_eq(bind(everything, OCN_BIND_LENIENT, &tree, NULL), 0);
    ck_assert_int_eq(bind("{\"flag\":null,\"count\":null,\"text\":null,\"words\":null,"
                          "\"pairs\":{\"k\":null},\"colour\":null,\"leaf\":null,\"leaves\":null,"
                          "\"raw\":null}",
                          OCN_BIND_LENIENT, &tree, NULL),
                     0);
    ck_assert(tree.flag);
    ck_assert_str_eq(tree.text, "t");
    ck_assert_str_eq(tree.pairs.items[0].value, "v");
    ck_assert_uint_eq(tree.words.len, 2);
    ck_assert_int_eq(bind("{\"maybe\":null}", OCN_BIND_STRICT, &tree, NULL), 0);
    ck_assert_ptr_null(tree.maybe);
    assert_refused("{\"text\":null}", OCN_BIND_STRICT, "/text", "expected a string, found null");
    assert_refused("{\"leaf\":null}", OCN_BIND_STRICT, "/leaf", "expected an object, found null");
    assert_refused("{\"pairs\":{\"k\":null}}", OCN_BIND_STRICT, "/pairs/k",
                   "expected a string, found null");
    assert_refused("{\"words\":[null]}", OCN_BIND_LENIENT, "/words/0",
                   "expected a string, found null");
}
END_TEST

START_TEST(test_json_bind__lenient_passes_unknown_keys_but_no_other_spelling)
{
    struct tree tree = { 0 };
    static const char msg[] = "the key \"words\" is spelled otherwise: runtimes do not agree "
                              "whether letter case matters; write \"words\"";

    ck_assert_int_eq(bind("{\"cuont\":[],\"leaf\":{\"zzz\":1,\"name\":\"n\"},\"word\":1,\"\":2}",
                          OCN_BIND_LENIENT, &tree, NULL),
                     0);
    ck_assert_str_eq(tree.leaf.name, "n");
    assert_refused("{\"WORDS\":[]}", OCN_BIND_LENIENT, "/WORDS", msg);
    assert_refused("{\"words\":[],\"Words\":[]}", OCN_BIND_LENIENT, "/Words", msg);
    /* Go folds U+017F, the long s, into s. */
    assert_refused("{\"word\\u017f\":[]}", OCN_BIND_LENIENT, "/word\xc5\xbf", msg);
    assert_refused("{\"leaf\":{\"NAME\":null}}", OCN_BIND_LENIENT, "/leaf/NAME",
                   "the key \"name\" is spelled otherwise: runtimes do not agree whether letter "
                   "case matters; write \"name\"");
}
END_TEST

START_TEST(test_json_bind__unbind_is_the_reverse)
{
    struct tree tree = { 0 };

    ck_assert_int_eq(bind(everything, OCN_BIND_STRICT, &tree, NULL), 0);
    json_t *json = ocn_json_unbind(&tree, tree_fields);
    char *text = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(15));
    ck_assert_str_eq(
        text, "{\"flag\":true,\"count\":4294967295,\"small\":10,\"share\":0.5,"
              "\"any\":1e300,\"text\":\"t\",\"maybe\":\"m\",\"words\":[\"a\",\"b\"],"
              "\"ids\":[0,7],\"pairs\":{\"k\":\"v\"},\"colour\":\"green\","
              "\"leaf\":{\"name\":\"n\",\"weight\":3},\"leaves\":[{\"name\":\"x\",\"weight\":0},"
              "{\"name\":\"y\",\"weight\":1}],\"raw\":{\"deep\":[1]}}");
    free(text);
    json_decref(json);
}
END_TEST

START_TEST(test_json_bind__unbind_writes_null_for_a_missing_string_or_object)
{
    struct tree tree = { .share = 0.9, .any = 67108864 };
    json_t *json = ocn_json_unbind(&tree, tree_fields);

    ck_assert(json_is_null(json_object_get(json, "maybe")));
    ck_assert(json_is_null(json_object_get(json, "raw")));
    ck_assert(json_is_integer(json_object_get(json, "any")));
    ck_assert(json_is_real(json_object_get(json, "share")));
    ck_assert_uint_eq(json_object_size(json), OCN_COUNT(tree_fields) - 1);
    json_decref(json);
}
END_TEST

/* Whole numbers are written as such as far as a double has every one of them: up to 2^53. */
START_TEST(test_json_bind__unbind_writes_exact_whole_numbers_as_integers)
{
    static const struct {
        double value;
        bool integer;
    } rows[] = {
        { 9007199254740992.0, true },
        { -9007199254740992.0, true },
        { 9007199254740994.0, false },
        { -9007199254740994.0, false },
        { 0.0, true },
        { 1.5, false },
    };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        struct tree tree = { .any = rows[i].value };
        json_t *json = ocn_json_unbind(&tree, tree_fields);
        const json_t *any = json_object_get(json, "any");
        ck_assert_int_eq(json_is_integer(any), rows[i].integer);
        ck_assert_double_eq(json_number_value(any), rows[i].value);
        json_decref(json);
    }
}
END_TEST

START_TEST(test_json_bind__pointer_add_escapes)
{
    struct ocn_buf pointer = { 0 };

    ocn_json_pointer_add(&pointer, "a/b");
    ocn_json_pointer_add(&pointer, "");
    ocn_json_pointer_add(&pointer, "~1");
    ck_assert_str_eq(pointer.ptr, "/a~1b//~01");
    ocn_buf_done(&pointer);
}
END_TEST

/* What is wrong is left out, and the first of each part is told; the rest is bound. */
START_TEST(test_json_bind__most_goes_on_without_what_is_wrong)
{
    static const char text[] =
        "{\"flag\":true,\"count\":\"7\",\"Small\":1,\"words\":[\"a\",7,8],\"ids\":[1],"
        "\"pairs\":{\"k\":\"a\\u0000b\",\"l\":\"v\"},\"leaf\":{\"Name\":\"n\",\"weight\":3}}";
    struct ocn_bind_faults faults = { 0 };
    struct ocn_error err = { 0 };
    struct tree tree = { .count = 5 };
    json_t *json = NULL;

    ck_assert_int_eq(
        ocn_json_load_loose((struct ocn_bytes){ text, sizeof(text) - 1 }, 1024, &json, &err), 0);
    documents[documents_len++] = json;
    ck_assert_int_eq(ocn_json_bind_most(json, tree_fields, &tree, &arena, &faults, &err), 0);
    ck_assert(tree.flag);
    ck_assert_uint_eq(tree.count, 5);
    ck_assert_uint_eq(tree.words.len, 0);
    ck_assert_uint_eq(tree.ids.len, 1);
    ck_assert_uint_eq(tree.pairs.len, 1);
    ck_assert_str_eq(tree.pairs.items[0].name, "l");
    ck_assert_double_eq(tree.leaf.weight, 3);
    ck_assert_str_eq(faults.of[0]->where, "/count");
    ck_assert_str_eq(faults.of[1]->where, "/words/1");
    ck_assert_str_eq(faults.of[2]->where, "/leaf/Name");
    ck_assert_ptr_null(faults.of[3]);
    ck_assert_int_eq(err.code, OCN_OK);
}
END_TEST

START_TEST(test_json_bind__a_document_that_is_no_object_is_all_wrong)
{
    struct ocn_bind_faults faults = { 0 };
    struct tree tree = { 0 };
    json_t *json = json_array();

    documents[documents_len++] = json;
    ck_assert_int_eq(ocn_json_bind_most(json, tree_fields, &tree, &arena, &faults, NULL), 0);
    ck_assert_str_eq(faults.of[0]->msg, "expected an object, found a list");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json_bind");
    TCase *tcase = tcase_create("json_bind");

    tcase_add_checked_fixture(tcase, NULL, teardown);
    tcase_add_test(tcase, test_json_bind__fills_every_type);
    tcase_add_test(tcase, test_json_bind__absent_members_keep_their_field);
    tcase_add_test(tcase, test_json_bind__pairs_merge_by_name_and_leave_a_copy_alone);
    tcase_add_test(tcase, test_json_bind__a_large_object_of_pairs_takes_linear_time);
    tcase_add_test(tcase, test_json_bind__strict_names_the_nearest_key);
    tcase_add_test(tcase, test_json_bind__strict_cuts_a_long_key_between_characters);
    tcase_add_test(tcase, test_json_bind__a_wrong_type_says_what_was_expected_and_found);
    tcase_add_test(tcase, test_json_bind__a_check_refuses_members_and_entries);
    tcase_add_test(tcase, test_json_bind__null_is_absent_or_an_error);
    tcase_add_test(tcase, test_json_bind__lenient_passes_unknown_keys_but_no_other_spelling);
    tcase_add_test(tcase, test_json_bind__most_goes_on_without_what_is_wrong);
    tcase_add_test(tcase, test_json_bind__a_document_that_is_no_object_is_all_wrong);
    tcase_add_test(tcase, test_json_bind__unbind_is_the_reverse);
    tcase_add_test(tcase, test_json_bind__unbind_writes_null_for_a_missing_string_or_object);
    tcase_add_test(tcase, test_json_bind__unbind_writes_exact_whole_numbers_as_integers);
    tcase_add_test(tcase, test_json_bind__pointer_add_escapes);
    suite_add_tcase(suite, tcase);

    return ocn_run_suite(suite);
}
