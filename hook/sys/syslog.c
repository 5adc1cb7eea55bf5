/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/sys/syslog.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syslog.h>
#include <sys/un.h>

#include "hook/sys/io.h"
#include "hook/sys/text.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#define SYSLOG_SOCKET "/dev/log"
#define VALUE_SIZE 512
#define RECORD_SIZE (2048 + OCN_SYSLOG_FIELDS)

static const int priorities[] = {
    [OCN_LOG_WARNING] = LOG_WARNING,
    [OCN_LOG_ERROR] = LOG_ERR,
};

/* ---- fields ------------------------------------------------------------------------------- */

static const struct {
    const char *journal;
    const char *syslog;
    size_t place; /* in struct ocn_about */
} names[] = {
    { "OCINORM_RULE", "rule", offsetof(struct ocn_about, rule) },
    { "OCINORM_CONTAINER", "container", offsetof(struct ocn_about, container) },
    { "OCINORM_ENGINE", "engine", offsetof(struct ocn_about, engine) },
    { "OCINORM_BUNDLE", "bundle", offsetof(struct ocn_about, bundle) },
};

/* A blank or a quote would end the value for whoever reads "key=value", or begin another. */
static void close_up(char *value)
{
    for (char *c = value; *c != '\0'; c++) {
        *c = *c == ' ' || *c == '"' || *c == '=' ? '?' : *c;
    }
}

/* An id and a path are the author's: one printable line each. */
static void add_field(struct ocn_syslog *syslog, size_t row, const char *text)
{
    char value[VALUE_SIZE];
    char field[VALUE_SIZE + 32];
    size_t used = strlen(syslog->fields);
    int full = snprintf(value, sizeof(value), "%s", text);

    if (full < 0 || (size_t)full >= sizeof(value)) {
        return;
    }
    ocn_text_defuse(value);
    if (syslog->journal) {
        full = snprintf(field, sizeof(field), "%s=%s\n", names[row].journal, value);
    } else {
        close_up(value);
        full = snprintf(field, sizeof(field), " %s=%s", names[row].syslog, value);
    }
    if (full > 0 && used + (size_t)full < sizeof(syslog->fields)) {
        memcpy(syslog->fields + used, field, (size_t)full + 1);
    }
}

/* ---- sockets ------------------------------------------------------------------------------ */

static bool connect_to(int fd, const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    size_t len = strlen(path);

    if (len >= sizeof(address.sun_path)) {
        return false;
    }
    memcpy(address.sun_path, path, len + 1);
    return connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
}

/* Not syslog(3), nor libsystemd: these wait for a daemon that hangs, and a container must not. */
void ocn_syslog_open(const struct ocn_syslog_sockets *sockets, const struct ocn_about *about,
                     struct ocn_syslog *ret)
{
    const char *journal = sockets != NULL ? sockets->journal : NULL;
    const char *syslog = sockets != NULL ? sockets->syslog : NULL;

    ret->journal = false;
    ret->fields[0] = '\0';
    ret->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (ret->fd < 0) {
        return;
    }
    ret->journal = connect_to(ret->fd, journal != NULL ? journal : JOURNAL_SOCKET);
    if (!ret->journal && !connect_to(ret->fd, syslog != NULL ? syslog : SYSLOG_SOCKET)) {
        ocn_syslog_close(ret);
        return;
    }
    for (size_t i = 0; about != NULL && i < OCN_COUNT(names); i++) {
        const char *text = *(const char *const *)((const char *)about + names[i].place);
        if (text != NULL) {
            add_field(ret, i, text);
        }
    }
}

void ocn_syslog_close(struct ocn_syslog *syslog)
{
    ocn_closep(&syslog->fd);
    syslog->fd = -1;
}

void ocn_syslog_send(const struct ocn_syslog *syslog, enum ocn_log_level level, const char *text)
{
    char record[RECORD_SIZE];
    int pid = (int)getpid();
    int len = syslog->journal
                  ? snprintf(record, sizeof(record),
                             "MESSAGE=%s\nPRIORITY=%d\nSYSLOG_FACILITY=%d\n"
                             "SYSLOG_IDENTIFIER=ocinorm\nSYSLOG_PID=%d\n%s",
                             text, priorities[level], LOG_FAC(LOG_DAEMON), pid, syslog->fields)
                  : snprintf(record, sizeof(record), "<%d>ocinorm[%d]: %s%s",
                             LOG_DAEMON | priorities[level], pid, text, syslog->fields);

    if (syslog->fd >= 0 && len > 0 && (size_t)len < sizeof(record)) {
        (void)send(syslog->fd, record, (size_t)len, MSG_NOSIGNAL);
    }
}
