/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/webhook/server.h"

#include <fcntl.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "hook/sys/io.h"
#include "hook/webhook/request.h"

#define MILLISECONDS INT64_C(1000)

/* ---- connections ------------------------------------------------------------------------- */

static void link_connection(struct ocn_server *server, struct ocn_server_connection *connection)
{
    connection->next = server->connections;
    connection->link = &server->connections;
    if (connection->next != NULL) {
        connection->next->link = &connection->next;
    }
    server->connections = connection;
    server->metrics->connections++;
    server->metrics->open++;
}

static void unlink_connection(struct ocn_server_connection *connection)
{
    connection->listener->server->metrics->open--;
    *connection->link = connection->next;
    if (connection->next != NULL) {
        connection->next->link = connection->link;
    }
    free(connection);
}

/* One that there is no memory for has no context, and gets no answer. */
static void connected(void *cls, struct MHD_Connection *mhd, void **context,
                      enum MHD_ConnectionNotificationCode code)
{
    struct ocn_server_listener *listener = cls;
    struct ocn_server_connection *connection = *context;

    if (code == MHD_CONNECTION_NOTIFY_CLOSED && connection != NULL) {
        unlink_connection(connection);
        *context = NULL;
    }
    if (code != MHD_CONNECTION_NOTIFY_STARTED) {
        return;
    }
    connection = calloc(1, sizeof(*connection));
    if (connection != NULL) {
        connection->listener = listener;
        connection->mhd = mhd;
        connection->state = OCN_CONNECTION_READING;
        connection->since = ocn_pool_now();
        link_connection(listener->server, connection);
    }
    *context = connection;
}

/* ---- listeners --------------------------------------------------------------------------- */

/* What the library says while it starts is for the error; later it speaks of clients' mistakes. */
OCN_PRINTF(2, 0) static void keep_log(void *cls, const char *fmt, va_list args)
{
    struct ocn_server_listener *listener = cls;

    if (listener->daemon == NULL) {
        (void)vsnprintf(listener->said, sizeof(listener->said), fmt, args);
        listener->said[strcspn(listener->said, "\n")] = '\0';
    }
}

static struct MHD_Daemon *start_daemon(struct ocn_server_listener *listener, int fd)
{
    struct MHD_OptionItem tls[] = {
        { MHD_OPTION_HTTPS_MEM_CERT, 0, listener->pair.cert.ptr },
        { MHD_OPTION_HTTPS_MEM_KEY, 0, listener->pair.key.ptr },
        { MHD_OPTION_HTTPS_PRIORITIES, 0, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2" },
        { MHD_OPTION_END, 0, NULL },
    };
    struct MHD_OptionItem none[] = { { MHD_OPTION_END, 0, NULL } };
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
                     (listener->secure ? (unsigned)MHD_USE_TLS : 0U);

    return MHD_start_daemon(flags, 0, NULL, NULL, ocn_request_handle, listener,
                            MHD_OPTION_EXTERNAL_LOGGER, keep_log, listener,
                            MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_CONNECTION, connected,
                            listener, MHD_OPTION_NOTIFY_COMPLETED, ocn_request_completed, listener,
                            MHD_OPTION_CONNECTION_LIMIT, (unsigned)OCN_SERVER_MAX_CONNECTIONS,
                            MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)OCN_SERVER_MAX_OF_ADDRESS,
                            MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)OCN_SERVER_IDLE_SECONDS,
                            MHD_OPTION_ARRAY, listener->secure ? tls : none, MHD_OPTION_END);
}

static void free_listener(struct ocn_server_listener *listener)
{
    ocn_tls_done(&listener->pair);
    free(listener);
}

/* @pair, which may be NULL, is taken over if all goes well. */
static int add_listener(struct ocn_server *server, int fd, struct ocn_tls_pair *pair,
                        struct ocn_error *err)
{
    struct ocn_server_listener *listener = calloc(1, sizeof(*listener));
    ocn_autoclose int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);

    if (listener == NULL) {
        return ocn_fail_nomem(err);
    }
    listener->server = server;
    listener->secure = pair != NULL;
    listener->accepts = true;
    if (pair != NULL) {
        listener->pair = *pair;
    }
    listener->daemon = own >= 0 ? start_daemon(listener, own) : NULL;
    if (listener->daemon == NULL) {
        (void)ocn_fail(err, OCN_E_IO, NULL, "cannot serve: %s", listener->said);
        free(listener); /* the pair is still the caller's */
        return -1;
    }
    own = -1;
    if (pair != NULL) {
        *pair = (struct ocn_tls_pair){ 0 };
    }
    listener->next = server->listeners;
    server->listeners = listener;
    return 0;
}

static void stop_accepting(struct ocn_server_listener *listener)
{
    if (listener->accepts) {
        ocn_autoclose int fd = MHD_quiesce_daemon(listener->daemon);
        listener->accepts = false;
        (void)fd;
    }
}

int ocn_server_begin(struct ocn_server *server, struct ocn_tls_pair *pair, struct ocn_error *err)
{
    return (server->metrics_fd >= 0 && add_listener(server, server->metrics_fd, NULL, err) < 0) ||
                   add_listener(server, server->fd, pair, err) < 0
               ? -1
               : 0;
}

static unsigned connections_of(const struct ocn_server_listener *listener)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

    return info != NULL ? info->num_connections : 0;
}

