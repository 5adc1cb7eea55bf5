/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles: what a platform is known by, and what such a file may say. */
#include <string.h>

#include "config/policy_fields.h"
#include "normalize/json/load.h"

size_t ocn_profile_find(struct ocn_bytes text)
{
    size_t i = 0;

    while (i < ocn_profiles_built_in_len && text.ptr != ocn_profiles_built_in[i].text.ptr) {
        i++;
    }
    return i;
}

/* The first key that only the admin's own policy may set, or NULL. */
static const char *find_foreign(const json_t *json)
{
    static const char *const own[] = { "version", "detect", "env" };
    const char *key;
    json_t *value;

    json_object_foreach ((json_t *)(uintptr_t)json, key, value) {
        bool known = false;
        for (size_t i = 0; i < OCN_COUNT(own); i++) {
            known = known || strcmp(key, own[i]) == 0;
        }
        if (!known) {
            return key;
        }
    }
    return NULL;
}

/* What the environment of a container may bring about. */
static int check_reach(const struct ocn_list *clues, const json_t *json, struct ocn_error *err)
{
    const struct ocn_clue *items = clues->items;
    const char *foreign = find_foreign(json);
    char where[80];

    if (clues->len > OCN_MAX_CLUES) {
        return ocn_fail(err, OCN_E_LIMIT, "/detect", "has more than %d clues", OCN_MAX_CLUES);
    }
    for (size_t i = 0; foreign != NULL && i < clues->len; i++) {
        if (items[i].env != NULL) {
            (void)snprintf(where, sizeof(where), "/%s", foreign);
            return ocn_fail(err, OCN_E_FORMAT, where,
                            "a container can bring this profile about by its variable %s, so that "
                            "it may set nothing but \"env\"; move this to the node's own policy",
                            items[i].env);
        }
    }
    return 0;
}

static const char *copy_text(struct ocn_arena *arena, const char *text)
{
    return text != NULL ? ocn_arena_copy(arena, text, strlen(text)) : NULL;
}

/* The JSON that they were borrowed from goes away. */
static void copy_clues(const struct ocn_list *list, struct ocn_arena *arena)
{
    struct ocn_clue *clues = list->items;

    for (size_t i = 0; i < list->len; i++) {
        clues[i].file = copy_text(arena, clues[i].file);
        clues[i].env = copy_text(arena, clues[i].env);
        clues[i].key = copy_text(arena, clues[i].key);
        clues[i].is = copy_text(arena, clues[i].is);
        clues[i].is_not = copy_text(arena, clues[i].is_not);
    }
}

int ocn_profile_read(const struct ocn_layer *layer, struct ocn_arena *arena,
                     struct ocn_profile *ret, struct ocn_error *err)
{
    struct ocn_policy scratch = { 0 };
    struct ocn_error problem = { 0 };
    json_auto_t *json = NULL;

    if (ocn_json_load(layer->text, OCN_POLICY_MAX_SIZE, &json, &problem) < 0) {
        return ocn_layer_refuse_text(layer, &problem, err);
    }
    if (ocn_layer_check_place(layer, json, &problem) < 0 ||
        ocn_json_bind(json, ocn_policy_fields, OCN_BIND_STRICT, &scratch, arena, &problem) < 0 ||
        check_reach(&scratch.detect, json, &problem) < 0) {
        return ocn_layer_refuse_member(layer, &problem, err);
    }
    copy_clues(&scratch.detect, arena);
    if (ocn_arena_check(arena, err) < 0) {
        return -1;
    }
    *ret = (struct ocn_profile){
        .name = layer->profile,
        .clues = scratch.detect.items,
        .clues_len = scratch.detect.len,
        .origin = layer->name,
        .text = layer->text,
    };
    return 0;
}
