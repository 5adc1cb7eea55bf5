/* SPDX-License-Identifier: Apache-2.0 */
/* The policy: layers of JSON in, one struct ocn_policy for one container out. */
#pragma once

#include "normalize/detect.h"
#include "normalize/identity.h"
#include "normalize/policy.h"

#define OCN_POLICY_MAX_SIZE ((size_t)1 << 20)

/* One file, or one built-in text. Later layers win over earlier ones. */
struct ocn_layer {
    const char *name; /* the file's path, as people know it; shown in errors and `config show` */
    struct ocn_bytes text;
    const char *profile; /* the name of the profile that this layer is, or NULL */
};

/* config/profiles, compiled in when ocinorm is built; their clues are read already. */
extern const struct ocn_profile ocn_profiles_built_in[];
extern const size_t ocn_profiles_built_in_len;

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

/*
 * The policy for one container: the base with the overlay of every `match` row that holds for it,
 * in order. *ret is a copy whose strings are borrowed from @config, and whose lists may come from
 * @arena.
 */
OCN_MUST_USE int ocn_config_select(const struct ocn_config *config,
                                   const struct ocn_identity *identity,
                                   const struct ocn_container *container, struct ocn_arena *arena,
                                   struct ocn_policy *ret, struct ocn_error *err);

/*
 * The member @key of @layer alone, whatever else the layer holds: 1 and *ret (json_decref), 0 if it
 * has none or is no JSON, -1 when memory is out. A layer without it is not parsed.
 */
OCN_MUST_USE int ocn_layer_get(const struct ocn_layer *layer, const char *key, json_t **ret);

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

/* JSON Schema (draft 2020-12) of a policy file, made from the loader's tables. NULL: no memory. */
OCN_MUST_USE json_t *ocn_config_schema(void);
