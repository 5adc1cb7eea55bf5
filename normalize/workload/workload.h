/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is checked of a workload, and to whom it is told. `ocinorm lint` and the admission webhook
 * ask the same checks: nothing here reads a file or knows YAML.
 */
#pragma once

#include "normalize/lint/target.h"
#include "normalize/lint/lint.h"

#define OCN_WORKLOAD_LATEST UINT32_MAX
/* Kubernetes 1.MINOR, as versions are compared. */
#define OCN_WORKLOAD_MINOR(minor) ((uint32_t)(minor))

/* An image that a manifest names, as far as it is known; zero-initialise what is not. */
struct ocn_lint_image {
    const char *name;             /* as manifests call it */
    const char *user;             /* config.User as text, "" for none; NULL: unknown */
    struct ocn_strings platforms; /* "linux/amd64", "linux/arm64/v8"; none: unknown */
};

struct ocn_workload_check {
    struct ocn_arena *arena;
    uint32_t kubernetes;                  /* 1.N; OCN_WORKLOAD_LATEST */
    const struct ocn_lint_target *target; /* whose values count; NULL: none is chosen */
    const struct ocn_lint_image *images;  /* that were given */
    size_t images_len;
    const char *object; /* "Deployment shop/web": set by ocn_pod_each() */
    /* Takes a finding: rule, message, hint, object, path; the rest is the taker's. */
    int (*found)(void *ctx, const struct ocn_lint_finding *finding, struct ocn_error *err);
    void *ctx;
};

/* "1.30" as a number to compare; OCN_WORKLOAD_LATEST for NULL and "latest". -1: neither. */
OCN_MUST_USE int ocn_workload_version(const char *text, uint32_t *ret, struct ocn_error *err);

/* Tells .found of one; @path and the texts are borrowed for the call. */
OCN_MUST_USE int ocn_workload_found(const struct ocn_workload_check *check,
                                    enum ocn_lint_rule_id rule, const char *path,
                                    const char *message, const char *hint, struct ocn_error *err);

/* As that, at a level that no target changes but by turning the rule off. */
OCN_MUST_USE int ocn_workload_found_at(const struct ocn_workload_check *check,
                                       enum ocn_lint_rule_id rule, enum ocn_level level,
                                       const char *path, const char *message, const char *hint,
                                       struct ocn_error *err);

/* The image that a manifest calls @name, or NULL. */
const struct ocn_lint_image *ocn_workload_image(const struct ocn_workload_check *check,
                                                const char *name);
