/* SPDX-License-Identifier: Apache-2.0 */
#include "config/layer.h"

#include "normalize/json/json.h"

int ocn_layer_get(const struct ocn_layer *layer, const char *key, json_t **ret)
{
    struct ocn_error problem = { 0 };
    json_auto_t *json = NULL;

    if (ocn_json_may_have(layer->text, key) &&
        ocn_json_load(layer->text, OCN_POLICY_MAX_SIZE, &json, &problem) < 0 &&
        problem.code == OCN_E_NOMEM) {
        return -1;
    }
    *ret = json_incref(json_object_get(json, key));
    return 0;
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
