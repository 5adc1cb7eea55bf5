/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layout that an image is written into (image-layout.md): blobs under their digests, each
 * whole and verified or not there at all; index.json last, by rename. No link in it is followed.
 */
#pragma once

#include "hook/image/blob.h"

/* Start with OCN_ANNOTATE_LAYOUT_NONE; release with _done. */
struct ocn_annotate_layout {
    const char *path;  /* borrowed */
    int dir;           /* locked; -1: it is not there, and nothing is to be written */
    bool made;         /* by us, and there is no index in it yet */
    int algorithm_dir; /* of the blob that is written */
    int file;          /* its temporary one */
    struct ocn_hash *hash;
    const struct ocn_hash_digests *digests;
    char digest[256]; /* of that blob */
    double got;
    double want; /* bytes; -1: not said */
};

#define OCN_ANNOTATE_LAYOUT_NONE                                                                   \
    {                                                                                              \
        .dir = -1, .algorithm_dir = -1, .file = -1                                                 \
    }

/*
 * Opens the layout at @path, or makes an empty directory of it where @dry is not set; appends its
 * index.json, if it has one, to @ret_index. Nobody else annotates into it until _done.
 */
OCN_MUST_USE int ocn_annotate_layout_open(const char *path, bool dry,
                                          const struct ocn_hash_digests *digests,
                                          struct ocn_annotate_layout *ret,
                                          struct ocn_buf *ret_index, struct ocn_error *err);
void ocn_annotate_layout_done(struct ocn_annotate_layout *layout);

/* true: the blob is there, and is what its digest says. */
bool ocn_annotate_layout_has(const struct ocn_annotate_layout *layout, const char *digest);

/* Begins a blob of @size bytes (-1: not known), of sha256 or sha512; its bytes; its end, where it
 * is verified and gets its name. */
OCN_MUST_USE int ocn_annotate_layout_begin(struct ocn_annotate_layout *layout, const char *digest,
                                           double size, struct ocn_error *err);
OCN_MUST_USE int ocn_annotate_layout_add(struct ocn_annotate_layout *layout, struct ocn_bytes bytes,
                                         struct ocn_error *err);
OCN_MUST_USE int ocn_annotate_layout_end(struct ocn_annotate_layout *layout, struct ocn_error *err);

/*
 * Takes a blob from @blobs, files of this machine: by a hard link where it is ours alone and nobody
 * else may write it, else as a copy. @optional: it may be missing.
 */
OCN_MUST_USE int ocn_annotate_layout_copy(struct ocn_annotate_layout *layout,
                                          const struct ocn_blobs *blobs, const char *digest,
                                          double size, bool optional, struct ocn_error *err);

/* Writes oci-layout, where there is none, and @index as index.json. */
OCN_MUST_USE int ocn_annotate_layout_finish(struct ocn_annotate_layout *layout,
                                            struct ocn_bytes index, struct ocn_error *err);
