/* SPDX-License-Identifier: Apache-2.0 */
/* Which keys an image gets, where, and what of them is there already. */
#pragma once

#include <jansson.h>

#include "hook/image/select.h"
#include "normalize/outcome/edit.h"

#define OCN_ANNOTATE_MAX_KEY 255
#define OCN_ANNOTATE_MAX_VALUE 4096
#define OCN_ANNOTATE_MAX_REFERENCE 255
#define OCN_ANNOTATE_REF_NAME "org.opencontainers.image.ref.name"

/* What is asked for. Strings are borrowed. */
struct ocn_annotate_wish {
    bool derive;           /* what each platform's program says */
    struct ocn_pairs set;  /* by name; wins over what is derived */
    bool labels;           /* into the configuration, too */
    bool overwrite;        /* what is there already */
    bool rewrite;          /* what refers to the image follows it; else it goes */
    bool dry;              /* no blob is wanted */
    const char *reference; /* of the result; NULL: as it is in the input */
    bool nameless;         /* its name in the input is one of ours, of a cache */
    struct ocn_bytes into; /* index.json of the layout that it goes into; .ptr NULL: a new one */
};

/* Edits of one document, or of one entry of a list. */
struct ocn_annotate_edits {
    struct ocn_edit *items;
    size_t len;
};

/* One place where keys stand: "manifest", "index" (the descriptor there) or "labels". */
struct ocn_annotate_place {
    const char *name;
    const char *pointer; /* of the object that holds them */
    const char *platform;
    const struct ocn_pairs *there;
};

/* @set over @derived, by name; each key once. From @arena. */
OCN_MUST_USE int ocn_annotate_values_merge(const struct ocn_pairs *derived,
                                           const struct ocn_pairs *set, struct ocn_arena *arena,
                                           struct ocn_pairs *ret, struct ocn_error *err);

/*
 * Adds to @edits what brings @wanted to @place, and says in @report what changes and what is kept.
 * *ret_said, where that is not NULL: @wanted as it will be there.
 */
OCN_MUST_USE int ocn_annotate_values_decide(const struct ocn_annotate_place *place,
                                            const struct ocn_pairs *wanted, bool overwrite,
                                            json_t *report, struct ocn_arena *arena,
                                            struct ocn_annotate_edits *edits,
                                            struct ocn_pairs *ret_said, struct ocn_error *err);

/* Adds an edit: @pointer becomes the text @value, or the number of bytes @size. */
void ocn_annotate_values_set_text(struct ocn_arena *arena, struct ocn_annotate_edits *edits,
                                  const char *pointer, const char *value);
void ocn_annotate_values_set_size(struct ocn_arena *arena, struct ocn_annotate_edits *edits,
                                  const char *pointer, size_t size);

/* The value of @key; NULL: it has none. */
const char *ocn_annotate_values_pair(const struct ocn_pairs *pairs, const char *key);

/* Whether @text is a name as image-layout.md has it; nothing in it that a shell or terminal heeds.
 */
bool ocn_annotate_values_is_reference(const char *text);
