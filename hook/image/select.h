/* SPDX-License-Identifier: Apache-2.0 */
/* From a reference to the images behind it: indexes in indexes, platforms, what is no image. */
#pragma once

#include "hook/image/layer.h"

#define OCN_SELECT_MAX_IMAGES 256
#define OCN_SELECT_MAX_DEPTH 8      /* of indexes in indexes */
#define OCN_SELECT_MAX_OBJECTS 1024 /* that are looked at, whoever names them how often */

/* One image, for one platform; strings from its objects or the selection's arena. */
struct ocn_selected {
    const char *digest; /* of its manifest; of its config with docker-archive */
    bool has_declared;
    struct ocn_object_platform declared; /* by the index that names it */
    struct ocn_object_manifest manifest;
    struct ocn_object_config config;
    struct ocn_layer_name *layers; /* lowest first */
    size_t layers_len;
    struct ocn_object objects[2]; /* the manifest, if it has one, and the configuration */
    json_t *descriptor;           /* as the index has it; NULL: no index names it */
};

/* What was met and is no image: an artifact, an attestation, something unknown. */
struct ocn_passed_over {
    const char *digest;
    const char *what;
};

/* What a layout names and has not. */
struct ocn_missed {
    const char *manifest; /* its digest; of an index, too */
    const char *config;   /* the digest of that manifest's configuration; NULL: it is itself what is
                             missing */
};

/* Zero-initialise; release with ocn_select_done(). */
struct ocn_selection {
    bool may_miss;          /* what is not there is listed in .missed, and no error */
    struct ocn_list missed; /* struct ocn_missed */
    struct ocn_selected *images;
    size_t images_len;
    struct ocn_list passed_over; /* struct ocn_passed_over */
    const char *index_digest;    /* of the index that names them; NULL: none does */
    json_t *index;               /* itself, or NULL */
    struct ocn_arena arena;
};

/*
 * Reads what @reference names (a name or tag as the layout has it, or a digest; NULL: the only
 * one).
 * @platform: only that one; NULL: all. What is broken in one image is an error of all: nobody can
 * say what it is.
 */
OCN_MUST_USE int ocn_select(const struct ocn_blobs *blobs, const char *reference,
                            const struct ocn_object_platform *platform, struct ocn_selection *ret,
                            struct ocn_error *err);

void ocn_select_done(struct ocn_selection *selection);

/*
 * true: @image is for Windows, by its configuration and by its index where that says so. Linux
 * never starts it: what the node's rules ask (users, paths, programs) is other there.
 */
bool ocn_select_is_windows(const struct ocn_selected *image);
