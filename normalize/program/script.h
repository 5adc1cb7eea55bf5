/* SPDX-License-Identifier: Apache-2.0 */
/* The "#!" line, as the kernel cuts it (fs/binfmt_script.c). */
#pragma once

#include "normalize/base/arena.h"

#define OCN_SCRIPT_HEAD_SIZE 256 /* BINPRM_BUF_SIZE: what the kernel reads of a file */
#define OCN_SCRIPT_MAX_CHAIN 5   /* scripts on the way to a program; one more is ELOOP */

enum ocn_script_state {
    OCN_SCRIPT_NONE,     /* no "#!" */
    OCN_SCRIPT_FOUND,    /* an interpreter is named */
    OCN_SCRIPT_NAMELESS, /* "#!" and nothing: ENOEXEC */
    OCN_SCRIPT_CUT,      /* the interpreter's name does not end within what the kernel reads */
};

struct ocn_script {
    enum ocn_script_state state;
    const char *interpreter; /* FOUND; it may end in "\r" */
    const char *argument;    /* all of the rest of the line, one argument; or NULL */
};

/* @head: the first OCN_SCRIPT_HEAD_SIZE bytes of a file. Strings come from @arena. */
OCN_MUST_USE int ocn_script_read(struct ocn_bytes head, struct ocn_arena *arena,
                                 struct ocn_script *ret, struct ocn_error *err);
