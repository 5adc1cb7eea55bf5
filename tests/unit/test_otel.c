/* SPDX-License-Identifier: Apache-2.0 */
/*
 * env.otel against a decoder of our own that reads OTEL_RESOURCE_ATTRIBUTES as the Go SDK does
 * (sdk/resource/env.go): split at ",", at the first "=", trim both, url.PathUnescape of the value,
 * a bad escape keeps the raw value, the later of two equal keys wins.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "normalize/node/identity.h"
#include "normalize/normalize.h"
#include "normalize/outcome/splice.h"
#include "normalize/policy/rule.h"
#include "normalize/rules/attributes.h"
#include "normalize/rules/judge.h"
#include "tests/lib/mem_view.h"
#include "tests/lib/suite.h"

#define VARIABLE "OTEL_RESOURCE_ATTRIBUTES"
#define PREFIX "resource.opentelemetry.io/"
#define MAX_PAIRS 256
#define ROUNDS 3000

/* ---- the Go SDK --------------------------------------------------------------------------- */

struct decoded {
    char *keys[MAX_PAIRS];
    char *values[MAX_PAIRS];
    size_t len;
};

static void decoded_done(struct decoded *decoded)
{
    for (size_t i = 0; i < decoded->len; i++) {
        free(decoded->keys[i]);
        free(decoded->values[i]);
    }
    decoded->len = 0;
}

/* unicode.IsSpace, as UTF-8. */
static const char *const spaces[] = {
    "\t",           "\n",           "\v",           "\f",           "\r",           " ",
    "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81", "\xe2\x80\x82",
    "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86", "\xe2\x80\x87", "\xe2\x80\x88",
    "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f",
    "\xe3\x80\x80",
};

static char *trim(const char *text, size_t len)
{
    bool again = true;

    while (again) {
        again = false;
        for (size_t i = 0; i < OCN_COUNT(spaces); i++) {
            size_t space = strlen(spaces[i]);
            if (len >= space && memcmp(text, spaces[i], space) == 0) {
                text += space;
                len -= space;
                again = true;
            }
            if (len >= space && memcmp(text + len - space, spaces[i], space) == 0) {
                len -= space;
                again = true;
            }
        }
    }
    return strndup(text, len);
}

static int digit(char c)
{
    const char *all = "0123456789abcdefABCDEF";
    const char *at = c != '\0' ? strchr(all, c) : NULL;

    return at == NULL ? -1 : (int)(at - all) - (at - all > 15 ? 6 : 0);
}

static void unescape(char *text)
{
    char *raw = strdup(text);
    char *to = text;

    for (const char *from = raw; *from != '\0'; from++) {
        if (*from != '%') {
            *to++ = *from;
            continue;
        }
        if (digit(from[1]) < 0 || digit(from[2]) < 0) {
            memcpy(text, raw, strlen(raw) + 1);
            free(raw);
            return;
        }
        *to++ = (char)(digit(from[1]) * 16 + digit(from[2]));
        from += 2;
    }
    *to = '\0';
    free(raw);
}

static void decode(const char *text, struct decoded *ret)
{
    char *rest = trim(text, strlen(text));
    char *at = rest;

    while (at != NULL && rest[0] != '\0') {
        char *pair = strsep(&at, ",");
        char *equals = strchr(pair, '=');
        if (equals == NULL) {
            continue;
        }
        ck_assert_uint_lt(ret->len, MAX_PAIRS);
        ret->keys[ret->len] = trim(pair, (size_t)(equals - pair));
        ret->values[ret->len] = trim(equals + 1, strlen(equals + 1));
        unescape(ret->values[ret->len++]);
    }
    free(rest);
}

static const char *value_of(const struct decoded *decoded, const char *key)
{
    const char *value = NULL;

    for (size_t i = 0; i < decoded->len; i++) {
        value = strcmp(decoded->keys[i], key) == 0 ? decoded->values[i] : value;
    }
    return value;
}

static size_t count_of(const struct decoded *decoded, const char *key)
{
    size_t count = 0;

    for (size_t i = 0; i < decoded->len; i++) {
        count += strcmp(decoded->keys[i], key) == 0;
    }
    return count;
}

/* ---- ocinorm ------------------------------------------------------------------------------ */

static const char default_policy[] = "{\"rules\":{\"entry.found\":\"off\"}}";

