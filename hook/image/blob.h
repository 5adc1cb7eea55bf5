/* SPDX-License-Identifier: Apache-2.0 */
/* Small blobs, read whole. */
#pragma once

#include "hook/image/stream.h"

/* true: there is a file of that name, relative to the directory or archive. */
bool ocn_blob_have(const struct ocn_blobs *blobs, const char *name);

/* A whole small file by its name, appended to @ret. */
OCN_MUST_USE int ocn_blob_read_file(const struct ocn_blobs *blobs, const char *name,
                                    size_t max_size, struct ocn_buf *ret, struct ocn_error *err);

/* A whole small blob, verified, appended to @ret. */
OCN_MUST_USE int ocn_blob_read(const struct ocn_blobs *blobs, const struct ocn_descriptor *blob,
                               size_t max_size, struct ocn_buf *ret, struct ocn_error *err);
