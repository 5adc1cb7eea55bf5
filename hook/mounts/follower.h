/* SPDX-License-Identifier: Apache-2.0 */
/* The low-level runtime that follows: whether it makes idmapped mounts. */
#pragma once

#include <stdbool.h>

#include "normalize/base/error.h"

#define OCN_FOLLOWER_NAME_SIZE 64

enum ocn_follower_maps {
    OCN_FOLLOWER_MAPS_NOT,
    OCN_FOLLOWER_MAPS_TOP,  /* without what is mounted below */
    OCN_FOLLOWER_MAPS_TREE, /* what is mounted below is there, unmapped */
};

struct ocn_follower {
    enum ocn_follower_maps maps;
    bool apart; /* nothing that is mounted below a mapped mount appears on the node (followers.def)
                 */
    char name[OCN_FOLLOWER_NAME_SIZE]; /* "runc 1.1.5", printable; its path where it says nothing */
};

/*
 * What the runtime at absolute @path does, by its version (followers.def) or by what it says itself
 * (`features`, linux.mountExtensions.idmap). The answer is kept in the directory @state,
 * where only root writes (OCN_STATE_DIR), under device, inode, size and time of the file: so a
 * runtime is asked once, and again when it was updated. Who does not answer within 5 s does not
 * map, and is asked again the next time.
 */
void ocn_follower_ask(const char *path, const char *state, struct ocn_follower *ret);

/*
 * The same by what it printed: @version is of `--version`, @features of `features`; either may be
 * empty.
 */
void ocn_follower_read(struct ocn_bytes version, struct ocn_bytes features,
                       struct ocn_follower *ret);
