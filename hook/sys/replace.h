/* SPDX-License-Identifier: Apache-2.0 */
/* The files that ocinorm writes on a node: replaced, or made, whole or not at all. */
#pragma once

#include <sys/types.h>

#include "normalize/base/error.h"

/*
 * Replaces the regular file @path by @bytes: temporary file beside it, owner and mode kept, fsync,
 * rename. A symbolic link is followed once, and its target replaced. On any failure the old file is
 * whole and the temporary one is gone. Who is killed leaves at most the whole new one, as
 * .NAME.ocinorm, for a moment; the next call takes it away. (A file system without O_TMPFILE has
 * .NAME.ocinorm.NUMBER from the beginning.)
 */
OCN_MUST_USE int ocn_replace_file(const char *path, struct ocn_bytes bytes, struct ocn_error *err);

/* The same of @name in the directory @dir, an O_PATH descriptor; @path names both. */
OCN_MUST_USE int ocn_replace_in(int dir, const char *name, const char *path, struct ocn_bytes bytes,
                                struct ocn_error *err);

/*
 * Makes the file @path of @bytes with @mode, whatever the umask, in a directory that is there:
 * written under a temporary name, fsync, link. Something that is there already, a link included, is
 * left alone and an error (EEXIST in err->sys).
 */
OCN_MUST_USE int ocn_replace_new_file(const char *path, struct ocn_bytes bytes, mode_t mode,
                                      struct ocn_error *err);
