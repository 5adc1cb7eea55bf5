/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/webhook/watch.h"

#include <string.h>

/* A key may be among it. */
static void forget(struct ocn_buf *buf)
{
    if (buf->ptr != NULL) {
        explicit_bzero(buf->ptr, buf->size);
    }
    ocn_buf_done(buf);
}

static void move(struct ocn_buf *to, struct ocn_buf *from)
{
    forget(to);
    *to = *from;
    *from = (struct ocn_buf){ 0 };
}

static bool is_same(const struct ocn_buf *a, const struct ocn_buf *b)
{
    return a->len == b->len && memcmp(ocn_buf_bytes(a).ptr, ocn_buf_bytes(b).ptr, a->len) == 0;
}

void ocn_watch_done(struct ocn_watch *watch)
{
    forget(&watch->taken);
    forget(&watch->seen);
    *watch = (struct ocn_watch){ 0 };
}

void ocn_watch_begin(struct ocn_watch *watch, struct ocn_buf *now)
{
    move(&watch->taken, now);
    forget(&watch->seen);
    watch->unreadable = false;
}

bool ocn_watch_look(struct ocn_watch *watch, struct ocn_buf *now)
{
    bool stable = watch->seen.len != 0 && is_same(&watch->seen, now);

    if (is_same(&watch->taken, now)) {
        forget(now);
        forget(&watch->seen);
        return false;
    }
    if (stable) {
        ocn_watch_begin(watch, now);
        return true;
    }
    move(&watch->seen, now);
    return false;
}
