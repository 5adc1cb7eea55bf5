/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/rootfs/accounts.h"

#include <string.h>

#include "normalize/base/number.h"
#include "normalize/base/sort.h"

/* Takes everything up to @stop, or all, off the front of @text. false: nothing is left. */
static bool take(struct ocn_bytes *text, char stop, struct ocn_bytes *ret)
{
    if (text->ptr == NULL) {
        return false;
    }
    const char *end = text->len != 0 ? memchr(text->ptr, stop, text->len) : NULL;
    size_t len = end != NULL ? (size_t)(end - text->ptr) : text->len;

    *ret = (struct ocn_bytes){ text->ptr, len };
    *text = end != NULL ? (struct ocn_bytes){ end + 1, text->len - len - 1 }
                        : (struct ocn_bytes){ NULL, 0 };
    return true;
}

#define MAX_FIELDS 7

/* NAME:PASSWORD:ID:... with at least @want fields; -1 for any other line. */
static int split(struct ocn_bytes line, size_t want, struct ocn_bytes fields[MAX_FIELDS],
                 uint64_t *ret_id)
{
    size_t count = 0;

    while (count < MAX_FIELDS && take(&line, ':', &fields[count])) {
        count++;
    }
    if (count < want || fields[0].len == 0) {
        return -1;
    }
    return ocn_number_parse(fields[2], UINT32_MAX, ret_id);
}

static void add_name(struct ocn_arena *arena, struct ocn_strings *names, struct ocn_bytes name)
{
    const char **items = ocn_arena_grow(arena, names->items, names->len, sizeof(*items));

    if (items != NULL) {
        items[names->len++] = ocn_arena_copy(arena, name.ptr, name.len);
        names->items = items;
    }
}

static void keep_first(struct ocn_arena *arena, struct ocn_bytes text, const char **slot)
{
    if (*slot == NULL) {
        *slot = ocn_arena_copy(arena, text.ptr, text.len);
    }
}

int ocn_accounts_read_passwd(struct ocn_bytes text, uint32_t uid, struct ocn_arena *arena,
                             struct ocn_accounts *accounts, struct ocn_error *err)
{
    struct ocn_bytes line;
    struct ocn_bytes fields[MAX_FIELDS];
    uint64_t id = 0;

    while (take(&text, '\n', &line)) {
        if (split(line, 6, fields, &id) < 0) {
            continue;
        }
        if (id == uid) {
            keep_first(arena, fields[5], &accounts->home);
        }
        if (id == 0) {
            keep_first(arena, fields[5], &accounts->root_home);
            add_name(arena, &accounts->root_names, fields[0]);
        }
    }
    return ocn_arena_check(arena, err);
}

/* Names are looked up sorted: their number is the image's to choose. */
static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int compare_to_name(const void *key, const void *item)
{
    const struct ocn_bytes *word = key;
    const char *name = *(const char *const *)item;
    size_t len = strlen(name);
    int order = memcmp(word->ptr, name, word->len < len ? word->len : len);

    return order != 0 ? order : (word->len > len) - (word->len < len);
}

static bool is_one_of(const struct ocn_strings *names, struct ocn_bytes name)
{
    return name.len != 0 && names->len != 0 &&
           bsearch(&name, names->items, names->len, sizeof(*names->items), compare_to_name) != NULL;
}

static bool lists_any(struct ocn_bytes members, const struct ocn_strings *names)
{
    struct ocn_bytes member;

    while (take(&members, ',', &member)) {
        if (is_one_of(names, member)) {
            return true;
        }
    }
    return false;
}

static int compare_ids(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;

    return (left > right) - (left < right);
}

bool ocn_accounts_is_roots_group(const struct ocn_accounts *accounts, uint32_t gid)
{
    const struct ocn_u32s *groups = &accounts->root_groups;

    return gid == 0 || (groups->len != 0 && bsearch(&gid, groups->items, groups->len, sizeof(gid),
                                                    compare_ids) != NULL);
}

static bool is_blank(char c)
{
    return (unsigned char)c <= ' ' || (unsigned char)c >= 0x7f;
}

/*
 * The number that is the name of a group with another number, or with none that makes sense: runc
 * takes that group for it, and a number that it cannot read for 0 (libcontainer/user,
 * GetAdditionalGroups, up to runc 1.2; it trims blanks, those of Unicode too).
 */
