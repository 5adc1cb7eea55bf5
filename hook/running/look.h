/* SPDX-License-Identifier: Apache-2.0 */
/* One container that runs: what its runtime, its process and its bundle tell of it. */
#pragma once

#include <stdbool.h>

#include "hook/running/place.h"
#include "normalize/base/buf.h"

enum ocn_look_state {
    OCN_LOOK_NONE,  /* no container: nothing of a runtime's is in there */
    OCN_LOOK_ENDED, /* its process is gone */
    OCN_LOOK_RUNS,  /* or there is no /proc below the root that would tell */
};

/* Zero-initialise; release with ocn_look_done(). Strings are as others wrote them. */
struct ocn_look {
    enum ocn_look_state state;
    uint32_t pid;  /* of its first process; 0: not told */
    bool has_user; /* which that process has now, as the container counts them */
    uint32_t uid;
    uint32_t gid;
    const char *bundle;    /* as the node has it */
    const char *directory; /* where that lies for us */
    const char *runtime;   /* "runc" or "crun", by the file that it keeps */
    const char *name;      /* in the engine's own list of containers; NULL: it has none */
    struct ocn_buf config; /* config.json's text */
    const char *problem;   /* why that is not here or says nothing; NULL: it does */
};

/*
 * Looks at the container of @place below @root (NULL: this machine), in a child with a deadline:
 * no volume is waited for. What the look fails over is ret->problem.
 */
OCN_MUST_USE int ocn_look_at(const char *root, const struct ocn_place *place,
                             struct ocn_arena *arena, struct ocn_look *ret, struct ocn_error *err);

void ocn_look_done(struct ocn_look *look);
