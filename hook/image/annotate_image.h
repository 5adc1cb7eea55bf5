/* SPDX-License-Identifier: Apache-2.0 */
/* One image with its annotations: its manifest and configuration, changed byte-exactly. */
#pragma once

#include "hook/image/annotate_values.h"

/* The image's documents, before and after. Texts of the arena that was given. */
struct ocn_annotate_image {
    struct ocn_bytes manifest; /* as it is; as it becomes */
    struct ocn_bytes config;
    struct ocn_pairs said;     /* what the manifest says of the keys that were wanted */
    bool converted;            /* Docker's manifest became OCI's, whose annotations it lacks */
    char digest[256];          /* of the manifest */
    char config_digest[256];   /* of the configuration */
    const char *platform;      /* as the report has it */
    const double *layer_sizes; /* of a docker-archive, which says none; else NULL */
};

/*
 * @image with the keys of @wish, in place. Adds to @report ("changed", "kept", "images",
 * "warnings").
 */
OCN_MUST_USE int ocn_annotate_image(const struct ocn_blobs *blobs, const struct ocn_selected *image,
                                    const struct ocn_annotate_wish *wish, json_t *report,
                                    struct ocn_arena *arena, struct ocn_annotate_image *ret,
                                    struct ocn_error *err);

/* OCI's name of what Docker names @media_type; NULL: it is none of Docker's. */
const char *ocn_annotate_image_media_type(const char *media_type);

/* Adds a warning to @report. */
OCN_MUST_USE int ocn_annotate_image_warn(json_t *report, const char *what, struct ocn_error *err);

/* A copy of what is in @buf, in @arena. */
OCN_MUST_USE int ocn_annotate_image_keep(const struct ocn_buf *buf, struct ocn_arena *arena,
                                         struct ocn_bytes *ret, struct ocn_error *err);

/* Adds edits that give the descriptor at @at ("/config", or "" for itself) in @text the digest of
 * @to, which has its size, too, and stands in "data" where that is there. */
OCN_MUST_USE int ocn_annotate_image_point(struct ocn_bytes text, const char *at, const char *digest,
                                          struct ocn_bytes to, struct ocn_arena *arena,
                                          struct ocn_annotate_edits *edits, struct ocn_error *err);
