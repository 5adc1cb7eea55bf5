/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/passwd.h"

#include <string.h>

int ocn_parse_u64(struct ocn_bytes text, uint64_t max, uint64_t *ret)
{
    uint64_t value = 0;

    if (text.len == 0) {
        return -1;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return -1;
        }
        uint64_t digit = (uint64_t)(text.ptr[i] - '0');
        if (value > (max - digit) / 10 || digit > max) {
            return -1;
        }
        value = value * 10 + digit;
    }
    *ret = value;
    return 0;
}

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
    return ocn_parse_u64(fields[2], UINT32_MAX, ret_id);
}

static int add_name(struct ocn_arena *arena, struct ocn_strings *names, struct ocn_bytes name,
                    struct ocn_error *err)
{
    const char **items = ocn_arena_grow(arena, names->items, names->len, sizeof(*items));
    char *copy = ocn_arena_copy(arena, name.ptr, name.len);

    if (items == NULL || copy == NULL) {
        return ocn_fail_nomem(err);
    }
    items[names->len++] = copy;
    names->items = items;
    return 0;
}

static int keep_first(struct ocn_arena *arena, struct ocn_bytes text, const char **slot,
                      struct ocn_error *err)
{
    if (*slot == NULL) {
        *slot = ocn_arena_copy(arena, text.ptr, text.len);
    }
    return *slot != NULL ? 0 : ocn_fail_nomem(err);
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
        if (id == uid && keep_first(arena, fields[5], &accounts->home, err) < 0) {
            return -1;
        }
        if (id == 0 && (keep_first(arena, fields[5], &accounts->root_home, err) < 0 ||
                        add_name(arena, &accounts->root_names, fields[0], err) < 0)) {
            return -1;
        }
    }
    return 0;
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

int ocn_accounts_is_roots_group(const struct ocn_accounts *accounts, uint32_t gid)
{
    const struct ocn_u32s *groups = &accounts->root_groups;

    return gid == 0 || (groups->len != 0 && bsearch(&gid, groups->items, groups->len, sizeof(gid),
                                                    compare_ids) != NULL);
}

int ocn_accounts_read_group(struct ocn_bytes text, struct ocn_arena *arena,
                            struct ocn_accounts *accounts, struct ocn_error *err)
{
    struct ocn_strings *names = &accounts->root_names;
    struct ocn_u32s *groups = &accounts->root_groups;
    struct ocn_bytes line;
    struct ocn_bytes fields[MAX_FIELDS];
    uint64_t id = 0;

    if (names->len > 1) {
        qsort(names->items, names->len, sizeof(*names->items), compare_names);
    }
    while (take(&text, '\n', &line)) {
        if (split(line, 4, fields, &id) < 0 || !lists_any(fields[3], &accounts->root_names)) {
            continue;
        }
        uint32_t *items = ocn_arena_grow(arena, groups->items, groups->len, sizeof(*items));
        if (items == NULL) {
            return ocn_fail_nomem(err);
        }
        items[groups->len++] = (uint32_t)id;
        groups->items = items;
    }
    if (groups->len > 1) {
        qsort(groups->items, groups->len, sizeof(*groups->items), compare_ids);
    }
    return 0;
}
