/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the hook tells ocinorm-entry: one small file on a read-only mount. Written by apply_entry.c,
 * read here without libc, since ocinorm-entry has none. Same machine, so numbers are as they lie.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where the container sees things. */
#define OCN_ENTRY_NAME ".ocinorm" /* the directory in /dev */
#define OCN_ENTRY_DIR "/dev/" OCN_ENTRY_NAME
#define OCN_ENTRY_PLAN OCN_ENTRY_DIR "/plan"
#define OCN_ENTRY_ROOT OCN_ENTRY_DIR "/root" /* the mount that holds the original */

#define OCN_ENTRY_MAGIC "ocnplan1"
#define OCN_ENTRY_PLAN_MAX ((size_t)256 << 10)
#define OCN_ENTRY_GROUPS_MAX 65536U /* NGROUPS_MAX */
#define OCN_ENTRY_VARS_MAX 1024U

enum {
    OCN_ENTRY_LOWER = 1,        /* change the user; without it only variables are set */
    OCN_ENTRY_NO_NEW_PRIVS = 2, /* and no set-uid file gives anything back */
};

/*
 * Behind the head lie: groups_len group ids; the path of the original; and per variable two
 * strings, "NAME=VALUE" and the value that it replaces (empty: it was not set). Each string ends
 * with a NUL.
 */
struct ocn_entry_head {
    char magic[8];
    uint32_t size; /* of the whole plan */
    uint32_t flags;
    uint32_t from_uid; /* whom to lower; another one was lowered before, and just passes */
    uint32_t uid;
    uint32_t gid;
    uint32_t groups_len;
    uint32_t vars_len;
    uint32_t reserved;
    uint64_t ambient; /* the capabilities that are left, as bits */
};

struct ocn_entry_plan {
    const struct ocn_entry_head *head;
    const uint32_t *groups;
    const char *program;
    const char *vars;
};

/*
 * Reads the plan in the @size bytes at @bytes, which are aligned for any object. *ret points into
 * them. False if it is not one whole plan and nothing else.
 */
bool ocn_entry_plan_read(const void *bytes, size_t size, struct ocn_entry_plan *ret);

/* The number of variables in the list @env, which a NULL ends. */
size_t ocn_entry_env_count(char *const *env);

/*
 * Fills @ret with @env as the plan wants it, and the NULL behind it; there must be room for all
 * variables of both. @force sets each variable; else one is added where it is missing, or replaced
 * where it still has the old value: whoever chose another one meanwhile keeps it.
 */
void ocn_entry_env_merge(char *const *env, const struct ocn_entry_plan *plan, bool force,
                         char **ret);