static bool names_another(struct ocn_bytes line, uint32_t *ret)
{
    struct ocn_bytes fields[MAX_FIELDS];
    struct ocn_bytes name = { NULL, 0 };
    uint64_t number = 0;
    uint64_t id = 0;
    struct ocn_bytes rest = line;

    (void)take(&rest, ':', &name);
    while (name.len != 0 && is_blank(name.ptr[0])) {
        name.ptr++;
        name.len--;
    }
    while (name.len != 0 && is_blank(name.ptr[name.len - 1])) {
        name.len--;
    }
    if (ocn_number_parse(name, UINT32_MAX, &number) < 0) {
        return false;
    }
    *ret = (uint32_t)number;
    return split(line, 4, fields, &id) < 0 || id != number;
}

static void add_id(struct ocn_arena *arena, struct ocn_u32s *ids, uint32_t id)
{
    uint32_t *items = ocn_arena_grow(arena, ids->items, ids->len, sizeof(*items));

    if (items != NULL) {
        items[ids->len++] = id;
        ids->items = items;
    }
}

int ocn_accounts_read_group(struct ocn_bytes text, struct ocn_arena *arena,
                            struct ocn_accounts *accounts, struct ocn_error *err)
{
    struct ocn_strings *names = &accounts->root_names;
    struct ocn_u32s *groups = &accounts->root_groups;
    struct ocn_bytes line;
    struct ocn_bytes fields[MAX_FIELDS];
    uint64_t id = 0;
    uint32_t number = 0;

    ocn_sort(names->items, names->len, sizeof(*names->items), compare_names);
    while (take(&text, '\n', &line)) {
        if (names_another(line, &number)) {
            add_id(arena, groups, number);
        }
        if (split(line, 4, fields, &id) == 0 && lists_any(fields[3], &accounts->root_names)) {
            add_id(arena, groups, (uint32_t)id);
        }
    }
    ocn_sort(groups->items, groups->len, sizeof(*groups->items), compare_ids);
    return ocn_arena_check(arena, err);
}

/* ---- who is named ------------------------------------------------------------------------- */

/* USER of "USER:GROUP" and of ":UID:GID". */
static struct ocn_bytes user_of(const char *spec)
{
    spec += *spec == ':' ? 1 : 0;
    return (struct ocn_bytes){ spec, strcspn(spec, ":") };
}

struct ocn_bytes ocn_accounts_group_part(const char *spec)
{
    const struct ocn_bytes user = user_of(spec);
    const char *group = user.ptr + user.len;

    group += *group == ':' ? 1 : 0;
    return (struct ocn_bytes){ group, strcspn(group, ":") };
}

static bool is_same(struct ocn_bytes a, struct ocn_bytes b)
{
    return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

void ocn_accounts_find_user(struct ocn_bytes text, const char *spec, struct ocn_named *ret)
{
    const struct ocn_bytes user = user_of(spec);
    struct ocn_bytes line;
    struct ocn_bytes fields[MAX_FIELDS];
    uint64_t wanted = 0;
    uint64_t id = 0;
    uint64_t gid = 0;

    if (user.len == 0) {
        return;
    }
    ret->has_uid = ocn_number_parse(user, UINT32_MAX, &wanted) == 0;
    ret->uid = (uint32_t)wanted;
    while (take(&text, '\n', &line)) {
        if (split(line, 4, fields, &id) < 0 ||
            (ret->has_uid ? id != wanted : !is_same(fields[0], user))) {
            continue;
        }
        ret->has_uid = true;
        ret->uid = (uint32_t)id;
        ret->has_own_gid = ocn_number_parse(fields[3], UINT32_MAX, &gid) == 0;
        ret->own_gid = (uint32_t)gid;
        return;
    }
}

void ocn_accounts_find_group(struct ocn_bytes text, struct ocn_bytes group, struct ocn_named *ret)
{
    struct ocn_bytes line;
    struct ocn_bytes fields[MAX_FIELDS];
    uint64_t id = 0;

    if (group.len == 0) {
        return;
    }
    ret->has_gid = ocn_number_parse(group, UINT32_MAX, &id) == 0;
    while (!ret->has_gid && take(&text, '\n', &line)) {
        ret->has_gid = split(line, 3, fields, &id) == 0 && is_same(fields[0], group);
    }
    ret->gid = ret->has_gid ? (uint32_t)id : 0;
}
