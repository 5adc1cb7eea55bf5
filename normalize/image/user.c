/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/image/user.h"

#include <string.h>

#include "normalize/base/number.h"
#include "normalize/rootfs/accounts.h"

#define MAX_ID INT32_MAX /* containerd since CVE-2024-40635 */
#define MAX_GROUPS 1024

/* Up to @stop, which is taken, too. */
static struct ocn_bytes take(struct ocn_bytes *text, char stop)
{
    const char *end = text->len != 0 ? memchr(text->ptr, stop, text->len) : NULL;
    size_t len = end != NULL ? (size_t)(end - text->ptr) : text->len;
    const struct ocn_bytes taken = { text->ptr, len };

    len += end != NULL ? 1 : 0;
    *text = (struct ocn_bytes){ text->len > len ? text->ptr + len : NULL, text->len - len };
    return taken;
}

static bool is(struct ocn_bytes a, struct ocn_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static void add_gid(struct ocn_arena *arena, struct ocn_u32s *gids, uint32_t gid)
{
    for (size_t i = 0; i < gids->len; i++) {
        if (gids->items[i] == gid) {
            return;
        }
    }
    uint32_t *items = gids->len < MAX_GROUPS
                          ? ocn_arena_grow(arena, gids->items, gids->len, sizeof(*items))
                          : NULL;
    if (items != NULL) {
        items[gids->len++] = gid;
        gids->items = items;
    }
}

/* Every group that lists @name (group(5)): NAME:PASSWORD:GID:MEMBER,MEMBER */
static void add_groups_of(struct ocn_bytes name, struct ocn_bytes group, struct ocn_arena *arena,
                          struct ocn_u32s *gids)
{
    while (group.len != 0) {
        struct ocn_bytes line = take(&group, '\n');
        uint64_t gid = 0;
        (void)take(&line, ':');
        (void)take(&line, ':');
        if (ocn_number_parse(take(&line, ':'), UINT32_MAX, &gid) < 0) {
            continue;
        }
        struct ocn_bytes members = take(&line, ':');
        while (members.len != 0) {
            if (is(take(&members, ','), name)) {
                add_gid(arena, gids, (uint32_t)gid);
            }
        }
    }
}

/* The name of the first account of @uid, or nothing: engines look groups up by it. */
static struct ocn_bytes name_of(struct ocn_bytes passwd, uint32_t uid)
{
    while (passwd.len != 0) {
        struct ocn_bytes line = take(&passwd, '\n');
        struct ocn_bytes name = take(&line, ':');
        uint64_t id = 0;
        (void)take(&line, ':');
        if (name.len != 0 && ocn_number_parse(take(&line, ':'), UINT32_MAX, &id) == 0 &&
            id == uid) {
            return name;
        }
    }
    return (struct ocn_bytes){ NULL, 0 };
}

static bool is_number(struct ocn_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
    }
    return text.len != 0;
}

bool ocn_image_user_is_plain(const char *user)
{
    struct ocn_bytes rest = { user, user != NULL ? strlen(user) : 0 };

    return rest.len != 0 && is_number(take(&rest, ':')) && is_number(rest);
}

static enum ocn_image_user_state find(const char *user, struct ocn_bytes passwd,
                                      struct ocn_bytes group, struct ocn_image_user *ret)
{
    struct ocn_named named = { 0 };
    struct ocn_bytes rest = { user, strlen(user) };
    const struct ocn_bytes first = take(&rest, ':');
    const struct ocn_bytes second = rest;

    ret->named = !is_number(first);
    ocn_accounts_find_user(passwd, user, &named);
    if (!named.has_uid && is_number(first)) {
        return OCN_IMAGE_USER_TOO_LARGE;
    }
    if (!named.has_uid) {
        return OCN_IMAGE_USER_MISSING;
    }
    ret->uid = named.uid;
    ret->gid = named.has_own_gid ? named.own_gid : 0;
    if (second.len != 0) {
        ocn_accounts_find_group(group, second, &named);
        if (!named.has_gid) {
            return is_number(second) ? OCN_IMAGE_USER_TOO_LARGE : OCN_IMAGE_GROUP_MISSING;
        }
        ret->gid = named.gid;
    }
    return ret->uid > MAX_ID || ret->gid > MAX_ID ? OCN_IMAGE_USER_TOO_LARGE : OCN_IMAGE_USER_FOUND;
}

int ocn_image_user_find(const char *user, struct ocn_bytes passwd, struct ocn_bytes group,
                        struct ocn_arena *arena, struct ocn_image_user *ret, struct ocn_error *err)
{
    struct ocn_image_user found = { .empty = user == NULL || user[0] == '\0' };
    const char *asked = found.empty ? "0" : user;

    found.state = find(asked, passwd, group, &found);
    found.named = found.named && !found.empty;
    if (found.state == OCN_IMAGE_USER_FOUND) {
        add_gid(arena, &found.additional_gids, found.gid);
    }
    if (found.state == OCN_IMAGE_USER_FOUND && strchr(asked, ':') == NULL) {
        add_groups_of(name_of(passwd, found.uid), group, arena, &found.additional_gids);
    }
    if (ocn_arena_check(arena, err) < 0) {
        return -1;
    }
    *ret = found;
    return 0;
}
