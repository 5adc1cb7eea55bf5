/* SPDX-License-Identifier: Apache-2.0 */
/* One manifest: read and judged in the confined child, for its text is a pull request's. */
#pragma once

#include "normalize/workload/workload.h"

/* What all manifests of a run are judged by; all of it is the parent's. */
struct ocn_manifest_settings {
    const struct ocn_lint_image *images; /* that were given */
    size_t images_len;
    /*
     * Asked in place of lint's checks about every document that is for Kubernetes, if it is set;
     * others are no manifests then. It tells @found.
     */
    int (*judge)(void *ctx, const json_t *document, struct ocn_arena *arena,
                 int (*found)(void *found_ctx, const struct ocn_lint_finding *finding,
                              struct ocn_error *err),
                 void *found_ctx, struct ocn_error *err);
    void *ctx;
};

struct ocn_manifest {
    const char *name; /* of its file, "-" for standard input */
    struct ocn_bytes text;
    const struct ocn_manifest_settings *settings;
};

/*
 * Reads and judges it here, and adds it to @lint, whose targets count. What is neither for
 * Kubernetes nor for ECS is not added: *ret_other says what it seems to be then, a literal; else it
 * is NULL.
 */
OCN_MUST_USE int ocn_manifest_judge(const struct ocn_manifest *manifest, struct ocn_lint *lint,
                                    const char **ret_other, struct ocn_error *err);
