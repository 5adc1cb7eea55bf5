/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "hook/lint/yaml_place.h"
#include "normalize/base/buf.h"
#include "tests/lib/suite.h"

static struct ocn_bytes bytes_of(const char *text)
{
    return (struct ocn_bytes){ text, strlen(text) };
}

/* Numbers that are whole without a point, so that expectations read as JSON does. */
static void print_json(const json_t *json, char *out, size_t size)
{
    char *text =
        json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    size_t used = 0;

    ck_assert_ptr_nonnull(text);
    for (const char *c = text; *c != '\0' && used + 1 < size; c++) {
        bool whole = strncmp(c, ".0", 2) == 0 && strchr(",}]", c[2]) != NULL;
        c += whole ? 1 : 0;
        if (!whole) {
            out[used++] = *c;
        }
    }
    out[used] = '\0';
    free(text);
}

/* As go-yaml v2 (sigs.k8s.io/yaml 1.3.0) turned them to JSON; what only we refuse is refusals[]. */
static const struct {
    const char *yaml;
    const char *json;
} meanings[] = {
    { "k: y", "{\"k\":true}" },
    { "k: on", "{\"k\":true}" },
    { "k: No", "{\"k\":false}" },
    { "k: \"no\"", "{\"k\":\"no\"}" },
    { "k: tRUE", "{\"k\":\"tRUE\"}" },
    { "k: ~", "{\"k\":null}" },
    { "k:", "{\"k\":null}" },
    { "k: ''", "{\"k\":\"\"}" },
    { "k: 0", "{\"k\":0}" },
    { "k: 00", "{\"k\":0}" },
    { "k: 010", "{\"k\":8}" },
    { "k: 0o10", "{\"k\":8}" },
    { "k: 08", "{\"k\":8}" },
    { "k: 0x1F", "{\"k\":31}" },
    { "k: 0b101", "{\"k\":5}" },
    { "k: -0b11", "{\"k\":-3}" },
    { "k: 0xffffffffffffffff", "{\"k\":1.84467440737096e19}" },
    { "k: 0x10000000000000000", "{\"k\":\"0x10000000000000000\"}" },
    { "k: +0xffffffffffffffff", "{\"k\":\"+0xffffffffffffffff\"}" },
    { "k: -0x8000000000000001", "{\"k\":\"-0x8000000000000001\"}" },
    { "k: 07000000000000000000000", "{\"k\":7e21}" },
    { "k: 0xg", "{\"k\":\"0xg\"}" },
    { "k: 1_000", "{\"k\":1000}" },
    { "k: _1", "{\"k\":\"_1\"}" },
    { "k: +1", "{\"k\":1}" },
    { "k: 1.5", "{\"k\":1.5}" },
    { "k: .5", "{\"k\":0.5}" },
    { "k: 5.", "{\"k\":5}" },
    { "k: 1e3", "{\"k\":1000}" },
    { "k: 1e+3", "{\"k\":1000}" },
    { "k: 1e", "{\"k\":\"1e\"}" },
    { "k: 1e400", "{\"k\":\"1e400\"}" },
    { "k: .e3", "{\"k\":\".e3\"}" },
    { "k: 1.2.3", "{\"k\":\"1.2.3\"}" },
    { "k: 1:30", "{\"k\":\"1:30\"}" },
    { "k: 2001-01-01", "{\"k\":\"2001-01-01\"}" },
    { "k: 500m", "{\"k\":\"500m\"}" },
    { "8080: a", "{\"8080\":\"a\"}" },
    { "on: a", "{\"true\":\"a\"}" },
    { "a: !!str 5", "{\"a\":\"5\"}" },
    { "a: !!int \"5\"", "{\"a\":5}" },
    { "a: !foo 5", "{\"a\":\"5\"}" },
    { "a: !foo {b: 1}", "{\"a\":{\"b\":1}}" },
    { "a: |\n  x\n  y\n", "{\"a\":\"x\\ny\\n\"}" },
    { "a: >-\n  x\n  y\n", "{\"a\":\"x y\"}" },
    { "a: 'it''s'", "{\"a\":\"it's\"}" },
    { "a: &x {b: 1}\nc: *x", "{\"a\":{\"b\":1},\"c\":{\"b\":1}}" },
    { "a: &x {b: 1}\nc:\n  <<: *x\n  b: 2", "{\"a\":{\"b\":1},\"c\":{\"b\":2}}" },
    { "a: &x {b: 1}\nd: &y {b: 3, e: 4}\nc:\n  <<: [*x, *y]",
      "{\"a\":{\"b\":1},\"c\":{\"b\":1,\"e\":4},\"d\":{\"b\":3,\"e\":4}}" },
    { "a: {\"<<\": 1}", "{\"a\":{\"<<\":1}}" },
    { "{\n\t\"a\": 1\n}", "{\"a\":1}" },
    { "{\"a\":\"\\u00e9\\/\"}", "{\"a\":\"\xc3\xa9/\"}" },
    { "{\"a\":\"\\ud83d\\ude00\"}", "{\"a\":\"\xf0\x9f\x98\x80\"}" }, /* by the JSON parser */
    { "\xef\xbb\xbf"
      "a: 1",
      "{\"a\":1}" },
    { "- 1\n- [2, {}]", "[1,[2,{}]]" },
    { "word", "\"word\"" },
};