static void cut(const struct ocn_server_connection *connection, enum ocn_metrics_cut why)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection->mhd, MHD_CONNECTION_INFO_CONNECTION_FD);

    connection->listener->server->metrics->cuts[why]++;
    if (info != NULL) {
        (void)shutdown(info->connect_fd, SHUT_RDWR);
    }
}

/* Who drains and has nobody left ends; with too many of them, the oldest's connections are cut. */
static void prune(struct ocn_server *server)
{
    struct ocn_server_listener **link = &server->listeners;
    size_t count = 0;

    while (*link != NULL) {
        struct ocn_server_listener *listener = *link;
        if (listener->accepts || connections_of(listener) != 0) {
            count++;
            link = &listener->next;
            continue;
        }
        *link = listener->next;
        MHD_stop_daemon(listener->daemon);
        free_listener(listener);
    }
    for (struct ocn_server_connection *at = server->connections;
         at != NULL && count >= OCN_SERVER_MAX_LISTENERS; at = at->next) {
        if (!at->listener->accepts && at->state != OCN_CONNECTION_JUDGED) {
            cut(at, OCN_METRICS_IDLE);
        }
    }
}

int ocn_server_renew(struct ocn_server *server, struct ocn_tls_pair *pair, struct ocn_error *err)
{
    size_t count = 0;

    for (const struct ocn_server_listener *at = server->listeners; at != NULL; at = at->next) {
        count++;
    }
    if (count >= OCN_SERVER_MAX_LISTENERS) {
        return ocn_fail(err, OCN_E_LIMIT, NULL, "too many certificates one after the other");
    }
    if (add_listener(server, server->fd, pair, err) < 0) {
        return -1;
    }
    for (struct ocn_server_listener *at = server->listeners; at != NULL; at = at->next) {
        if (at->secure && at != server->listeners) { /* all but the new one */
            stop_accepting(at);
        }
    }
    return 0;
}

/* ---- the loop's questions ---------------------------------------------------------------- */

size_t ocn_server_watch(const struct ocn_server *server, struct pollfd *fds)
{
    size_t count = 0;

    for (const struct ocn_server_listener *at = server->listeners;
         at != NULL && count < OCN_SERVER_MAX_LISTENERS; at = at->next) {
        const union MHD_DaemonInfo *info =
            MHD_get_daemon_info(at->daemon, MHD_DAEMON_INFO_EPOLL_FD);
        if (info != NULL) {
            fds[count++] = (struct pollfd){ .fd = info->epoll_fd, .events = POLLIN };
        }
    }
    return count;
}

int ocn_server_timeout(const struct ocn_server *server, int most)
{
    int ret = most;

    for (const struct ocn_server_listener *at = server->listeners; at != NULL; at = at->next) {
        MHD_UNSIGNED_LONG_LONG wait = 0;
        if (MHD_get_timeout(at->daemon, &wait) == MHD_YES && wait < (unsigned)ret) {
            ret = (int)wait;
        }
    }
    return ret;
}

void ocn_server_run(struct ocn_server *server)
{
    for (struct ocn_server_listener *at = server->listeners; at != NULL; at = at->next) {
        (void)MHD_run(at->daemon);
    }
}

/* Seconds that a connection may be in its state; 0: as long as the pool needs. */
static int64_t patience(const struct ocn_server_connection *connection)
{
    bool drains = !connection->listener->accepts;

    switch (connection->state) {
    case OCN_CONNECTION_READING:
        return OCN_SERVER_READ_SECONDS;
    case OCN_CONNECTION_JUDGED:
        return 0;
    case OCN_CONNECTION_WRITING:
        return OCN_SERVER_WRITE_SECONDS;
    case OCN_CONNECTION_IDLE:
    default:
        return connection->listener->server->stopping && drains ? 1
               : drains                                         ? OCN_SERVER_DRAIN_SECONDS
                                                                : OCN_SERVER_IDLE_SECONDS;
    }
}

void ocn_server_tick(struct ocn_server *server)
{
    int64_t now = ocn_pool_now();

    for (struct ocn_server_connection *at = server->connections; at != NULL; at = at->next) {
        int64_t seconds = patience(at);
        if (seconds != 0 && now - at->since >= seconds * MILLISECONDS) {
            cut(at, at->state == OCN_CONNECTION_IDLE ? OCN_METRICS_IDLE : OCN_METRICS_SLOW);
        }
    }
    prune(server);
}

void ocn_server_quiesce(struct ocn_server *server)
{
    for (struct ocn_server_listener *at = server->listeners; at != NULL; at = at->next) {
        stop_accepting(at);
    }
    ocn_closep(&server->fd);
    ocn_closep(&server->metrics_fd);
    server->fd = -1;
    server->metrics_fd = -1;
}

bool ocn_server_is_idle(const struct ocn_server *server)
{
    for (const struct ocn_server_connection *at = server->connections; at != NULL; at = at->next) {
        if (at->state != OCN_CONNECTION_IDLE) {
            return false;
        }
    }
    return true;
}

void ocn_server_done(struct ocn_server *server)
{
    while (server->listeners != NULL) {
        struct ocn_server_listener *listener = server->listeners;
        server->listeners = listener->next;
        stop_accepting(listener);
        MHD_stop_daemon(listener->daemon);
        free_listener(listener);
    }
    ocn_closep(&server->fd);
    ocn_closep(&server->metrics_fd);
    server->fd = -1;
    server->metrics_fd = -1;
}
