/* SPDX-License-Identifier: Apache-2.0 */
/* Small blobs, read whole. */
#pragma once

#include "hook/image/stream.h"

/* Whether there is a file of that name, relative to the directory or archive. */
OCN_MUST_USE int ocn_blob_have(const struct ocn_blobs *blobs, const char *name, bool *ret,
                               struct ocn_error *err);

/* Whether the layout or directory has a blob; of an archive's, all are taken to be there. */
OCN_MUST_USE int ocn_blob_is_there(const struct ocn_blobs *blobs, const struct ocn_descriptor *blob,
                                   bool *ret, struct ocn_error *err);

/* A whole small file by its name, appended to @ret. */
OCN_MUST_USE int ocn_blob_read_file(const struct ocn_blobs *blobs, const char *name,
                                    size_t max_size, struct ocn_buf *ret, struct ocn_error *err);

/* A whole small blob, verified, appended to @ret. */
OCN_MUST_USE int ocn_blob_read(const struct ocn_blobs *blobs, const struct ocn_descriptor *blob,
                               size_t max_size, struct ocn_buf *ret, struct ocn_error *err);
