/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a container, as a runtime hands it to a hook on stdin (runtime-spec runtime.md). */
#pragma once

#include "normalize/base/arena.h"

#define OCN_STATE_MAX_SIZE ((size_t)16 << 20)

struct ocn_state {
    const char *id;     /* NULL: not given */
    const char *bundle; /* an absolute path */
    uint32_t pid;       /* of the container's init in the hook's pid namespace; 0: not given */
};

/*
 * Reads the state @text. Without a bundle in it the hook's working directory @cwd, which may be
 * NULL, is the bundle. Strings come from @arena.
 */
OCN_MUST_USE int ocn_state_read(struct ocn_bytes text, const char *cwd, struct ocn_arena *arena,
                                struct ocn_state *ret, struct ocn_error *err);
