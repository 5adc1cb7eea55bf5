/* SPDX-License-Identifier: Apache-2.0 */
/* Where a message goes: stderr for CRI-O and people, the runtime's --log for shims, syslog. */
#pragma once

#include <stdbool.h>

#include "normalize/base.h"

enum ocn_log_level { OCN_LOG_WARNING, OCN_LOG_ERROR };

/* Zero-initialised: stderr and syslog only. */
struct ocn_log {
    const char *file; /* the runtime's --log, or NULL */
    bool json;        /* --log-format json */
};

/*
 * Appends one record, shaped as runc's own logger (logrus) writes it, to log->file; an error also
 * goes to stderr as "ocinorm: TEXT"; both go to syslog (daemon.err, daemon.warning) where one
 * listens. A warning never reaches stderr, which on success belongs to the container. A sink that
 * fails is skipped: nothing may fail because its message could not be told.
 */
void ocn_log(const struct ocn_log *log, enum ocn_log_level level, const char *fmt, ...)
    OCN_PRINTF(3, 4);
