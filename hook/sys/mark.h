/* SPDX-License-Identifier: Apache-2.0 */
/* How a file is known to be a program of ours without running it. */
#pragma once

#include <stdbool.h>

#include "normalize/base/error.h"

#define OCN_MARK "ocinorm-program:"
#define OCN_MARK_VERSION_SIZE 32

/* Once in a program: "ocinorm-program:NAME:VERSION" stands in its file. */
#define OCN_MARK_PROGRAM(name)                                                                     \
    __attribute__((used)) static const char ocn_mark[] = OCN_MARK name ":" OCN_VERSION

/* true and its version: the @file is our program @name. false: it is something else. */
bool ocn_mark_find(struct ocn_bytes file, const char *name,
                   char ret_version[OCN_MARK_VERSION_SIZE]);

/* Which of our programs that engines start the @file is, and its version; NULL: something else. */
const char *ocn_mark_which(struct ocn_bytes file, char ret_version[OCN_MARK_VERSION_SIZE]);
