/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <string.h>

#include "normalize/base/format.h"

/* Of the first block, which is all that most arenas need; each further one is twice as large. */
#define FIRST_SIZE ((size_t)1024)
#define LARGEST_SIZE ((size_t)8192)

struct ocn_arena_block {
    struct ocn_arena_block *next;
    size_t used;
    size_t size;
    alignas(max_align_t) char data[];
};

void ocn_arena_done(struct ocn_arena *arena)
{
    while (arena->head != NULL) {
        struct ocn_arena_block *next = arena->head->next;
        free(arena->head);
        arena->head = next;
    }
    arena->failed = false;
}

int ocn_arena_check(const struct ocn_arena *arena, struct ocn_error *err)
{
    if (!arena->failed) {
        return 0;
    }
    if (err != NULL) {
        *err = (struct ocn_error){ 0 };
    }
    return ocn_fail_nomem(err);
}

char *ocn_arena_fail(struct ocn_arena *arena)
{
    arena->failed = true;
    return arena->nothing;
}

static void *fail(struct ocn_arena *arena)
{
    (void)ocn_arena_fail(arena);
    return NULL;
}

static size_t next_size(const struct ocn_arena *arena)
{
    size_t last = arena->head != NULL ? arena->head->size : FIRST_SIZE / 2;

    return last < LARGEST_SIZE ? 2 * last : LARGEST_SIZE;
}

/* @size bytes behind what is used, at a multiple of @align, a power of two. */
static char *take(struct ocn_arena *arena, size_t size, size_t align)
{
    struct ocn_arena_block *head = arena->head;

    if (arena->failed || size > SIZE_MAX / 2) {
        return fail(arena);
    }
    size_t start = head != NULL ? (head->used + align - 1) & ~(align - 1) : 0;
    if (head == NULL || start > head->size || head->size - start < size) {
        size_t room = next_size(arena);
        room = size > room ? size : room;
        struct ocn_arena_block *block = malloc(sizeof(*block) + room);
        if (block == NULL) {
            return fail(arena);
        }
        *block = (struct ocn_arena_block){ .next = head, .size = room };
        arena->head = block;
        head = block;
        start = 0;
    }
    head->used = start + size;
    return head->data + start;
}

void *ocn_arena_alloc(struct ocn_arena *arena, size_t size)
{
    char *place = take(arena, size, alignof(max_align_t));

    return place != NULL ? memset(place, 0, size) : NULL;
}

char *ocn_arena_copy(struct ocn_arena *arena, const char *text, size_t len)
{
    char *copy = take(arena, len + 1, 1);

    if (copy == NULL) {
        return arena->nothing;
    }
    if (len != 0) {
        memcpy(copy, text, len);
    }
    copy[len] = '\0';
    return copy;
}

struct ocn_bytes ocn_arena_keep(struct ocn_arena *arena, struct ocn_bytes bytes)
{
    const char *copy = ocn_arena_copy(arena, bytes.ptr, bytes.len);

    return (struct ocn_bytes){ copy, arena->failed ? 0 : bytes.len };
}

char *ocn_arena_printf(struct ocn_arena *arena, const char *fmt, ...)
{
    char brief[256]; /* most texts: they are formatted once */
    va_list args;

    va_start(args, fmt);
    int len = ocn_format(brief, sizeof(brief), fmt, args);
    va_end(args);
    if (len < 0) {
        return ocn_arena_fail(arena);
    }
    if ((size_t)len < sizeof(brief)) {
        return ocn_arena_copy(arena, brief, (size_t)len);
    }
    char *text = ocn_arena_alloc(arena, (size_t)len + 1);
    if (text == NULL) {
        return arena->nothing;
    }
    va_start(args, fmt);
    (void)ocn_format(text, (size_t)len + 1, fmt, args);
    va_end(args);
    return text;
}

void *ocn_arena_grow(struct ocn_arena *arena, void *list, size_t len, size_t size)
{
    /* Capacity is the power of two at or above len, so a full list is one whose len is one. */
    if (len != 0 && (len & (len - 1)) != 0) {
        return list;
    }
    size_t room = len == 0 ? 1 : len * 2;
    if (room > SIZE_MAX / 2 / size) {
        return fail(arena);
    }
    void *bigger = ocn_arena_alloc(arena, room * size);
    if (bigger != NULL && len != 0) {
        memcpy(bigger, list, len * size);
    }
    return bigger;
}
