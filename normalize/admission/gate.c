/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/admission/gate.h"

#include <string.h>

#include "normalize/workload/field.h"

/* ---- whether there is anything to ask ---------------------------------------------------- */

static bool has_labels_required(const struct ocn_policy *policy)
{
    return policy->admission.labels.required.len != 0;
}

static bool has_labels_allowed(const struct ocn_policy *policy)
{
    return policy->admission.labels.allowed.len != 0;
}

static bool has_annotations_required(const struct ocn_policy *policy)
{
    return policy->admission.annotations.required.len != 0;
}

static bool has_annotations_allowed(const struct ocn_policy *policy)
{
    return policy->admission.annotations.allowed.len != 0;
}

static bool has_containers(const struct ocn_policy *policy)
{
    (void)policy;
    return true;
}

/* Who keeps root on purpose has no rule about it. */
static bool has_lowering(const struct ocn_policy *policy)
{
    return policy->user.when != OCN_WHEN_NEVER;
}

const struct ocn_gate_row ocn_gate_rows[OCN_ROW_COUNT] = {
#define OCN_GATE(symbol, rule, level, edit, spares, asks, judge, cel, message, fix)                \
    [OCN_ROW_##symbol] = { #symbol,                                                                \
                           rule,                                                                   \
                           OCN_BIND_ENUM_AT(struct ocn_policy, level),                             \
                           OCN_GATE_##edit,                                                        \
                           OCN_GATE_SPARES_##spares,                                               \
                           asks,                                                                   \
                           cel,                                                                    \
                           message,                                                                \
                           fix },
#include "normalize/admission/admission.def"
#undef OCN_GATE
};

enum ocn_level ocn_gate_level(const struct ocn_gate_row *row, const struct ocn_policy *policy)
{
    enum ocn_level level =
        *(const enum ocn_level *)(const void *)((const char *)policy + row->level_at);

    if (!row->asks(policy)) {
        return OCN_LEVEL_OFF;
    }
    if (level != OCN_LEVEL_EDIT) {
        return level;
    }
    return row->edit == OCN_GATE_BROKEN && !policy->env.override ? OCN_LEVEL_DENY : OCN_LEVEL_WARN;
}

int ocn_gate_check(const struct ocn_policy *policy, struct ocn_error *err)
{
    const struct ocn_policy_admission *admission = &policy->admission;

    if (admission->level[OCN_GATE_IMAGE_REGISTRY] != OCN_LEVEL_OFF &&
        admission->registries.len == 0) {
        return ocn_fail(err, OCN_E_FORMAT, "/admission/registries",
                        "is empty, and image.registry is on: no image could come from anywhere; "
                        "name registries, or turn the rule off");
    }
    if (admission->level[OCN_GATE_RUNTIMECLASS] != OCN_LEVEL_OFF &&
        (admission->runtime_class == NULL || admission->runtime_class[0] == '\0')) {
        return ocn_fail(err, OCN_E_FORMAT, "/admission/runtimeClass",
                        "is empty, and runtimeclass is on; name a class, or turn the rule off");
    }
    return 0;
}

/* ---- what of the policy is read ---------------------------------------------------------- */

bool ocn_gate_reads(const json_t *overlay)
{
    static const char *const paths[] = { "admission",        "exempt",    "env.override",
                                         "env.maxprocs.min", "user.when", "user.lowPorts" };
    const json_t *rules = json_object_get(overlay, "rules");

    for (size_t i = 0; i < OCN_COUNT(paths); i++) {
        if (ocn_field_get(overlay, paths[i]) != NULL) {
            return true;
        }
    }
    for (size_t i = 0; i < OCN_ROW_COUNT; i++) {
        if (json_object_get(rules, ocn_gate_rows[i].rule) != NULL) {
            return true;
        }
    }
    return false;
}
