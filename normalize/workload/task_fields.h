/* SPDX-License-Identifier: Apache-2.0 */
/* What the fields of a task definition may be, as rows. */
#pragma once

#include "normalize/workload/workload.h"

#define OCN_TASK_MAX_VALUES 20

enum ocn_task_scope { OCN_TASK_TASK, OCN_TASK_CONTAINER };

struct ocn_task_field {
    enum ocn_lint_rule_id rule;
    enum ocn_task_scope scope;
    const char *path;
    bool fargate;                             /* asked only of a task for Fargate */
    const char *allowed[OCN_TASK_MAX_VALUES]; /* as JSON without quotes, up to a NULL; none: it may
                                                 not be there */
    const char *hint;
};

/* Rows up to a .path of NULL. */
extern const struct ocn_task_field ocn_task_fields[];
