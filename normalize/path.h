/* SPDX-License-Identifier: Apache-2.0 */
/* Paths as the container will see them: links, "..", and mounts that are not made yet. */
#pragma once

#include "normalize/oci.h"
#include "normalize/view.h"

#define OCN_PATH_SIZE 4096    /* PATH_MAX */
#define OCN_PATH_MAX_LINKS 40 /* MAXSYMLINKS of the kernel */

enum ocn_path_state {
    OCN_PATH_FOUND,
    OCN_PATH_MISSING,
    OCN_PATH_UNKNOWN, /* it lies in a mount whose content nobody can see yet (tmpfs, overlay ...) */
};

/* Whose permissions count, in ids of the host: what the inodes carry. */
struct ocn_who {
    uint32_t uid;
    uint32_t gid;
    const uint32_t *groups;
    size_t groups_len;
};

struct ocn_path {
    enum ocn_path_state state;
    const char *path;     /* without links; for MISSING the first component that is not there */
    const char *blocked;  /* the first directory on the way that @who may not search, or NULL */
    struct ocn_ref ref;   /* FOUND: where it really lies */
    struct ocn_stat stat; /* FOUND */
};

struct ocn_path_context {
    const struct ocn_container *container;
    const struct ocn_view *view;
    struct ocn_arena *arena;
    const struct ocn_who *who; /* NULL: nobody's permissions are asked for */
    /*
     * A mount's destination may itself lead through links of the root file system (/var/run/x);
     * what is missing below such a one is merely unseen. Walking every destination costs, so it is
     * done where a denial hangs on the answer.
     */
    bool thorough;
};

/*
 * Resolves absolute @path as the kernel will inside the container, last link included: in the root
 * file system, or in the source of the bind mount that covers it. Strings come from the arena. A
 * loop of links and a name longer than the kernel takes are MISSING.
 */
OCN_MUST_USE int ocn_path_resolve(const struct ocn_path_context *context, const char *path,
                                  struct ocn_path *ret, struct ocn_error *err);

/* 1 if @who has the permission bits @want (4 read, 2 write, 1 execute or search) on @stat. */
int ocn_who_may(const struct ocn_who *who, const struct ocn_stat *stat, unsigned want);
