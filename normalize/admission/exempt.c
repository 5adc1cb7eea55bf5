/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/admission/exempt.h"

#include <stdio.h>
#include <string.h>

#include "normalize/policy/pattern.h"
#include "normalize/workload/field.h"

/* ---- what has changed -------------------------------------------------------------------- */

const struct ocn_admission_part ocn_admission_parts[] = {
    { "metadata.labels", "{}" },          { "metadata.annotations", "{}" },
    { "spec.containers", "[]" },          { "spec.initContainers", "[]" },
    { "spec.ephemeralContainers", "[]" }, { "spec.securityContext", "{}" },
    { "spec.runtimeClassName", "''" },    { "spec.os", "{}" },
    { "spec.hostNetwork", "false" },      { "spec.hostPID", "false" },
    { "spec.hostIPC", "false" },          { NULL, NULL },
};

/* What the API server leaves out where it stores an object: to it, that is absence. */
static const json_t *get(const json_t *meta, const json_t *spec, const char *path)
{
    bool in_meta = strncmp(path, "metadata.", strlen("metadata.")) == 0;
    const json_t *value = ocn_field_get(in_meta ? meta : spec, path + strcspn(path, ".") + 1);
    bool empty = (json_is_object(value) && json_object_size(value) == 0) ||
                 (json_is_array(value) && json_array_size(value) == 0) ||
                 (json_is_string(value) && json_string_length(value) == 0) || json_is_false(value);

    return empty ? NULL : value;
}

bool ocn_admission_is_same(const json_t *meta, const json_t *spec, const json_t *old_meta,
                           const json_t *old_spec)
{
    for (const struct ocn_admission_part *part = ocn_admission_parts; part->path != NULL; part++) {
        const json_t *now = get(meta, spec, part->path);
        const json_t *before = get(old_meta, old_spec, part->path);
        if (now != before && !json_equal(now, before)) {
            return false;
        }
    }
    return true;
}

/* ---- globs ------------------------------------------------------------------------------- */

const char *ocn_admission_glob_check(const char *glob)
{
    return glob[0] == '^' ? "is a glob, and begins with ^: write \\^ for the character"
                          : ocn_pattern_check(glob);
}

/* An error says where the glob stands. */
static int holds(const char *glob, const char *value, const char *where, bool *ret,
                 struct ocn_error *err)
{
    const char *why = ocn_admission_glob_check(glob);

    if (why != NULL) {
        return ocn_fail(err, OCN_E_UNSUPPORTED, where, "the gate cannot read \"%s\": %s", glob,
                        why);
    }
    *ret = ocn_pattern_holds(glob, value);
    return 0;
}

static int any_holds(const struct ocn_strings *globs, const char *value, const char *where,
                     bool *ret, struct ocn_error *err)
{
    bool one = false;

    *ret = false;
    for (size_t i = 0; i < globs->len; i++) {
        if (holds(globs->items[i], value, where, &one, err) < 0) {
            return -1;
        }
        *ret = *ret || one;
    }
    return 0;
}

/* How many of the pairs hold: @annotations has the key, and the glob its value. */
static int count_pairs(const struct ocn_pairs *pairs, const json_t *annotations, const char *where,
                       size_t *ret, struct ocn_error *err)
{
    *ret = 0;
    for (size_t i = 0; i < pairs->len; i++) {
        const json_t *value = json_object_get(annotations, pairs->items[i].name);
        const char *text = json_is_string(value) ? json_string_value(value) : "";
        bool one = false;
        if (holds(pairs->items[i].value, text, where, &one, err) < 0) {
            return -1;
        }
        *ret += one && json_is_string(value);
    }
    return 0;
}

int ocn_admission_exempts(const struct ocn_policy *policy, const char *namespace_,
                          const json_t *annotations, bool *ret, struct ocn_error *err)
{
    size_t count = 0;
    bool by_namespace = false;

    if (any_holds(&policy->exempt.namespaces, namespace_, "/exempt/namespaces", &by_namespace,
                  err) < 0 ||
        count_pairs(&policy->exempt.annotations, annotations, "/exempt/annotations", &count, err) <
            0) {
        return -1;
    }
    *ret = by_namespace || count != 0;
    return 0;
}

/* ---- match ------------------------------------------------------------------------------- */

int ocn_admission_matches(const struct ocn_policy_match *row, size_t at, const char *namespace_,
                          const json_t *annotations, bool *ret, struct ocn_error *err)
{
    const struct ocn_policy_when *when = &row->when;
    char where[64];
    size_t count = 0;
    bool by_namespace = false;

    (void)snprintf(where, sizeof(where), "/match/%zu/when/images", at);
    if (when->images.len != 0) {
        return ocn_fail(
            err, OCN_E_UNSUPPORTED, where,
            "the row changes what the gate asks, and the gate cannot match by image: an "
            "object names it otherwise than an engine; match by namespaces or "
            "annotations");
    }
    (void)snprintf(where, sizeof(where), "/match/%zu/when/namespaces", at);
    if (any_holds(&when->namespaces, namespace_, where, &by_namespace, err) < 0) {
        return -1;
    }
    (void)snprintf(where, sizeof(where), "/match/%zu/when/annotations", at);
    if (count_pairs(&when->annotations, annotations, where, &count, err) < 0) {
        return -1;
    }
    *ret = (when->namespaces.len == 0 || by_namespace) && count == when->annotations.len;
    return 0;
}

int ocn_admission_match_check(const struct ocn_policy_match *row, size_t at, struct ocn_error *err)
{
    bool holds_now = false;

    return ocn_admission_matches(row, at, "", NULL, &holds_now, err);
}

/* ---- of a request ------------------------------------------------------------------------ */

const char *ocn_admission_namespace(const struct ocn_admission_request *request)
{
    const char *own = ocn_field_string(request->object, "metadata.namespace");

    if (request->namespace_ != NULL && request->namespace_[0] != '\0') {
        return request->namespace_;
    }
    return own != NULL && own[0] != '\0' ? own : "default";
}

static int take_annotations(void *ctx, const struct ocn_pod *pod, struct ocn_error *err)
{
    (void)err;
    *(const json_t **)ctx = ocn_field_get(pod->meta, "annotations");
    return 0;
}

int ocn_admission_annotations(const struct ocn_admission_request *request, struct ocn_arena *arena,
                              const json_t **ret, struct ocn_error *err)
{
    const json_t *found = NULL;

    if (ocn_pod_each(request->object, arena, take_annotations, &found, err) < 0) {
        return -1;
    }
    *ret = found;
    return 0;
}
