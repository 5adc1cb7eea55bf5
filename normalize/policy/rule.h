/* SPDX-License-Identifier: Apache-2.0 */
/* The rules as data: what each is called, when it is asked and what it needs (rules.def). */
#pragma once

#include <stdbool.h>

enum ocn_level { OCN_LEVEL_OFF, OCN_LEVEL_WARN, OCN_LEVEL_DENY, OCN_LEVEL_EDIT };

enum ocn_rule_id {
#define OCN_RULE(symbol, name, level, changes, event, needs, function, summary) OCN_RULE_##symbol,
#include "normalize/policy/rules.def"
#undef OCN_RULE
    OCN_RULE_COUNT
};

/* The rules that only a cluster's gate has (gate_rules.def). */
enum ocn_gate_rule_id {
#define OCN_GATE_RULE(symbol, name, level, summary) OCN_GATE_##symbol,
#include "normalize/policy/gate_rules.def"
#undef OCN_GATE_RULE
    OCN_GATE_RULE_COUNT
};

struct ocn_gate_rule {
    char name[24];
    enum ocn_level level; /* built in */
    char summary[60];
};

/* Indexed by enum ocn_gate_rule_id. */
extern const struct ocn_gate_rule ocn_rule_gate[OCN_GATE_RULE_COUNT];

/* What a runtime is asked for; a rule may be about several. */
enum ocn_event {
    OCN_ON_CREATE = 1,
    OCN_ON_EXEC = 2,
    OCN_ON_CREATE_EXEC = OCN_ON_CREATE | OCN_ON_EXEC,
    OCN_ON_RESTORE = 4,
};

struct ocn_rule {
    char name[20];
    enum ocn_level level; /* built in */
    bool changes;         /* the level may be `edit` */
    unsigned events;      /* of enum ocn_event */
    unsigned needs;       /* OCN_IN of the parts of config.json */
    char summary[96];
};

/* Indexed by enum ocn_rule_id. */
extern const struct ocn_rule ocn_rules[OCN_RULE_COUNT];
