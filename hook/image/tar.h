/* SPDX-License-Identifier: Apache-2.0 */
/* tar by libarchive: that format, gzip and zstd, and nothing else that the library could read. */
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include "normalize/base/error.h"

void ocn_tar_freep(struct archive **archive);

/* A reader of tar that decompresses nothing; NULL: out of memory. */
struct archive *ocn_tar_new(void);

/* A reader of one file as it is, decompressed where it is compressed; NULL: out of memory. */
struct archive *ocn_tar_new_raw(void);

/* Records what @archive says of its failure. Returns -1. */
int ocn_tar_fail(struct archive *archive, const char *where, struct ocn_error *err);
