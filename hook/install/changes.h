/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an engine's files are, what they would be without ocinorm, and what they are to be: a plan
 * that can be shown, carried out, and taken back. A NULL ptr stands for no file.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "hook/view/node.h"

enum ocn_owner {
    OCN_OURS,   /* the whole file is ocinorm's */
    OCN_SHARED, /* somebody else's, in which some lines are ocinorm's */
};

struct ocn_change {
    const char *path; /* on the node */
    const char *real; /* for us */
    enum ocn_owner owner;
    mode_t mode; /* of a new file */
    struct ocn_bytes now;
    struct ocn_bytes pristine;
    struct ocn_bytes wanted;
};

/* Zero-initialise; release with ocn_changes_done(). */
struct ocn_changes {
    struct ocn_arena arena;
    const struct ocn_node *node; /* borrowed */
    const char *engine;          /* borrowed */
    bool force;
    json_t *record;
    struct ocn_change *list;
    size_t count;
    struct ocn_change book; /* the file of the record itself */
};

void ocn_changes_done(struct ocn_changes *changes);

/*
 * Reads the record and the files that it lists for @engine. Each is to become what it would be
 * without ocinorm. Where somebody has changed what ocinorm wrote, a diff goes to @told and it is
 * OCN_E_FORMAT, unless @force: then our file goes all the same, and theirs is left as it is.
 */
OCN_MUST_USE int ocn_changes_begin(struct ocn_changes *ret, const struct ocn_node *node,
                                   const char *engine, bool force, struct ocn_buf *told,
                                   struct ocn_error *err);

/* Whether the record lists something for this engine. */
bool ocn_changes_installed(const struct ocn_changes *changes);

/* The text of @path as it would be without ocinorm, owned by @changes; a NULL ptr: no such file. */
OCN_MUST_USE int ocn_changes_pristine(struct ocn_changes *changes, const char *path,
                                      struct ocn_bytes *ret, struct ocn_error *err);

/*
 * @path, a file of @mode where it is ours, is to hold @bytes (which are copied). Those of OCN_OURS
 * come before those of OCN_SHARED. A file in the place of one of ours that ocinorm has not written
 * is an error.
 */
OCN_MUST_USE int ocn_changes_want(struct ocn_changes *changes, const char *path,
                                  enum ocn_owner owner, mode_t mode, struct ocn_bytes bytes,
                                  struct ocn_error *err);

/* How many files differ from what is wanted. */
size_t ocn_changes_pending(const struct ocn_changes *changes);

/* Appends a line for each file, "wrote", "unchanged" and so on; @dry_run: "would write", and diffs.
 */
void ocn_changes_print(const struct ocn_changes *changes, bool dry_run, struct ocn_buf *out);

/*
 * Carries it out: directories, the record, then file by file, and backwards where ocinorm goes.
 * Where one fails, those before it are as they were again.
 */
OCN_MUST_USE int ocn_changes_apply(struct ocn_changes *changes, struct ocn_error *err);

/* After ocn_changes_apply(): puts everything back. */
OCN_MUST_USE int ocn_changes_revert(struct ocn_changes *changes, struct ocn_error *err);
