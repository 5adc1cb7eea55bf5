/* SPDX-License-Identifier: Apache-2.0 */
/* A worker: the confined process that reads what others wrote. Its memory has never held a key. */
#pragma once

#include "normalize/base/base.h"

#define OCN_WORKER_WORD "--worker" /* argv[1] of our own program, started anew */

enum ocn_worker_order { OCN_WORKER_POLICY, OCN_WORKER_VALIDATE, OCN_WORKER_MUTATE };

/* Before the bytes that it is told: a policy (policy_text.h), or the body of a request. */
struct ocn_worker_question {
    uint32_t order;
    uint32_t len;
};

/* Before the bytes that it says: the answer, and a line for the log. */
struct ocn_worker_answer {
    uint32_t status; /* of HTTP; of a policy: 200, or 500 with a line of text */
    uint32_t verdict;
    uint32_t len;
    uint32_t note_len;
};

#define OCN_WORKER_MAX_ANSWER ((size_t)4 << 20)

/*
 * All of a worker: confines itself, then answers what comes over OCN_CHILD_FD until that is closed.
 * Returns the exit status.
 */
int ocn_worker_main(void);
