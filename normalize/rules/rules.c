/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/rules/rules.h"

#include "normalize/rules/judge.h"

static int (*const functions[OCN_RULE_COUNT])(struct ocn_judge *judge, struct ocn_error *err) = {
#define OCN_RULE(symbol, name, level, changes, event, needs, function, summary)                    \
    [OCN_RULE_##symbol] = (function),
#include "normalize/policy/rules.def"
#undef OCN_RULE
};

int ocn_rules_ask(enum ocn_rule_id rule, struct ocn_judge *judge, struct ocn_error *err)
{
    int result = functions[rule](judge, err);

    return ocn_arena_check(&judge->outcome->arena, err) < 0 ? -1 : result;
}
