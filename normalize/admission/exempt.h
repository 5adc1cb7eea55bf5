/* SPDX-License-Identifier: Apache-2.0 */
/* What a cluster's gate lets pass unjudged, and which rows of `match` hold for a pod. */
#pragma once

#include "normalize/admission/request.h"
#include "normalize/policy/policy.h"
#include "normalize/workload/pod.h"

/* A part of a pod that some rule reads: an update that leaves all of them is not judged. */
struct ocn_admission_part {
    const char *path;  /* in the pod, "spec.containers" */
    const char *empty; /* in CEL: what its absence is equal to */
};

extern const struct ocn_admission_part ocn_admission_parts[]; /* up to a NULL */

/* Whether two pods (or templates) are equal in all of these parts. */
bool ocn_admission_is_same(const json_t *meta, const json_t *spec, const json_t *old_meta,
                           const json_t *old_spec);

/*
 * What is wrong with a glob of the policy for CEL's use, or NULL: globs here are those of
 * pattern.h.
 */
const char *ocn_admission_glob_check(const char *glob);

/* Whether the policy exempts a pod by its namespace or its annotations (NULL: none). An error: a
 * glob that the gate cannot read, with its key. */
OCN_MUST_USE int ocn_admission_exempts(const struct ocn_policy *policy, const char *namespace_,
                                       const json_t *annotations, bool *ret, struct ocn_error *err);

/*
 * Whether row @at of `match` holds for a pod of that namespace with these annotations. An error: it
 * matches by image, which no gate can, or has a glob that none can read.
 */
OCN_MUST_USE int ocn_admission_matches(const struct ocn_policy_match *row, size_t at,
                                       const char *namespace_, const json_t *annotations, bool *ret,
                                       struct ocn_error *err);

/* The error of that alone: whether row @at can be said at a gate. */
OCN_MUST_USE int ocn_admission_match_check(const struct ocn_policy_match *row, size_t at,
                                           struct ocn_error *err);

/* The namespace that a request is about. */
const char *ocn_admission_namespace(const struct ocn_admission_request *request);

/* The annotations of the pod of a request; NULL: it has none, or is no pod. From the object. */
OCN_MUST_USE int ocn_admission_annotations(const struct ocn_admission_request *request,
                                           struct ocn_arena *arena, const json_t **ret,
                                           struct ocn_error *err);