START_TEST(test_yaml__means_what_kubernetes_reads)
{
    OCN_CLEANUP(ocn_yaml_done) struct ocn_yaml yaml = { 0 };
    struct ocn_error err = { 0 };
    char json[512];
    int status = ocn_yaml_read(bytes_of(meanings[_i].yaml), &yaml, &err);

    ck_assert_msg(status == 0, "%s: %s: %s", meanings[_i].yaml, err.where, err.msg);
    ck_assert_uint_eq(yaml.len, 1);
    print_json(yaml.documents[0].json, json, sizeof(json));
    ck_assert_str_eq(json, meanings[_i].json);
}
END_TEST

static const struct {
    const char *yaml;
    const char *where;
    const char *msg; /* part of it */
} refusals[] = {
    { "a: 1\na: 2", "2:1", "twice" },
    { "1: a\n\"1\": b", "2:1", "twice" },
    { "a: &x {b: 1}\nc:\n  b: 2\n  <<: *x", "4:3", "parsers do not agree" },
    { "a:\n  <<: 5", "2:3", "takes a map" },
    { "a:\n  <<: [5]", "2:3", "takes a map" },
    { "a: !!binary aGk=", "1:4", "!!binary" },
    { "a: \"\\0\"", "1:4", "NUL" },
    { "a: .inf", "1:4", "not a number" },
    { "a: !!int x", "1:4", "its tag" },
    { "a: !!bool \"maybe\"", "1:4", "its tag" },
    { "&a [*a]", "1:5", "part of" },
    { "&a {b: {c: *a}}", "1:12", "part of" },
    { "a: *b", "1:4", "unknown anchor" },
    { "? [a]\n: 1", "1:3", "a list or a map" },
    { "~: 1", "1:1", "null" },
    { "a: b: c", "1:5", "not valid YAML" },
    { "a:\n\t- b", "2:1", "not valid YAML" },
    { "a: [1", "2:1", "not valid YAML" },
    { "{\"a\": 1,, }", "1:9", "not valid YAML" },
    { "a: \xff", "1:1", "not valid YAML" },
    { "a: 1\n---\nb: *x\n---\nc: 1", "3:4", "unknown anchor" },
};

START_TEST(test_yaml__refuses)
{
    OCN_CLEANUP(ocn_yaml_done) struct ocn_yaml yaml = { 0 };
    struct ocn_error err = { 0 };

    ck_assert_int_eq(ocn_yaml_read(bytes_of(refusals[_i].yaml), &yaml, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.msg, refusals[_i].msg));
    ck_assert_msg(strcmp(err.where, refusals[_i].where) == 0, "%s: %s, not %s", refusals[_i].yaml,
                  err.where, refusals[_i].where);
}
END_TEST

static void assert_limit(const char *text, const char *msg)
{
    OCN_CLEANUP(ocn_yaml_done) struct ocn_yaml yaml = { 0 };
    struct ocn_error err = { 0 };

    ck_assert_int_eq(ocn_yaml_read(bytes_of(text), &yaml, &err), -1);
    ck_assert_int_eq(err.code, OCN_E_LIMIT);
    ck_assert_msg(strstr(err.msg, msg) != NULL, "%s", err.msg);
}

static void repeat(struct ocn_buf *out, const char *text, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ocn_buf_puts(out, text);
    }
}

