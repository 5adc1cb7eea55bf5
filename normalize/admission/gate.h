/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of admission.def as a table, and what the policy makes of each. */
#pragma once

#include "normalize/policy/policy.h"
#include "normalize/workload/pod.h"

enum ocn_gate_row_id {
#define OCN_GATE(symbol, rule, level, edit, spares, asks, judge, cel, message, fix)                \
    OCN_ROW_##symbol,
#include "normalize/admission/admission.def"
#undef OCN_GATE
    OCN_ROW_COUNT
};

enum ocn_gate_edit { OCN_GATE_REPAIRED, OCN_GATE_BROKEN };
enum ocn_gate_spares { OCN_GATE_SPARES_NOBODY, OCN_GATE_SPARES_WINDOWS, OCN_GATE_SPARES_NODE };

struct ocn_gate_row {
    const char *symbol; /* "LABELS_REQUIRED" */
    const char *rule;
    size_t level_at; /* in struct ocn_policy */
    enum ocn_gate_edit edit;
    enum ocn_gate_spares spares;
    bool (*asks)(const struct ocn_policy *policy);
    const char *cel;
    const char *message;
    const char *fix;
};

extern const struct ocn_gate_row ocn_gate_rows[OCN_ROW_COUNT];

/* WARN, DENY, or OFF where there is nothing to ask. */
enum ocn_level ocn_gate_level(const struct ocn_gate_row *row, const struct ocn_policy *policy);

/*
 * What a policy asks that nobody could fulfil: a list of registries or a runtime class that is
 * empty, with its rule on. The error's place is the key.
 */
OCN_MUST_USE int ocn_gate_check(const struct ocn_policy *policy, struct ocn_error *err);

/*
 * Whether an overlay of `match` has a key that any of this reads. What it does else is for the node
 * alone.
 */
bool ocn_gate_reads(const json_t *overlay);
