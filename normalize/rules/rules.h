/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of the rules, one for each row of rules.def. */
#pragma once

#include "normalize/base/error.h"
#include "normalize/policy/rule.h"

struct ocn_judge;

#define OCN_RULE(symbol, name, level, changes, event, needs, function, summary)                    \
    OCN_MUST_USE int function(struct ocn_judge *judge, struct ocn_error *err);
#include "normalize/policy/rules.def"
#undef OCN_RULE

/*
 * Asks @rule, whatever its level and the event, and the arena when it has answered: a rule decides
 * on texts that are "" where memory was out, and what it says counts for nothing then.
 */
OCN_MUST_USE int ocn_rules_ask(enum ocn_rule_id rule, struct ocn_judge *judge,
                               struct ocn_error *err);
