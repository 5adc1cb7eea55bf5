/* SPDX-License-Identifier: Apache-2.0 */
/* The source of a bind mount on the node: what it is, and where else that lies. */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "normalize/base/buf.h"
#include "normalize/base/strings.h"
#include "normalize/view.h"

#define OCN_SOURCE_PATH_SIZE 4096 /* PATH_MAX */

struct ocn_source {
    int fd; /* O_PATH */
    struct stat stat;
    uint64_t mount_id;
    char path[OCN_SOURCE_PATH_SIZE]; /* without links */
};

/* Zero-initialise with .fd = -1; release with ocn_source_done(). */
void ocn_source_done(struct ocn_source *source);

/*
 * Opens absolute @path, links followed. OCN_MAPPING_YES only where nobody but root can make it
 * another file (every directory and link on the way is root's, and nobody else may write there, or
 * it is sticky and what lies in it is root's), so that the runtime, which opens the path once more,
 * finds the same. Into ret->path comes at most how far it was followed.
 */
enum ocn_mapping ocn_source_open(const char *path, struct ocn_source *ret);

/*
 * Judges it by all places of the node at which it can be seen, as @mountinfo (/proc/self/mountinfo)
 * has them: none of them is the node's own, and @allow holds one. So a directory that somebody has
 * mounted elsewhere (the kubelet: each subPath) stays what it is.
 */
enum ocn_mapping ocn_source_place(const struct ocn_source *source, struct ocn_bytes mountinfo,
                                  const struct ocn_strings *allow);

/* true: something is mounted below it. */
bool ocn_source_has_mounts(const struct ocn_source *source, struct ocn_bytes mountinfo);

/* true: its mount, or one that is mounted below it, tells peers what is mounted on it. */
bool ocn_source_is_shared(const struct ocn_source *source, struct ocn_bytes mountinfo);
