/* SPDX-License-Identifier: Apache-2.0 */
/* The rules that only an image or a manifest has, as data (lint_rules.def). */
#pragma once

#include "normalize/policy/rule.h"

enum ocn_lint_rule_id {
#define OCN_LINT_RULE(symbol, name, level, holds, summary) OCN_LINT_##symbol,
#include "normalize/lint/lint_rules.def"
#undef OCN_LINT_RULE
    OCN_LINT_RULE_COUNT
};

enum ocn_lint_holds { OCN_LINT_HOLDS_ALWAYS, OCN_LINT_HOLDS_TARGET };

struct ocn_lint_rule {
    const char *name;
    enum ocn_level level; /* built in */
    enum ocn_lint_holds holds;
    const char *summary;
};

/* Indexed by enum ocn_lint_rule_id. */
extern const struct ocn_lint_rule ocn_lint_rules[OCN_LINT_RULE_COUNT];

/* The rule of that name, or OCN_LINT_RULE_COUNT. */
enum ocn_lint_rule_id ocn_lint_find(const char *name);

/* What a rule of any table asks for: ours, the node's (normalize/policy/rules.def), the gate's
 * (gate_rules.def); or NULL. */
const char *ocn_lint_summary(const char *name);
