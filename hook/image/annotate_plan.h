/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What annotating an image makes of it: the documents that change, byte for byte but for that, and
 * the list of all blobs that it has then. Runs in the confined child; nothing is written here.
 */
#pragma once

#include "hook/image/annotate_values.h"

#define OCN_ANNOTATE_MAX_BLOBS 16384

/* A blob that the result has. */
struct ocn_annotate_blob {
    const char *digest;
    struct ocn_bytes text; /* of a document; .ptr NULL: the input's blob, as it is */
    double size;           /* bytes; -1: not said */
    const char *member;    /* of a docker-archive; NULL: it goes by its digest */
    bool optional;         /* may be missing: nobody hands such layers on */
};

/* Zero-initialise; release with ocn_annotate_plan_done(). */
struct ocn_annotate_plan {
    struct ocn_list blobs;  /* struct ocn_annotate_blob; what refers comes behind what it names */
    struct ocn_bytes index; /* index.json of the result */
    json_t *report;         /* as `ocinorm annotate --format json` prints it */
    struct ocn_arena arena;
};

/* @reference: as it was given to ocn_select(), which made @selection. */
OCN_MUST_USE int ocn_annotate_plan(const struct ocn_blobs *blobs, const char *reference,
                                   const struct ocn_selection *selection,
                                   const struct ocn_annotate_wish *wish,
                                   struct ocn_annotate_plan *ret, struct ocn_error *err);
void ocn_annotate_plan_done(struct ocn_annotate_plan *plan);
