/* SPDX-License-Identifier: Apache-2.0 */
/* Starts a helper process, exchanges messages with it, reaps it by a deadline. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "normalize/base/buf.h"

#define OCN_CHILD_SECONDS 10                    /* of wall clock, for everything */
#define OCN_CHILD_MAX_MESSAGE ((size_t)4 << 20) /* 65536 groups, before and after */

/* Start with { .pid = -1, .fd = -1 }; release with ocn_child_end(). */
struct ocn_child {
    pid_t pid;
    int fd;
    int64_t left;         /* nanoseconds that it may still be waited for */
    int64_t since;        /* when that was last counted by the clock; 0: it was not */
    unsigned seconds;     /* how much it was, for whoever is told */
    struct ocn_buf heard; /* what has come of the next messages */
    size_t taken;         /* of it, by the messages before */
};

/* What a child gets besides; zero-initialised: nothing, and OCN_CHILD_SECONDS. */
struct ocn_child_options {
    unsigned seconds;       /* of wall clock, for everything; 0: OCN_CHILD_SECONDS */
    const int *descriptors; /* that it keeps, as OCN_CHILD_FD + 1 and so on, in this order */
    size_t descriptors_len; /* OCN_CHILD_MAX_DESCRIPTORS at most */
};

#define OCN_CHILD_MAX_DESCRIPTORS 4

/*
 * Runs @work(ctx) in a child that has no descriptor but its end of a socket, OCN_CHILD_FD
 * (seccomp_filter.h), and that ends with what it returns. The rest of this process sees nothing of
 * it: no SIGCHLD comes, whatever is set for that signal.
 */
OCN_MUST_USE int ocn_child_start(struct ocn_child *child, int (*work)(void *ctx), void *ctx,
                                 struct ocn_error *err);

/* The same, with what @options say. */
OCN_MUST_USE int ocn_child_start_with(struct ocn_child *child,
                                      const struct ocn_child_options *options,
                                      int (*work)(void *ctx), void *ctx, struct ocn_error *err);

/*
 * Waits for the next message: a number that both sides know, and bytes, appended to @ret. An end
 * without one is an error that says how the child ended.
 */
OCN_MUST_USE int ocn_child_receive(struct ocn_child *child, uint32_t *ret_kind, struct ocn_buf *ret,
                                   struct ocn_error *err);

#define OCN_CHILD_MAX_PIECES 4

/*
 * Tells the child something, in pieces that it hears as one; OCN_CHILD_MAX_PIECES of them at most.
 * A child that is gone is found out by the next receive.
 */
OCN_MUST_USE int ocn_child_tell(struct ocn_child *child, const struct ocn_bytes *pieces, size_t len,
                                struct ocn_error *err);

/* Answers a question of the child's. A child that is gone is found out by the next receive. */
void ocn_child_reply(const struct ocn_child *child, const void *bytes, size_t len);

/* Kills the child, if it is still there, and reaps it. Accepts one that never was. */
void ocn_child_end(struct ocn_child *child);

/* Lets the child go on without us; whoever adopts orphans reaps it. */
void ocn_child_leave(struct ocn_child *child);

/* In the child: sends a message to the parent. */
OCN_MUST_USE int ocn_child_send(uint32_t kind, struct ocn_bytes bytes, struct ocn_error *err);

/*
 * The same in two steps, where the parent is not to be woken for each: puts a message behind those
 * in @out; sends them, and empties it.
 */
OCN_MUST_USE int ocn_child_put(struct ocn_buf *out, uint32_t kind, struct ocn_bytes bytes,
                               struct ocn_error *err);
OCN_MUST_USE int ocn_child_flush(struct ocn_buf *out, struct ocn_error *err);

/* In the child: waits for what the parent tells, appended to @ret. */
OCN_MUST_USE int ocn_child_hear(struct ocn_buf *ret, struct ocn_error *err);

/* In the child: sends a question, and waits for the @len bytes of the reply. */
OCN_MUST_USE int ocn_child_ask(uint32_t kind, struct ocn_bytes question, void *reply, size_t len,
                               struct ocn_error *err);
