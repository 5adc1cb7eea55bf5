/* SPDX-License-Identifier: Apache-2.0 */
/* Variables that the Go runtime reads: for which programs they are, and which values are theirs. */
#pragma once

#include "normalize/program/gobuild.h"
#include "normalize/rules/judge.h"

struct ocn_go_variable {
    enum ocn_rule_id rule;
    const char *name;
    int first; /* minor version of Go that knows it */
    /* What is wrong with a value that is not ours, and the fix; nothing is: both stay NULL. */
    int (*judge)(struct ocn_judge *judge, const char *value, const char **ret_wrong,
                 const char **ret_fix, struct ocn_error *err);
};

/* Whether variables for Go are for the entrypoint: not for a program known to be none of Go's. */
OCN_MUST_USE int ocn_go_env_reads(struct ocn_judge *judge, bool *ret, struct ocn_error *err);

/*
 * *ret_may is false where the variable is no business of ours, which is noted: the container sets
 * it, or the program does not know it. *ret is the program's build info, NULL where there is none
 * or nobody asked.
 */
OCN_MUST_USE int ocn_go_env_may_set(struct ocn_judge *judge, const struct ocn_go_variable *variable,
                                    bool *ret_may, const struct ocn_gobuild **ret,
                                    struct ocn_error *err);

/* Notes that the variable is left as the container has it, and @why. */
OCN_MUST_USE int ocn_go_env_leave(struct ocn_judge *judge, const struct ocn_go_variable *variable,
                                  const char *why, struct ocn_error *err);
