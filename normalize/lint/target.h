/* SPDX-License-Identifier: Apache-2.0 */
/* Where something is to run, as data: which rules that place asks for, at what level, and why. */
#pragma once

#include "normalize/json/bind.h"
#include "normalize/lint/lint_rule.h"

#define OCN_LINT_LATEST 0 /* of Kubernetes */

/* What a target says of one rule. */
struct ocn_lint_want {
    enum ocn_level level;
    const char *reason; /* NULL: the target does not name the rule */
    const char *source; /* where that is written */
    struct ocn_strings values;
};

struct ocn_lint_target {
    uint32_t version;
    const char *name;
    const char *summary;
    const char *kubernetes; /* "1.30"; NULL: the latest */
    struct ocn_lint_want want[OCN_LINT_RULE_COUNT];
};

/*
 * Binds the JSON text of a target, that errors call @file; strings are borrowed from *ret_json,
 * which the caller owns.
 */
OCN_MUST_USE int ocn_lint_target_read(const char *file, struct ocn_bytes text,
                                      struct ocn_arena *arena, struct ocn_lint_target *ret,
                                      json_t **ret_json, struct ocn_error *err);

/* The level that @target (NULL: none is chosen) has for a rule. */
enum ocn_level ocn_lint_level_of(const struct ocn_lint_target *target, enum ocn_lint_rule_id rule);
