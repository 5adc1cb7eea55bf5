/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decision over one container, the same in every mode: what was found is told, and what could
 * not be decided ends as the policy's onError has it. A mode reads its input, and applies.
 */
#pragma once

#include <stdbool.h>

#include "hook/judge/judge.h"
#include "hook/policy/node_policy.h"
#include "hook/sys/log.h"

enum ocn_decide_result { OCN_DECIDE_START, OCN_DECIDE_DENIED, OCN_DECIDE_UNDECIDED };

/* One container being judged; zero-initialise, release with ocn_decide_done(). */
struct ocn_decision {
    struct ocn_node_policy policy;
    struct ocn_judgement judgement;
    bool decided; /* what fails from here on is no doubt: onError does not excuse it */
};

void ocn_decide_done(struct ocn_decision *decision);

struct ocn_mode {
    /* Reads the policy that holds. Where nothing is to be decided, *ret_nothing is set instead. */
    int (*load)(void *ctx, struct ocn_node_policy *ret, bool *ret_nothing, struct ocn_error *err);
    /* Judges the container and applies what comes of it; no outcome: there is nothing to judge. */
    int (*judge)(void *ctx, struct ocn_decision *decision, struct ocn_error *err);
    /*
     * Where it is denied, all else that was found is told behind the reason, on stderr too. Not
     * where an engine reads a log, of which it takes the last error for the reason.
     */
    bool tells_all;
};

/*
 * Decides over the container that @ctx is about. @log is read when something is told: @mode may
 * fill log->about on the way. A policy that cannot be read is never excused, for it cannot say so.
 */
enum ocn_decide_result ocn_decide(const struct ocn_mode *mode, void *ctx, const struct ocn_log *log,
                                  struct ocn_decision *decision);
