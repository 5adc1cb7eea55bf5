/* SPDX-License-Identifier: Apache-2.0 */
/* Task definitions of Amazon ECS, as RegisterTaskDefinition takes them and as describe wraps them.
 */
#pragma once

#include <jansson.h>

#include "normalize/workload/workload.h"

/* Whether @document is one. */
bool ocn_task_is(const json_t *document);

/* All that is checked of one, by every row of task.*. */
OCN_MUST_USE int ocn_task_check_document(const struct ocn_workload_check *check,
                                         const json_t *document, struct ocn_error *err);
