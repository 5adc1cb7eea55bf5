/* SPDX-License-Identifier: Apache-2.0 */
/* One run of `ocinorm lint`: reads its inputs, judges them, prints what was found. */
#pragma once

#include "hook/cli/command.h"
#include "hook/policy/world.h"

/* What was asked for, as the command line has it. */
struct ocn_lint_request {
    struct ocn_command_texts targets;
    struct ocn_command_texts images; /* NAME=INPUT */
    struct ocn_command_texts disabled;
    struct ocn_command_texts inputs;
    const char *platform;
    struct ocn_world world;
    const char *format;
    const char *output;
    const char *fail_on;
    const char *ignore_file;
    const char *baseline;
    const char *write_baseline;
    const char *place;
};

/* What --fail-on may be, up to a NULL; the first is the default. */
extern const char *const ocn_lint_run_fail_words[];

/* The exit status: 0 nothing at or above --fail-on, 1 findings, 2 not everything could be judged.
 */
OCN_MUST_USE int ocn_lint_run(const struct ocn_lint_request *request, struct ocn_error *err);
