/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that lives and dies together: one arena per parsed document or outcome. */
#pragma once

#include "normalize/base.h"

struct ocn_arena_block;

struct ocn_arena {
    struct ocn_arena_block *head; /* zero-initialise; release with ocn_arena_done() */
};

/* Releases everything that came from @arena; it can be used again. Accepts a zeroed one. */
void ocn_arena_done(struct ocn_arena *arena);

/* @size zeroed bytes, aligned for any object; NULL when memory is out. Owned by @arena. */
OCN_MUST_USE void *ocn_arena_alloc(struct ocn_arena *arena, size_t size);

/* A NUL-terminated copy of @len bytes of @text; NULL when memory is out. Owned by @arena. */
OCN_MUST_USE char *ocn_arena_copy(struct ocn_arena *arena, const char *text, size_t len);

/* A formatted string; NULL when memory is out. Owned by @arena. */
OCN_MUST_USE char *ocn_arena_printf(struct ocn_arena *arena, const char *fmt, ...) OCN_PRINTF(2, 3);

/*
 * Makes room for one more element of @size bytes in a list that holds @len; the list doubles, the
 * old place stays in the arena until the end. Returns the list's place, NULL when memory is out.
 */
OCN_MUST_USE void *ocn_arena_grow(struct ocn_arena *arena, void *list, size_t len, size_t size);
