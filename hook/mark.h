/* SPDX-License-Identifier: Apache-2.0 */
/* How a file is known to be a program of ours without running it. */
#pragma once

#include "normalize/base.h"

#define OCN_MARK "ocinorm-program:"
#define OCN_MARK_VERSION_SIZE 32

/* Once in a program: "ocinorm-program:NAME:VERSION" stands in its file. */
#define OCN_MARK_PROGRAM(name)                                                                     \
    __attribute__((used)) static const char ocn_mark[] = OCN_MARK name ":" OCN_VERSION

/* 1 and its version, if the @file is our program @name; 0 if it is something else. */
int ocn_mark_find(struct ocn_bytes file, const char *name, char ret_version[OCN_MARK_VERSION_SIZE]);
