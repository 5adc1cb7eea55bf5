/* SPDX-License-Identifier: Apache-2.0 */
/* The files of two images, compared; nothing is unpacked. */
#pragma once

#include "hook/image/rootfs.h"
#include "hook/image/select.h"
#include "normalize/diff/diff.h"

/* One of the two. */
struct ocn_diff_side {
    const char *name; /* as it was given, for errors */
    const struct ocn_blobs *blobs;
    const struct ocn_selected *image;
};

/*
 * Adds to @diff each file that differs: its path, and its mode, owner, size, digest and the like as
 * "a" and "b". @shared: how many of the lowest layers are the same; they are read, once, only where
 * it hangs on them. Times are not compared. *ret: how many files differ.
 */
OCN_MUST_USE int ocn_diff_files(struct ocn_diff *diff, const struct ocn_diff_side sides[2],
                                size_t shared, size_t *ret, struct ocn_error *err);
