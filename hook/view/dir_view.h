/* SPDX-License-Identifier: Apache-2.0 */
/* A view (normalize/view.h) over real directories. */
#pragma once

#include <stdbool.h>

#include "hook/view/seen.h"
#include "normalize/view.h"

struct ocn_dir_view {
    int rootfs_fd;   /* O_PATH descriptors of the two roots; -1: nothing is there */
    int host_fd;     /* AT_FDCWD: this machine, whose paths are absolute */
    bool captured;   /* host_fd is no machine that runs: no path leads out of it */
    bool no_openat2; /* the kernel (or a seccomp filter above us) has none: walk by hand */
    char machine[65];
    const char *variant; /* of the CPU; NULL: not known, or not asked for yet */
    bool has_variant;
    struct ocn_seen seen;
};

/*
 * Opens the view: @rootfs as a path on the host (NULL or a missing one: nothing exists there),
 * @root as in struct ocn_world. Release with ocn_dir_view_done().
 */
OCN_MUST_USE int ocn_dir_view_open(struct ocn_dir_view *view, const char *rootfs, const char *root,
                                   struct ocn_error *err);
void ocn_dir_view_done(struct ocn_dir_view *view);

/* Opens @rootfs, of a view that was opened without one and has not looked there. */
OCN_MUST_USE int ocn_dir_view_set_rootfs(struct ocn_dir_view *view, const char *rootfs,
                                         struct ocn_error *err);

/*
 * The core's handle on @view; valid while that is open. It counts no CPUs: that costs a file, and
 * only who judges or tells needs ocn_cpu_count().
 */
struct ocn_view ocn_dir_view_as_view(struct ocn_dir_view *view);

/* An O_PATH descriptor of @path on the host, links followed, or -1 with errno. */
int ocn_dir_view_find_host(struct ocn_dir_view *view, const char *path);
