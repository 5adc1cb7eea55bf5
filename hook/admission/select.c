/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/admission/select.h"

#include "normalize/admission/exempt.h"
#include "normalize/admission/gate.h"

int ocn_admission_select(const struct ocn_config *config,
                         const struct ocn_admission_request *request, struct ocn_arena *arena,
                         struct ocn_policy *ret, struct ocn_error *err)
{
    const struct ocn_policy *base = ocn_config_base(config);
    const struct ocn_policy_match *rows = base->match.items;
    const char *namespace_ = ocn_admission_namespace(request);
    const json_t *annotations = NULL;
    struct ocn_u32s held = { 0 };

    if (ocn_admission_annotations(request, arena, &annotations, err) < 0) {
        return -1;
    }
    held.items = ocn_arena_alloc(arena, (base->match.len + 1) * sizeof(*held.items));
    if (held.items == NULL) {
        return ocn_fail_nomem(err);
    }
    for (size_t i = 0; i < base->match.len; i++) {
        bool holds = false;
        if (ocn_gate_reads(rows[i].policy) &&
            ocn_admission_matches(&rows[i], i, namespace_, annotations, &holds, err) < 0) {
            return -1;
        }
        if (holds) {
            held.items[held.len++] = (uint32_t)i;
        }
    }
    return ocn_config_overlay(config, &held, arena, ret, err);
}
