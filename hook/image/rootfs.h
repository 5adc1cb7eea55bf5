/* SPDX-License-Identifier: Apache-2.0 */
/* An image as a view (normalize/view.h): its layers are read from the top, as the core asks. */
#pragma once

#include "hook/image/layer.h"
#include "normalize/view.h"

#define OCN_ROOTFS_MAX_LAYERS 1024

/* The node that the image is to run on, as far as somebody has said. */
struct ocn_image_node {
    char machine[65];    /* as uname -m says; "": not known */
    const char *variant; /* of its CPU; NULL: not known */
};

/* Zero-initialise; release with ocn_image_rootfs_done(). */
struct ocn_image_rootfs {
    const struct ocn_blobs *blobs;
    struct ocn_layer_name *names; /* lowest first; from the caller */
    size_t count;
    const struct ocn_strings *likely; /* last names of files that will be asked for */
    struct ocn_image_layer *layers;
    size_t unread; /* how many of the lowest have not been looked at */
    struct ocn_tree *tree;
    size_t planted; /* how often that was made */
    struct ocn_image_node node;
    struct ocn_arena arena;
};

/* Begins with no layer read. What @names and @likely point to must outlive @ret. */
OCN_MUST_USE int ocn_image_rootfs_open(const struct ocn_blobs *blobs, struct ocn_layer_name *names,
                                       size_t count, const struct ocn_strings *likely,
                                       struct ocn_image_rootfs *ret, struct ocn_error *err);
void ocn_image_rootfs_done(struct ocn_image_rootfs *rootfs);

struct ocn_view ocn_image_rootfs_as_view(struct ocn_image_rootfs *rootfs);

/* A whole file, links followed; {NULL, 0} where there is none, or it is no file. Borrowed. */
OCN_MUST_USE int ocn_image_rootfs_read(struct ocn_image_rootfs *rootfs, const char *path,
                                       size_t max_size, struct ocn_bytes *ret,
                                       struct ocn_error *err);

/* The layer (from 0, lowest first) that brought the file at @path; -1: none, or nobody asked yet.
 */
int ocn_image_rootfs_layer_of(const struct ocn_image_rootfs *rootfs, const char *path);
