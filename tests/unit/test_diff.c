/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/diff/document.h"

#include <stdio.h>
#include <string.h>

#include "normalize/json/load.h"
#include "tests/lib/suite.h"

#define MAX_SAID 512

/* ' is " in these, so that they can be read. */
static json_t *load(const char *text)
{
    char copy[1024];
    json_t *json = NULL;
    struct ocn_error err = { 0 };

    if (text == NULL) {
        return NULL;
    }
    (void)snprintf(copy, sizeof(copy), "%s", text);
    for (char *c = copy; *c != '\0'; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    ck_assert_msg(
        ocn_json_load((struct ocn_bytes){ copy, strlen(copy) }, sizeof(copy), &json, &err) == 0,
        "%s: %s %s", text, err.where, err.msg);
    return json;
}

/* "LEVEL PATH A B, ..." and behind a bar "NOISE COUNT, ...", as one line. */
static void say(const struct ocn_diff *diff, char said[MAX_SAID])
{
    json_t *report = NULL;
    const json_t *item;
    const char *name;
    json_t *count;
    size_t i;
    size_t len = 0;

    ck_assert_int_eq(ocn_diff_report(diff, &report, NULL), 0);
    said[0] = '\0';
    json_array_foreach (json_object_get(report, "differences"), i, item) {
        char *a = json_dumps(json_object_get(item, "a"), JSON_COMPACT | JSON_ENCODE_ANY);
        char *b = json_dumps(json_object_get(item, "b"), JSON_COMPACT | JSON_ENCODE_ANY);
        len += (size_t)snprintf(said + len, MAX_SAID - len, "%s%s %s %s %s", i != 0 ? ", " : "",
                                json_string_value(json_object_get(item, "level")),
                                json_string_value(json_object_get(item, "path")), a, b);
        free(a);
        free(b);
        if (json_object_get(item, "more") != NULL) {
            len += (size_t)snprintf(said + len, MAX_SAID - len, " +%d",
                                    (int)json_integer_value(json_object_get(item, "more")));
        }
    }
    json_object_foreach (json_object_get(report, "noises"), name, count) {
        len += (size_t)snprintf(said + len, MAX_SAID - len, "%s%s %d", len != 0 ? "; " : "", name,
                                (int)json_integer_value(count));
    }
    for (char *c = said; *c != '\0'; c++) {
        *c = *c == '"' ? '\'' : *c;
    }
    json_decref(report);
}

static const struct {
    enum ocn_diff_document of;
    const char *a;
    const char *b;
    const char *said;
} rows[] = {
    /* By value, at the level of the document; objects member by member. */
    { OCN_DIFF_OF_CONFIG, "{'config': {'User': 'a'}}", "{'config': {'User': 'a'}}", "" },
    { OCN_DIFF_OF_CONFIG, "{'config': {'User': 'a'}}", "{'config': {'User': 'b'}}",
      "config /config/User 'a' 'b'" },
    { OCN_DIFF_OF_CONFIG, "{'config': {'Cmd': ['a']}}", "{'config': {'Cmd': ['a', 'b']}}",
      "config /config/Cmd ['a'] ['a','b']" },
    { OCN_DIFF_OF_CONFIG, "{}", "{'config': {'Volumes': {'/data/a~b': {'x': 1}}}}",
      "config /config/Volumes/~1data~1a~0b/x null 1.0" },
    { OCN_DIFF_OF_CONFIG, "{'config': {'ExposedPorts': {'80/tcp': {}}}}",
      "{'config': {'ExposedPorts': {'81/tcp': {}}}}", "empty 2" },
    { OCN_DIFF_OF_MANIFEST, "{'artifactType': 'a'}", "{'artifactType': 'b'}",
      "manifest /artifactType 'a' 'b'" },
    /* Empty is absent, but for variables. */
    { OCN_DIFF_OF_CONFIG, "{'config': {'User': '', 'Labels': null}}", "{'config': {}}", "empty 2" },
    { OCN_DIFF_OF_CONFIG, "{'config': {'Env': ['A=']}}", "{'config': {}}",
      "config /config/Env/A '' null" },
    { OCN_DIFF_OF_CONFIG, "{'config': {'Env': []}}", "{'config': {'Env': null}}", "empty 1" },
    { OCN_DIFF_OF_CONFIG, "{'config': {'User': null}}", "{'config': {'User': '0'}}",
      "config /config/User null '0'" },
    { OCN_DIFF_OF_CONFIG, "{'config': {'WorkingDir': '/'}}", "{'config': {}}", "empty 1" },
    { OCN_DIFF_OF_CONFIG, "{'config': {'WorkingDir': '/'}}", "{'config': {'WorkingDir': '/a'}}",
      "config /config/WorkingDir '/' '/a'" },
    /* Variables: by name, the last of a name, in any order. */
    { OCN_DIFF_OF_CONFIG, "{'config': {'Env': ['A=1', 'B=2']}}",
      "{'config': {'Env': ['B=2', 'A=1']}}", "order 1" },
    { OCN_DIFF_OF_CONFIG, "{'config': {'Env': ['A=1', 'A=2']}}", "{'config': {'Env': ['A=1']}}",
      "config /config/Env/A '2' '1'" },
    { OCN_DIFF_OF_CONFIG, "{'config': {'Env': ['A']}}", "{'config': {'Env': ['A=']}}",
      "config /config/Env/A true ''" },
    { OCN_DIFF_OF_CONFIG, "{'config': {'Env': 5}}", "{'config': {'Env': ['A=1']}}",
      "config /config/Env 5.0 ['A=1']" },
    /* Times, and members that only Docker has. */
    { OCN_DIFF_OF_CONFIG, "{'created': 'a'}", "{'created': 'b'}", "created 1" },
    { OCN_DIFF_OF_CONFIG, "{'created': 'a'}", "{}", "created 1" },
    { OCN_DIFF_OF_CONFIG, "{'config': {'Labels': {'org.opencontainers.image.created': 'a'}}}",
      "{'config': {'Labels': {'org.opencontainers.image.created': 'b'}}}", "created 1" },
    { OCN_DIFF_OF_CONFIG, "{'docker_version': '1', 'container_config': {'User': 'x'}}", "{}",
      "docker 2" },
    /* History: the first step that differs stands for all. */
    { OCN_DIFF_OF_CONFIG, "{'history': [{'created': 'a', 'created_by': 'x'}]}",
      "{'history': [{'created': 'b', 'created_by': 'x'}]}", "history-times 1" },
    { OCN_DIFF_OF_CONFIG, "{'history': [{'created_by': 'x'}, {'created_by': 'y'}]}",
      "{'history': [{'created_by': 'X'}, {'created_by': 'Y'}]}",
      "config /history/0 {'created_by':'x'} {'created_by':'X'} +1" },
    { OCN_DIFF_OF_CONFIG, "{'history': [{'created_by': 'x'}]}", "{}",
      "config /history/0 {'created_by':'x'} null" },
    /* Twins. */
    { OCN_DIFF_OF_MANIFEST, "{'mediaType': 'application/vnd.oci.image.manifest.v1+json'}",
      "{'mediaType': 'application/vnd.docker.distribution.manifest.v2+json'}", "media-types 1" },
    { OCN_DIFF_OF_MANIFEST, "{'mediaType': 'application/vnd.oci.image.manifest.v1+json'}", "{}",
      "media-types 1" },
    { OCN_DIFF_OF_MANIFEST, "{'mediaType': 'application/vnd.oci.image.manifest.v1+json'}",
      "{'mediaType': 'application/vnd.oci.image.index.v1+json'}",
      "manifest /mediaType 'application/vnd.oci.image.manifest.v1+json' "
      "'application/vnd.oci.image.index.v1+json'" },
    { OCN_DIFF_OF_MANIFEST, "{'mediaType': 'a'}", "{'mediaType': 'b'}",
      "manifest /mediaType 'a' 'b'" },
    { OCN_DIFF_OF_MANIFEST, "{'mediaType': 'application/vnd.docker.distribution.manifest.v2+json'}",
      "{'mediaType': 'application/vnd.oci.image.manifest.v1+json', 'annotations': {'a': 'b'}}",
      "media-types 1; dropped 1" },
    { OCN_DIFF_OF_MANIFEST, "{'mediaType': 'application/vnd.oci.image.manifest.v1+json'}",
      "{'mediaType': 'application/vnd.oci.image.manifest.v1+json', 'annotations': {'a': 'b'}}",
      "annotations /annotations/a null 'b'" },
    /* What its digest names is compared itself. */
    { OCN_DIFF_OF_MANIFEST, "{'config': {'digest': 'a', 'size': 1}, 'layers': [1]}",
      "{'config': {'digest': 'b', 'size': 2}, 'layers': [2]}", "" },
    { OCN_DIFF_OF_INDEX, "{'manifests': [1], 'annotations': {'a': 'b'}}", "{'manifests': []}",
      "annotations /annotations/a 'b' null" },
    /* A variant that goes without saying. */
    { OCN_DIFF_OF_CONFIG, "{'architecture': 'arm64'}", "{'architecture': 'arm64', 'variant': 'v8'}",
      "variants 1" },
    { OCN_DIFF_OF_CONFIG, "{'architecture': 'arm', 'variant': 'v6'}",
      "{'architecture': 'arm', 'variant': 'v7'}", "config /variant 'v6' 'v7'" },
    { OCN_DIFF_OF_DESCRIPTOR, "{'platform': {'architecture': 'arm64'}}",
      "{'platform': {'architecture': 'arm64', 'variant': 'v8'}}", "variants 1" },
    { OCN_DIFF_OF_CONFIG, "{'variant': 'v8'}", "{}", "config /variant 'v8' null" },
    /* A layer as the manifest has it. */
    { OCN_DIFF_OF_LAYER, "{'digest': 'a', 'size': 1}", "{'digest': 'b', 'size': 2}",
      "compression 1" },
    { OCN_DIFF_OF_LAYER, "{'annotations': {'a': 'b'}}", "{}",
      "annotations /annotations/a 'b' null" },
    /* A flag may hold a secret. */
    { OCN_DIFF_OF_PROGRAM, "{'go': {'settings': {'-ldflags': '-X a=secret'}}}",
      "{'go': {'settings': {'-ldflags': '-X a=other'}}}",
      "program /go/settings/-ldflags '(not shown: flags may hold secrets)' '(not shown: flags may "
      "hold secrets)'" },
    { OCN_DIFF_OF_PROGRAM, "{'go': {'settings': {'-ldflags': '-X a=secret'}}}", "{'go': null}",
      "program /go/settings/-ldflags '(not shown: flags may hold secrets)' null" },
    { OCN_DIFF_OF_PROGRAM, "{'go': {'modules': {'example.com/a': 'v1'}}}",
      "{'go': {'modules': {'example.com/a': 'v2'}}}",
      "program /go/modules/example.com~1a 'v1' 'v2'" },
    /* Not there at all, and other kinds. */
    { OCN_DIFF_OF_CONFIG, NULL, NULL, "" },
    { OCN_DIFF_OF_CONFIG, NULL, "{'author': 'a'}", "config /author null 'a'" },
    { OCN_DIFF_OF_CONFIG, "{'config': {'a': 1}}", "{'config': [1]}",
      "config /config {'a':1.0} [1.0]" },
};

START_TEST(test_diff__documents)
{
    json_auto_t *a = load(rows[_i].a);
    json_auto_t *b = load(rows[_i].b);
    struct ocn_diff diff = { .exact = false };
    char said[MAX_SAID];

    ocn_diff_document(&diff, rows[_i].of, "", a, b);
    say(&diff, said);
    ck_assert_str_eq(said, rows[_i].said);
    ocn_diff_done(&diff);
}
END_TEST

START_TEST(test_diff__exact)
{
    json_auto_t *a = load("{'created': 'a', 'config': {'User': ''}}");
    json_auto_t *b = load("{'created': 'b', 'config': {}}");
    struct ocn_diff diff = { .exact = true };
    char said[MAX_SAID];

    ocn_diff_document(&diff, OCN_DIFF_OF_CONFIG, "", a, b);
    say(&diff, said);
    ck_assert_str_eq(said, "config /created 'a' 'b', config /config/User '' null");
    ocn_diff_done(&diff);
}
END_TEST

START_TEST(test_diff__history_in_full)
{
    json_auto_t *a = load("{'history': [{'created_by': 'x'}, {'created_by': 'y', 'comment': ''}]}");
    json_auto_t *b = load("{'history': [{'created_by': 'X'}, {'created_by': 'Y'}]}");
    struct ocn_diff diff = { .history = true };
    char said[MAX_SAID];

    ocn_diff_document(&diff, OCN_DIFF_OF_CONFIG, "", a, b);
    say(&diff, said);
    ck_assert_str_eq(said, "config /history/0/created_by 'x' 'X', "
                           "config /history/1/created_by 'y' 'Y'; empty 1");
    ocn_diff_done(&diff);
}
END_TEST

/* What is ignored is counted; "" says that nothing is. */
static const struct {
    const char *word;
    enum ocn_diff_level level;
    const char *path;
    bool ignored;
} words[] = {
    { "config", OCN_DIFF_CONFIG, "/config/User", true },
    { "config", OCN_DIFF_LAYERS, "/config/User", false },
    { "labels", OCN_DIFF_CONFIG, "/config/Labels/a", true },
    { "labels", OCN_DIFF_CONFIG, "/config/Labels", true },
    { "labels", OCN_DIFF_CONFIG, "/config/LabelsOfMine", false },
    { "labels", OCN_DIFF_MANIFEST, "/config/Labels/a", false },
    { "history", OCN_DIFF_CONFIG, "/history/0", true },
    { "platforms", OCN_DIFF_INDEX, "/manifests/1", true },
    { "/config/Env/PATH", OCN_DIFF_CONFIG, "/config/Env/PATH", true },
    { "/config/Env/PATH", OCN_DIFF_CONFIG, "/config/Env/PATHS", false },
    { "/config/Env", OCN_DIFF_CONFIG, "/config/Env/PATH", true },
    { "/config/Labels/org.*", OCN_DIFF_CONFIG, "/config/Labels/org.a~1b", true },
    { "/config/Labels/org.*", OCN_DIFF_CONFIG, "/config/Labels/com.a", false },
    { "/usr/share/doc", OCN_DIFF_LAYERS, "/usr/share/doc/a/b", true },
};

START_TEST(test_diff__ignored)
{
    const char *items[] = { "program", words[_i].word };
    struct ocn_diff diff = { .ignored = { items, 2 } };

    ck_assert_int_eq(ocn_diff_check_word(words[_i].word, NULL), 0);
    const struct ocn_diff_item item = { .level = words[_i].level, .path = words[_i].path };
    ocn_diff_add_text(&diff, &item, "a", "b");
    ck_assert_uint_eq(diff.ignored_count, words[_i].ignored ? 1 : 0);
    ck_assert_uint_eq(json_array_size(diff.differences), words[_i].ignored ? 0 : 1);
    ocn_diff_done(&diff);
}
END_TEST

START_TEST(test_diff__unknown_words)
{
    static const char *const bad[] = { "", "lables", "Config", "created ", "config/Env" };
    static const char *const good[] = { "created", "compression", "outcome", "modules", "/" };

    for (size_t i = 0; i < OCN_COUNT(bad); i++) {
        struct ocn_error err = { 0 };
        ck_assert_int_eq(ocn_diff_check_word(bad[i], &err), -1);
        ck_assert_int_eq(err.code, OCN_E_USAGE);
    }
    for (size_t i = 0; i < OCN_COUNT(good); i++) {
        ck_assert_int_eq(ocn_diff_check_word(good[i], NULL), 0);
    }
}
END_TEST

START_TEST(test_diff__limit)
{
    const struct ocn_diff_item item = { .level = OCN_DIFF_LAYERS, .path = "/a" };
    struct ocn_diff diff = { .platform = "linux/amd64", .profile = "aws-eks" };
    json_t *report = NULL;

    for (size_t i = 0; i < OCN_DIFF_MAX_ITEMS + 3; i++) {
        ocn_diff_add_text(&diff, &item, NULL, "b");
    }
    ck_assert_int_eq(ocn_diff_report(&diff, &report, NULL), 0);
    const json_t *list = json_object_get(report, "differences");
    ck_assert_uint_eq(json_array_size(list), OCN_DIFF_MAX_ITEMS);
    ck_assert_int_eq(json_integer_value(json_object_get(report, "leftOut")), 3);
    const json_t *first = json_array_get(list, 0);
    ck_assert_str_eq(json_string_value(json_object_get(first, "platform")), "linux/amd64");
    ck_assert_str_eq(json_string_value(json_object_get(first, "profile")), "aws-eks");
    ck_assert(json_is_null(json_object_get(first, "a")));
    ck_assert(json_is_false(json_object_get(report, "same")));
    json_decref(report);
    ocn_diff_done(&diff);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("diff");
    Suite *suite = suite_create("diff");

    tcase_set_timeout(tcase, OCN_TEST_SECONDS);
    tcase_add_loop_test(tcase, test_diff__documents, 0, OCN_COUNT(rows));
    tcase_add_test(tcase, test_diff__exact);
    tcase_add_test(tcase, test_diff__history_in_full);
    tcase_add_loop_test(tcase, test_diff__ignored, 0, OCN_COUNT(words));
    tcase_add_test(tcase, test_diff__unknown_words);
    tcase_add_test(tcase, test_diff__limit);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
