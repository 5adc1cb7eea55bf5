/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/outcome/outcome.h"

#include <string.h>

#include "normalize/policy/rule.h"

void ocn_outcome_free(struct ocn_outcome *outcome)
{
    if (outcome != NULL) {
        ocn_arena_done(&outcome->arena);
        free(outcome);
    }
}

void ocn_outcome_freep(struct ocn_outcome **outcome)
{
    ocn_outcome_free(*outcome);
}

const struct ocn_finding *ocn_outcome_denial(const struct ocn_outcome *outcome)
{
    for (size_t i = 0; i < outcome->findings_len; i++) {
        if (outcome->findings[i].level == OCN_LEVEL_DENY) {
            return &outcome->findings[i];
        }
    }
    return NULL;
}

int ocn_outcome_verify_only(struct ocn_outcome *outcome, struct ocn_error *err)
{
    size_t len = outcome->findings_len;

    if (outcome->edits_len == 0) {
        return 0;
    }
    struct ocn_finding *all =
        ocn_arena_alloc(&outcome->arena, (len + outcome->edits_len) * sizeof(*all));
    if (all == NULL) {
        return ocn_fail_nomem(err);
    }
    if (len != 0) {
        memcpy(all, outcome->findings, len * sizeof(*all));
    }
    for (size_t i = 0; i < outcome->edits_len; i++) {
        const struct ocn_edit *edit = &outcome->edits[i];
        const char *message =
            ocn_arena_printf(&outcome->arena, "%s is %s and should be %s: %s", edit->path,
                             edit->from != NULL ? edit->from : "not set", edit->to, edit->why);
        const char *hint = ocn_arena_printf(&outcome->arena,
                                            "start it through ocinorm-runtime, which can change "
                                            "it, or set rules.%s to \"warn\"",
                                            ocn_rules[edit->rule].name);
        if (!ocn_edit_is_note(edit)) {
            enum ocn_level level = ocn_edit_is_optional(edit) ? OCN_LEVEL_WARN : OCN_LEVEL_DENY;
            all[len++] = (struct ocn_finding){ edit->rule, level, message, hint };
        }
    }
    if (ocn_arena_check(&outcome->arena, err) < 0) {
        return -1;
    }
    outcome->findings = all;
    outcome->findings_len = len;
    outcome->edits_len = 0;
    if (ocn_outcome_denial(outcome) != NULL) {
        outcome->verdict = OCN_DENY;
    }
    return 0;
}
