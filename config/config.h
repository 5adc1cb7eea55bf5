/* SPDX-License-Identifier: Apache-2.0 */
/* The policy: layers of JSON in, one struct ocn_policy for one container out. */
#pragma once

#include "config/layer.h"
#include "normalize/node/detect.h"
#include "normalize/node/identity.h"
#include "normalize/policy/policy.h"

/* config/profiles, compiled in when ocinorm is built; their clues are read already. */
extern const struct ocn_profile ocn_profiles_built_in[];
extern const size_t ocn_profiles_built_in_len;

/* Which of them has this very @text, not a copy of it; ocn_profiles_built_in_len: none. */
size_t ocn_profile_find(struct ocn_bytes text);

/*
 * Reads the clues of the profile @layer, for the detection: by its file alone, whether it would win
 * or not. The clues come from @arena; the layer's strings are borrowed. Everything in it is checked
 * as ocn_config_load() checks it. A profile that a container could bring about by its environment
 * may set nothing but `env`: what it sets else would be in the hands of whoever wrote the image.
 */
OCN_MUST_USE int ocn_profile_read(const struct ocn_layer *layer, struct ocn_arena *arena,
                                  struct ocn_profile *ret, struct ocn_error *err);

struct ocn_config;

/*
 * Binds the built-in default and then @layers, in order. Errors name file, line and JSON pointer
 * (err->where is "FILE:LINE: /POINTER") and, for an unknown key, rule or level, the nearest known
 * one. The overlays of `match` are checked here too, so that nothing is found wrong later. The
 * policy's profile is the name of the layer that is one, OCN_PROFILE_UNKNOWN if it says "auto" and
 * none is. The layers' bytes need not outlive the call. Free *ret with ocn_config_free().
 */
OCN_MUST_USE int ocn_config_load(const struct ocn_layer *layers, size_t count,
                                 struct ocn_config **ret, struct ocn_error *err);

/* Accept NULL. */
void ocn_config_free(struct ocn_config *config);
void ocn_config_freep(struct ocn_config **config);

/* The policy without any overlay of `match`; borrowed. */
const struct ocn_policy *ocn_config_base(const struct ocn_config *config);

/* true where no rule is on, for no container: then nothing needs to be known of one. */
bool ocn_config_is_off(const struct ocn_config *config);

/* Which rows of `match` hold for a container, in order; the list comes from @arena. */
OCN_MUST_USE int ocn_config_match(const struct ocn_config *config,
                                  const struct ocn_identity *identity,
                                  const struct ocn_container *container, struct ocn_arena *arena,
                                  struct ocn_u32s *ret, struct ocn_error *err);

/*
 * The base with the overlays of those rows. *ret is a copy whose strings are borrowed from @config,
 * and whose lists may come from @arena. OCN_E_FORMAT where @held, which need not be of
 * ocn_config_match()'s making, does not ascend or names no row.
 */
OCN_MUST_USE int ocn_config_overlay(const struct ocn_config *config, const struct ocn_u32s *held,
                                    struct ocn_arena *arena, struct ocn_policy *ret,
                                    struct ocn_error *err);

/* Both: the base with the overlay of every row of `match` that holds for a container. */
OCN_MUST_USE int ocn_config_select(const struct ocn_config *config,
                                   const struct ocn_identity *identity,
                                   const struct ocn_container *container, struct ocn_arena *arena,
                                   struct ocn_policy *ret, struct ocn_error *err);

/*
 * Only the names of the low-level runtimes, from the last layer that gives a usable list, whatever
 * else is wrong with the layers: `kill` and `delete` must work on a node whose policy is broken.
 * Falls back to the built-in list. Others come from @arena.
 */
OCN_MUST_USE int ocn_config_runtimes(const struct ocn_layer *layers, size_t count,
                                     struct ocn_arena *arena, struct ocn_strings *ret,
                                     struct ocn_error *err);

/*
 * What `ocinorm config show` prints: {"policy": {...}, "layers": {"/POINTER": "NAME", ...}}, where
 * the second says which layer set each leaf ("built-in" for the default). NULL: out of memory.
 */
OCN_MUST_USE json_t *ocn_config_show(const struct ocn_config *config);

/*
 * JSON Schema (draft 2020-12) of what @fields bind, with the defaults of @defaults (NULL: none). A
 * table whose rows have no doc is a report's: all that is not sparse is required. NULL: no memory.
 */
OCN_MUST_USE json_t *ocn_config_describe(const char *title, const struct ocn_bind *fields,
                                         const json_t *defaults);

/* JSON Schema (draft 2020-12) of a policy file, made from the loader's tables. NULL: no memory. */
OCN_MUST_USE json_t *ocn_config_schema(void);
