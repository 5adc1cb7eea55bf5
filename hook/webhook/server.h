/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1.1 over TLS by libmicrohttpd: connections, their limits and deadlines. */
#pragma once

#include <poll.h>

#include "hook/webhook/connection.h"

/* Starts with @pair, which is taken over. */
OCN_MUST_USE int ocn_server_begin(struct ocn_server *server, struct ocn_tls_pair *pair,
                                  struct ocn_error *err);

/*
 * Takes @pair over for all connections from now on; those that there are go on with theirs, and
 * close behind their next answer. -1: everything is as it was, and @pair is the caller's.
 */
OCN_MUST_USE int ocn_server_renew(struct ocn_server *server, struct ocn_tls_pair *pair,
                                  struct ocn_error *err);

/* What to wait for: fills @fds, OCN_SERVER_MAX_LISTENERS at most, and returns how many. */
size_t ocn_server_watch(const struct ocn_server *server, struct pollfd *fds);

/* Milliseconds until ocn_server_run() has something to do; @most at most. */
int ocn_server_timeout(const struct ocn_server *server, int most);

/* Does what can be done without waiting. */
void ocn_server_run(struct ocn_server *server);

/* Cuts who is too slow. To be called every second or so. */
void ocn_server_tick(struct ocn_server *server);

/* Accepts nobody any more; what runs goes on. */
void ocn_server_quiesce(struct ocn_server *server);

/* true: nobody is connected, or only who asks nothing. */
bool ocn_server_is_idle(const struct ocn_server *server);

/* No request may be with the pool. Accepts one that never began. */
void ocn_server_done(struct ocn_server *server);
