/* SPDX-License-Identifier: Apache-2.0 */
/* A document of a file, as a cluster's gate would see what is in it. */
#pragma once

#include "config/config.h"
#include "normalize/admission/admission.h"

/*
 * Judges @document by the policy that holds for it: an object is created; of a list every item is;
 * an AdmissionReview (admission.k8s.io/v1), as API servers send it, is the request that it holds.
 * Findings as ocn_admission_check() has them, with their place in @document. What is no object of
 * Kubernetes has none.
 */
OCN_MUST_USE int ocn_admission_document(
    const struct ocn_config *config, const json_t *document, struct ocn_arena *arena,
    int (*found)(void *ctx, const struct ocn_lint_finding *finding, struct ocn_error *err),
    void *ctx, struct ocn_error *err);
