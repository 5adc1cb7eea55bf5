/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/base/nearest.h"

#include <string.h>

/* Longer words are no typing mistake for one of ours. */
#define WORD_MAX ((size_t)48)
#define MAX_SLIPS 3

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance; case costs nothing. Both words are at most WORD_MAX long. */
static size_t distance(const char *a, const char *b)
{
    size_t row[WORD_MAX + 1];
    size_t b_len = strlen(b);

    for (size_t j = 0; j <= b_len; j++) {
        row[j] = j;
    }
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < b_len; j++) {
            size_t swap = diagonal + (ocn_lower(a[i]) != ocn_lower(b[j]));
            diagonal = row[j + 1];
            row[j + 1] = least(swap, 1 + least(row[j], row[j + 1]));
        }
    }
    return row[b_len];
}

/* A slip in three letters is a slip; more of them make another word. */
struct ocn_nearest ocn_nearest_to(const char *word)
{
    return (struct ocn_nearest){ .word = word,
                                 .distance = least(1 + strlen(word) / 3, MAX_SLIPS) + 1 };
}

void ocn_nearest_offer(struct ocn_nearest *nearest, const char *known)
{
    if (known[0] == '\0' || strlen(known) > WORD_MAX || strlen(nearest->word) > WORD_MAX) {
        return;
    }
    size_t away = distance(nearest->word, known);
    if (away < nearest->distance) {
        nearest->distance = away;
        nearest->best = known;
    }
}
