/* SPDX-License-Identifier: Apache-2.0 */
/*
 * binfmt_misc: programs that the kernel hands to an interpreter by their first bytes, such as qemu
 * (Documentation/admin-guide/binfmt-misc.rst).
 */
#pragma once

#include <stdbool.h>

#include "normalize/arena.h"

#define OCN_BINFMT_HEAD 128 /* what the kernel looks at: BINPRM_BUF_SIZE of old kernels */

struct ocn_handler {
    const char *name;
    const char *interpreter;
    bool enabled;
    bool fixed;            /* flag F: opened when it was registered, works in every root */
    const char *extension; /* NULL: it goes by magic */
    size_t offset;
    struct ocn_bytes magic;
    struct ocn_bytes mask; /* as long as magic; ptr NULL: every bit counts */
};

/*
 * Reads what /proc/sys/fs/binfmt_misc/@name says. A text that is none of a handler's leaves
 * ret->enabled false. Strings come from @arena.
 */
OCN_MUST_USE int ocn_handler_parse(const char *name, const char *text, struct ocn_arena *arena,
                                   struct ocn_handler *ret, struct ocn_error *err);

/* 1 if the kernel gives a file at @path that begins with @head to @handler. */
int ocn_handler_matches(const struct ocn_handler *handler, struct ocn_bytes head, const char *path);
