/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that lives and dies together: one arena per parsed document or outcome. */
#pragma once

#include <stdbool.h>

#include "normalize/base/error.h"

struct ocn_arena_block;

/*
 * Zero-initialise; release with ocn_arena_done(). An allocation that fails is remembered in .failed
 * and makes every later one fail, so that a step that makes things of an arena checks once, at its
 * end: before it sets an out-parameter, and before it does what cannot be undone.
 */
struct ocn_arena {
    struct ocn_arena_block *head;
    bool failed;
    char nothing[1]; /* always "": what every text is that could not be made */
};

/* Releases everything that came from @arena; it can be used again. Accepts a zeroed one. */
void ocn_arena_done(struct ocn_arena *arena);

/*
 * The end of a step: 0, or -1 with OCN_E_NOMEM if any allocation failed. It takes the place of an
 * error that the step has recorded, which may be one of what could not be made.
 */
OCN_MUST_USE int ocn_arena_check(const struct ocn_arena *arena, struct ocn_error *err);

/* Marks @arena as one that failed. Returns "", as all that makes a text of it does then. */
char *ocn_arena_fail(struct ocn_arena *arena);

/* @size zeroed bytes, aligned for any object; NULL when memory is out. Owned by @arena. */
OCN_MUST_USE void *ocn_arena_alloc(struct ocn_arena *arena, size_t size);

/*
 * A NUL-terminated copy of @len bytes of @text. Never NULL: "", and @arena is marked, when memory
 * is out; whoever writes into it goes by its length, and not by @len. Owned by @arena.
 */
OCN_MUST_USE char *ocn_arena_copy(struct ocn_arena *arena, const char *text, size_t len);

/* The same with its length, which is 0 then. */
OCN_MUST_USE struct ocn_bytes ocn_arena_keep(struct ocn_arena *arena, struct ocn_bytes bytes);

/* A formatted string. Never NULL: "", and @arena is marked, when memory is out. Owned by @arena. */
OCN_MUST_USE char *ocn_arena_printf(struct ocn_arena *arena, const char *fmt, ...) OCN_PRINTF(2, 3);

/*
 * Makes room for one more element of @size bytes in a list that holds @len; the list doubles, the
 * old place stays in the arena until the end. Returns the list's place; NULL when memory is out:
 * the list stays as it is then.
 */
OCN_MUST_USE void *ocn_arena_grow(struct ocn_arena *arena, void *list, size_t len, size_t size);
