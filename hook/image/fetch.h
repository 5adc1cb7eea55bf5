/* SPDX-License-Identifier: Apache-2.0 */
/* Images of registries and engines, by skopeo(1): credentials, mirrors and certificates are its
 * business. */
#pragma once

#include "hook/image/blob.h"

/* The name of what was fetched last, in the layout that is opened. */
#define OCN_FETCH_REFERENCE "current"

/*
 * Copies @source ("docker://...", all its platforms) into the cache, and opens it there. Blobs are
 * shared by all images of the cache: what is there is not copied again.
 */
OCN_MUST_USE int ocn_fetch(const char *source, struct ocn_blobs *ret, struct ocn_error *err);

/* The directory of the cache, its "blobs", and that of @source's layout below @kind; from @arena.
 * Both are made. */
struct ocn_fetch_places {
    const char *blobs;
    const char *layout;
};

OCN_MUST_USE int ocn_fetch_places(const char *source, const char *kind, struct ocn_arena *arena,
                                  struct ocn_fetch_places *ret, struct ocn_error *err);

/* Opens the layout and the blobs. */
OCN_MUST_USE int ocn_fetch_open(const struct ocn_fetch_places *places, struct ocn_blobs *ret,
                                struct ocn_error *err);

/* Runs skopeo; what it prints goes to @printed, or nowhere where that is -1. */
OCN_MUST_USE int ocn_fetch_skopeo(char *const *argv, const char *source, int printed,
                                  struct ocn_error *err);
