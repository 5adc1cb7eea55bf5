/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of one JSON object, to find the one that is there twice. */
#pragma once

#include <stdbool.h>

#include "normalize/base/arena.h"

#define OCN_JSON_KEYS_FIRST 32 /* a power of two: half as many keys need no memory */

/* Zero-initialise; belongs to one text. */
struct ocn_json_keys {
    uint32_t first[OCN_JSON_KEYS_FIRST]; /* where a key begins in the text; 0: nothing is here */
    uint32_t *more;                      /* in the place of .first, from the arena */
    size_t size;                         /* of .more */
    size_t len;
    size_t tries; /* slots that were taken */
};

/*
 * Notes @key, a literal of @text without escapes and without its quotes. false: it was there, or
 * that is not known: memory is out, or too many keys fall into the same place, as they do where
 * somebody means them to.
 */
OCN_MUST_USE bool ocn_json_keys_add(struct ocn_json_keys *keys, struct ocn_bytes text,
                                    struct ocn_bytes key, struct ocn_arena *arena);
