/* SPDX-License-Identifier: Apache-2.0 */
/* A layer: its names as a table, and the bytes of those files that are asked for. */
#pragma once

#include "hook/image/blob.h"
#include "normalize/image/tree.h"

/* Limits; an error past them. */
#define OCN_LAYER_MAX_BYTES ((uint64_t)64 << 30) /* of a layer, uncompressed */
#define OCN_LAYER_MAX_FILE ((uint64_t)512 << 20) /* of a file that is looked into */

/* A layer as the manifest and the configuration name it; borrowed. */
struct ocn_layer_name {
    struct ocn_descriptor blob;
    const char *diff_id; /* of what it holds, uncompressed; NULL: not said */
};

/* The bytes of one file, and which. */
struct ocn_layer_file {
    size_t entry;
    char *bytes;
    size_t len;
};

/* What a table does not say of an entry, for whoever compares two. */
struct ocn_layer_seal {
    unsigned char content[OCN_HASH_SHA256]; /* of a regular file's bytes */
    unsigned char xattrs[OCN_HASH_SHA256];  /* of all extended attributes; zeros: none */
    const char *xattr_names;                /* "security.capability,..."; NULL: none */
    uint64_t device;                        /* of a device file */
};

/* Zero-initialise; release with ocn_image_layer_done(). */
struct ocn_image_layer {
    struct ocn_tree_layer table;
    size_t odd_names;             /* that are absolute, or lead out of the root */
    struct ocn_list files;        /* struct ocn_layer_file: those that were kept */
    size_t kept;                  /* bytes of them */
    struct ocn_layer_seal *seals; /* one for each entry; NULL: nobody asked */
    struct ocn_arena arena;
};

/*
 * Reads all of a layer, verifies it, and keeps what is likely to be asked for: small files, and
 * those whose last name is one of @names.
 */
OCN_MUST_USE int ocn_image_layer_read(const struct ocn_blobs *blobs,
                                      const struct ocn_layer_name *name,
                                      const struct ocn_strings *names, struct ocn_image_layer *ret,
                                      struct ocn_error *err);

/* Reads all of a layer, verifies it, and seals each entry; no bytes are kept. */
OCN_MUST_USE int ocn_image_layer_seal(const struct ocn_blobs *blobs,
                                      const struct ocn_layer_name *name,
                                      struct ocn_image_layer *ret, struct ocn_error *err);

/*
 * The bytes of the file @entry of @layer, which has been read; from a second reading where they
 * were not kept. Borrowed from @layer.
 */
OCN_MUST_USE int ocn_image_layer_file(const struct ocn_blobs *blobs,
                                      const struct ocn_layer_name *name, size_t entry,
                                      struct ocn_image_layer *layer, struct ocn_bytes *ret,
                                      struct ocn_error *err);

void ocn_image_layer_done(struct ocn_image_layer *layer);
