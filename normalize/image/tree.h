/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The root file system that the layers of an image make (OCI image-spec layer.md), as a table: no
 * file is unpacked. Layers are read from the top, and only as many as the questions need: a tree of
 * some upper layers says of a path that it is there, that it is not, or that a lower layer decides.
 */
#pragma once

#include <stdbool.h>

#include "normalize/base/arena.h"
#include "normalize/base/buf.h"

#define OCN_TREE_MAX_ENTRIES ((size_t)1 << 20) /* of all layers that are read */
#define OCN_TREE_MAX_PATH 4096

/* What one member of a layer's tar says; strings from the layer's arena. */
struct ocn_tree_entry {
    const char *path; /* clean: "usr/bin/app", "" for the root itself */
    const char
        *link; /* of a symbolic link: its text; of a hard link: the clean path of its target */
    uint64_t size;
    uint32_t mode; /* st_mode; 0: a hard link, which is what its target is */
    uint32_t uid;
    uint32_t gid;
};

/* A layer's members in the order of its tar. */
struct ocn_tree_layer {
    struct ocn_tree_entry *entries;
    size_t len;
};

/* Where a file's bytes lie. */
struct ocn_tree_place {
    size_t layer; /* as the layers were given */
    size_t entry;
};

enum ocn_tree_answer {
    OCN_TREE_MISSING,
    OCN_TREE_FOUND,
    OCN_TREE_UNDECIDED, /* the next lower layer decides */
};

struct ocn_tree_found {
    const struct ocn_tree_entry *entry; /* NULL: a directory that no layer describes */
    struct ocn_tree_place place;
    uint64_t id; /* of the file: hard links have the same */
};

struct ocn_tree;

/*
 * Cleans a name as it stands in a tar: no "./", no "//", no "/" before and behind; ".." stays
 * within the root. *ret_odd: it tried to leave the root, or was absolute. From @arena.
 */
OCN_MUST_USE const char *ocn_tree_clean(const char *name, struct ocn_arena *arena, bool *ret_odd);

/*
 * Makes the tree of @layers, lowest first. @whole: the first of them is the image's lowest, so that
 * nothing is undecided. The layers must outlive *ret, which the caller releases with _free.
 */
OCN_MUST_USE int ocn_tree_make(const struct ocn_tree_layer *layers, size_t count, bool whole,
                               struct ocn_tree **ret, struct ocn_error *err);

/* Accepts NULL. */
void ocn_tree_free(struct ocn_tree *tree);

/*
 * What is at the absolute @path; links on the way are followed within the root, the last component
 * is not.
 */
enum ocn_tree_answer ocn_tree_find(const struct ocn_tree *tree, const char *path,
                                   struct ocn_tree_found *ret);

/* The same, with links of the last component followed, too: as engines open a file of an image. */
enum ocn_tree_answer ocn_tree_follow(const struct ocn_tree *tree, const char *path,
                                     struct ocn_tree_found *ret);

/* The same with no link followed: what is at exactly that place. */
enum ocn_tree_answer ocn_tree_exact(const struct ocn_tree *tree, const char *path,
                                    struct ocn_tree_found *ret);

/*
 * What is there, one after another: @at is 0 for the first, and becomes the next. Appends the
 * absolute path of what it is to @path, which is emptied before. false: that was all. Directories
 * come before what is in them; the root is not listed.
 */
bool ocn_tree_next(const struct ocn_tree *tree, size_t *at, struct ocn_buf *path,
                   struct ocn_tree_found *ret);
