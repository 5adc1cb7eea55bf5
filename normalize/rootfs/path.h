/* SPDX-License-Identifier: Apache-2.0 */
/* Paths as the container will see them: links, "..", and mounts that are not made yet. */
#pragma once

#include "normalize/oci/container.h"
#include "normalize/rootfs/place_table.h"
#include "normalize/view.h"

#define OCN_PATH_SIZE 4096    /* PATH_MAX */
#define OCN_PATH_MAX_LINKS 40 /* MAXSYMLINKS of the kernel */

enum ocn_path_state {
    OCN_PATH_FOUND,
    OCN_PATH_MISSING,
    OCN_PATH_UNKNOWN, /* it lies in a mount whose content nobody can see yet (tmpfs, overlay ...) */
};

/* Whose permissions count, in ids of the host: what the inodes carry. */
struct ocn_who {
    uint32_t uid;
    uint32_t gid;
    const uint32_t *groups;
    size_t groups_len;
};

struct ocn_path {
    enum ocn_path_state state;
    const char *path;     /* without links; for MISSING the first component that is not there */
    const char *blocked;  /* the first directory on the way that @who may not search, or NULL */
    struct ocn_ref ref;   /* FOUND: where it really lies */
    struct ocn_stat stat; /* FOUND */
};

/* Where a mount of config.json will lie. */
struct ocn_place {
    const char *destination; /* in the container: absolute, without links; "" is the root */
    const char *source; /* of a bind mount, absolute on the node; NULL: none that can be seen */
    const struct ocn_oci_mount *mount;
};

struct ocn_places {
    struct ocn_place *items; /* in the order of config.json */
    size_t len;
    struct ocn_place_table table; /* of their numbers */
};

struct ocn_path_context {
    const struct ocn_container *container;
    const struct ocn_places *places; /* of that container */
    const struct ocn_view *view;
    struct ocn_arena *arena;
    const struct ocn_who *who; /* NULL: nobody's permissions are asked for */
};

/*
 * The node's path of what @mount binds; NULL: it is no bind mount, or where it comes from cannot be
 * told. A relative one is relative to the bundle (runtime-spec config.md, Mounts). From @arena.
 */
const char *ocn_path_source(const struct ocn_container *container,
                            const struct ocn_oci_mount *mount, struct ocn_arena *arena);

/*
 * Where the mounts of @container will lie, in order, as runc and crun make them (securejoin): a
 * destination is taken from the root, "//", "." and ".." are cleaned, links are followed within the
 * root file system and the mounts made so far, what is missing is made. From @arena.
 */
OCN_MUST_USE int ocn_path_places(const struct ocn_container *container, const struct ocn_view *view,
                                 struct ocn_arena *arena, struct ocn_places *ret,
                                 struct ocn_error *err);

/* The mount that @path, which has no links in it, lies on; NULL: on the root file system. */
const struct ocn_oci_mount *ocn_path_mount_on(const struct ocn_path_context *context,
                                              const char *path);

/* Cleans @path, which begins with a slash, in place by its text alone, as Go's path.Clean(); the
 * root becomes "". */
void ocn_path_clean(char *path);

/*
 * Resolves absolute @path as the kernel will inside the container, last link included: in the root
 * file system, or in the source of the bind mount that covers it. Strings come from the arena. A
 * loop of links and a name longer than the kernel takes are MISSING.
 */
OCN_MUST_USE int ocn_path_resolve(const struct ocn_path_context *context, const char *path,
                                  struct ocn_path *ret, struct ocn_error *err);

/* true: @path was found and is a regular file that anybody may execute. */
bool ocn_path_is_program(const struct ocn_path *path);

/* true: @who has the permission bits @want (4 read, 2 write, 1 execute or search) on @stat. */
bool ocn_path_may(const struct ocn_who *who, const struct ocn_stat *stat, unsigned want);
