/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pod Security Standards (kubernetes.io/docs/concepts/security/pod-security-standards) as the API
 * server's admission checks them (kubernetes/pod-security-admission, policy/check_*.go): what each
 * control allows, since which version of Kubernetes.
 */
#pragma once

#include "normalize/workload/pod.h"

/* Tells @check of everything in @pod that a control of either level, baseline or restricted,
 * forbids. */
OCN_MUST_USE int ocn_pss_check(const struct ocn_workload_check *check, const struct ocn_pod *pod,
                               struct ocn_error *err);
