/* SPDX-License-Identifier: Apache-2.0 */
/* What the confined child hands back: written there, read and checked here, trusted nowhere. */
#pragma once

#include "normalize/normalize.h"

/* Zero-initialise; release with ocn_answer_done(). */
struct ocn_answer {
    struct ocn_outcome *outcome; /* NULL: could not decide, and error says why */
    struct ocn_error error;
    /*
     * With the outcome, what an applier needs to know of config.json: process.user, .capabilities,
     * .no_new_privileges; root.path; linux_.namespaces, .mount_label; start_hooks. The rest is
     * zero.
     */
    struct ocn_container *container;
};

void ocn_answer_done(struct ocn_answer *answer);

/* Appends @answer to @out; its strings stay as they are. */
OCN_MUST_USE int ocn_answer_write(const struct ocn_answer *answer, struct ocn_buf *out,
                                  struct ocn_error *err);

/*
 * Reads an answer that may come from an attacker. It is whole, every number is in its range, every
 * text is one line, and it does not contradict itself; anything else fails all of it. What its
 * edits may be is for hook/judge/edits.h.
 */
OCN_MUST_USE int ocn_answer_read(struct ocn_bytes bytes, struct ocn_answer *ret,
                                 struct ocn_error *err);
