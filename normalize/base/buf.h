/* SPDX-License-Identifier: Apache-2.0 */
/* A growing byte buffer for output. */
#pragma once

#include "normalize/base/error.h"

struct ocn_arena;

/*
 * Zero-initialise; release with ocn_buf_done(). As in an arena, an append that fails is remembered
 * in .failed and makes every later one a no-op, so that a writer checks once, at the end.
 */
struct ocn_buf {
    char *ptr;
    size_t len;
    size_t size;
    int failed;
};

void ocn_buf_done(struct ocn_buf *buf);

void ocn_buf_add(struct ocn_buf *buf, const char *bytes, size_t len);
void ocn_buf_puts(struct ocn_buf *buf, const char *text);
void ocn_buf_printf(struct ocn_buf *buf, const char *fmt, ...) OCN_PRINTF(2, 3);

/*
 * Where @more bytes and a NUL fit behind what is there, and no more is asked for: who fills it adds
 * to .len. NULL: out of memory, as of an append.
 */
char *ocn_buf_reserve(struct ocn_buf *buf, size_t more);

/* 0, or -1 with OCN_E_NOMEM if any append failed. */
OCN_MUST_USE int ocn_buf_check(const struct ocn_buf *buf, struct ocn_error *err);

/* A copy of what is in @buf, as ocn_arena_copy() makes one; @arena is marked if @buf has failed. */
OCN_MUST_USE char *ocn_buf_copy(const struct ocn_buf *buf, struct ocn_arena *arena);

static inline struct ocn_bytes ocn_buf_bytes(const struct ocn_buf *buf)
{
    return (struct ocn_bytes){ buf->ptr != NULL ? buf->ptr : "", buf->len };
}
