/* SPDX-License-Identifier: Apache-2.0 */
/* The bind mounts of a container, replaced by mapped clones of them: what user.volumes edits, under
 * the hook. */
#pragma once

#include "hook/mounts/grant.h"

#define OCN_REMOUNT_WHY_SIZE 160

struct ocn_remount_site {
    const char *rootfs; /* its path, as the runtime sees it */
    const struct ocn_grant *const *grants;
    size_t len;   /* OCN_GRANTS_MAX at most */
    int users_fd; /* a user namespace with the map */
    int proc_fd;  /* /proc/PID of the container's init, of the host */
};

/* What was mounted. Start with ocn_remount_init(). */
struct ocn_remounts {
    int clone_fds[OCN_GRANTS_MAX];
    size_t len;
    size_t left;                    /* how many stay as they are, and why the first of them does */
    uint32_t first;                 /* the number of its mount in config.json */
    char why[OCN_REMOUNT_WHY_SIZE]; /* printable */
};

void ocn_remount_init(struct ocn_remounts *remounts);
void ocn_remount_done(struct ocn_remounts *remounts);

/*
 * Mounts a mapped clone over each mount, with all that is mounted below it. The caller is in the
 * container's mount namespace. A mount is taken only if it is the directory or file that was
 * granted, by device and inode; what is shared with the host stays as it is, as does what the
 * kernel refuses: @ret tells. Nothing here fails: a volume that is not mapped denies nobody.
 */
void ocn_remount_put(const struct ocn_remount_site *site, struct ocn_remounts *ret);

/* Takes them away again; -1 with errno if one stays. */
OCN_MUST_USE int ocn_remount_lift(struct ocn_remounts *remounts);
