/* SPDX-License-Identifier: Apache-2.0 */
/* The workers: one question each at a time, a deadline for each, another one for each that ends. */
#pragma once

#include <poll.h>
#include <stdbool.h>

#include "hook/confine/child.h"
#include "hook/webhook/review.h"
#include "hook/webhook/worker.h"

#define OCN_POOL_MAX_WORKERS 4
#define OCN_POOL_MAX_DESCRIPTORS (OCN_POOL_MAX_WORKERS + 1) /* and the one that tries a policy */
#define OCN_POOL_SECONDS 2    /* for a request, and for a policy: an API server waits for 3 */
#define OCN_POOL_SERVES 20000 /* requests, then another one comes in its place */

struct ocn_pool_answer {
    unsigned status; /* of HTTP */
    enum ocn_review_verdict verdict;
    struct ocn_bytes body; /* borrowed for the call */
    struct ocn_bytes note;
};

/* A request; whoever submits it keeps it, and its body, until .done was called. */
struct ocn_pool_job {
    enum ocn_review_kind kind;
    struct ocn_bytes body;
    void (*done)(void *ctx, const struct ocn_pool_answer *answer);
    void *ctx;
    int64_t deadline;          /* set by ocn_pool_submit() */
    bool tried;                /* a worker has ended over it */
    struct ocn_pool_job *next; /* the pool's */
};

enum ocn_pool_end { OCN_POOL_DIED, OCN_POOL_LATE, OCN_POOL_RETIRED, OCN_POOL_ENDS };

enum ocn_pool_state { OCN_POOL_ABSENT, OCN_POOL_LEARNING, OCN_POOL_IDLE, OCN_POOL_BUSY };

struct ocn_pool_worker {
    struct ocn_child child;
    enum ocn_pool_state state;
    unsigned generation; /* of the policy that it has; 0: none */
    unsigned served;
    int64_t not_before; /* for the start of another one */
    int64_t deadline;
    struct ocn_pool_job *job;
    struct ocn_worker_question question;
    struct ocn_bytes text; /* that goes with it */
    size_t sent;           /* of both */
    struct ocn_worker_answer answer;
    size_t got; /* of its head */
    struct ocn_buf said;
};

/* What becomes of a policy: told once, by ocn_pool_run(). */
struct ocn_pool_news {
    bool adopted;
    bool refused;
    struct ocn_error why;
};

struct ocn_pool {
    int program; /* ourselves, O_PATH */
    size_t workers_len;
    struct ocn_pool_worker workers[OCN_POOL_MAX_WORKERS];
    struct ocn_pool_worker candidate; /* tries the next policy */
    struct ocn_buf policy;            /* that holds */
    struct ocn_buf next_policy;
    unsigned generation; /* of .policy; 0: there is none */
    struct ocn_pool_job *first;
    struct ocn_pool_job **last;
    size_t waiting;
    uint64_t ends[OCN_POOL_ENDS];
    void (*log)(void *ctx, const char *text); /* of what ended */
    void *ctx;
};

/* CLOCK_MONOTONIC, in milliseconds. */
int64_t ocn_pool_now(void);

/* @workers, OCN_POOL_MAX_WORKERS at most. Nothing is started before there is a policy. */
OCN_MUST_USE int ocn_pool_begin(struct ocn_pool *pool, size_t workers, struct ocn_error *err);

/* Ends all workers; what was submitted is forgotten. Accepts one that never began. */
void ocn_pool_done(struct ocn_pool *pool);

/*
 * Has @policy (policy_text.h) tried by a process of its own; the one that holds goes on meanwhile.
 * A second one takes the place of one that is being tried.
 */
OCN_MUST_USE int ocn_pool_try_policy(struct ocn_pool *pool, struct ocn_bytes policy,
                                     struct ocn_error *err);

void ocn_pool_submit(struct ocn_pool *pool, struct ocn_pool_job *job);

/* What to wait for: fills @fds, OCN_POOL_MAX_DESCRIPTORS at most, and returns how many. */
size_t ocn_pool_watch(const struct ocn_pool *pool, struct pollfd *fds);

/* When ocn_pool_run() has something to do even if nothing comes; INT64_MAX: never. */
int64_t ocn_pool_deadline(const struct ocn_pool *pool);

/* Does what can be done without waiting. */
void ocn_pool_run(struct ocn_pool *pool, struct ocn_pool_news *news);
