/* SPDX-License-Identifier: Apache-2.0 */
/* All that is checked of a document. */
#pragma once

#include "normalize/workload/pod.h"

/* Of an object of Kubernetes: every pod in it, by every family of pod.*. */
OCN_MUST_USE int ocn_pod_check_document(const struct ocn_workload_check *check,
                                        const json_t *document, struct ocn_error *err);
