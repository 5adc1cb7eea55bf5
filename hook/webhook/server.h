/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1.1 over TLS by libmicrohttpd: connections, their limits and deadlines, what is at which
 * path. */
#pragma once

#include <poll.h>
#include <stdbool.h>

#include "hook/webhook/metrics.h"
#include "hook/webhook/tls.h"

#define OCN_SERVER_MAX_CONNECTIONS 256
#define OCN_SERVER_MAX_OF_ADDRESS 128
#define OCN_SERVER_MAX_BODIES ((size_t)64 << 20) /* of all requests together */
#define OCN_SERVER_READ_SECONDS 10 /* from a connection, or a head, to the last byte */
#define OCN_SERVER_WRITE_SECONDS 10
#define OCN_SERVER_IDLE_SECONDS 120 /* an API server closes after 90 */
#define OCN_SERVER_DRAIN_SECONDS 10 /* for what was idle when its certificate was replaced */
#define OCN_SERVER_MAX_LISTENERS 6  /* one that accepts, --metrics, and some that drain */

struct ocn_server_listener;
struct ocn_server_connection;

/* Set what is above the line, then ocn_server_begin(); release with ocn_server_done(). */
struct ocn_server {
    struct ocn_pool *pool;
    struct ocn_metrics *metrics;
    int fd;         /* that listens for TLS; the server's own from now on */
    int metrics_fd; /* that listens without; -1: /metrics is behind TLS */
    /* ---- */
    struct ocn_server_listener *listeners; /* the first one with TLS accepts */
    struct ocn_server_connection *connections;
    size_t bodies;
    bool stopping; /* /healthz says 503, and connections close behind their answer */
};

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
