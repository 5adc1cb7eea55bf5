/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy of this node: the layers that lie on it, above the profile that they name or that its
 * own files make likely.
 */
#pragma once

#include "config/config.h"
#include "hook/policy/world.h"

/* Zero-initialise; release with ocn_node_policy_done(). */
struct ocn_node_policy {
    struct ocn_config *config; /* as it holds unless a container's environment tells more */
    /* Only where the profile is "auto": what there is to choose from, and what the node shows. */
    struct ocn_profile *profiles;
    size_t profiles_len;
    struct ocn_score *scores;
    const struct ocn_profile *profile; /* the node's own choice; NULL: unknown */
    struct ocn_layer *layers;          /* the first is the place of the profile */
    size_t layers_len;
    struct ocn_arena arena;
};

/* Reads the layers (ocn_policy_layers) and does what follows. */
OCN_MUST_USE int ocn_node_policy_read(const struct ocn_world *world, struct ocn_node_policy *ret,
                                      struct ocn_error *err);

/* Chooses the profile and loads it below @layers, which must outlive @ret. */
OCN_MUST_USE int ocn_node_policy_load(const struct ocn_world *world, const struct ocn_layer *layers,
                                      size_t count, struct ocn_node_policy *ret,
                                      struct ocn_error *err);

/*
 * Loads policy->config of the layers that are there already: for whoever makes a policy of the
 * members of another one. Without layers it is the built-in one.
 */
OCN_MUST_USE int ocn_node_policy_bind(struct ocn_node_policy *policy, struct ocn_error *err);

#define OCN_NODE_PROFILE UINT32_MAX

/*
 * The profile, by its place among policy->profiles, for a container with the environment @env;
 * OCN_NODE_PROFILE: the node's own choice holds.
 */
uint32_t ocn_node_policy_choose(const struct ocn_node_policy *policy,
                                const struct ocn_strings *env);

/*
 * The policy under that profile: *ret is NULL for the node's own, else to be freed with
 * ocn_config_free(). OCN_E_FORMAT where no container can bring @profile about.
 */
OCN_MUST_USE int ocn_node_policy_under(const struct ocn_node_policy *policy, uint32_t profile,
                                       struct ocn_config **ret, struct ocn_error *err);

void ocn_node_policy_done(struct ocn_node_policy *policy);

/*
 * The profiles that there are for "auto", in the order in which they are asked: the built-in ones
 * (or the files of the same name that replace them), then the node's own. From @arena.
 */
OCN_MUST_USE int ocn_node_policy_profiles(const struct ocn_world *world, struct ocn_arena *arena,
                                          struct ocn_profile **ret, size_t *ret_count,
                                          struct ocn_error *err);
