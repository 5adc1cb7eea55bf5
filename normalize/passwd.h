/* SPDX-License-Identifier: Apache-2.0 */
/* What the image's /etc/passwd and /etc/group say (passwd(5), group(5)). */
#pragma once

#include "normalize/json_bind.h"

#define OCN_PASSWD_MAX_SIZE ((size_t)4 << 20) /* and the same for group */

struct ocn_accounts {
    const char *root_home;         /* of the first uid 0, or NULL */
    const char *home;              /* of the uid asked for, or NULL */
    struct ocn_strings root_names; /* every name with uid 0 */
    struct ocn_u32s root_groups;   /* gids of groups that list one of those names, sorted */
};

/*
 * Read one file's text each; lines that are malformed are passed over, as C libraries do. Numbers
 * are strictly decimal and fit 32 bits: "0x0", "-1" and "4294967296" are no ids. Strings and lists
 * come from @arena. Group needs what passwd found.
 */
OCN_MUST_USE int ocn_accounts_read_passwd(struct ocn_bytes text, uint32_t uid,
                                          struct ocn_arena *arena, struct ocn_accounts *accounts,
                                          struct ocn_error *err);
OCN_MUST_USE int ocn_accounts_read_group(struct ocn_bytes text, struct ocn_arena *arena,
                                         struct ocn_accounts *accounts, struct ocn_error *err);

/* 1 for group 0 and the groups that the image gives to root, else 0. */
int ocn_accounts_is_roots_group(const struct ocn_accounts *accounts, uint32_t gid);

/* Strictly decimal, at most @max; 0 on success, -1 otherwise. @text need not end in NUL. */
OCN_MUST_USE int ocn_parse_u64(struct ocn_bytes text, uint64_t max, uint64_t *ret);
