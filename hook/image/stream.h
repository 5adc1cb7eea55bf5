/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The blobs of an image on this machine, in any of the forms that tools write, as streams. What is
 * read by a digest is verified while it is read.
 */
#pragma once

#include "hook/image/hash.h"
#include "normalize/image/object.h"

/* The forms, as containers-transports(5) has them. */
enum ocn_blobs_form {
    OCN_BLOBS_OCI_DIR,    /* oci: oci-layout, index.json, blobs/ALGORITHM/ENCODED */
    OCN_BLOBS_OCI_TAR,    /* oci-archive: the same in a tar */
    OCN_BLOBS_DOCKER_TAR, /* docker-archive: manifest.json names its members */
    OCN_BLOBS_DIR,        /* dir: manifest.json is the manifest, blobs lie beside it */
};

struct ocn_blobs {
    enum ocn_blobs_form form;
    int fd;        /* the directory, or the archive */
    int shared_fd; /* a directory of blobs that layouts share: ALGORITHM/ENCODED; -1: none */
    const struct ocn_hash_digests *digests;
};

/* A blob that is read from its beginning to its end. */
struct ocn_stream;

/*
 * Opens @blob; with docker-archive its digest is NULL and its media type is the member's name. The
 * caller releases *ret with _free.
 */
OCN_MUST_USE int ocn_stream_open(const struct ocn_blobs *blobs, const struct ocn_descriptor *blob,
                                 struct ocn_stream **ret, struct ocn_error *err);

/* The same of a file by its name, relative to the directory or archive: nobody says what is in it.
 */
OCN_MUST_USE int ocn_stream_open_file(const struct ocn_blobs *blobs, const char *name,
                                      struct ocn_stream **ret, struct ocn_error *err);

/* The next bytes, in a place of the stream's; *ret_len is 0 at the end. */
OCN_MUST_USE int ocn_stream_next(struct ocn_stream *stream, const void **ret, size_t *ret_len,
                                 struct ocn_error *err);

/* After the end: whether all of it is what the descriptor says. */
OCN_MUST_USE int ocn_stream_verify(struct ocn_stream *stream, struct ocn_error *err);

/* The descriptor of the file that is read, borrowed; -1: it is a member of an archive. */
int ocn_stream_file(const struct ocn_stream *stream);

void ocn_stream_free(struct ocn_stream *stream);
void ocn_stream_freep(struct ocn_stream **stream);

/* How many bytes a blob has, without reading it; -1: that is not known, or it is not there. */
double ocn_stream_size(const struct ocn_blobs *blobs, const struct ocn_descriptor *blob);
