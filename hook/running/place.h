/* SPDX-License-Identifier: Apache-2.0 */
/* Where the low-level runtimes keep the state of a node's containers, as one table. */
#pragma once

#include <stdbool.h>

#include "normalize/base/arena.h"

/* More is somebody's joke. */
#define OCN_PLACES_MAX 4096

/* The directory that a runtime has for a container; from the arena that the reader was given. */
struct ocn_place {
    const char *path;       /* as the node has it */
    const char *id;         /* its last component */
    const char *engine;     /* whose place it is; NULL: several use it */
    const char *runtime;    /* whose default place it is; NULL: an engine's */
    const char *namespace_; /* of the engine; NULL: it has none */
};

/* Zero-initialise. */
struct ocn_places {
    struct ocn_place *items;
    size_t len;
    const char **problems; /* a line for each place that could not be looked into */
    size_t problems_len;
};

/*
 * Lists them below @root (NULL: this machine). What cannot be listed, or gives no answer within
 * OCN_CHILD_SECONDS, is a problem and no failure. @own: a directory of state directories beside
 * the usual ones (XDG_RUNTIME_DIR), or NULL.
 */
OCN_MUST_USE int ocn_place_find(const char *root, const char *own, struct ocn_arena *arena,
                                struct ocn_places *ret, struct ocn_error *err);
