/* SPDX-License-Identifier: Apache-2.0 */
/* The mounts of the prestart hook: a program of ours over files of a container, for a while. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "hook/entry/plan.h"
#include "normalize/json/bind.h"

#define OCN_COVER_MAX OCN_ENTRY_FILES_MAX
#define OCN_COVER_NAME_SIZE 256 /* NAME_MAX + 1 */
#define OCN_MOUNTINFO_MAX_SIZE ((size_t)64 << 20)

/* A file to cover: absolute, without links; and which file that was when it was judged. */
struct ocn_cover_target {
    const char *path;
    uint64_t dev;
    uint64_t ino;
};

struct ocn_cover_site {
    const char *rootfs; /* its path, as the runtime sees it */
    struct ocn_cover_target targets[OCN_COVER_MAX];
    size_t targets_len;
    const struct ocn_list *start_hooks; /* struct ocn_oci_hook: run before the start; or NULL */
    const char *label;                  /* linux.mountLabel, or NULL */
    struct ocn_bytes program;           /* ocinorm-entry, with its plan */
    struct ocn_bytes mountinfo;         /* /proc/PID/mountinfo of the container's init */
    bool again;                         /* a helper of ours holds the container already */
};

/* What lies over the targets. Start with ocn_cover_init(). */
struct ocn_cover {
    bool found; /* the same was done before: nothing is done */
    uint64_t dev;
    uint64_t ino;   /* of the one file that is seen in their place */
    int private_fd; /* our file system; letting it go takes the kernel a while */
    size_t len;
    struct {
        int parent_fd;
        char name[OCN_COVER_NAME_SIZE];
    } at[OCN_COVER_MAX];
};

void ocn_cover_init(struct ocn_cover *cover);
void ocn_cover_done(struct ocn_cover *cover);

/*
 * Puts site->program over the targets. The caller is in the container's mount namespace. The mounts
 * are read-only, nodev, nosuid and private, of a file system that is attached nowhere else. On
 * failure everything is taken back; *ret_dirty says that this failed too, so that the container
 * must not start. What is not possible here is OCN_E_UNSUPPORTED.
 */
OCN_MUST_USE int ocn_cover_put(const struct ocn_cover_site *site, struct ocn_cover *ret,
                               bool *ret_dirty, struct ocn_error *err);

/* Takes it all away, and looks whether it is gone; -1 with errno if it is not. */
OCN_MUST_USE int ocn_cover_lift(const struct ocn_cover *cover);

enum ocn_cover_peers {
    OCN_COVER_NOT_SHARED,
    OCN_COVER_SHARED,
    OCN_COVER_NO_MOUNT, /* it is not in the text */
};

/* Whether the mount with @id in the text @mountinfo tells its peers what is mounted on it. */
enum ocn_cover_peers ocn_cover_peers_of(struct ocn_bytes mountinfo, uint64_t id);
