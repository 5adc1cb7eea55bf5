/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share: the tables of the policy, its default, a loaded one. */
#pragma once

#include "config/config.h"

/* The name of the built-in default where people see it. */
#define OCN_POLICY_BUILT_IN "built-in"

/* Every key of a policy file; offsets are those of struct ocn_policy, at every depth. */
extern const struct ocn_bind ocn_policy_fields[];

/* Those below "admission" (admission_fields.c). */
extern const struct ocn_bind ocn_policy_admission_fields[];

/* The last of them, which the `policy` of a `match` row may have: those that differ by container.
 */
#define OCN_POLICY_OVERLAY_FIELDS (&ocn_policy_fields[5])

/* default.json, as text and bound: no start of a container parses what is known beforehand. */
extern const struct ocn_bytes ocn_policy_default;
extern const struct ocn_policy ocn_policy_built_in;

/* Puts what ocn_profiles_built_in[@at] sets above what is in @policy. Code, for it costs no start
 * anything; a table of pointers would be relocated at each. */
void ocn_config_bind_profile(size_t at, struct ocn_policy *policy);

/* A layer as it was read; the policy's strings are borrowed from its JSON. */
struct ocn_config_source {
    const char *name;
    json_t *json;          /* NULL: it was bound when ocinorm was built */
    struct ocn_bytes text; /* then its text */
};

struct ocn_config {
    struct ocn_policy base;
    const char *profile;               /* the name of the layer that is one, or NULL */
    struct ocn_config_source *sources; /* in order, the built-in default first */
    size_t sources_len;
    struct ocn_arena arena;
};