/* The container of @env and @annotations (both stolen), with the edits applied; as JSON. */
static json_t *normalize(const char *policy_text, json_t *env, json_t *annotations)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf after = { 0 };
    OCN_CLEANUP(ocn_config_freep) struct ocn_config *config = NULL;
    OCN_CLEANUP(ocn_container_freep) struct ocn_container *container = NULL;
    OCN_CLEANUP(ocn_outcome_freep) struct ocn_outcome *outcome = NULL;
    OCN_CLEANUP(ocn_mem_view_done) struct ocn_mem_view mem = { 0 };
    const struct ocn_layer layer = { "test", { policy_text, strlen(policy_text) }, NULL };
    struct ocn_identity identity;
    struct ocn_policy policy;
    struct ocn_error err = { 0 };
    json_auto_t *json = json_pack(
        "{s:{s:{s:i,s:i},s:[s],s:o,s:s,s:b},s:{s:s},s:o,s:{s:[{s:s},{s:s},{s:s},{s:s},{s:s}]}}",
        "process", "user", "uid", 1000, "gid", 1000, "args", "/app", "env", env, "cwd", "/",
        "noNewPrivileges", 1, "root", "path", "rootfs", "annotations", annotations, "linux",
        "namespaces", "type", "pid", "type", "network", "type", "ipc", "type", "uts", "type",
        "mount");
    ck_assert_ptr_nonnull(json);
    char *text = json_dumps(json, JSON_COMPACT);
    const struct ocn_bytes bytes = { text, strlen(text) };

    ocn_mem_view_init(&mem, json_object());
    struct ocn_view view = ocn_mem_view_as_view(&mem);
    view.all_facts = true;
    ck_assert_msg(ocn_config_load(&layer, 1, &config, &err) == 0, "%s %s", err.where, err.msg);
    ck_assert_msg(ocn_container_parse(bytes, &container, &err) == 0, "%s", err.msg);
    ck_assert_int_eq(ocn_identity_read(container, &arena, &identity, &err), 0);
    ck_assert_int_eq(ocn_config_select(config, &identity, container, &arena, &policy, &err), 0);
    ck_assert_msg(ocn_normalize(container, &policy, &view, &outcome, &err) == 0, "%s", err.msg);
    ck_assert_int_eq(ocn_splice_edits(bytes, "", outcome->edits, outcome->edits_len, &after, &err),
                     0);
    json_t *result = json_loadb(after.ptr, after.len, 0, NULL);
    ck_assert_ptr_nonnull(result);
    free(text);
    return result;
}

/* The value of variable @name in a result, borrowed; NULL if it is not set. */
static const char *variable(const json_t *result, const char *name)
{
    const json_t *env = json_object_get(json_object_get(result, "process"), "env");
    size_t len = strlen(name);
    const char *value = NULL;

    for (size_t i = 0; i < json_array_size(env); i++) {
        const char *entry = json_string_value(json_array_get(env, i));
        if (strncmp(entry, name, len) == 0 && entry[len] == '=') {
            ck_assert_msg(value == NULL, "%s is there twice", name);
            value = entry + len + 1;
        }
    }
    return value;
}

static json_t *only(const char *list)
{
    char *entry = malloc(strlen(list) + sizeof(VARIABLE) + 1);

    sprintf(entry, "%s=%s", VARIABLE, list);
    json_t *env = json_pack("[s]", entry);
    free(entry);
    return env;
}

/* An annotation's value arrives in the SDK as it is, whatever it holds. */
static void check_value(const char *value)
{
    OCN_CLEANUP(decoded_done) struct decoded decoded = { .len = 0 };
    json_auto_t *result =
        normalize(default_policy, json_array(), json_pack("{s:s}", PREFIX "nasty", value));
    const char *list = variable(result, VARIABLE);

    ck_assert_ptr_nonnull(list);
    ck_assert_msg(strpbrk(list, "\r\n") == NULL, "a line break in %s", list);
    decode(list, &decoded);
    ck_assert_str_eq(value_of(&decoded, "nasty"), value);
    ck_assert_str_eq(value_of(&decoded, "host.arch"), "amd64");
    ck_assert_uint_eq(decoded.len, 2);
}

/* ---- chance ------------------------------------------------------------------------------- */

static unsigned next_random(unsigned *seed, unsigned below)
{
    *seed = *seed * 1103515245U + 12345U;
    return (*seed >> 8) % below;
}

