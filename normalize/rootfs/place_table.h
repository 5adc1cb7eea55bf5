/* SPDX-License-Identifier: Apache-2.0 */
/* Where mounts lie: which of them covers a path, found by the path alone, however many there are.
 */
#pragma once

#include "normalize/base/arena.h"

struct ocn_place_slot;

/* Zero-initialise; its memory is the arena's. */
struct ocn_place_table {
    struct ocn_place_slot *slots;
    size_t size; /* a power of two, or 0 */
    size_t len;  /* paths: of places, and of the directories above these */
    size_t tries;
};

/*
 * Notes that place @number, above all numbers before, lies at @destination: absolute, without links
 * and without a slash at its end, "" for the root; borrowed. One that lay there is forgotten.
 * false: memory is out (the arena knows), or too many paths fall into the same slot, as they do
 * where somebody means them to.
 */
OCN_MUST_USE bool ocn_place_table_add(struct ocn_place_table *table, const char *destination,
                                      uint32_t number, struct ocn_arena *arena);

/*
 * The number of the last place that lies at @path, which begins with a slash, or above it, and in
 * *ret_rest what is left of the path there; UINT32_MAX: none does.
 */
uint32_t ocn_place_table_covering(const struct ocn_place_table *table, const char *path,
                                  const char **ret_rest);

/* Whether a place lies below @path. */
bool ocn_place_table_leads_on(const struct ocn_place_table *table, const char *path);
