/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/policy/rule.h"

#include "normalize/oci/container.h"

const struct ocn_rule ocn_rules[OCN_RULE_COUNT] = {
#define OCN_RULE(symbol, name, level, changes, event, needs, function, summary)                    \
    [OCN_RULE_##symbol] = { name, OCN_LEVEL_##level, changes, OCN_ON_##event, needs, summary },
#include "normalize/policy/rules.def"
#undef OCN_RULE
};

const struct ocn_gate_rule ocn_rule_gate[OCN_GATE_RULE_COUNT] = {
#define OCN_GATE_RULE(symbol, name, level, summary)                                                \
    [OCN_GATE_##symbol] = { name, OCN_LEVEL_##level, summary },
#include "normalize/policy/gate_rules.def"
#undef OCN_GATE_RULE
};
