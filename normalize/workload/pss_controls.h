/* SPDX-License-Identifier: Apache-2.0 */
/* The controls of Pod Security Standards as rows. */
#pragma once

#include "normalize/workload/pod.h"

#define OCN_PSS_MAX_VALUES 24

enum ocn_pss_scope {
    OCN_PSS_POD = 1,       /* a path below spec */
    OCN_PSS_CONTAINER = 2, /* a path below each container */
    OCN_PSS_BOTH = OCN_PSS_POD | OCN_PSS_CONTAINER,
};

/* Pods that a control passes over from a version on; 0: never. */
struct ocn_pss_spared {
    uint32_t windows;    /* spec.os.name: windows */
    uint32_t with_users; /* spec.hostUsers: false */
};

struct ocn_pss_value {
    const char *text; /* as JSON has it without quotes: "false", "0", "Default" */
    uint32_t since;   /* Kubernetes 1.N */
};

/* A field whose values are told by a list. Absent and null are always allowed. */
struct ocn_pss_field {
    enum ocn_lint_rule_id rule;
    enum ocn_pss_scope scope;
    const char *path;
    uint32_t since; /* Kubernetes 1.N */
    uint32_t until; /* the last version that has it; 0: it still is there */
    struct ocn_pss_spared spared;
    struct ocn_pss_value allowed[OCN_PSS_MAX_VALUES]; /* up to a .text of NULL */
    const char *hint;
};

/* Rows up to a .path of NULL. */
extern const struct ocn_pss_field ocn_pss_fields[];

/* What no list of values can say. */
struct ocn_pss_control {
    enum ocn_lint_rule_id rule;
    uint32_t since;
    uint32_t until;
    struct ocn_pss_spared spared;
    int (*check)(const struct ocn_workload_check *check, enum ocn_lint_rule_id rule,
                 const struct ocn_pod *pod, struct ocn_error *err);
};

/* Rows up to a .check of NULL. */
extern const struct ocn_pss_control ocn_pss_controls[];
