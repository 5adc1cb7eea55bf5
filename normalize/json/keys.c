/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/json/keys.h"

#include <string.h>

#define MAX_TRIES 4 /* for each key, in the mean; with luck it is less than one */
#define SPARE_TRIES ((size_t)64)

static uint64_t mix(uint64_t hash)
{
    hash *= 0x9e3779b97f4a7c15; /* 2^64 by the golden ratio */
    return hash ^ hash >> 32;
}

static uint64_t hash_of(struct ocn_bytes key)
{
    uint64_t hash = key.len;
    uint64_t word = 0;
    size_t at = 0;

    for (; key.len - at >= sizeof(word); at += sizeof(word)) {
        memcpy(&word, key.ptr + at, sizeof(word));
        hash = mix(hash ^ word);
    }
    for (word = 0; at < key.len; at++) {
        word = word << 8 | (unsigned char)key.ptr[at];
    }
    return mix(hash ^ word);
}

/* The key at @place, which the closing quote ends. */
static struct ocn_bytes key_at(struct ocn_bytes text, uint32_t place)
{
    const char *key = text.ptr + place;
    const char *quote = memchr(key, '"', text.len - place);

    return (struct ocn_bytes){ key, quote != NULL ? (size_t)(quote - key) : 0 };
}

static bool is_at(struct ocn_bytes text, uint32_t place, struct ocn_bytes key)
{
    const char *other = text.ptr + place;

    return text.len - place > key.len && other[key.len] == '"' &&
           memcmp(other, key.ptr, key.len) == 0;
}

/* Where @key is in @table, or belongs. */
static uint32_t *find(uint32_t *table, size_t size, struct ocn_bytes text, struct ocn_bytes key,
                      size_t *tries)
{
    size_t i = (size_t)hash_of(key) & (size - 1);

    for (; table[i] != 0 && !is_at(text, table[i], key); ++*tries) {
        i = (i + 1) & (size - 1);
    }
    return &table[i];
}

/* The table, of *ret_size slots. */
static uint32_t *table_of(struct ocn_json_keys *keys, size_t *ret_size)
{
    *ret_size = keys->more != NULL ? keys->size : OCN_JSON_KEYS_FIRST;
    return keys->more != NULL ? keys->more : keys->first;
}

static bool grow(struct ocn_json_keys *keys, struct ocn_bytes text, struct ocn_arena *arena)
{
    size_t size;
    const uint32_t *table = table_of(keys, &size);
    uint32_t *bigger = ocn_arena_alloc(arena, 4 * size * sizeof(*bigger));

    if (bigger == NULL) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        if (table[i] != 0) {
            *find(bigger, 4 * size, text, key_at(text, table[i]), &keys->tries) = table[i];
        }
    }
    keys->more = bigger;
    keys->size = 4 * size;
    return true;
}

bool ocn_json_keys_add(struct ocn_json_keys *keys, struct ocn_bytes text, struct ocn_bytes key,
                       struct ocn_arena *arena)
{
    size_t size;
    uint32_t *table = table_of(keys, &size);

    if (keys->len >= size / 2) {
        if (!grow(keys, text, arena)) {
            return false;
        }
        table = table_of(keys, &size);
    }
    uint32_t *slot = find(table, size, text, key, &keys->tries);
    if (*slot != 0 || keys->tries > MAX_TRIES * keys->len + SPARE_TRIES) {
        return false;
    }
    *slot = (uint32_t)(key.ptr - text.ptr);
    keys->len++;
    return true;
}
