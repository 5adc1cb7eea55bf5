/* SPDX-License-Identifier: Apache-2.0 */
/* The one way in which a function says that it failed. */
#pragma once

#include "normalize/base/base.h"

enum ocn_code {
    OCN_OK,
    OCN_E_USAGE,       /* the caller's words are off */
    OCN_E_FORMAT,      /* the input is malformed */
    OCN_E_LIMIT,       /* the input is larger than a limit of ours */
    OCN_E_NOENT,       /* something that must be there is not */
    OCN_E_IO,          /* the system refused; see sys */
    OCN_E_NOMEM,       /* out of memory */
    OCN_E_UNSUPPORTED, /* understood, but not possible here */
};

/* The one error type: on the caller's stack, zero-initialised, nothing to free. */
struct ocn_error {
    enum ocn_code code;
    int sys;         /* errno, or 0 */
    char where[160]; /* "FILE:LINE:COLUMN", a JSON pointer or a path; cut from the left */
    char msg[320];   /* one line, no newline, no trailing full stop */
};

/*
 * Records an error. The first error wins: a struct that holds one is left as it is.
 * @err may be NULL, @where may be NULL. Control characters in the text are replaced, so that
 * hostile input cannot forge a second line of a log. Always returns -1, so that callers say
 * "return ocn_fail(...)".
 *
 * The contract of every function that takes an ocn_error: 0 on success; -1 with *err set and no
 * out-parameter touched on failure. "Could not decide" is an error; "decided no" is a finding.
 */
int ocn_fail(struct ocn_error *err, enum ocn_code code, const char *where, const char *fmt, ...)
    OCN_PRINTF(4, 5);

/* As ocn_fail, with an errno: OCN_E_NOENT for ENOENT/ENOTDIR, OCN_E_IO otherwise. */
int ocn_fail_sys(struct ocn_error *err, int sys, const char *where, const char *fmt, ...)
    OCN_PRINTF(4, 5);

/* As ocn_fail, for a failed allocation. */
int ocn_fail_nomem(struct ocn_error *err);

/*
 * Puts "PREFIX" (a file name, usually) and, if @line is not 0, ":LINE" before err->where; before
 * a "LINE:COLUMN" as "PREFIX:LINE:COLUMN".
 * Does nothing if no error is recorded; @err may be NULL.
 */
void ocn_error_locate(struct ocn_error *err, const char *prefix, size_t line);
