/* SPDX-License-Identifier: Apache-2.0 */
/* What the prestart hook changes in a container's mount namespace, and how it takes it back. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "normalize/json_bind.h"

#define OCN_MOUNTINFO_MAX_SIZE ((size_t)64 << 20)

struct ocn_mounts_site {
    const char *rootfs; /* its path, as the runtime sees it */
    const char *entry;  /* the entrypoint in it: absolute, without links */
    uint64_t entry_dev; /* and which file that was when it was judged */
    uint64_t entry_ino;
    const char *label;               /* linux.mountLabel, or NULL */
    const struct ocn_strings *masks; /* linux.maskedPaths */
    struct ocn_bytes program;        /* ocinorm-entry */
    struct ocn_bytes plan;
    struct ocn_bytes mountinfo; /* /proc/PID/mountinfo of the container's init */
    dev_t host_dev;             /* st_dev of the host's own /dev */
    bool plain;                 /* the start must not depend on set-uid bits or file capabilities */
};

/*
 * Puts site->program over the entrypoint, and the plan and the original where it finds them (see
 * entry_plan.h). The caller is in the container's mount namespace. All mounts are read-only, nodev,
 * nosuid and private. Where the same was done before, nothing is done. On failure everything is
 * taken back; *ret_dirty says that this failed too, so that the container must not start. What is
 * not possible here is OCN_E_UNSUPPORTED.
 */
OCN_MUST_USE int ocn_mounts_install(const struct ocn_mounts_site *site, bool *ret_dirty,
                                    struct ocn_error *err);

/* 1 if the mount with @id in the text @mountinfo tells its peers what is mounted on it; 0 if not;
 * -1 if it is not there. */
int ocn_mounts_is_shared(struct ocn_bytes mountinfo, uint64_t id);