START_TEST(test_yaml__limits)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf laughs = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf nested = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf deep = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf anchors = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf documents = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf values = { 0 };

    ocn_buf_puts(&laughs, "a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    ocn_buf_puts(&deep, "a0: &a0 [x]\n");
    for (int i = 1; i < 100; i++) {
        ocn_buf_printf(&laughs, "a%d: &a%d [", i, i);
        for (int k = 0; k < 9; k++) {
            ocn_buf_printf(&laughs, "*a%d,", i - 1);
        }
        ocn_buf_puts(&laughs, "]\n");
        ocn_buf_printf(&deep, "a%d: &a%d [*a%d]\n", i, i, i - 1);
    }
    assert_limit(laughs.ptr, "aliases make more than");
    assert_limit(deep.ptr, "in each other");
    repeat(&nested, "[", 200000);
    assert_limit(nested.ptr, "in each other");
    for (unsigned i = 0; i <= OCN_YAML_MAX_ANCHORS; i++) {
        ocn_buf_printf(&anchors, "- &a%u x\n", i);
    }
    assert_limit(anchors.ptr, "anchors");
    repeat(&documents, "--- 1\n", OCN_YAML_MAX_DOCUMENTS + 1);
    assert_limit(documents.ptr, "documents");
    repeat(&values, "- 1\n", OCN_YAML_MAX_NODES);
    assert_limit(values.ptr, "values");
}
END_TEST

START_TEST(test_yaml__refuses_what_is_too_large)
{
    OCN_CLEANUP(ocn_yaml_done) struct ocn_yaml yaml = { 0 };
    struct ocn_error err = { 0 };

    /* Nothing of it is looked at. */
    ck_assert_int_eq(ocn_yaml_read((struct ocn_bytes){ "x", OCN_YAML_MAX_SIZE + 1 }, &yaml, &err),
                     -1);
    ck_assert_int_eq(err.code, OCN_E_LIMIT);
}
END_TEST

START_TEST(test_yaml__reads_many_documents)
{
    OCN_CLEANUP(ocn_yaml_done) struct ocn_yaml yaml = { 0 };
    struct ocn_error err = { 0 };

    ck_assert_int_eq(
        ocn_yaml_read(bytes_of("---\n# nothing\n---\na: 1\n---\n---\nb: 2\n...\n"), &yaml, &err),
        0);
    ck_assert_uint_eq(yaml.len, 2);
    ck_assert_uint_eq(ocn_yaml_place_of(&yaml.documents[0], "").line, 4);
    ck_assert_uint_eq(ocn_yaml_place_of(&yaml.documents[1], "/b").line, 7);
}
END_TEST

START_TEST(test_yaml__reads_nothing)
{
    OCN_CLEANUP(ocn_yaml_done) struct ocn_yaml yaml = { 0 };
    struct ocn_error err = { 0 };

    ck_assert_int_eq(ocn_yaml_read(bytes_of(""), &yaml, &err), 0);
    ck_assert_uint_eq(yaml.len, 0);
}
END_TEST

static const char placed[] = "base: &base\n"            /* 1 */
                             "  image: x\n"             /* 2 */
                             "  ports: [80, {a: 1}]\n"  /* 3 */
                             "spec:\n"                  /* 4 */
                             "  a/b: 1\n"               /* 5 */
                             "  containers:\n"          /* 6 */
                             "    - <<: *base\n"        /* 7 */
                             "      name: web\n"        /* 8 */
                             "    - *base\n"            /* 9 */
                             "  80: x\n"                /* 10 */
                             "  many:\n"                /* 11 */
                             "    <<: [{p: 1}, *base]"; /* 12 */

static const struct {
    const char *pointer;
    uint32_t line;
    uint32_t column;
} places[] = {
    { "", 1, 1 },
    { "/spec", 4, 1 },
    { "/spec/a~1b", 5, 3 },
    { "/spec/containers", 6, 3 },
    { "/spec/containers/0", 7, 7 },
    { "/spec/containers/0/name", 8, 7 },
    { "/spec/containers/0/image", 2, 3 }, /* where it is written */
    { "/spec/containers/1", 9, 7 },
    { "/spec/containers/1/ports/1/a", 3, 16 },
    { "/spec/containers/7/ports", 6, 3 }, /* the nearest that is there */
    { "/spec/containers/x", 6, 3 },
    { "/spec/80", 10, 3 },
    { "/spec/many/p", 12, 11 },
    { "/spec/many/image", 2, 3 },
    { "/spec/80/deeper", 10, 3 },
    { "/other", 1, 1 },
};

