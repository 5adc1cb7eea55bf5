/* SPDX-License-Identifier: Apache-2.0 */
/* What the image's /etc/passwd and /etc/group say (passwd(5), group(5)). */
#pragma once

#include "normalize/json/bind.h"

#define OCN_PASSWD_MAX_SIZE ((size_t)4 << 20) /* and the same for group */

struct ocn_accounts {
    const char *root_home;         /* of the first uid 0, or NULL */
    const char *home;              /* of the uid asked for, or NULL */
    struct ocn_strings root_names; /* every name with uid 0 */
    struct ocn_u32s root_groups;   /* gids of groups that list one of those names, and numbers
                                    * that are the name of another group, sorted */
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

/* Whom "USER" or "USER:GROUP" means, each a name or a number. */
struct ocn_named {
    bool has_uid;
    uint32_t uid;
    bool has_own_gid;
    uint32_t own_gid; /* of the user, in passwd */
    bool has_gid;
    uint32_t gid; /* of the group that is named */
};

/*
 * Each takes one file's text and looks for its half of @spec; what is not there, or no id, is not
 * found. A number is an id, whatever is called so. Lines are read as above.
 */
void ocn_accounts_find_user(struct ocn_bytes text, const char *spec, struct ocn_named *ret);
void ocn_accounts_find_group(struct ocn_bytes text, struct ocn_bytes group, struct ocn_named *ret);

/* GROUP of "USER:GROUP", or nothing. chpst takes ":UID:GID", too. */
struct ocn_bytes ocn_accounts_group_part(const char *spec);

/*
 * true for group 0, the groups that the image gives to root, and those that a runtime would take
 * for another group.
 */
bool ocn_accounts_is_roots_group(const struct ocn_accounts *accounts, uint32_t gid);
