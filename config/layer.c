/* SPDX-License-Identifier: Apache-2.0 */
#include "config/layer.h"

#include <string.h>

#include "normalize/json/json.h"
#include "normalize/json/load.h"
#include "normalize/json/scan.h"

/*
 * Whether @text, which is looked at from its beginning to its end, leaves no doubt. Its member
 * @key, if it has one, in *ret.
 */
static bool scan_member(struct ocn_bytes text, const char *key, struct ocn_bytes *ret)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    struct ocn_json_scan scan = { .text = text, .arena = &arena };
    struct ocn_json_keys keys = { 0 };
    const size_t len = strlen(key);
    struct ocn_bytes name;

    ocn_json_scan_enter(&scan, '{');
    while (ocn_json_scan_member(&scan, &keys, &name)) {
        const size_t start = scan.pos;
        ocn_json_scan_pass(&scan);
        if (name.len == len && memcmp(name.ptr, key, len) == 0) {
            *ret = (struct ocn_bytes){ text.ptr + start, scan.pos - start };
        }
    }
    return ocn_json_scan_ends(&scan) && !arena.failed;
}

/* The same of a text that is in doubt, and may be none: NULL then. */
static int load_member(struct ocn_bytes text, const char *key, json_t **ret)
{
    struct ocn_error problem = { 0 };
    json_auto_t *json = NULL;

    if (ocn_json_load(text, OCN_POLICY_MAX_SIZE, &json, &problem) < 0 &&
        problem.code == OCN_E_NOMEM) {
        return -1;
    }
    *ret = json_incref(json_object_get(json, key));
    return 0;
}

int ocn_layer_get(const struct ocn_layer *layer, const char *key, json_t **ret)
{
    const struct ocn_bytes text = layer->text;
    struct ocn_bytes member = { NULL, 0 };

    if (ocn_json_may_have(text, key) &&
        (text.len > OCN_POLICY_MAX_SIZE || !scan_member(text, key, &member))) {
        return load_member(text, key, ret);
    }
    if (member.ptr == NULL) {
        *ret = NULL;
        return 0;
    }
    return ocn_json_load_value(member, OCN_POLICY_MAX_SIZE, ret, NULL);
}

int ocn_layer_refuse_text(const struct ocn_layer *layer, const struct ocn_error *problem,
                          struct ocn_error *err)
{
    struct ocn_error located = *problem;

    ocn_error_locate(&located, layer->name, 0);
    return ocn_fail(err, located.code, located.where, "%s", located.msg);
}

int ocn_layer_refuse_member(const struct ocn_layer *layer, const struct ocn_error *problem,
                            struct ocn_error *err)
{
    /* A pointer that was cut ("...") leads nowhere. */
    bool whole = problem->where[0] != '.';
    struct ocn_error located = *problem;

    if (problem->code == OCN_E_FORMAT) {
        ocn_error_locate(&located, layer->name,
                         whole ? ocn_json_line_of(layer->text, problem->where) : 0);
    }
    return ocn_fail(err, located.code, located.where, "%s", located.msg);
}

int ocn_layer_check_place(const struct ocn_layer *layer, const json_t *json, struct ocn_error *err)
{
    if (layer->profile == NULL && json_object_get(json, "detect") != NULL) {
        return ocn_fail(err, OCN_E_FORMAT, "/detect",
                        "only a profile is detected; move this into profiles/NAME.json");
    }
    if (layer->profile != NULL && json_object_get(json, "profile") != NULL) {
        return ocn_fail(err, OCN_E_FORMAT, "/profile",
                        "a profile cannot name another one; delete this");
    }
    return 0;
}
