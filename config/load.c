/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "config/policy_fields.h"
#include "normalize/json/load.h"

/* Binds the overlays of @policy to a copy that nobody looks at, to find what is wrong in them. */
static int check_overlays(struct ocn_config *config, struct ocn_error *err)
{
    const struct ocn_policy_match *rows = config->base.match.items;

    for (size_t i = 0; i < config->base.match.len; i++) {
        struct ocn_policy scratch = config->base;
        struct ocn_error problem = { 0 };
        char where[2 * sizeof(problem.where)];
        if (ocn_json_bind(rows[i].policy, OCN_POLICY_OVERLAY_FIELDS, OCN_BIND_STRICT, &scratch,
                          &config->arena, &problem) == 0) {
            continue;
        }
        (void)snprintf(where, sizeof(where), "/match/%zu/policy%s", i, problem.where);
        return ocn_fail(err, problem.code, where, "%s", problem.msg);
    }
    return 0;
}

static int bind_layer(struct ocn_config *config, const json_t *json, struct ocn_error *err)
{
    if (ocn_json_bind(json, ocn_policy_fields, OCN_BIND_STRICT, &config->base, &config->arena,
                      err) < 0) {
        return -1;
    }
    return json_object_get(json, "match") != NULL ? check_overlays(config, err) : 0;
}

static int add_layer(struct ocn_config *config, const struct ocn_layer *layer,
                     struct ocn_error *err)
{
    struct ocn_error problem = { 0 };
    struct ocn_config_source *source = &config->sources[config->sources_len];

    source->name = ocn_arena_copy(&config->arena, layer->name, strlen(layer->name));
    if (ocn_json_load(layer->text, OCN_POLICY_MAX_SIZE, &source->json, &problem) < 0) {
        return ocn_layer_refuse_text(layer, &problem, err);
    }
    config->sources_len++;
    if (ocn_layer_check_place(layer, source->json, &problem) < 0 ||
        bind_layer(config, source->json, &problem) < 0) {
        return ocn_layer_refuse_member(layer, &problem, err);
    }
    return 0;
}

/* "auto" becomes the name of what it came to. */
static void name_profile(struct ocn_config *config, const struct ocn_layer *layers, size_t count)
{
    const char *name = OCN_PROFILE_UNKNOWN;

    if (strcmp(config->base.profile, "auto") != 0) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        name = layers[i].profile != NULL ? layers[i].profile : name;
    }
    config->base.profile = ocn_arena_copy(&config->arena, name, strlen(name));
}

static void note_bound(struct ocn_config *config, const struct ocn_layer *layer)
{
    struct ocn_config_source *source = &config->sources[config->sources_len++];

    source->text = layer->text;
    source->name = ocn_arena_copy(&config->arena, layer->name, strlen(layer->name));
}

/* Adds @layer, if that is a profile of ours and untouched. */
static bool add_bound(struct ocn_config *config, const struct ocn_layer *layer)
{
    size_t i = ocn_profile_find(layer->text);

    if (i == ocn_profiles_built_in_len) {
        return false;
    }
    ocn_config_bind_profile(i, &config->base);
    note_bound(config, layer);
    return true;
}

static int add_layers(struct ocn_config *config, const struct ocn_layer *layers, size_t count,
                      struct ocn_error *err)
{
    const struct ocn_layer built_in = { OCN_POLICY_BUILT_IN, ocn_policy_default, NULL };

    config->base = ocn_policy_built_in;
    note_bound(config, &built_in);
    for (size_t i = count != 0 && add_bound(config, &layers[0]) ? 1 : 0; i < count; i++) {
        if (add_layer(config, &layers[i], err) < 0) {
            return -1;
        }
    }
    name_profile(config, layers, count);
    return 0;
}

int ocn_config_load(const struct ocn_layer *layers, size_t count, struct ocn_config **ret,
                    struct ocn_error *err)
{
    OCN_CLEANUP(ocn_config_freep) struct ocn_config *config = calloc(1, sizeof(*config));

    if (config == NULL) {
        return ocn_fail_nomem(err);
    }
    config->sources = ocn_arena_alloc(&config->arena, (count + 1) * sizeof(*config->sources));
    if (config->sources == NULL) {
        return ocn_fail_nomem(err);
    }
    int result = add_layers(config, layers, count, err);
    if (ocn_arena_check(&config->arena, err) < 0 || result < 0) {
        return -1;
    }
    *ret = config;
    config = NULL;
    return 0;
}

void ocn_config_free(struct ocn_config *config)
{
    if (config == NULL) {
        return;
    }
    for (size_t i = 0; i < config->sources_len; i++) {
        json_decref(config->sources[i].json);
    }
    ocn_arena_done(&config->arena);
    free(config);
}

void ocn_config_freep(struct ocn_config **config)
{
    ocn_config_free(*config);
}

const struct ocn_policy *ocn_config_base(const struct ocn_config *config)
{
    return &config->base;
}

