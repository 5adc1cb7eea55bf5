/* SPDX-License-Identifier: Apache-2.0 */
/* Go's variables, as somebody wrote them, against the limits that the container gets. */
#pragma once

#include <jansson.h>

#include "normalize/workload/workload.h"

struct ocn_go_limits {
    enum ocn_lint_rule_id rule;
    const char *noun;    /* "container web" */
    const json_t *env;   /* a list of {name, value}, or NULL */
    const char *pointer; /* of that list */
    double cpus;         /* 0: no limit */
    double memory;       /* bytes; 0: no limit */
    const char *only;    /* the variable that is judged; NULL: both */
    double least;        /* GOMAXPROCS that any limit allows; 0: OCN_GO_LIMITS_LEAST */
};

#define OCN_GO_LIMITS_LEAST                                                                        \
    2.0 /* Go 1.25 and the policy's default: a limit of 0.5 still makes two */

/* Tells @check what is wrong with GOMAXPROCS and GOMEMLIMIT. */
OCN_MUST_USE int ocn_go_limits_check(const struct ocn_workload_check *check,
                                     const struct ocn_go_limits *limits, struct ocn_error *err);
