/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/policy/node_policy.h"

#include <string.h>

#include "hook/policy/policy_files.h"
#include "hook/view/dir_view.h"
#include "normalize/json/json.h"

/* ---- what there is to choose from ------------------------------------------------------- */

static const struct ocn_profile *find_built_in(const char *name)
{
    for (size_t i = 0; i < ocn_profiles_built_in_len; i++) {
        if (strcmp(ocn_profiles_built_in[i].name, name) == 0) {
            return &ocn_profiles_built_in[i];
        }
    }
    return NULL;
}

/* The file that packages install is the one that is built in, and has been read then. */
static bool is_same(const struct ocn_profile *profile, struct ocn_bytes text)
{
    return profile != NULL && profile->text.len == text.len &&
           memcmp(profile->text.ptr, text.ptr, text.len) == 0;
}

static int read_profile(const struct ocn_world *world, const char *name, struct ocn_arena *arena,
                        struct ocn_profile *ret, struct ocn_error *err)
{
    const struct ocn_profile *built_in = find_built_in(name);
    const char *places[2];
    struct ocn_layer layer;

    if (ocn_policy_profile(world, name, arena, &layer, places, err) < 0) {
        return -1;
    }
    if (is_same(built_in, layer.text)) {
        *ret = *built_in;
        ret->origin = layer.name;
        return 0;
    }
    return ocn_profile_read(&layer, arena, ret, err);
}

/* Where the profile @name stands in @profiles of @count, or @count. */
static size_t find_profile(const struct ocn_profile *profiles, size_t count, const char *name)
{
    size_t i = 0;

    while (i < count && strcmp(profiles[i].name, name) != 0) {
        i++;
    }
    return i;
}

int ocn_node_policy_profiles(const struct ocn_world *world, struct ocn_arena *arena,
                             struct ocn_profile **ret, size_t *ret_count, struct ocn_error *err)
{
    size_t count = ocn_profiles_built_in_len;
    struct ocn_strings names = { 0 };

    if (ocn_policy_profile_names(world, arena, &names, err) < 0) {
        return -1;
    }
    struct ocn_profile *profiles = ocn_arena_alloc(arena, (count + names.len) * sizeof(*profiles));
    if (profiles == NULL) {
        return ocn_fail_nomem(err);
    }
    memcpy(profiles, ocn_profiles_built_in, count * sizeof(*profiles));
    for (size_t i = 0; i < names.len; i++) {
        size_t at = find_profile(profiles, ocn_profiles_built_in_len, names.items[i]);
        at = at < ocn_profiles_built_in_len ? at : count++;
        if (read_profile(world, names.items[i], arena, &profiles[at], err) < 0) {
            return -1;
        }
    }
    *ret = profiles;
    *ret_count = count;
    return 0;
}

/* ---- the choice ------------------------------------------------------------------------- */

/*
 * The name of the profile that the last layer with one names, from the arena, and that layer;
 * "auto" if none does. A layer that is broken says so later, when it is loaded.
 */
static int find_named(struct ocn_node_policy *policy, const char **ret_name, size_t *ret_layer,
                      struct ocn_error *err)
{
    *ret_name = "auto";
    for (size_t i = policy->layers_len; i > 1; i--) {
        json_auto_t *profile = NULL;
        if (ocn_layer_get(&policy->layers[i - 1], "profile", &profile) < 0) {
            return ocn_fail_nomem(err);
        }
        const char *name = json_string_value(profile);
        if (name != NULL) {
            *ret_layer = i - 1;
            *ret_name = ocn_arena_copy(&policy->arena, name, strlen(name));
            return 0;
        }
    }
    return 0;
}

static int refuse_profile(const struct ocn_layer *layer, const char *name,
                          const char *const places[2], struct ocn_error *err)
{
    struct ocn_error problem = { 0 };

    (void)ocn_fail(&problem, OCN_E_FORMAT, "/profile",
                   "there is no profile \"%s\": neither %s/%s.json nor %s/%s.json exists, and none "
                   "of that name is built in",
                   name, places[0], name, places[1], name);
    ocn_error_locate(&problem, layer->name, ocn_json_line_of(layer->text, "/profile"));
    return ocn_fail(err, problem.code, problem.where, "%s", problem.msg);
}

static struct ocn_layer as_layer(const struct ocn_profile *profile)
{
    return (struct ocn_layer){
        .name = profile->origin != NULL ? profile->origin : "built-in profile",
        .text = profile->text,
        .profile = profile->name,
    };
}

/* Puts the profile that layer @layer names into its place. */
static int take_named(const struct ocn_world *world, struct ocn_node_policy *policy,
                      const char *name, size_t layer, struct ocn_error *err)
{
    const struct ocn_profile *built_in = find_built_in(name);
    struct ocn_error problem = { 0 };
    const char *places[2] = { NULL, NULL };

    if (ocn_policy_profile(world, name, &policy->arena, &policy->layers[0], places, &problem) ==
        0) {
        return 0;
    }
    if (problem.code != OCN_E_NOENT) {
        return ocn_fail(err, problem.code, problem.where, "%s", problem.msg);
    }
    if (built_in == NULL) {
        return refuse_profile(&policy->layers[layer], name, places, err);
    }
    policy->layers[0] = as_layer(built_in);
    return 0;
}

