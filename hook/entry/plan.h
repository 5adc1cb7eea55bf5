/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the hook tells ocinorm-entry: a plan, in a place that the program file keeps free for it.
 * Written by plan_build.c, read here without libc, since ocinorm-entry has none. Same machine, so
 * numbers are as they lie.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OCN_ENTRY_MAGIC "ocnplan2"
#define OCN_ENTRY_PLAN_MAX ((size_t)64 << 10)
#define OCN_ENTRY_GROUPS_MAX 65536U /* NGROUPS_MAX */
#define OCN_ENTRY_VARS_MAX 1024U
#define OCN_ENTRY_FILES_MAX 4U

enum {
    OCN_ENTRY_LOWER = 1,        /* change the user; without it only variables are set */
    OCN_ENTRY_NO_NEW_PRIVS = 2, /* and no set-uid file gives anything back */
};

struct ocn_entry_file {
    uint64_t dev; /* as stat(2) tells them */
    uint64_t ino;
};

/*
 * Behind the head lie groups_len group ids, and vars_len strings "NAME=VALUE", each of which ends
 * with a NUL.
 */
struct ocn_entry_head {
    char magic[8];
    uint32_t size; /* of the whole plan */
    uint32_t flags;
    uint32_t from_uid; /* whom to lower */
    uint32_t uid;
    uint32_t gid;
    uint32_t groups_len;
    uint32_t vars_len;
    uint32_t files_len;
    uint64_t ambient;                                 /* the capabilities that are left, as bits */
    struct ocn_entry_file files[OCN_ENTRY_FILES_MAX]; /* the originals: what may be started */
};

struct ocn_entry_plan {
    const struct ocn_entry_head *head;
    const uint32_t *groups;
    const char *vars;
};

/* Where the plan lies in the file of ocinorm-entry, which is found by its mark. */
#define OCN_ENTRY_MARK "ocn-entry-plan:"

struct ocn_entry_slot {
    char mark[sizeof(OCN_ENTRY_MARK)];
    char plan[OCN_ENTRY_PLAN_MAX];
};

/*
 * Reads the plan in the @size bytes at @bytes, which are aligned for any object. *ret points into
 * them. False if it is not one whole plan and nothing else.
 */
bool ocn_entry_plan_read(const void *bytes, size_t size, struct ocn_entry_plan *ret);

/* Whether the file is one of the originals. */
bool ocn_entry_plan_has(const struct ocn_entry_plan *plan, uint64_t dev, uint64_t ino);

/* The number of variables in the list @env, which a NULL ends. */
size_t ocn_entry_env_count(char *const *env);

/*
 * Fills @ret with @env, in which the plan's variables are set, and the NULL behind it; there must
 * be room for all variables of both.
 */
void ocn_entry_env_merge(char *const *env, const struct ocn_entry_plan *plan, char **ret);
