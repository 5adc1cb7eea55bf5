/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/image/diff_outcome.h"

#include <string.h>

#include "hook/judge/report.h"
#include "normalize/json/json.h"
#include "normalize/json/load.h"

#define OURS "/annotations/io.ocinorm."

/* What is edited, and what the image has and keeps, by its place in config.json. */
static int add_values(json_t *values, const json_t *report)
{
    const json_t *item;
    size_t i;
    int status = 0;

    json_array_foreach (json_object_get(report, "edits"), i, item) {
        const char *path = ocn_json_text_at(item, "path");
        if (strncmp(path, OURS, strlen(OURS)) != 0) {
            status |= json_object_set(values, path, json_object_get(item, "to"));
        }
    }
    json_array_foreach (json_object_get(report, "kept"), i, item) {
        status |=
            json_object_set(values, ocn_json_text_at(item, "path"), json_object_get(item, "value"));
    }
    return status;
}

/* A rule's findings as one text: "/findings/RULE" is "LEVEL: MESSAGE". */
static int add_findings(json_t *values, const json_t *report, struct ocn_arena *arena)
{
    const json_t *finding;
    size_t i;
    int status = 0;

    json_array_foreach (json_object_get(report, "findings"), i, finding) {
        const char *path =
            ocn_arena_printf(arena, "/findings/%s", ocn_json_text_at(finding, "rule"));
        const char *before = ocn_json_text_at(values, path);
        const char *text = ocn_arena_printf(
            arena, "%s%s%s: %s", before, before[0] != '\0' ? "; " : "",
            ocn_json_text_at(finding, "level"), ocn_json_text_at(finding, "message"));
        status |= json_object_set_new(values, path, json_string(text));
    }
    return status;
}

/* All that is decided: the user and the verdict always, the rest where something is. */
static json_t *values_of(const struct ocn_look *look, const struct ocn_outcome *outcome,
                         struct ocn_arena *arena)
{
    json_auto_t *report = ocn_report_value(outcome, NULL);
    json_t *values = json_pack("{s:s, s:I, s:I}", "/verdict", ocn_json_text_at(report, "verdict"),
                               "/process/user/uid", (json_int_t)look->taken.uid,
                               "/process/user/gid", (json_int_t)look->taken.gid);

    if (report == NULL || values == NULL || add_values(values, report) != 0 ||
        add_findings(values, report, arena) != 0) {
        json_decref(values);
        (void)ocn_arena_fail(arena);
        return NULL;
    }
    /* Numbers of edits are reals, and what the image says is whole. */
    ocn_json_make_whole(values);
    return values;
}

/* ---- what nobody edits ----------------------------------------------------------------------- */

#define ENV "/process/env/"

/* The value of @name; NULL: config.json has no such variable. */
static const char *variable_of(const json_t *config, const char *name)
{
    const json_t *item;
    size_t len = strlen(name);
    size_t i;

    json_array_foreach (json_object_get(json_object_get(config, "process"), "env"), i, item) {
        const char *text = json_string_value(item);
        if (text != NULL && strncmp(text, name, len) == 0 && text[len] == '=') {
            return text + len + 1;
        }
    }
    return NULL;
}

/* What is at @path of config.json, as a new reference; NULL: nothing. */
static int original(struct ocn_bytes text, const json_t *config, const char *path, json_t **ret,
                    struct ocn_error *err)
{
    *ret = NULL;
    if (strncmp(path, ENV, strlen(ENV)) == 0) {
        const char *value = variable_of(config, path + strlen(ENV));
        *ret = value != NULL ? json_string(value) : NULL;
        return value != NULL && *ret == NULL ? ocn_fail_nomem(err) : 0;
    }
    struct ocn_bytes value = ocn_json_value_at(text, path);
    return value.ptr == NULL ? 0 : ocn_json_load_value(value, value.len, ret, err);
}

static bool is_nothing(const json_t *value)
{
    return value == NULL || json_is_null(value) ||
           (json_is_array(value) && json_array_size(value) == 0);
}

