/* SPDX-License-Identifier: Apache-2.0 */
/* Idmapped mounts, as the kernel makes them: mount_setattr(2), MOUNT_ATTR_IDMAP. */
#pragma once

#include <stdbool.h>

#include "normalize/node/idmap.h"

/* Flags of a mount that are set besides (MOUNT_ATTR_*), without <linux/mount.h>. */
struct ocn_map_flags {
    bool read_only;
    bool no_suid;
    bool no_dev;
    bool no_exec;
};

/* NULL: this kernel may know the calls; else why it does not. Costs one system call. */
const char *ocn_map_is_missing(void);

/*
 * A user namespace in which @uids and @gids hold, for as long as the descriptor *ret_fd is open; no
 * process is left in it. Takes CAP_SETUID and CAP_SETGID of the first user namespace.
 */
OCN_MUST_USE int ocn_map_open(const struct ocn_idmap *uids, const struct ocn_idmap *gids,
                              int *ret_fd, struct ocn_error *err);

/*
 * A clone of the mount that @fd (O_PATH) is of, from there on and with all mounts below, attached
 * nowhere; its top is mapped by @users_fd and has @flags besides its own. -1 with errno: EINVAL
 * where its file system cannot, EPERM where it is mapped already.
 */
int ocn_map_clone(int fd, int users_fd, const struct ocn_map_flags *flags);

/* Attaches it over what @fd is, in the mount namespace of this process. */
int ocn_map_attach(int clone_fd, int fd);

/* Takes what was attached as @clone_fd away again. */
int ocn_map_detach(int clone_fd);
