/* SPDX-License-Identifier: Apache-2.0 */
/*
 * binfmt_misc: programs that the kernel hands to an interpreter by their first bytes, such as qemu
 * (Documentation/admin-guide/binfmt-misc.rst).
 */
#pragma once

#include <stdbool.h>

#include "normalize/base/arena.h"
#include "normalize/view.h"

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

struct ocn_handlers {
    struct ocn_handler *items;
    size_t len;
};

/*
 * Reads what /proc/sys/fs/binfmt_misc/@name says. A text that is none of a handler's leaves
 * ret->enabled false. Strings come from @arena.
 */
OCN_MUST_USE int ocn_emulation_parse(const char *name, const char *text, struct ocn_arena *arena,
                                     struct ocn_handler *ret, struct ocn_error *err);

/* true: the kernel gives a file at @path that begins with @head to @handler. */
bool ocn_emulation_matches(const struct ocn_handler *handler, struct ocn_bytes head,
                           const char *path);

/* The handlers of this host that are enabled, in the order of their names. From @arena. */
OCN_MUST_USE int ocn_emulation_read(const struct ocn_view *view, struct ocn_arena *arena,
                                    struct ocn_handlers *ret, struct ocn_error *err);