static int detect(const struct ocn_world *world, struct ocn_node_policy *policy,
                  struct ocn_error *err)
{
    OCN_CLEANUP(ocn_dir_view_done)
    struct ocn_dir_view dir = { .rootfs_fd = -1, .host_fd = -1 };

    if (ocn_node_policy_profiles(world, &policy->arena, &policy->profiles, &policy->profiles_len,
                                 err) < 0 ||
        ocn_dir_view_open(&dir, NULL, world->root, err) < 0) {
        return -1;
    }
    const struct ocn_view view = ocn_dir_view_as_view(&dir);
    policy->scores =
        ocn_arena_alloc(&policy->arena, policy->profiles_len * sizeof(*policy->scores));
    if (policy->scores == NULL) {
        return ocn_fail_nomem(err);
    }
    if (ocn_detect_node(policy->profiles, policy->profiles_len, &view, &policy->arena,
                        policy->scores, NULL, err) < 0) {
        return -1;
    }
    policy->profile =
        ocn_detect_choose(policy->profiles, policy->profiles_len, policy->scores, NULL);
    if (policy->profile != NULL) {
        policy->layers[0] = as_layer(policy->profile);
    }
    return 0;
}

/* What is no file's name is refused when its layer is loaded. */
static bool names_file(const char *profile)
{
    return profile[0] != '\0' && profile[0] != '.' && strchr(profile, '/') == NULL;
}

static int find_profile_layer(const struct ocn_world *world, struct ocn_node_policy *policy,
                              struct ocn_error *err)
{
    const char *name;
    size_t layer = 0;

    if (find_named(policy, &name, &layer, err) < 0) {
        return -1;
    }
    if (strcmp(name, "auto") == 0) {
        return detect(world, policy, err);
    }
    if (strcmp(name, OCN_PROFILE_UNKNOWN) == 0 || !names_file(name)) {
        return 0;
    }
    return take_named(world, policy, name, layer, err);
}

/* ---- the policy ------------------------------------------------------------------------- */

static int load(const struct ocn_node_policy *policy, const struct ocn_layer *layers,
                struct ocn_config **ret, struct ocn_error *err)
{
    size_t skip = policy->layers_len != 0 && layers[0].text.ptr == NULL ? 1 : 0;

    return ocn_config_load(layers + skip, policy->layers_len - skip, ret, err);
}

int ocn_node_policy_bind(struct ocn_node_policy *policy, struct ocn_error *err)
{
    return load(policy, policy->layers, &policy->config, err);
}

int ocn_node_policy_load(const struct ocn_world *world, const struct ocn_layer *layers,
                         size_t count, struct ocn_node_policy *ret, struct ocn_error *err)
{
    ret->layers = ocn_arena_alloc(&ret->arena, (count + 1) * sizeof(*ret->layers));
    if (ret->layers == NULL) {
        return ocn_fail_nomem(err);
    }
    if (count != 0) {
        memcpy(ret->layers + 1, layers, count * sizeof(*layers));
    }
    ret->layers_len = count + 1;
    int result = find_profile_layer(world, ret, err);
    if (ocn_arena_check(&ret->arena, err) < 0 || result < 0) {
        return -1;
    }
    return ocn_node_policy_bind(ret, err);
}

int ocn_node_policy_read(const struct ocn_world *world, struct ocn_node_policy *ret,
                         struct ocn_error *err)
{
    struct ocn_layer *layers;
    size_t count;

    if (ocn_policy_layers(world, &ret->arena, &layers, &count, err) < 0) {
        return -1;
    }
    return ocn_node_policy_load(world, layers, count, ret, err);
}

uint32_t ocn_node_policy_choose(const struct ocn_node_policy *policy, const struct ocn_strings *env)
{
    const struct ocn_profile *profile =
        ocn_detect_choose(policy->profiles, policy->profiles_len, policy->scores, env);

    /* More clues cannot make it unknown again. */
    return profile == policy->profile || profile == NULL ? OCN_NODE_PROFILE
                                                         : (uint32_t)(profile - policy->profiles);
}

/* Whether a container's environment can bring @profile about. */
static bool is_in_reach(const struct ocn_profile *profile)
{
    for (size_t i = 0; i < profile->clues_len; i++) {
        if (profile->clues[i].env != NULL) {
            return true;
        }
    }
    return false;
}

int ocn_node_policy_under(const struct ocn_node_policy *policy, uint32_t profile,
                          struct ocn_config **ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };

    if (profile == OCN_NODE_PROFILE) {
        *ret = NULL;
        return 0;
    }
    if (profile >= policy->profiles_len || !is_in_reach(&policy->profiles[profile])) {
        return ocn_fail(err, OCN_E_FORMAT, NULL, "no profile that a container can bring about");
    }
    struct ocn_layer *layers = ocn_arena_alloc(&arena, policy->layers_len * sizeof(*layers));
    if (layers == NULL) {
        return ocn_fail_nomem(err);
    }
    memcpy(layers, policy->layers, policy->layers_len * sizeof(*layers));
    layers[0] = as_layer(&policy->profiles[profile]);
    return load(policy, layers, ret, err);
}

void ocn_node_policy_done(struct ocn_node_policy *policy)
{
    ocn_config_free(policy->config);
    ocn_arena_done(&policy->arena);
    *policy = (struct ocn_node_policy){ 0 };
}
