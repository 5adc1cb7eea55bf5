/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of a node below a root directory ("/" or --root DIR). Links are followed as the node
 * itself would, so that an absolute one never leads out of the root.
 */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "normalize/base/arena.h"
#include "normalize/base/buf.h"

#define OCN_NODE_MAX_FILE ((size_t)4 << 20)

struct ocn_node {
    const char *root; /* as it was given; "/" for this machine */
    int fd;
};

/* Opens @root (NULL: "/"). Release with ocn_node_done(). */
OCN_MUST_USE int ocn_node_open(const char *root, struct ocn_node *ret, struct ocn_error *err);
void ocn_node_done(struct ocn_node *node);

bool ocn_node_is_this_machine(const struct ocn_node *node);

/*
 * Where the absolute @path of the node lies for us: as much of it as exists without links, and the
 * rest as it is spelled. Owned by @arena.
 */
OCN_MUST_USE int ocn_node_real(const struct ocn_node *node, struct ocn_arena *arena,
                               const char *path, const char **ret, struct ocn_error *err);

/* What is at @path, links followed. OCN_E_NOENT where there is nothing. */
OCN_MUST_USE int ocn_node_stat(const struct ocn_node *node, const char *path, struct stat *ret,
                               struct ocn_error *err);

/* Whether there is something at @path that can be seen. */
bool ocn_node_has(const struct ocn_node *node, const char *path);

/* A whole regular file of at most OCN_NODE_MAX_FILE bytes, appended to @ret. */
OCN_MUST_USE int ocn_node_read(const struct ocn_node *node, const char *path, struct ocn_buf *ret,
                               struct ocn_error *err);

/*
 * The paths that @pattern names: itself, or, with wildcards in its last part, the sorted entries of
 * the directory. A missing directory has none. Wildcards elsewhere are OCN_E_UNSUPPORTED.
 */
OCN_MUST_USE int ocn_node_glob(const struct ocn_node *node, struct ocn_arena *arena,
                               const char *pattern, const char *const **ret, size_t *ret_count,
                               struct ocn_error *err);

/*
 * The files below the directory @path, however deep, in the order of Go's filepath.Walk: each
 * directory's entries by name. A missing directory has none.
 */
OCN_MUST_USE int ocn_node_walk(const struct ocn_node *node, struct ocn_arena *arena,
                               const char *path, const char *const **ret, size_t *ret_count,
                               struct ocn_error *err);
