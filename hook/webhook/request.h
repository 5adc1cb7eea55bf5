/* SPDX-License-Identifier: Apache-2.0 */
/* One request: what is at its path, what is wrong with it, its body, its answer. */
#pragma once

#include <microhttpd.h>

#include "hook/webhook/server.h"

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

/* For libmicrohttpd; cls is a struct ocn_server_listener. */
enum MHD_Result ocn_request_handle(void *cls, struct MHD_Connection *mhd, const char *url,
                                   const char *method, const char *version, const char *upload,
                                   size_t *upload_len, void **context);
void ocn_request_completed(void *cls, struct MHD_Connection *mhd, void **context,
                           enum MHD_RequestTerminationCode code);
