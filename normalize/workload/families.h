/* SPDX-License-Identifier: Apache-2.0 */
/* What is checked of a pod beside Pod Security Standards: a function for each question. */
#pragma once

#include "normalize/workload/pod.h"

/*
 * The amount of resources that @value (NULL: none) is, a string, or a number where YAML makes one
 * of it; 0: none. false: it is no amount, and an API server refuses it.
 */
bool ocn_workload_amount(const json_t *value, double *ret);

/* pod.limits: GOMAXPROCS and GOMEMLIMIT against the limits, and amounts that are none. */
OCN_MUST_USE int ocn_workload_limits(const struct ocn_workload_check *check,
                                     const struct ocn_pod *pod, struct ocn_error *err);

/* pod.platform: what nodeSelector and affinity ask for, against what its images have. */
OCN_MUST_USE int ocn_workload_platform(const struct ocn_workload_check *check,
                                       const struct ocn_pod *pod, struct ocn_error *err);

/* pod.run-as-non-root: whether the kubelet will start it, by the user of the image that is known.
 */
OCN_MUST_USE int ocn_workload_non_root(const struct ocn_workload_check *check,
                                       const struct ocn_pod *pod, struct ocn_error *err);

/* pod.volumes: volumes that are root's, in a container that is known to start as root. */
OCN_MUST_USE int ocn_workload_volumes(const struct ocn_workload_check *check,
                                      const struct ocn_pod *pod, struct ocn_error *err);

/* Whether labels or annotations (NULL: none) have @key, with a value that is not empty. */
bool ocn_workload_has_key(const json_t *map, const char *key);

/* pod.read-only-root, pod.resources and pod.labels: what a target asks to be there. */
OCN_MUST_USE int ocn_workload_demands(const struct ocn_workload_check *check,
                                      const struct ocn_pod *pod, struct ocn_error *err);
