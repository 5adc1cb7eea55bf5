/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/judge/decide.h"

#include "hook/judge/report.h"
#include "normalize/policy/rule.h"

#define SENTENCE_SIZE 900

void ocn_decide_done(struct ocn_decision *decision)
{
    ocn_judge_done(&decision->judgement);
    ocn_node_policy_done(&decision->policy);
}

static void tell(const struct ocn_log *log, const struct ocn_outcome *outcome,
                 const struct ocn_finding *finding, enum ocn_log_level level)
{
    struct ocn_log to = *log;
    char sentence[SENTENCE_SIZE];

    to.about.engine = outcome->facts.who.engine;
    to.about.rule = ocn_rules[finding->rule].name;
    ocn_report_denial(finding, sentence, sizeof(sentence));
    ocn_log(&to, level, "%s", sentence);
}

/* Whoever reads stderr sees the reason first. */
static void tell_all(const struct ocn_log *log, const struct ocn_outcome *outcome,
                     const struct ocn_finding *denial)
{
    tell(log, outcome, denial, OCN_LOG_ERROR);
    for (size_t i = 0; i < outcome->findings_len; i++) {
        if (&outcome->findings[i] != denial) {
            tell(log, outcome, &outcome->findings[i], OCN_LOG_ERROR);
        }
    }
}

static void tell_warnings(const struct ocn_log *log, const struct ocn_outcome *outcome)
{
    for (size_t i = 0; i < outcome->findings_len; i++) {
        if (outcome->findings[i].level != OCN_LEVEL_DENY) {
            tell(log, outcome, &outcome->findings[i], OCN_LOG_WARNING);
        }
    }
}

static enum ocn_decide_result decide_by(const struct ocn_outcome *outcome,
                                        const struct ocn_mode *mode, const struct ocn_log *log)
{
    const struct ocn_finding *denial = ocn_outcome_denial(outcome);

    if (denial != NULL && mode->tells_all) {
        tell_all(log, outcome, denial);
        return OCN_DECIDE_DENIED;
    }
    tell_warnings(log, outcome);
    if (denial == NULL) {
        return OCN_DECIDE_START;
    }
    tell(log, outcome, denial, OCN_LOG_ERROR);
    return OCN_DECIDE_DENIED;
}

enum ocn_decide_result ocn_decide(const struct ocn_mode *mode, void *ctx, const struct ocn_log *log,
                                  struct ocn_decision *decision)
{
    struct ocn_error err = { 0 };
    bool nothing = false;

    if (mode->load(ctx, &decision->policy, &nothing, &err) < 0) {
        ocn_log_error(log, OCN_LOG_ERROR, &err);
        return OCN_DECIDE_UNDECIDED;
    }
    /* Where all is off nothing is read that only our reader could dislike. */
    if (nothing || ocn_config_is_off(decision->policy.config)) {
        return OCN_DECIDE_START;
    }
    decision->judgement.policy = *ocn_config_base(decision->policy.config);
    if (mode->judge(ctx, decision, &err) < 0) {
        bool excused =
            !decision->decided && decision->judgement.policy.on_error == OCN_ON_ERROR_WARN;
        ocn_log_error(log, excused ? OCN_LOG_WARNING : OCN_LOG_ERROR, &err);
        return excused ? OCN_DECIDE_START : OCN_DECIDE_UNDECIDED;
    }
    return decision->judgement.outcome != NULL ? decide_by(decision->judgement.outcome, mode, log)
                                               : OCN_DECIDE_START;
}
