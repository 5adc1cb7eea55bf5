/* SPDX-License-Identifier: Apache-2.0 */
/* What an image's own program says of it, for its annotations. Runs in the confined child. */
#pragma once

#include "hook/image/select.h"

/* Strings come from the arena that was given. */
struct ocn_annotate_derived {
    struct ocn_pairs values; /* as ocn_derive_annotations() has them */
    const char *program; /* what the entrypoint starts in the end, in the image; NULL: nothing */
};

/*
 * Reads the program that the entrypoint of @image starts, as `explain` finds it, and what its build
 * info says. No policy has a part in it: the same image says the same on every machine.
 */
OCN_MUST_USE int ocn_annotate_derive(const struct ocn_blobs *blobs,
                                     const struct ocn_selected *image, struct ocn_arena *arena,
                                     struct ocn_annotate_derived *ret, struct ocn_error *err);
