/* SPDX-License-Identifier: Apache-2.0 */
/* The policy for people and for editors: what is set and by which layer; what may be set. */
#include "config/policy_fields.h"
#include "normalize/json/load.h"
#include "normalize/json/pointer.h"

/* ---- which layer set what --------------------------------------------------------------- */

/* Puts @name at the pointer of every leaf of @policy that @layer sets, into @marks. */
static int mark_leaves(json_t *layer, const json_t *policy, struct ocn_buf *pointer,
                       const char *name, json_t *marks)
{
    const char *key;
    json_t *value;

    if (pointer->failed) {
        return -1;
    }
    if (json_object_size(policy) == 0) {
        return json_object_set_new(marks, pointer->ptr, json_string(name));
    }
    json_object_foreach (layer, key, value) {
        size_t len = pointer->len;
        ocn_json_pointer_add(pointer, key);
        if (mark_leaves(value, json_object_get(policy, key), pointer, name, marks) < 0) {
            return -1;
        }
        pointer->len = len;
    }
    return 0;
}

json_t *ocn_config_show(const struct ocn_config *config)
{
    json_auto_t *policy = ocn_json_unbind(&config->base, ocn_policy_fields);
    json_auto_t *marks = json_object();
    json_auto_t *show = json_object();

    for (size_t i = 0; i < config->sources_len; i++) {
        OCN_CLEANUP(ocn_buf_done) struct ocn_buf pointer = { 0 };
        const struct ocn_config_source *source = &config->sources[i];
        json_auto_t *json = json_incref(source->json);
        if (json == NULL && ocn_json_load(source->text, OCN_POLICY_MAX_SIZE, &json, NULL) < 0) {
            return NULL;
        }
        if (mark_leaves(json, policy, &pointer, source->name, marks) < 0) {
            return NULL;
        }
    }
    if (json_object_set(show, "policy", policy) < 0 || json_object_set(show, "layers", marks) < 0) {
        return NULL;
    }
    return json_incref(show);
}
