/* SPDX-License-Identifier: Apache-2.0 */
/* What people name an image by (containers-transports(5)), and where its blobs then are. */
#pragma once

#include "hook/image/blob.h"

/* An image that has been found. Start with OCN_IMAGE_INPUT_NONE; release with _done. */
struct ocn_image_input {
    const char *name; /* as it was given; borrowed */
    struct ocn_blobs blobs;
    const char *reference; /* in the layout or archive; NULL: the only one */
    struct ocn_hash_digests *digests;
    struct ocn_arena arena;
};

#define OCN_IMAGE_INPUT_NONE                                                                       \
    {                                                                                              \
        .blobs = {.fd = -1, .shared_fd = -1 }                                                      \
    }

/* true: @text begins with the name of a transport, or lies there as a layout or an archive. */
bool ocn_image_input_is(const char *text);

/*
 * Opens @text. What has to be fetched is fetched by skopeo(1) into a cache of the user's
 * ($XDG_CACHE_HOME/ocinorm), where blobs that are there already are not copied again.
 */
OCN_MUST_USE int ocn_image_input_open(const char *text, struct ocn_image_input *ret,
                                      struct ocn_error *err);
void ocn_image_input_done(struct ocn_image_input *input);