/* Values that only @others has: what is in config.json before anybody edits it stays. */
static int add_originals(json_t *values, json_t *others, const struct ocn_look *look,
                         const struct ocn_look_profile *profile, const struct ocn_look_place *place,
                         struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    json_auto_t *config = NULL;
    const char *path;
    json_t *other;

    if (ocn_engine_convert(profile->engine, &look->image->config, &look->taken, &place->limits,
                           &text, err) < 0 ||
        ocn_json_load(ocn_buf_bytes(&text), text.len, &config, err) < 0) {
        return -1;
    }
    json_object_foreach (others, path, other) {
        if (json_object_get(values, path) != NULL || strncmp(path, "/process/", 9) != 0) {
            continue;
        }
        json_t *value = NULL;
        if (original(ocn_buf_bytes(&text), config, path, &value, err) < 0) {
            return -1;
        }
        if (value == NULL && is_nothing(other)) {
            value = json_incref(other);
        }
        if (value != NULL && json_object_set_new(values, path, value) < 0) {
            return ocn_fail_nomem(err);
        }
    }
    return 0;
}

static int judge(struct ocn_look *look, const struct ocn_look_profile *profile,
                 const struct ocn_look_place *place, struct ocn_arena *arena, json_t **ret,
                 struct ocn_error *err)
{
    OCN_CLEANUP(ocn_outcome_freep) struct ocn_outcome *outcome = NULL;

    if (ocn_look_judge(look, profile, place, &outcome, err) < 0) {
        return -1;
    }
    json_t *values = values_of(look, outcome, arena);
    const char *problem = ocn_look_user_problem(look, &look->taken);
    if (values == NULL || ocn_arena_check(&look->arena, err) < 0 ||
        (problem != NULL &&
         (json_object_set_new(values, "/verdict", json_string("deny")) < 0 ||
          json_object_set_new(values, "/findings/image.user", json_string(problem)) < 0 ||
          json_object_del(values, "/process/user/uid") < 0 ||
          json_object_del(values, "/process/user/gid") < 0))) {
        json_decref(values);
        return ocn_fail_nomem(err);
    }
    *ret = values;
    return 0;
}

static void add(struct ocn_diff *diff, const char *path, const json_t *a, const json_t *b)
{
    const struct ocn_diff_item item = { .level = OCN_DIFF_OUTCOME, .path = path, .a = a, .b = b };

    ocn_diff_add(diff, &item);
}

/* What is the same is named in @same. */
static int compare(struct ocn_diff *diff, json_t *a, json_t *b, json_t *same)
{
    const char *path;
    json_t *value;
    int status = 0;

    json_object_foreach (a, path, value) {
        const json_t *other = json_object_get(b, path);
        if (other != NULL && json_equal(value, other) == 1) {
            status |= json_array_append_new(same, json_string(path));
        } else {
            add(diff, path, value, other);
        }
    }
    json_object_foreach (b, path, value) {
        if (json_object_get(a, path) == NULL) {
            add(diff, path, NULL, value);
        }
    }
    return status;
}

int ocn_diff_outcome(struct ocn_diff *diff, struct ocn_diff_looks *looks,
                     const struct ocn_look_profile *profile, const struct ocn_look_place *place,
                     json_t **ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    json_auto_t *same = json_array();
    json_auto_t *a = NULL;
    json_auto_t *b = NULL;

    if (judge(&looks->of[0], profile, place, &arena, &a, err) < 0) {
        ocn_error_locate(err, looks->names[0], 0);
        return -1;
    }
    if (judge(&looks->of[1], profile, place, &arena, &b, err) < 0) {
        ocn_error_locate(err, looks->names[1], 0);
        return -1;
    }
    if (add_originals(a, b, &looks->of[0], profile, place, err) < 0 ||
        add_originals(b, a, &looks->of[1], profile, place, err) < 0) {
        return -1;
    }
    diff->profile = profile->name;
    int status = compare(diff, a, b, same);
    diff->profile = NULL;
    if (status != 0 || same == NULL || ocn_arena_check(&arena, err) < 0) {
        return ocn_fail_nomem(err);
    }
    *ret = json_incref(same);
    return 0;
}
