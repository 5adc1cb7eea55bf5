/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/rootfs/place_table.h"

#include <string.h>

#define FIRST_SIZE 64
#define MAX_TRIES 4 /* for each path, in the mean; with luck it is less than one */
#define SPARE_TRIES ((size_t)256)
#define NOWHERE UINT32_MAX

/* Fowler-Noll-Vo (FNV-1a): the hash of a path is that of the directory above, and goes on. */
#define BASIS UINT64_C(0xcbf29ce484222325)
#define PRIME UINT64_C(0x100000001b3)

struct ocn_place_slot {
    const char *path; /* of .len bytes; NULL: nothing is here */
    uint32_t len;
    uint32_t hash;
    uint32_t place; /* that lies here, or NOWHERE */
    bool leads;     /* to a place below */
};

/* A path up to the end of one of its names, "" first. */
struct prefix {
    const char *path;
    size_t len;
    uint64_t hash;
};

/* One name further; false: there is none. */
static bool lengthen(struct prefix *prefix)
{
    const char *path = prefix->path;

    if (path[prefix->len] == '\0' || path[prefix->len + 1] == '\0') {
        return false;
    }
    do {
        prefix->hash = (prefix->hash ^ (unsigned char)path[prefix->len++]) * PRIME;
    } while (path[prefix->len] != '\0' && path[prefix->len] != '/');
    return true;
}

static uint32_t fold(uint64_t hash)
{
    return (uint32_t)(hash ^ hash >> 32);
}

/* Whether @slot is that of the @len bytes of @path. */
static bool is_at(const struct ocn_place_slot *slot, const char *path, size_t len, uint32_t hash)
{
    return slot->hash == hash && slot->len == len && memcmp(slot->path, path, len) == 0;
}

/* The slot of these bytes, or the one where they belong. */
static struct ocn_place_slot *find(const struct ocn_place_table *table, const char *path,
                                   size_t len, uint32_t hash)
{
    size_t i = hash & (table->size - 1);

    while (table->slots[i].path != NULL && !is_at(&table->slots[i], path, len, hash)) {
        i = (i + 1) & (table->size - 1);
    }
    return &table->slots[i];
}

/* The same for whoever fills it: the slots on the way there that were taken are counted. */
static struct ocn_place_slot *claim(struct ocn_place_table *table, const char *path, size_t len,
                                    uint32_t hash)
{
    struct ocn_place_slot *slot = find(table, path, len, hash);

    table->tries += ((size_t)(slot - table->slots) - hash) & (table->size - 1);
    return slot;
}

static bool grow(struct ocn_place_table *table, struct ocn_arena *arena)
{
    struct ocn_place_table bigger = { .size = table->size != 0 ? 4 * table->size : FIRST_SIZE,
                                      .len = table->len,
                                      .tries = table->tries };

    bigger.slots = ocn_arena_alloc(arena, bigger.size * sizeof(*bigger.slots));
    if (bigger.slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < table->size; i++) {
        const struct ocn_place_slot *slot = &table->slots[i];
        if (slot->path != NULL) {
            *claim(&bigger, slot->path, slot->len, slot->hash) = *slot;
        }
    }
    *table = bigger;
    return true;
}

static struct ocn_place_slot *take(struct ocn_place_table *table, const struct prefix *prefix,
                                   struct ocn_arena *arena)
{
    const uint32_t hash = fold(prefix->hash);

    if (table->len >= table->size / 2 && !grow(table, arena)) {
        return NULL;
    }
    struct ocn_place_slot *slot = claim(table, prefix->path, prefix->len, hash);
    if (table->tries > MAX_TRIES * table->len + SPARE_TRIES) {
        return NULL;
    }
    if (slot->path == NULL) {
        *slot = (struct ocn_place_slot){
            .path = prefix->path, .len = (uint32_t)prefix->len, .hash = hash, .place = NOWHERE
        };
        table->len++;
    }
    return slot;
}

/* The slot of @prefix; NULL: nothing lies there or below. */
static const struct ocn_place_slot *look_up(const struct ocn_place_table *table,
                                            const struct prefix *prefix)
{
    const struct ocn_place_slot *slot =
        table->size != 0 ? find(table, prefix->path, prefix->len, fold(prefix->hash)) : NULL;

    return slot != NULL && slot->path != NULL ? slot : NULL;
}

bool ocn_place_table_add(struct ocn_place_table *table, const char *destination, uint32_t number,
                         struct ocn_arena *arena)
{
    struct prefix prefix = { .path = destination, .hash = BASIS };

    for (;;) {
        struct ocn_place_slot *slot = take(table, &prefix, arena);
        if (slot == NULL) {
            return false;
        }
        if (!lengthen(&prefix)) {
            slot->place = number;
            return true;
        }
        slot->leads = true;
    }
}

uint32_t ocn_place_table_covering(const struct ocn_place_table *table, const char *path,
                                  const char **ret_rest)
{
    struct prefix prefix = { .path = path, .hash = BASIS };
    uint32_t found = NOWHERE;

    do {
        const struct ocn_place_slot *slot = look_up(table, &prefix);
        if (slot == NULL) {
            break;
        }
        if (slot->place != NOWHERE && (found == NOWHERE || slot->place > found)) {
            found = slot->place;
            *ret_rest = path + prefix.len;
        }
    } while (lengthen(&prefix));
    return found;
}

bool ocn_place_table_leads_on(const struct ocn_place_table *table, const char *path)
{
    struct prefix prefix = { .path = path, .hash = BASIS };

    while (lengthen(&prefix)) {
    }
    const struct ocn_place_slot *slot = look_up(table, &prefix);
    return slot != NULL && slot->leads;
}