/* Code points that mean something to somebody, and any others. */
static size_t random_character(unsigned *seed, char *to)
{
    static const char signs[] = ",=%+ \"';#&?/\\\t\r\n\x7f\x01%2C%25%0a";
    unsigned c = 0x80 + next_random(seed, 0x700);
    const char *space;

    switch (next_random(seed, 4)) {
    case 0:
        *to = signs[next_random(seed, sizeof(signs) - 1)];
        return 1;
    case 1:
        space = spaces[next_random(seed, OCN_COUNT(spaces))];
        memcpy(to, space, strlen(space));
        return strlen(space);
    case 2:
        to[0] = (char)(0xc0 | (c >> 6));
        to[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    default:
        *to = (char)('a' + next_random(seed, 26));
        return 1;
    }
}

static void random_text(unsigned *seed, size_t count, char *to)
{
    for (size_t i = 0; i < count; i++) {
        to += random_character(seed, to);
    }
    *to = '\0';
}

/* ---- values ------------------------------------------------------------------------------- */

START_TEST(test_otel__each_ascii_character_arrives)
{
    for (int c = 1; c < 0x80; c++) {
        const char value[] = { 'a', (char)c, 'b', (char)c, '\0' };
        check_value(value);
    }
}
END_TEST

START_TEST(test_otel__nasty_values_arrive)
{
    static const char *const values[] = {
        "a,b=c",
        "k8s.pod.name=forged,x=1",
        "%",
        "%2C",
        "100%",
        "%zz",
        "+ +",
        " leading and trailing ",
        "\r\nLD_PRELOAD=/x",
        "\t",
        "\xc2\xa0",
        "\xf0\x9f\x90\xb3 \xe2\x82\xac",
        "a;b#c?d",
        "\"quoted\\\"",
        "registry:5000/a/b@sha256:0",
    };

    for (size_t i = 0; i < OCN_COUNT(values); i++) {
        check_value(values[i]);
    }
}
END_TEST

START_TEST(test_otel__values_made_by_chance_arrive)
{
    unsigned seed = 1;
    char value[256];

    for (int i = 0; i < ROUNDS; i++) {
        random_text(&seed, 1 + next_random(&seed, 40), value);
        check_value(value);
    }
}
END_TEST

/* ---- the container's own list ------------------------------------------------------------- */

/* What the SDK makes of @own alone it also makes of the merged list, and ours is behind it. */
static void check_own(const char *own)
{
    OCN_CLEANUP(decoded_done) struct decoded before = { .len = 0 };
    OCN_CLEANUP(decoded_done) struct decoded after = { .len = 0 };
    json_t *annotations = json_pack("{s:s,s:s,s:s}", PREFIX "a", "ours", PREFIX "k8s.pod.name",
                                    "ours", PREFIX "zzz", "ours");
    json_auto_t *result = normalize(default_policy, only(own), json_incref(annotations));
    const char *list = variable(result, VARIABLE);

    ck_assert_msg(strncmp(list, own, strlen(own)) == 0, "%s became %s", own, list);
    decode(own, &before);
    decode(list, &after);
    for (size_t i = 0; i < before.len; i++) {
        const char *key = before.keys[i];
        ck_assert_msg(strcmp(value_of(&after, key), value_of(&before, key)) == 0, "%s: %s", key,
                      list);
        ck_assert_uint_eq(count_of(&after, key), count_of(&before, key));
    }
    if (ocn_attributes_problem(own) != NULL) {
        ck_assert_str_eq(list, own);
    } else {
        ck_assert_ptr_nonnull(value_of(&after, "zzz"));
    }
    json_auto_t *again = normalize(default_policy, only(list), annotations);
    ck_assert_str_eq(variable(again, VARIABLE), list);
}

START_TEST(test_otel__own_pairs_win)
{
    static const char *const lists[] = {
        "k8s.pod.name=mine",
        "k8s.pod.name=mine,k8s.pod.name=mine2",
        " k8s.pod.name = mine , a=",
        "\xc2\xa0k8s.pod.name\xe3\x80\x80=mine,\xe2\x80\xa8zz=1",
        "a=b=c,x=%2C%3D",
        "A=1,k8s.pod.names=2",
        "\xd0\xba\xd0\xbb\xd1\x8e\xd1\x87=1",
        "a%2Eb=1",
    };

    for (size_t i = 0; i < OCN_COUNT(lists); i++) {
        check_own(lists[i]);
    }
}
END_TEST

START_TEST(test_otel__a_malformed_list_stays)
{
    static const char *const lists[] = {
        "a",   "a=1,b", "=1",    "a=1, =2", "a=1,",     ",a=1",   " ",
        "a=%", "a=%2",  "a=%g0", "%=1",     "a=1\nb=2", "a=\x7f", "a=\t",
    };

    for (size_t i = 0; i < OCN_COUNT(lists); i++) {
        ck_assert_ptr_nonnull(ocn_attributes_problem(lists[i]));
        check_own(lists[i]);
    }
}
END_TEST

START_TEST(test_otel__own_lists_made_by_chance_win)
{
    static const char *const keys[] = { "a", "k8s.pod.name", "team", "host.arch", "zz" };
    unsigned seed = 7;
    int merged = 0;

    for (int i = 0; i < ROUNDS; i++) {
        char own[1024] = "";
        for (unsigned pairs = 1 + next_random(&seed, 4); pairs > 0; pairs--) {
            char *to = own + strlen(own);
            unsigned blanks = next_random(&seed, 3);
            to += sprintf(to, "%s", own[0] != '\0' ? "," : "");
            for (unsigned j = 0; j < blanks; j++) {
                to += sprintf(to, "%s", spaces[5 + next_random(&seed, OCN_COUNT(spaces) - 5)]);
            }
            to += sprintf(to, "%s=", keys[next_random(&seed, OCN_COUNT(keys))]);
            random_text(&seed, next_random(&seed, 4), to);
        }
        merged += ocn_attributes_problem(own) == NULL;
        check_own(own);
    }
    ck_assert_int_gt(merged, ROUNDS / 10);
}
END_TEST

/* ---- bounds ------------------------------------------------------------------------------- */

/* "a=xxx..." of @len bytes. */
static char *long_list(size_t len)
{
    char *list = malloc(len + 1);

    memset(list, 'x', len);
    memcpy(list, "a=", 2);
    list[len] = '\0';
    return list;
}

START_TEST(test_otel__a_long_list_stays)
{
    static const struct {
        size_t len;
        bool merged;
    } rows[] = { { 60000, true }, { 65536 - 16, true }, { 65536 - 15, false }, { 130000, false } };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        char *own = long_list(rows[i].len);
        json_auto_t *result = normalize(default_policy, only(own), json_object());
        ck_assert_uint_eq(strlen(variable(result, VARIABLE)),
                          rows[i].len + (rows[i].merged ? strlen(",host.arch=amd64") : 0));
        free(own);
    }
}
END_TEST

