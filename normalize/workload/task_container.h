/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of a container of a task, beyond the rows of task_fields.h. */
#pragma once

#include <jansson.h>

#include "normalize/workload/workload.h"

/* The task around it. */
struct ocn_task {
    const struct ocn_workload_check *check;
    const json_t *json;  /* of RegisterTaskDefinition */
    const char *pointer; /* "" or "/taskDefinition" */
    bool fargate;
};

struct ocn_task_container {
    const struct ocn_task *task;
    const json_t *json;
    const char *pointer;
    const char *noun; /* "container web" */
};

/* task.user, task.read-only-root, task.secrets, task.platform and task.limits. */
OCN_MUST_USE int ocn_task_container_check(const struct ocn_task_container *container,
                                          struct ocn_error *err);
