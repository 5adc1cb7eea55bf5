/* SPDX-License-Identifier: Apache-2.0 */
/* Targets (config/targets, compiled in; --for), read by name or from a file. */
#pragma once

#include "normalize/lint/target.h"

#define OCN_TARGETS_MAX 16

struct ocn_target_text {
    const char *name;
    struct ocn_bytes text;
};

extern const struct ocn_target_text ocn_target_texts[];
extern const size_t ocn_target_texts_len;

/* Zero-initialise; release with ocn_targets_done(). */
struct ocn_targets {
    struct ocn_lint_target items[OCN_TARGETS_MAX];
    json_t *json[OCN_TARGETS_MAX];
    size_t len;
    struct ocn_arena arena;
};

void ocn_targets_done(struct ocn_targets *targets);

/*
 * Adds the target that is compiled in under @word, or that the file of that name has: what has a
 * slash, or ends in ".json", is a file. One of a name that is there already is refused.
 */
OCN_MUST_USE int ocn_targets_add(struct ocn_targets *targets, const char *word,
                                 struct ocn_error *err);