/* Pods with many services have many variables; what would make it too many for execve stays out. */
START_TEST(test_otel__a_full_environment_gets_no_more)
{
    static const char policy[] =
        "{\"rules\":{\"entry.found\":\"off\"},\"env\":{\"set\":{\"TEAM\":\"a\"}}}";
    static const struct {
        int entries;
        bool added;
    } rows[] = { { 900, true }, { 1024, false } };
    char entry[1025];

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        json_t *env = json_array();
        for (int j = 0; j < rows[i].entries; j++) {
            memset(entry, 'x', sizeof(entry) - 1);
            entry[sizeof(entry) - 1] = '\0';
            memcpy(entry, "V=", 2);
            json_array_append_new(env, json_string(entry));
        }
        json_auto_t *result = normalize(policy, env, json_object());
        ck_assert_int_eq(variable(result, VARIABLE) != NULL, rows[i].added);
        ck_assert_int_eq(variable(result, "TEAM") != NULL, rows[i].added);
    }
}
END_TEST

START_TEST(test_otel__one_variable_is_no_longer_than_execve_takes)
{
    json_auto_t *policy = json_loads(default_policy, 0, NULL);
    json_t *set = json_object();
    char *value = long_list(OCN_VARIABLE_MAX_SIZE);

    json_object_set_new(set, "LONG", json_string(value));
    value[OCN_VARIABLE_MAX_SIZE / 2] = '\0';
    json_object_set_new(set, "SHORT", json_string(value));
    json_object_set_new(policy, "env", json_pack("{s:o}", "set", set));
    char *text = json_dumps(policy, 0);
    json_auto_t *result = normalize(text, json_array(), json_object());
    ck_assert_ptr_null(variable(result, "LONG"));
    ck_assert_ptr_nonnull(variable(result, "SHORT"));
    free(text);
    free(value);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("otel");
    TCase *tests = tcase_create("otel");

    tcase_set_timeout(tests, OCN_TEST_SECONDS);
    tcase_add_test(tests, test_otel__each_ascii_character_arrives);
    tcase_add_test(tests, test_otel__nasty_values_arrive);
    tcase_add_test(tests, test_otel__values_made_by_chance_arrive);
    tcase_add_test(tests, test_otel__own_pairs_win);
    tcase_add_test(tests, test_otel__a_malformed_list_stays);
    tcase_add_test(tests, test_otel__own_lists_made_by_chance_win);
    tcase_add_test(tests, test_otel__a_long_list_stays);
    tcase_add_test(tests, test_otel__a_full_environment_gets_no_more);
    tcase_add_test(tests, test_otel__one_variable_is_no_longer_than_execve_takes);
    suite_add_tcase(suite, tests);
    return ocn_run_suite(suite);
}
