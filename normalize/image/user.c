/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/image/user.h"

#include <string.h>

#include "normalize/base/number.h"

#define MAX_ID INT32_MAX /* containerd since CVE-2024-40635 */
#define MAX_GROUPS 1024
#define MAX_LINE ((size_t)64 << 10) /* of passwd: bufio.Scanner's, an error past it */

/* Up to @stop, which is taken, too. */
static struct ocn_bytes take(struct ocn_bytes *text, char stop)
{
    const char *from = text->len != 0 ? text->ptr : NULL;
    const char *end = from != NULL ? memchr(from, stop, text->len) : NULL;
    size_t len = from == NULL ? 0 : end != NULL ? (size_t)(end - from) : text->len;

    *text = end != NULL && text->len - len > 1 ? (struct ocn_bytes){ end + 1, text->len - len - 1 }
                                               : (struct ocn_bytes){ NULL, 0 };
    return (struct ocn_bytes){ from, len };
}

static bool is(struct ocn_bytes a, struct ocn_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
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

/* ---- lines of passwd and group, as engines read them (github.com/moby/sys/user) -------------- */

enum { NAME, ID = 2, GID = 3, MEMBERS = 3, FIELDS };

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Fields that are not there are empty: they forgive much, and a user without a number is root. */
static bool next_line(struct ocn_bytes *text, struct ocn_bytes fields[FIELDS])
{
    while (text->len != 0) {
        struct ocn_bytes line = take(text, '\n');
        while (line.len != 0 && is_blank(line.ptr[line.len - 1])) {
            line.len--;
        }
        while (line.len != 0 && is_blank(line.ptr[0])) {
            line.ptr++;
            line.len--;
        }
        for (size_t i = 0; i < FIELDS; i++) {
            fields[i] = take(&line, ':');
        }
        if (fields[NAME].len != 0) {
            return true;
        }
    }
    return false;
}

/* strconv.Atoi: a sign is allowed. false: no number. */
static bool read_number(struct ocn_bytes text, uint64_t *ret)
{
    bool negative = text.len != 0 && text.ptr[0] == '-';
    bool sign = negative || (text.len != 0 && text.ptr[0] == '+');
    const struct ocn_bytes digits = { sign ? text.ptr + 1 : text.ptr, text.len - (sign ? 1 : 0) };

    if (!is_number(digits)) {
        return false;
    }
    if (ocn_number_parse(digits, UINT32_MAX, ret) < 0 || (negative && *ret != 0)) {
        *ret = UINT32_MAX; /* past what engines take, whatever it wraps around to */
    }
    return true;
}

/* Of a line: what is no number is 0. */
static uint32_t id_of(struct ocn_bytes field)
{
    uint64_t id = 0;

    return read_number(field, &id) ? (uint32_t)id : 0;
}

static bool has_long_line(struct ocn_bytes text)
{
    while (text.len != 0) {
        if (take(&text, '\n').len >= MAX_LINE) {
            return true;
        }
    }
    return false;
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
    struct ocn_bytes fields[FIELDS];

    while (name.len != 0 && next_line(&group, fields)) {
        struct ocn_bytes members = fields[MEMBERS];
        while (members.len != 0) {
            if (is(take(&members, ','), name)) {
                add_gid(arena, gids, id_of(fields[ID]));
            }
        }
    }
}

/* ---- who is meant ---------------------------------------------------------------------------- */

bool ocn_image_user_is_plain(const char *user)
{
    struct ocn_bytes rest = { user, user != NULL ? strlen(user) : 0 };

    return rest.len != 0 && is_number(take(&rest, ':')) && is_number(rest);
}

/* *ret_name: of the account, whose groups engines look for; empty where there is none. */
static enum ocn_image_user_state find_user(struct ocn_bytes user, struct ocn_bytes passwd,
                                           struct ocn_image_user *ret, struct ocn_bytes *ret_name)
{
    struct ocn_bytes fields[FIELDS];
    uint64_t number = 0;

    ret->named = !read_number(user, &number);
    ret->uid = (uint32_t)number;
    while (next_line(&passwd, fields)) {
        if (ret->named ? is(fields[NAME], user) : id_of(fields[ID]) == number) {
            ret->uid = id_of(fields[ID]);
            ret->gid = id_of(fields[GID]);
            *ret_name = fields[NAME];
            return OCN_IMAGE_USER_FOUND;
        }
    }
    return ret->named ? OCN_IMAGE_USER_MISSING : OCN_IMAGE_USER_FOUND;
}

static enum ocn_image_user_state find_group(struct ocn_bytes wanted, struct ocn_bytes group,
                                            struct ocn_image_user *ret)
{
    struct ocn_bytes fields[FIELDS];
    uint64_t number = 0;

    if (read_number(wanted, &number)) {
        ret->gid = (uint32_t)number;
        return OCN_IMAGE_USER_FOUND;
    }
    while (next_line(&group, fields)) {
        if (is(fields[NAME], wanted)) {
            ret->gid = id_of(fields[ID]);
            return OCN_IMAGE_USER_FOUND;
        }
    }
    return OCN_IMAGE_GROUP_MISSING;
}

static enum ocn_image_user_state find(const char *asked, struct ocn_bytes passwd,
                                      struct ocn_bytes group, struct ocn_image_user *ret,
                                      struct ocn_bytes *ret_name)
{
    static const struct ocn_bytes nobody = { "0", 1 };
    struct ocn_bytes rest = { asked, strlen(asked) };
    const struct ocn_bytes user = take(&rest, ':');

    if (has_long_line(passwd)) {
        return OCN_IMAGE_USER_UNREADABLE;
    }
    enum ocn_image_user_state state =
        find_user(user.len != 0 ? user : nobody, passwd, ret, ret_name);
    if (state == OCN_IMAGE_USER_FOUND && rest.len != 0) {
        *ret_name = (struct ocn_bytes){ NULL, 0 };
        state = find_group(rest, group, ret);
    }
    return state == OCN_IMAGE_USER_FOUND && (ret->uid > MAX_ID || ret->gid > MAX_ID)
               ? OCN_IMAGE_USER_TOO_LARGE
               : state;
}

int ocn_image_user_find(const char *user, struct ocn_bytes passwd, struct ocn_bytes group,
                        struct ocn_arena *arena, struct ocn_image_user *ret, struct ocn_error *err)
{
    struct ocn_image_user found = { .empty = user == NULL || user[0] == '\0' };
    const char *asked = found.empty ? "0" : user;
    struct ocn_bytes name = { NULL, 0 };

    found.state = find(asked, passwd, group, &found, &name);
    found.named = found.named && !found.empty;
    if (found.state == OCN_IMAGE_USER_FOUND) {
        add_gid(arena, &found.additional_gids, found.gid);
        add_groups_of(name, group, arena, &found.additional_gids);
    }
    if (ocn_arena_check(arena, err) < 0) {
        return -1;
    }
    *ret = found;
    return 0;
}
