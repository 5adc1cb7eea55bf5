/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What two images differ in, as plain data: differences that matter, and noise, which is counted.
 * Nothing that differs is left out without a count.
 */
#pragma once

#include <stdbool.h>

#include <jansson.h>

#include "normalize/base/arena.h"
#include "normalize/base/strings.h"

#define OCN_DIFF_MAX_ITEMS 50000 /* that are listed; more are counted */

/* Where a difference lies; the names are ocn_diff_levels. */
enum ocn_diff_level {
    OCN_DIFF_INDEX,
    OCN_DIFF_MANIFEST,
    OCN_DIFF_CONFIG,
    OCN_DIFF_ANNOTATIONS,
    OCN_DIFF_LAYERS,
    OCN_DIFF_PROGRAM,
    OCN_DIFF_OUTCOME,
};

extern const char *const ocn_diff_levels[]; /* up to a NULL */

/* What differs between two builds of the same thing; the names are ocn_diff_noises. */
enum ocn_diff_noise {
    OCN_DIFF_NO_NOISE,
#define OCN_DIFF_NOISE(symbol, name, text) OCN_DIFF_##symbol,
#include "normalize/diff/noise.def"
#undef OCN_DIFF_NOISE
    OCN_DIFF_NOISES,
};

/* A kind of noise: the word that stands for it, and what it is in a sentence. */
struct ocn_diff_noise_row {
    const char *name;
    const char *text;
};

extern const struct ocn_diff_noise_row ocn_diff_noises[]; /* by enum ocn_diff_noise */

/* Zero-initialise but for what is wanted; release with ocn_diff_done(). */
struct ocn_diff {
    bool exact;                 /* there is no noise */
    bool history;               /* every step of the history that differs, not the first alone */
    struct ocn_strings ignored; /* words, see ocn_diff_check_word(); borrowed */

    const char *platform; /* of what is added next; NULL: of none. Borrowed, as what follows */
    const char *profile;  /* of an outcome; NULL: of none */

    json_t *differences; /* an array, NULL while there is none */
    size_t noise[OCN_DIFF_NOISES];
    size_t ignored_count;
    size_t left_out; /* past OCN_DIFF_MAX_ITEMS */
    struct ocn_arena arena;
};

/* One difference: what is at @path of a document in one image and in the other. */
struct ocn_diff_item {
    enum ocn_diff_level level;
    enum ocn_diff_noise noise; /* or OCN_DIFF_NO_NOISE */
    const char *path;          /* a JSON pointer; of a file, its path */
    const json_t *a;           /* NULL: not there. Borrowed */
    const json_t *b;
    size_t more; /* others like it that are not listed */
};

/* Adds @item, or counts it as noise or as ignored. What fails is said by ocn_diff_report(). */
void ocn_diff_add(struct ocn_diff *diff, const struct ocn_diff_item *item);

/* The same of two texts in place of item->a and ->b; either may be NULL. */
void ocn_diff_add_text(struct ocn_diff *diff, const struct ocn_diff_item *item, const char *a,
                       const char *b);

/*
 * Whether @word can be ignored: a level, a kind of noise, a word of words.def, or a JSON pointer
 * ("/config/Labels"), whose members then go with it, and which may be a glob (fnmatch).
 */
OCN_MUST_USE int ocn_diff_check_word(const char *word, struct ocn_error *err);

/*
 * {"same", "noise", "noises": {NAME: COUNT}, "ignored", "leftOut", "differences": [{"level",
 * "platform", "path", "a", "b"}]} as a new value in *ret.
 */
OCN_MUST_USE int ocn_diff_report(const struct ocn_diff *diff, json_t **ret, struct ocn_error *err);

void ocn_diff_done(struct ocn_diff *diff);
