/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who can write a file that decides for the node: root, or whoever runs this program (rootless),
 * and nobody else. sudo and sshd look at their configuration in the same way.
 */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "normalize/base/error.h"

/* true: this process is in a user namespace that is not the node's own. */
bool ocn_owner_in_user_namespace(void);

/*
 * 0 if the file or directory @fd belongs to root or to us, and neither its group nor others can
 * write it. @path is for the error, OCN_E_UNSUPPORTED, which has the fix. In a user namespace
 * all that is not mapped has one id, root's files and anybody's: it counts as root's where @path is
 * below one of the two directories that come with the system, and nowhere else.
 */
OCN_MUST_USE int ocn_owner_check(int fd, const char *path, struct ocn_error *err);

/* The same where @st is known. */
OCN_MUST_USE int ocn_owner_check_stat(const struct stat *st, const char *path,
                                      struct ocn_error *err);

/*
 * The same of whatever lies at @path, not following it; 0 also where nothing does. A directory with
 * the sticky bit may be written by others, who cannot replace in it what is not theirs.
 */
OCN_MUST_USE int ocn_owner_check_path(const char *path, struct ocn_error *err);

/*
 * The same of every directory that is passed on the way to @path, and of every link, as it is
 * spelled and where the links lead: who owns one of them can lead to another file. What is not
 * mapped counts as root's there. 0 also where nothing lies at @path.
 */
OCN_MUST_USE int ocn_owner_check_above(const char *path, struct ocn_error *err);

/* The same, and of what lies at @path itself. */
OCN_MUST_USE int ocn_owner_check_way(const char *path, struct ocn_error *err);
