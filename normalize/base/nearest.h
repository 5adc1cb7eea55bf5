/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean": the known word that an unknown one was probably meant to be. */
#pragma once

#include "normalize/base/error.h"

/* Begin with ocn_nearest_to(), offer every known word, then read .best (borrowed, or NULL). */
struct ocn_nearest {
    const char *word;
    const char *best;
    size_t distance; /* of best, or the first that is too far */
};

struct ocn_nearest ocn_nearest_to(const char *word);
void ocn_nearest_offer(struct ocn_nearest *nearest, const char *known);

/* An ASCII capital as its small letter. */
static inline char ocn_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}
