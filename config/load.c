/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "config/policy_fields.h"
#include "normalize/json_text.h"

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
    if (source->name == NULL) {
        return ocn_fail_nomem(err);
    }
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
static int name_profile(struct ocn_config *config, const struct ocn_layer *layers, size_t count,
                        struct ocn_error *err)
{
    const char *name = OCN_PROFILE_UNKNOWN;

    if (strcmp(config->base.profile, "auto") != 0) {
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        name = layers[i].profile != NULL ? layers[i].profile : name;
    }
    config->base.profile = ocn_arena_copy(&config->arena, name, strlen(name));
    return config->base.profile != NULL ? 0 : ocn_fail_nomem(err);
}

/* The built-in default with @layer above it, if that is a profile of ours and untouched. */
static const struct ocn_policy *find_bound(const struct ocn_layer *layer)
{
    for (size_t i = 0; i < ocn_profiles_built_in_len; i++) {
        if (layer->text.ptr == ocn_profiles_built_in[i].text.ptr) {
            return &ocn_profiles_bound[i];
        }
    }
    return NULL;
}

static int add_bound(struct ocn_config *config, const struct ocn_layer *layer,
                     const struct ocn_policy *bound, struct ocn_error *err)
{
    struct ocn_config_source *source = &config->sources[config->sources_len++];

    config->base = *bound;
    source->text = layer->text;
    source->name = ocn_arena_copy(&config->arena, layer->name, strlen(layer->name));
    return source->name != NULL ? 0 : ocn_fail_nomem(err);
}

static int add_layers(struct ocn_config *config, const struct ocn_layer *layers, size_t count,
                      struct ocn_error *err)
{
    const struct ocn_layer built_in = { OCN_POLICY_BUILT_IN, ocn_policy_default, NULL };
    const struct ocn_policy *bound = count != 0 ? find_bound(&layers[0]) : NULL;

    if (add_bound(config, &built_in, &ocn_policy_built_in, err) < 0 ||
        (bound != NULL && add_bound(config, &layers[0], bound, err) < 0)) {
        return -1;
    }
    for (size_t i = bound != NULL ? 1 : 0; i < count; i++) {
        if (add_layer(config, &layers[i], err) < 0) {
            return -1;
        }
    }
    return name_profile(config, layers, count, err);
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
    if (add_layers(config, layers, count, err) < 0) {
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

int ocn_config_select(const struct ocn_config *config, const struct ocn_identity *identity,
                      const struct ocn_container *container, struct ocn_arena *arena,
                      struct ocn_policy *ret, struct ocn_error *err)
{
    struct ocn_policy policy = config->base;
    const struct ocn_policy_match *rows = policy.match.items;

    for (size_t i = 0; i < policy.match.len; i++) {
        if (ocn_identity_matches(identity, container, &rows[i].when) &&
            ocn_json_bind(rows[i].policy, OCN_POLICY_OVERLAY_FIELDS, OCN_BIND_STRICT, &policy,
                          arena, err) < 0) {
            return -1;
        }
    }
    *ret = policy;
    return 0;
}

int ocn_layer_get(const struct ocn_layer *layer, const char *key, json_t **ret)
{
    struct ocn_error problem = { 0 };
    json_auto_t *json = NULL;

    if (!ocn_json_may_have(layer->text, key)) {
        return 0;
    }
    if (ocn_json_load(layer->text, OCN_POLICY_MAX_SIZE, &json, &problem) < 0) {
        return problem.code == OCN_E_NOMEM ? -1 : 0;
    }
    *ret = json_incref(json_object_get(json, key));
    return *ret != NULL ? 1 : 0;
}

/* 1 if @layer gives a list of runtimes that can be used, 0 if not, -1 when memory is out. */
static int find_runtimes(const struct ocn_layer *layer, struct ocn_arena *arena,
                         struct ocn_strings *ret)
{
    struct ocn_error problem = { 0 };
    struct ocn_policy policy = { 0 };
    json_auto_t *runtimes = NULL;
    int found = ocn_layer_get(layer, "runtimes", &runtimes);

    if (found != 1) {
        return found;
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
        if (policy.runtimes.items[i] == NULL) {
            return -1;
        }
    }
    *ret = policy.runtimes;
    return 1;
}

int ocn_config_runtimes(const struct ocn_layer *layers, size_t count, struct ocn_arena *arena,
                        struct ocn_strings *ret, struct ocn_error *err)
{
    int found = 0;

    for (size_t i = count; i > 0 && found == 0; i--) {
        found = find_runtimes(&layers[i - 1], arena, ret);
    }
    if (found == 0) {
        *ret = ocn_policy_built_in.runtimes;
    }
    return found >= 0 ? 0 : ocn_fail_nomem(err);
}
