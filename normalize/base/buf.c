/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/base/buf.h"

#include <stdarg.h>
#include <string.h>

#include "normalize/base/arena.h"
#include "normalize/base/format.h"

#define PRINTED ((size_t)64) /* most texts are no longer, and formatting is not done twice then */

void ocn_buf_done(struct ocn_buf *buf)
{
    free(buf->ptr);
    *buf = (struct ocn_buf){ 0 };
}

/* Room for @more bytes and a terminating NUL; @times as much is asked for if there is too little.
 */
static int grow(struct ocn_buf *buf, size_t more, size_t times)
{
    if (buf->failed) {
        return -1;
    }
    if (buf->size - buf->len > more) {
        return 0;
    }
    if (more >= SIZE_MAX / 4 || buf->len >= SIZE_MAX / 4) {
        buf->failed = 1;
        return -1;
    }
    size_t size = (buf->len + more + 1) * times;
    char *ptr = realloc(buf->ptr, size);
    if (ptr == NULL) {
        buf->failed = 1;
        return -1;
    }
    buf->ptr = ptr;
    buf->size = size;
    return 0;
}

static int reserve(struct ocn_buf *buf, size_t more)
{
    return grow(buf, more, 2);
}

char *ocn_buf_reserve(struct ocn_buf *buf, size_t more)
{
    return grow(buf, more, 1) == 0 ? buf->ptr + buf->len : NULL;
}

void ocn_buf_add(struct ocn_buf *buf, const char *bytes, size_t len)
{
    if (reserve(buf, len) < 0) {
        return;
    }
    if (len != 0) {
        memcpy(buf->ptr + buf->len, bytes, len);
    }
    buf->len += len;
    buf->ptr[buf->len] = '\0';
}

void ocn_buf_puts(struct ocn_buf *buf, const char *text)
{
    ocn_buf_add(buf, text, strlen(text));
}

void ocn_buf_printf(struct ocn_buf *buf, const char *fmt, ...)
{
    va_list args;

    if (reserve(buf, PRINTED) < 0) {
        return;
    }
    size_t room = buf->size - buf->len;
    va_start(args, fmt);
    int len = ocn_format(buf->ptr + buf->len, room, fmt, args);
    va_end(args);
    if (len < 0) {
        buf->failed = 1;
        return;
    }
    if ((size_t)len >= room) {
        if (reserve(buf, (size_t)len) < 0) {
            return;
        }
        va_start(args, fmt);
        (void)ocn_format(buf->ptr + buf->len, (size_t)len + 1, fmt, args);
        va_end(args);
    }
    buf->len += (size_t)len;
}

int ocn_buf_check(const struct ocn_buf *buf, struct ocn_error *err)
{
    return buf->failed ? ocn_fail_nomem(err) : 0;
}

char *ocn_buf_copy(const struct ocn_buf *buf, struct ocn_arena *arena)
{
    return buf->failed ? ocn_arena_fail(arena) : ocn_arena_copy(arena, buf->ptr, buf->len);
}
