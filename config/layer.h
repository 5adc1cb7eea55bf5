/* SPDX-License-Identifier: Apache-2.0 */
/* A file of the policy, or a built-in text: what is asked of it alone, and how it is refused. */
#pragma once

#include <jansson.h>

#include "normalize/base/error.h"

#define OCN_POLICY_MAX_SIZE ((size_t)1 << 20)

/* One file, or one built-in text. Later layers win over earlier ones. */
struct ocn_layer {
    const char *name; /* the file's path, as people know it; shown in errors and `config show` */
    struct ocn_bytes text;
    const char *profile; /* the name of the profile that this layer is, or NULL */
};

/*
 * The member @key of @layer alone, whatever else the layer holds, in *ret (json_decref); NULL if it
 * has none or is no JSON. -1 when memory is out. A layer without it is not parsed.
 */
OCN_MUST_USE int ocn_layer_get(const struct ocn_layer *layer, const char *key, json_t **ret);

/*
 * Pass on what was found wrong in @layer, whose bytes are known: a parser's "LINE:COLUMN" as
 * "FILE:LINE:COLUMN", a pointer as "FILE:LINE: /POINTER". Return -1.
 */
int ocn_layer_refuse_text(const struct ocn_layer *layer, const struct ocn_error *problem,
                          struct ocn_error *err);
int ocn_layer_refuse_member(const struct ocn_layer *layer, const struct ocn_error *problem,
                            struct ocn_error *err);

/* What a layer may not say where it stands: /detect outside of profiles, /profile in one. */
int ocn_layer_check_place(const struct ocn_layer *layer, const json_t *json, struct ocn_error *err);
