/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that are replaced under us. What lies there is read and compared, not its times: a Secret
 * is swapped by a link that leads elsewhere, and an editor may keep time and size.
 */
#pragma once

#include <stdbool.h>

#include "normalize/base/buf.h"

/* Zero-initialise; release with ocn_watch_done(). */
struct ocn_watch {
    struct ocn_buf taken; /* what was made use of last, or tried in vain */
    struct ocn_buf seen;  /* at the last look, if that was something else */
    bool unreadable;      /* it could not be read at the last look */
};

void ocn_watch_done(struct ocn_watch *watch);

/*
 * A look at @now, which is taken over. true: it is new, and was the same at the look before, so
 * that nobody is in the middle of writing it.
 */
bool ocn_watch_look(struct ocn_watch *watch, struct ocn_buf *now);

/* The first time: @now holds. */
void ocn_watch_begin(struct ocn_watch *watch, struct ocn_buf *now);
