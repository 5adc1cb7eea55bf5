/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/webhook/address.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "hook/sys/io.h"
#include "normalize/base/number.h"

#define BACKLOG 512
#define MAX_PORT 65535

struct parts {
    char host[256]; /* "": every one */
    const char *port;
};

static int split(const char *address, struct parts *ret, struct ocn_error *err)
{
    const char *colon = strrchr(address, ':');
    const char *host = colon != NULL ? address : "";
    size_t len = colon != NULL ? (size_t)(colon - address) : 0;
    uint64_t port = 0;

    ret->port = colon != NULL ? colon + 1 : address;
    if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
        host++;
        len -= 2;
    }
    if (len >= sizeof(ret->host) ||
        ocn_number_parse((struct ocn_bytes){ ret->port, strlen(ret->port) }, MAX_PORT, &port) < 0) {
        return ocn_fail(err, OCN_E_USAGE, address,
                        "is no address to listen at: write :8443, 127.0.0.1:8443 or [::1]:8443");
    }
    memcpy(ret->host, host, len);
    ret->host[len] = '\0';
    return 0;
}

static int listen_at(const struct addrinfo *info)
{
    const int on = 1;
    const int off = 0;
    ocn_autoclose int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0) {
        return -1;
    }
    if (info->ai_family == AF_INET6) {
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    }
    if (bind(fd, info->ai_addr, info->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0) {
        return -1;
    }
    int ret = fd;
    fd = -1;
    return ret;
}

/* Of all that a name has; "::" first, which takes IPv4, too. */
static int listen_at_any(const struct addrinfo *list)
{
    static const int families[] = { AF_INET6, AF_INET };
    int fd = -1;

    for (size_t i = 0; i < OCN_COUNT(families); i++) {
        for (const struct addrinfo *at = list; at != NULL && fd < 0; at = at->ai_next) {
            fd = at->ai_family == families[i] ? listen_at(at) : -1;
        }
    }
    return fd;
}

int ocn_address_listen(const char *address, int *ret, struct ocn_error *err)
{
    const struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
                                    .ai_socktype = SOCK_STREAM };
    struct addrinfo *list = NULL;
    struct parts parts = { "", NULL };

    if (split(address, &parts, err) < 0) {
        return -1;
    }
    int status = getaddrinfo(parts.host[0] != '\0' ? parts.host : NULL, parts.port, &hints, &list);
    if (status != 0) {
        return ocn_fail(err, OCN_E_USAGE, address, "cannot listen there: %s", gai_strerror(status));
    }
    errno = EAFNOSUPPORT;
    int fd = listen_at_any(list);
    int saved = errno;
    freeaddrinfo(list);
    if (fd < 0) {
        return ocn_fail_sys(err, saved, address, "cannot listen there");
    }
    *ret = fd;
    return 0;
}

void ocn_address_show(int fd, char *ret, size_t size)
{
    struct sockaddr_storage address = { 0 };
    socklen_t len = sizeof(address);
    char host[256];
    char port[16];

    if (getsockname(fd, (struct sockaddr *)&address, &len) < 0 ||
        getnameinfo((struct sockaddr *)&address, len, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        (void)snprintf(ret, size, "?");
        return;
    }
    (void)snprintf(ret, size, address.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}
