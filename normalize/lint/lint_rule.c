/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/lint/lint_rule.h"

#include <string.h>

const struct ocn_lint_rule ocn_lint_rules[OCN_LINT_RULE_COUNT] = {
#define OCN_LINT_RULE(symbol, name, level, holds, summary)                                         \
    [OCN_LINT_##symbol] = { name, OCN_LEVEL_##level, OCN_LINT_HOLDS_##holds, summary },
#include "normalize/lint/lint_rules.def"
#undef OCN_LINT_RULE
};

enum ocn_lint_rule_id ocn_lint_find(const char *name)
{
    unsigned i = 0;

    while (i < OCN_LINT_RULE_COUNT && strcmp(ocn_lint_rules[i].name, name) != 0) {
        i++;
    }
    return (enum ocn_lint_rule_id)i;
}

const char *ocn_lint_summary(const char *name)
{
    enum ocn_lint_rule_id id = ocn_lint_find(name);

    if (id != OCN_LINT_RULE_COUNT) {
        return ocn_lint_rules[id].summary;
    }
    for (size_t i = 0; i < OCN_RULE_COUNT; i++) {
        if (strcmp(ocn_rules[i].name, name) == 0) {
            return ocn_rules[i].summary;
        }
    }
    for (size_t i = 0; i < OCN_GATE_RULE_COUNT; i++) {
        if (strcmp(ocn_rule_gate[i].name, name) == 0) {
            return ocn_rule_gate[i].summary;
        }
    }
    return NULL;
}