/* Neither "holds" nor "does not hold" is safe to assume: either may be the weaker policy. */
static int fail_unknown(const struct ocn_identity *identity, size_t row, struct ocn_error *err)
{
    char where[32];

    (void)snprintf(where, sizeof(where), "/match/%zu/when", row);
    return ocn_fail(err, OCN_E_FORMAT, where,
                    "cannot tell whether it holds: this is a container of %s, which does not say "
                    "its namespace or image as it should",
                    identity->engine);
}

int ocn_config_match(const struct ocn_config *config, const struct ocn_identity *identity,
                     const struct ocn_container *container, struct ocn_arena *arena,
                     struct ocn_u32s *ret, struct ocn_error *err)
{
    const struct ocn_policy_match *rows = config->base.match.items;
    size_t count = config->base.match.len;
    struct ocn_u32s held = { 0 };

    if (count != 0) {
        held.items = ocn_arena_alloc(arena, count * sizeof(*held.items));
        if (held.items == NULL) {
            return ocn_fail_nomem(err);
        }
    }
    for (size_t i = 0; i < count; i++) {
        switch (ocn_identity_matches(identity, container, &rows[i].when)) {
        case OCN_MATCH_YES:
            held.items[held.len++] = (uint32_t)i;
            break;
        case OCN_MATCH_UNKNOWN:
            return fail_unknown(identity, i, err);
        case OCN_MATCH_NO:
        default:
            break;
        }
    }
    *ret = held;
    return 0;
}

int ocn_config_overlay(const struct ocn_config *config, const struct ocn_u32s *held,
                       struct ocn_arena *arena, struct ocn_policy *ret, struct ocn_error *err)
{
    struct ocn_policy policy = config->base;
    const struct ocn_policy_match *rows = policy.match.items;
    size_t next = 0;

    for (size_t i = 0; i < held->len; i++) {
        uint32_t row = held->items[i];
        if (row < next || row >= config->base.match.len) {
            return ocn_fail(err, OCN_E_FORMAT, NULL, "no such row of match");
        }
        if (ocn_json_bind(rows[row].policy, OCN_POLICY_OVERLAY_FIELDS, OCN_BIND_STRICT, &policy,
                          arena, err) < 0) {
            return -1;
        }
        next = row + 1;
    }
    *ret = policy;
    return 0;
}

/* Rows speak for themselves: what the last one that holds says of a rule counts, or the base. */
bool ocn_config_is_off(const struct ocn_config *config)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    struct ocn_policy policy = config->base;

    for (uint32_t row = 0; row <= config->base.match.len; row++) {
        for (size_t i = 0; i < OCN_RULE_COUNT; i++) {
            if (policy.level[i] != OCN_LEVEL_OFF) {
                return false;
            }
        }
        const struct ocn_u32s held = { &row, 1 };
        if (row < config->base.match.len &&
            ocn_config_overlay(config, &held, &arena, &policy, NULL) < 0) {
            return false;
        }
    }
    return true;
}

int ocn_config_select(const struct ocn_config *config, const struct ocn_identity *identity,
                      const struct ocn_container *container, struct ocn_arena *arena,
                      struct ocn_policy *ret, struct ocn_error *err)
{
    struct ocn_u32s held = { 0 };

    return ocn_config_match(config, identity, container, arena, &held, err) < 0
               ? -1
               : ocn_config_overlay(config, &held, arena, ret, err);
}

/* The list of runtimes that @layer gives in *ret, if it can be used. -1: memory is out. */
static int find_runtimes(const struct ocn_layer *layer, struct ocn_arena *arena,
                         struct ocn_strings *ret, bool *ret_found)
{
    struct ocn_error problem = { 0 };
    struct ocn_policy policy = { 0 };
    json_auto_t *runtimes = NULL;

    *ret_found = false;
    if (ocn_layer_get(layer, "runtimes", &runtimes) < 0) {
        return -1;
    }
    if (runtimes == NULL) {
        return 0;
    }
    json_auto_t *alone = json_object();
    if (json_object_set(alone, "runtimes", runtimes) < 0) {
        return -1;
    }
    if (ocn_json_bind(alone, ocn_policy_fields, OCN_BIND_STRICT, &policy, arena, &problem) < 0) {
        return problem.code == OCN_E_NOMEM ? -1 : 0;
    }
    for (size_t i = 0; i < policy.runtimes.len; i++) {
        const char *name = policy.runtimes.items[i];
        policy.runtimes.items[i] = ocn_arena_copy(arena, name, strlen(name));
    }
    if (arena->failed) {
        return -1;
    }
    *ret = policy.runtimes;
    *ret_found = true;
    return 0;
}

int ocn_config_runtimes(const struct ocn_layer *layers, size_t count, struct ocn_arena *arena,
                        struct ocn_strings *ret, struct ocn_error *err)
{
    bool found = false;

    for (size_t i = count; i > 0 && !found; i--) {
        if (find_runtimes(&layers[i - 1], arena, ret, &found) < 0) {
            return ocn_fail_nomem(err);
        }
    }
    if (!found) {
        *ret = ocn_policy_built_in.runtimes;
    }
    return 0;
}
