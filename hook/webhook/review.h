/* SPDX-License-Identifier: Apache-2.0 */
/* An AdmissionReview in, its answer out (admission.k8s.io/v1). Runs in a worker: memory only. */
#pragma once

#include "config/config.h"

#define OCN_REVIEW_MAX_BODY ((size_t)8 << 20) /* object and oldObject of 3 MiB, and around them */
#define OCN_REVIEW_MAX_NOTE ((size_t)500)

/* Of the API server: how long a warning is kept, and all of them (endpoints/filters/warning.go). */
#define OCN_REVIEW_MAX_WARNING ((size_t)256)
#define OCN_REVIEW_MAX_WARNINGS ((size_t)4096)

enum ocn_review_kind { OCN_REVIEW_VALIDATE, OCN_REVIEW_MUTATE, OCN_REVIEW_KINDS };

enum ocn_review_verdict {
    OCN_REVIEW_ALLOWED, /* without a word, or without a patch */
    OCN_REVIEW_WARNED,
    OCN_REVIEW_DENIED,
    OCN_REVIEW_PATCHED,
    OCN_REVIEW_REFUSED, /* it was no review */
    OCN_REVIEW_FAILED,  /* no fault of the request */
    OCN_REVIEW_VERDICTS,
};

/* Zero-initialise; release with ocn_review_done(). */
struct ocn_review {
    unsigned status; /* of HTTP: 200 with JSON, 400 and 500 with a line of text */
    enum ocn_review_verdict verdict;
    struct ocn_buf body;
    struct ocn_buf note; /* one printable line for the log: who asked for what; may be empty */
};

void ocn_review_done(struct ocn_review *review);

/* "allowed", as metrics and log have it. */
const char *ocn_review_verdict_name(enum ocn_review_verdict verdict);

/*
 * Answers the review in @body by the policy of @config. What is wrong with the request is no error
 * but an answer of status 400; -1 where memory is out, or the policy does not fit any answer.
 */
OCN_MUST_USE int ocn_review_answer(const struct ocn_config *config, enum ocn_review_kind kind,
                                   struct ocn_bytes body, struct ocn_review *ret,
                                   struct ocn_error *err);

/* Whether @config can answer at all: what would be an error for every object is one here. */
OCN_MUST_USE int ocn_review_check(const struct ocn_config *config, struct ocn_error *err);
