/* SPDX-License-Identifier: Apache-2.0 */
/* A program of commands: `ocinorm` and `ocinorm-image`. It gets `help` and `version` by itself. */
#pragma once

#include "hook/cli/command.h"

#define OCN_PROGRAM_MAX_COMMANDS 30

struct ocn_program {
    const char *name;
    const char *about;                         /* a sentence */
    const struct ocn_command *const *commands; /* up to a NULL */
};

/* All of main(): runs the command that argv[1] names. Returns the exit status. */
int ocn_program_main(const struct ocn_program *program, int argc, char **argv);
