/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A restart that an engine still needs, remembered until it is done: a file in /run, which is gone
 * when the node has started anew, as is the need. Of this machine; --restart is for no other.
 */
#pragma once

#include <stdbool.h>

#include "hook/install/engine.h"
#include "normalize/base/buf.h"

/* Remembers that @engine is to be restarted; @reason: why it was not, a sentence. */
OCN_MUST_USE int ocn_due_note(const struct ocn_engine *engine, const char *reason,
                              struct ocn_error *err);

/* true: @engine is still to be restarted, and the reason is appended to @ret. */
bool ocn_due_find(const struct ocn_engine *engine, struct ocn_buf *ret);

/* Forgets it. */
void ocn_due_done(const struct ocn_engine *engine);
