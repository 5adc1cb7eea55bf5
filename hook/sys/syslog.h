/* SPDX-License-Identifier: Apache-2.0 */
/* The node's log: journald with fields of their own, else whoever listens at /dev/log. */
#pragma once

#include <stdbool.h>

#include "normalize/base/error.h"

#define OCN_SYSLOG_FIELDS 1024

/* What a record is about, so that it can be found again; NULL: not known. */
struct ocn_about {
    const char *rule;
    const char *container; /* its id */
    const char *bundle;
    const char *engine;
};

/* Where they listen; NULL: where they do on a node. */
struct ocn_syslog_sockets {
    const char *journal; /* /run/systemd/journal/socket */
    const char *syslog;  /* /dev/log */
};

enum ocn_log_level { OCN_LOG_WARNING, OCN_LOG_ERROR };

/* Release with ocn_syslog_close(). */
struct ocn_syslog {
    int fd; /* -1: nobody listens */
    bool journal;
    char fields[OCN_SYSLOG_FIELDS]; /* of struct ocn_about, as they are sent */
};

/*
 * Connects to the journal, or else to syslog, and keeps a copy of @about (NULL: nothing is known);
 * a field that does not fit is left out. @sockets may be NULL. Also for a process that leaves the
 * mounts that the sockets lie in.
 */
void ocn_syslog_open(const struct ocn_syslog_sockets *sockets, const struct ocn_about *about,
                     struct ocn_syslog *ret);
void ocn_syslog_close(struct ocn_syslog *syslog);

/*
 * Sends one record, with facility daemon; @text is one printable line. To the journal as fields
 * (systemd.journal-fields(7), JOURNAL_NATIVE_PROTOCOL): MESSAGE, PRIORITY, SYSLOG_IDENTIFIER,
 * OCINORM_RULE, OCINORM_CONTAINER, OCINORM_BUNDLE, OCINORM_ENGINE. To syslog as text, with
 * "rule=RULE container=ID bundle=DIR engine=NAME" behind it. Never waits: what cannot be sent at
 * once is lost.
 */
void ocn_syslog_send(const struct ocn_syslog *syslog, enum ocn_log_level level, const char *text);
