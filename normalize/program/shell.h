/* SPDX-License-Identifier: Apache-2.0 */
/* A shell script as words: which launcher it calls that changes the user, and who gets there. */
#pragma once

#include "normalize/program/launcher.h"

#define OCN_SHELL_MAX_SIZE ((size_t)64 << 10) /* of a script that is looked at */

struct ocn_shell_call {
    size_t line;       /* from 1; 0: there is none */
    const char *words; /* the launcher and whom it names, as the script has them */
};

/*
 * The first call in @text of a launcher that changes the user (launchers.def) which a process that
 * is not root comes to, too: one below a test of the user id ("if [ "$(id -u)" = 0 ]"), or behind
 * such a test that hands over to something else, is none. The text is cut into commands as POSIX
 * and bash do; nothing is expanded or executed, and in doubt there is none. Strings come from
 * @arena.
 */
OCN_MUST_USE int ocn_shell_find_step(struct ocn_bytes text, struct ocn_arena *arena,
                                     struct ocn_shell_call *ret, struct ocn_error *err);
