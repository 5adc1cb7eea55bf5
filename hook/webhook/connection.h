/* SPDX-License-Identifier: Apache-2.0 */
/* What a server is made of: who listens, who is connected, and what each may take. */
#pragma once

#include <microhttpd.h>
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

enum ocn_connection_state {
    OCN_CONNECTION_READING, /* also the handshake */
    OCN_CONNECTION_JUDGED,  /* the pool has it */
    OCN_CONNECTION_WRITING,
    OCN_CONNECTION_IDLE,
};

struct ocn_server_listener {
    struct ocn_server *server;
    struct MHD_Daemon *daemon;
    bool secure;
    bool accepts; /* else it drains: its connections close behind their answer */
    struct ocn_tls_pair pair;
    char said[256]; /* by the library, while it started */
    struct ocn_server_listener *next;
};

struct ocn_server_connection {
    struct ocn_server_listener *listener;
    struct MHD_Connection *mhd;
    enum ocn_connection_state state;
    int64_t since; /* ocn_pool_now() */
    struct ocn_server_connection *next;
    struct ocn_server_connection **link; /* what points here */
};
