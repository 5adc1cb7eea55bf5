/* SPDX-License-Identifier: Apache-2.0 */
/* Where the policy's layers lie on a node. */
#pragma once

#include "config/config.h"
#include "hook/policy/world.h"
#include "hook/sys/places.h"

/*
 * The layers in order: every *.json of OCN_VENDOR_DIR, the config file, conf.d beside it in name
 * order. world->config names another config file, which must then exist; world->root prefixes every
 * path but that one. The profile that goes below them is node_policy.h's. *ret comes from @arena.
 * A file, or a directory of such files, that others can write is an error (hook/policy/owner.h),
 * unless world->any_owner, or world->root names a tree.
 */
OCN_MUST_USE int ocn_policy_layers(const struct ocn_world *world, struct ocn_arena *arena,
                                   struct ocn_layer **ret, size_t *ret_count,
                                   struct ocn_error *err);

/*
 * Reads the profile @name: NAME.json in profiles/ beside the config file, else in
 * OCN_VENDOR_DIR/profiles. OCN_E_NOENT if there is neither; @places says where was looked.
 */
OCN_MUST_USE int ocn_policy_profile(const struct ocn_world *world, const char *name,
                                    struct ocn_arena *arena, struct ocn_layer *ret,
                                    const char *places[2], struct ocn_error *err);

/* The names of all profiles in these two directories, each once, in name order. */
OCN_MUST_USE int ocn_policy_profile_names(const struct ocn_world *world, struct ocn_arena *arena,
                                          struct ocn_strings *ret, struct ocn_error *err);

/*
 * Whether the break-glass file /etc/ocinorm/disabled, or `disabled` beside the config file, is
 * there; one that others can write or have put there does not count.
 */
bool ocn_policy_is_disabled(const struct ocn_world *world);
