/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The namespaces that config.json names by path: /proc/PID/ns/NAME and /proc/PID/task/TID/ns/NAME.
 * Looking at another process takes more power than the confined child has, so that the parent
 * looks.
 */
#pragma once

#include <stdbool.h>

#include "normalize/base/error.h"

#define OCN_NAMESPACES_PATH_SIZE 64
#define OCN_NAMESPACES_MAX 8 /* a pod shares five kinds of them at most */

/* A namespace is known by its inode; mode 0: it cannot be told. */
struct ocn_namespace {
    uint64_t mode;
    uint64_t dev;
    uint64_t ino;
};

/* What was looked at before the child asks: asking costs two wake-ups. */
struct ocn_namespaces {
    struct ocn_namespaces_seen {
        char path[OCN_NAMESPACES_PATH_SIZE];
        struct ocn_namespace namespace;
    } items[OCN_NAMESPACES_MAX];
    uint32_t len;
};

/* Whether @path is such a path: all that the child may ask for, and no look at them ever waits. */
bool ocn_namespaces_has_form(const char *path);

struct ocn_namespace ocn_namespaces_look_at(const char *path);

/*
 * Looks for string literals in @config that are such a path, wherever they stand: no JSON is parsed
 * here, and a literal that means something else costs one stat(2). What is missed, the child asks
 * for.
 */
void ocn_namespaces_see(struct ocn_namespaces *namespaces, struct ocn_bytes config);

/* NULL: nobody has looked at @path. */
const struct ocn_namespace *ocn_namespaces_find(const struct ocn_namespaces *namespaces,
                                                const char *path);
