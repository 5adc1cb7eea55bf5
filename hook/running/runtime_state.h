/* SPDX-License-Identifier: Apache-2.0 */
/* Where a low-level runtime remembers the bundle of a container that runs. */
#pragma once

#include <stdbool.h>

#include "normalize/base/arena.h"

/* What is taken of a state file; from the arena that the reader was given. */
struct ocn_runtime_state {
    const char *bundle; /* absolute */
    const char *config; /* crun's own copy of the config.json that it started, or NULL */
    const char
        *rootfs; /* as the runtime wrote it, relative to the bundle maybe; NULL: it did not */
};

/*
 * Finds the state of container @id in the state directory @root of a runtime (its --root; NULL:
 * the defaults of the runtime named @runtime, e.g. /run/runc, rootless under XDG_RUNTIME_DIR, and
 * of runc and crun, which keep theirs under any name of their file).
 * No such container: OCN_E_NOENT.
 */
OCN_MUST_USE int ocn_runtime_state_find(const char *runtime, const char *root, const char *id,
                                        struct ocn_arena *arena, struct ocn_runtime_state *ret,
                                        struct ocn_error *err);

/* true: where the runtime at @runtime keeps its states is known, by its name; no state is none. */
bool ocn_runtime_state_is_known(const char *runtime);

/*
 * The same of the text of such a file; @name is the file's, for errors. runc keeps the bundle as a
 * label behind one for each annotation of the container, of which one may be called "bundle": the
 * last is its own (libcontainer/specconv).
 */
OCN_MUST_USE int ocn_runtime_state_read(struct ocn_bytes text, const char *name,
                                        struct ocn_arena *arena, struct ocn_runtime_state *ret,
                                        struct ocn_error *err);

/* The container's first process, as the state tells it; 0: it does not. */
struct ocn_runtime_process {
    uint32_t pid;
    uint64_t start; /* field 22 of /proc/PID/stat: which process of that number */
};

/* Reads it of the text of a state file. A member that is no such number tells nothing. */
void ocn_runtime_state_process(struct ocn_bytes text, struct ocn_runtime_process *ret);

/*
 * Fails with OCN_E_FORMAT if @config, the config.json in the bundle of @state, has another root
 * file system than the container that runs. What cannot be looked at in time is OCN_E_IO.
 */
OCN_MUST_USE int ocn_runtime_state_check(const struct ocn_runtime_state *state,
                                         struct ocn_bytes config, struct ocn_arena *arena,
                                         struct ocn_error *err);
