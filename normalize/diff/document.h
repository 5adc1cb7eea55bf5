/* SPDX-License-Identifier: Apache-2.0 */
/* Two documents of images, compared member by member as rows.def says. */
#pragma once

#include "normalize/diff/diff.h"

/* What is compared; each has its own rows. */
enum ocn_diff_document {
    OCN_DIFF_OF_INDEX,      /* image-index.md, without its manifests */
    OCN_DIFF_OF_DESCRIPTOR, /* descriptor.md: a manifest as the index has it */
    OCN_DIFF_OF_MANIFEST,   /* manifest.md, without what its digests name */
    OCN_DIFF_OF_CONFIG,     /* config.md */
    OCN_DIFF_OF_LAYER,      /* descriptor.md: a layer as the manifest has it */
    OCN_DIFF_OF_PROGRAM,    /* facts of the entrypoint; see hook/image/diff_program.h */
};

/*
 * Adds to @diff what differs between @a and @b, which ocn_json_load() has read; either may be NULL.
 * @at: the pointer of both, "" where they are whole documents.
 */
void ocn_diff_document(struct ocn_diff *diff, enum ocn_diff_document of, const char *at,
                       const json_t *a, const json_t *b);
