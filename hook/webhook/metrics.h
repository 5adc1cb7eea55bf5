/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted, and how Prometheus reads it (text format 0.0.4). */
#pragma once

#include <time.h>

#include "hook/webhook/pool.h"

#define OCN_METRICS_BOUNDS 12

enum ocn_metrics_cut { OCN_METRICS_SLOW, OCN_METRICS_IDLE, OCN_METRICS_CUTS };

/* A file that is read again when it changes. */
struct ocn_metrics_file {
    time_t loaded; /* when what holds now was taken */
    uint64_t loads;
    uint64_t failures;
    bool broken; /* what lies there now is not what holds */
};

/* Zero-initialise. */
struct ocn_metrics {
    uint64_t answers[OCN_REVIEW_KINDS][OCN_REVIEW_VERDICTS];
    uint64_t buckets[OCN_REVIEW_KINDS][OCN_METRICS_BOUNDS + 1];
    double seconds[OCN_REVIEW_KINDS];
    uint64_t connections; /* ever */
    size_t open;
    uint64_t cuts[OCN_METRICS_CUTS];
    struct ocn_metrics_file policy;
    struct ocn_metrics_file certificate;
    time_t not_after; /* of the certificate */
};

/* "/validate", as metrics and log have it. */
const char *ocn_metrics_path(enum ocn_review_kind kind);

void ocn_metrics_count(struct ocn_metrics *metrics, enum ocn_review_kind kind,
                       enum ocn_review_verdict verdict, double seconds);

/* Appends all of it. */
void ocn_metrics_write(const struct ocn_metrics *metrics, const struct ocn_pool *pool,
                       struct ocn_buf *out);
