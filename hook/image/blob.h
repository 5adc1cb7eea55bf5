/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The blobs of an image on this machine, in any of the forms that tools write. Every byte that is
 * read by a digest is verified while it is read.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "normalize/image/object.h"

/* The forms, as containers-transports(5) has them. */
enum ocn_blobs_form {
    OCN_BLOBS_OCI_DIR,    /* oci: oci-layout, index.json, blobs/ALGORITHM/ENCODED */
    OCN_BLOBS_OCI_TAR,    /* oci-archive: the same in a tar */
    OCN_BLOBS_DOCKER_TAR, /* docker-archive: manifest.json names its members */
    OCN_BLOBS_DIR,        /* dir: manifest.json is the manifest, blobs lie beside it */
};

struct ocn_digests;

struct ocn_blobs {
    enum ocn_blobs_form form;
    int fd;        /* the directory, or the archive */
    int shared_fd; /* a directory of blobs that layouts share: ALGORITHM/ENCODED; -1: none */
    const struct ocn_digests *digests;
};

/*
 * The algorithms, asked of the library once: it reads its configuration for that, which the
 * confined child cannot. Release with _free.
 */
OCN_MUST_USE int ocn_blob_digests_new(struct ocn_digests **ret, struct ocn_error *err);
void ocn_blob_digests_free(struct ocn_digests *digests);
void ocn_blob_digests_freep(struct ocn_digests **digests);

/* true: there is a file of that name, relative to the directory or archive. */
bool ocn_blobs_have(const struct ocn_blobs *blobs, const char *name);

/* A whole small file by its name, appended to @ret. */
OCN_MUST_USE int ocn_blobs_read_file(const struct ocn_blobs *blobs, const char *name,
                                     size_t max_size, struct ocn_buf *ret, struct ocn_error *err);

/* A whole small blob, verified, appended to @ret. */
OCN_MUST_USE int ocn_blobs_read(const struct ocn_blobs *blobs, const struct ocn_descriptor *blob,
                                size_t max_size, struct ocn_buf *ret, struct ocn_error *err);

/* Bytes and a digest that is made of them. */
struct ocn_hash;

/* By a digest's algorithm; *ret is NULL where it is one that nobody can verify. */
OCN_MUST_USE int ocn_hash_new(const struct ocn_digests *digests, const char *digest,
                              struct ocn_hash **ret, struct ocn_error *err);
void ocn_hash_add(struct ocn_hash *hash, const void *bytes, size_t len);
/* Whether they are what @digest says. Accepts NULL: then they are. */
bool ocn_hash_is(struct ocn_hash *hash, const char *digest);
void ocn_hash_free(struct ocn_hash *hash);
void ocn_hash_freep(struct ocn_hash **hash);

/* A blob that is read from its beginning to its end. */
struct ocn_stream;

/*
 * Opens @blob; with docker-archive its digest is NULL and its media type is the member's name. The
 * caller releases *ret with _free.
 */
OCN_MUST_USE int ocn_stream_open(const struct ocn_blobs *blobs, const struct ocn_descriptor *blob,
                                 struct ocn_stream **ret, struct ocn_error *err);

/* The next bytes, in a place of the stream's; *ret_len is 0 at the end. */
OCN_MUST_USE int ocn_stream_next(struct ocn_stream *stream, const void **ret, size_t *ret_len,
                                 struct ocn_error *err);

/* After the end: whether all of it is what the descriptor says. */
OCN_MUST_USE int ocn_stream_verify(struct ocn_stream *stream, struct ocn_error *err);

/* How many bytes the blob has, without reading it; -1: that is not known, or it is not there. */
double ocn_blobs_size_of(const struct ocn_blobs *blobs, const struct ocn_descriptor *blob);

void ocn_stream_free(struct ocn_stream *stream);
void ocn_stream_freep(struct ocn_stream **stream);
