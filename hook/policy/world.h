/* SPDX-License-Identifier: Apache-2.0 */
/* Which node is looked at: this one, or a tree that somebody has captured. */
#pragma once

#include <stdbool.h>

/* Where the world is. Zero-initialised members mean the node itself. */
struct ocn_world {
    const char *root;   /* --root DIR: the tree in which HOST paths are looked up; NULL: "/" */
    const char *config; /* --config FILE or OCINORM_CONFIG; NULL: /etc/ocinorm/config.json */
    bool all_facts;     /* as in struct ocn_view */
    bool any_owner;     /* the policy may be anybody's: nothing starts by what comes of it */
};
