/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a cluster's gate says of an object, judged in C: `ocinorm admission check` and the webhook
 * ask here, ValidatingAdmissionPolicies say the same in CEL. Both are made of admission.def.
 */
#pragma once

#include "normalize/admission/request.h"
#include "normalize/lint/lint.h"
#include "normalize/policy/policy.h"

/*
 * Tells @found of everything that @policy has against the object, with rule, message, hint, object
 * and path; the texts are borrowed for the call. The level is DENY or WARN: what the node denies is
 * denied, what it repairs is a warning. Nothing is found of an object that is no workload, that is
 * being deleted, whose namespace or annotations the policy exempts, or that a request leaves as it
 * was in all that counts (labels, annotations, spec).
 *
 * @policy is the one that holds for the object: ocn_admission_select() lays `match` over it.
 * An object that no API server would take, and of which a check would be blind, is an error.
 */
OCN_MUST_USE int ocn_admission_check(const struct ocn_policy *policy,
                                     const struct ocn_admission_request *request,
                                     struct ocn_arena *arena,
                                     int (*found)(void *ctx, const struct ocn_lint_finding *finding,
                                                  struct ocn_error *err),
                                     void *ctx, struct ocn_error *err);
