/* SPDX-License-Identifier: Apache-2.0 */
/* Other people's programs, run for what they print. */
#pragma once

#include "hook/view/node.h"

struct ocn_tool_result {
    int status;         /* exit status; 127: could not be started; 128 + signal */
    struct ocn_buf out; /* stdout, at most OCN_NODE_MAX_FILE bytes */
    struct ocn_buf err; /* stderr, likewise */
};

void ocn_tool_done(struct ocn_tool_result *result);

/*
 * Runs @argv, whose first is an absolute path on @node, as the node would: in its root, from "/",
 * with nothing in the environment but a PATH, and /dev/null as stdin. After @seconds it is killed,
 * which is an error. Zero-initialise *ret; release it with ocn_tool_done() whatever comes back.
 */
OCN_MUST_USE int ocn_tool_run(const struct ocn_node *node, const char *const *argv, int seconds,
                              struct ocn_tool_result *ret, struct ocn_error *err);

/* The last line of what a program said on stderr, for a message of ours; never NULL. */
const char *ocn_tool_reason(struct ocn_tool_result *result);