START_TEST(test_yaml__knows_places)
{
    OCN_CLEANUP(ocn_yaml_done) struct ocn_yaml yaml = { 0 };
    struct ocn_error err = { 0 };

    ck_assert_int_eq(ocn_yaml_read(bytes_of(placed), &yaml, &err), 0);
    struct ocn_yaml_place place = ocn_yaml_place_of(&yaml.documents[0], places[_i].pointer);
    ck_assert_msg(place.line == places[_i].line && place.column == places[_i].column,
                  "%s: %u:%u, not %u:%u", places[_i].pointer, place.line, place.column,
                  places[_i].line, places[_i].column);
}
END_TEST

START_TEST(test_yaml__knows_lines_of_json)
{
    OCN_CLEANUP(ocn_yaml_done) struct ocn_yaml yaml = { 0 };
    struct ocn_error err = { 0 };
    const char *text = "{\n\"a\": \"\\ud83d\\ude00\",\n\"b\": [\n1]}";

    ck_assert_int_eq(ocn_yaml_read(bytes_of(text), &yaml, &err), 0);
    ck_assert_ptr_null(yaml.documents[0].root);
    ck_assert_uint_eq(ocn_yaml_place_of(&yaml.documents[0], "/b/0").line, 4);
}
END_TEST

/* As kubectl takes them: without anything between one and the next. */
START_TEST(test_yaml__reads_json_behind_json)
{
    OCN_CLEANUP(ocn_yaml_done) struct ocn_yaml yaml = { 0 };
    struct ocn_error err = { 0 };
    const char *text = "{\"a\":\n1}\n\n{\"b\": [\n1]} {\"c\": 1}\n";

    ck_assert_int_eq(ocn_yaml_read(bytes_of(text), &yaml, &err), 0);
    ck_assert_uint_eq(yaml.len, 3);
    ck_assert_uint_eq(ocn_yaml_place_of(&yaml.documents[0], "/a").line, 2);
    ck_assert_uint_eq(ocn_yaml_place_of(&yaml.documents[1], "/b/0").line, 5);
    ck_assert_uint_eq(ocn_yaml_place_of(&yaml.documents[2], "/c").line, 5);
}
END_TEST

/* Whatever stands behind the first, nothing is left out in silence. */
START_TEST(test_yaml__refuses_words_behind_json)
{
    static const char *const texts[] = {
        "{\"a\": 1}\n{\"b\": 1, \"b\": 2}",
        "{\"a\": 1}\n{\"b\":",
        "{\"a\": 1}\n5",
        "{\"a\": 1}\nb: 1",
        "{\"a\": 1},\n{\"b\": 1}",
    };

    for (size_t i = 0; i < OCN_COUNT(texts); i++) {
        OCN_CLEANUP(ocn_yaml_done) struct ocn_yaml yaml = { 0 };
        struct ocn_error err = { 0 };
        ck_assert_int_eq(ocn_yaml_read(bytes_of(texts[i]), &yaml, &err), -1);
        ck_assert_int_eq(err.code, OCN_E_FORMAT);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("yaml");
    TCase *tests = tcase_create("yaml");

    tcase_set_timeout(tests, OCN_TEST_SECONDS);
    tcase_add_loop_test(tests, test_yaml__means_what_kubernetes_reads, 0, OCN_COUNT(meanings));
    tcase_add_loop_test(tests, test_yaml__refuses, 0, OCN_COUNT(refusals));
    tcase_add_test(tests, test_yaml__limits);
    tcase_add_test(tests, test_yaml__refuses_what_is_too_large);
    tcase_add_test(tests, test_yaml__reads_many_documents);
    tcase_add_test(tests, test_yaml__reads_json_behind_json);
    tcase_add_test(tests, test_yaml__refuses_words_behind_json);
    tcase_add_test(tests, test_yaml__reads_nothing);
    tcase_add_loop_test(tests, test_yaml__knows_places, 0, OCN_COUNT(places));
    tcase_add_test(tests, test_yaml__knows_lines_of_json);
    suite_add_tcase(suite, tests);
    return ocn_run_suite(suite);
}
