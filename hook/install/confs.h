/* SPDX-License-Identifier: Apache-2.0 */
/* The TOML files that make up an engine's configuration, in the order in which it reads them. */
#pragma once

#include <stdbool.h>

#include "hook/install/changes.h"
#include "hook/install/toml.h"

struct ocn_conf {
    const char *path;
    struct ocn_bytes text;
    struct ocn_toml toml;
};

/* Zero-initialise; release with ocn_confs_done(). */
struct ocn_confs {
    struct ocn_arena arena;
    struct ocn_conf *list;
    size_t count;
};

void ocn_confs_done(struct ocn_confs *confs);

/*
 * Appends @path as it is without ocinorm; a file that is not there is not appended. An error in it
 * names FILE:LINE:COLUMN.
 */
OCN_MUST_USE int ocn_confs_add(struct ocn_confs *confs, struct ocn_changes *changes,
                               const char *path, struct ocn_error *err);

/* As ocn_confs_add() for all that match @pattern (see ocn_node_glob). */
OCN_MUST_USE int ocn_confs_add_all(struct ocn_confs *confs, struct ocn_changes *changes,
                                   const char *pattern, struct ocn_error *err);

/* As ocn_confs_add() for all files below @directory (see ocn_node_walk). */
OCN_MUST_USE int ocn_confs_add_below(struct ocn_confs *confs, struct ocn_changes *changes,
                                     const char *directory, struct ocn_error *err);

/* The last file that has a table or value at @path or below; NULL: none. */
const struct ocn_conf *ocn_confs_last(const struct ocn_confs *confs, const char *path);

/* The value at @path: the last in the last file that has one. NULL: none; *ret_conf may be NULL. */
const struct ocn_toml_row *ocn_confs_find(const struct ocn_confs *confs, const char *path,
                                          const struct ocn_conf **ret_conf);

/* The one-line string at @path as plain text, or @fallback. */
const char *ocn_confs_string(struct ocn_confs *confs, const char *path, const char *fallback);

/* Whether a table or value stands at @path or below. */
bool ocn_confs_has(const struct ocn_confs *confs, const char *path);

/*
 * Appends "key = value" lines for all values below the table @path whose first key is not in @skip
 * (a NULL at the end; paths below @path as OCN_TOML_DOT joins them), each as the last file has it.
 */
void ocn_confs_copy(const struct ocn_confs *confs, const char *path, const char *const *skip,
                    struct ocn_buf *out);
