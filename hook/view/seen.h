/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a view (dir_view.h) has looked at. One decision asks for the same places again and again:
 * each walk begins at the root, and a program is looked at, read, and read once more. What was seen
 * first holds for all of it; what was held by a descriptor is what is read.
 */
#pragma once

#include <stdbool.h>

#include "normalize/view.h"

#define OCN_SEEN_MAX 24 /* places; beyond, the oldest is forgotten */
#define OCN_SEEN_OPEN 8 /* of them with descriptors; beyond, the oldest loses them */

struct ocn_seen_place {
    char *path; /* NULL: nothing was seen */
    size_t len; /* of .path */
    char *base; /* NULL: none */
    enum ocn_space space;
    int error;            /* errno of the look; 0: .stat holds */
    struct ocn_stat stat; /* of a link, if it is one */
    int path_fd;          /* O_PATH, or -1 */
    int read_fd;          /* for reading, or -1 */
};

struct ocn_seen {
    struct ocn_seen_place places[OCN_SEEN_MAX];
    unsigned next; /* the oldest place, or the first that is free */
};

/* The place that @ref names, or NULL: nobody has looked yet. */
struct ocn_seen_place *ocn_seen_find(struct ocn_seen *seen, struct ocn_ref ref);

/*
 * A new place for @ref, without descriptors, with .error 0; it holds until OCN_SEEN_MAX others are
 * added. NULL: no memory.
 */
struct ocn_seen_place *ocn_seen_add(struct ocn_seen *seen, struct ocn_ref ref);

/* Gives @place the descriptors @path_fd and @read_fd; -1: keeps the one that it has. */
void ocn_seen_keep(struct ocn_seen *seen, struct ocn_seen_place *place, int path_fd, int read_fd);

/* Closes and forgets all. */
void ocn_seen_done(struct ocn_seen *seen);
