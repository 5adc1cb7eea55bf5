/* SPDX-License-Identifier: Apache-2.0 */
/* A layout's index.json with one more image in it: image-layout.md. */
#pragma once

#include "hook/image/annotate_image.h"

/* What is named, and by what. */
struct ocn_annotate_root {
    const struct ocn_blobs *blobs; /* where it comes from */
    const char *reference;         /* as it was asked for; NULL: the only one */
    const struct ocn_annotate_wish *wish;
    const char *from; /* its digest there, where it has one */
    const char *to;
    struct ocn_bytes text;
    bool is_index;
};

/*
 * Makes the index.json of the result in @arena: wish->into with the image under its name, in place
 * of what has that name, and all else as it is.
 */
OCN_MUST_USE int ocn_annotate_refs(const struct ocn_annotate_root *root, json_t *report,
                                   struct ocn_arena *arena, struct ocn_bytes *ret,
                                   struct ocn_error *err);
