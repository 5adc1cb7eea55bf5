/* SPDX-License-Identifier: Apache-2.0 */
/* Where a message goes: stderr for CRI-O and people, the runtime's --log for shims, the node's log.
 */
#pragma once

#include "hook/sys/syslog.h"

/* Zero-initialised: stderr and the node's log only. */
struct ocn_log {
    const char *file;                  /* the runtime's --log, or NULL */
    bool json;                         /* --log-format json */
    struct ocn_about about;            /* for the node's log */
    struct ocn_syslog_sockets sockets; /* of it */
};

/*
 * Appends one record, shaped as runc's own logger (logrus) writes it, to log->file; an error also
 * goes to stderr as "ocinorm: TEXT"; both go to the journal or to syslog (daemon.err,
 * daemon.warning) where one listens, with what log->about knows (hook/sys/syslog.h). A warning
 * never reaches stderr, which on success belongs to the container. A sink that fails is skipped:
 * nothing may fail because its message could not be told.
 */
void ocn_log(const struct ocn_log *log, enum ocn_log_level level, const char *fmt, ...)
    OCN_PRINTF(3, 4);

/* The same of an error, with its place: "error: PLACE: WHAT". */
void ocn_log_error(const struct ocn_log *log, enum ocn_log_level level,
                   const struct ocn_error *err);
