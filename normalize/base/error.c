/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Hostile text must not forge log lines or drive a terminal: control bytes become '?'. */
static void defuse(char *text)
{
    for (char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            *c = '?';
        }
    }
}

/* Keeps the tail, which names the file or the member; the head is only the way there. */
static void set_where(struct ocn_error *err, const char *where)
{
    size_t size = sizeof(err->where);
    size_t len = strlen(where);

    if (len < size) {
        memcpy(err->where, where, len + 1);
    } else {
        memcpy(err->where, "...", 3);
        memcpy(err->where + 3, where + len - (size - 4), size - 3);
    }
    defuse(err->where);
}

OCN_PRINTF(5, 0)
static int record(struct ocn_error *err, enum ocn_code code, int sys, const char *where,
                  const char *fmt, va_list args)
{
    if (err == NULL || err->code != OCN_OK) {
        return -1;
    }
    err->code = code;
    err->sys = sys;
    set_where(err, where != NULL ? where : "");
    if (vsnprintf(err->msg, sizeof(err->msg), fmt, args) < 0) {
        err->msg[0] = '\0';
    }
    if (sys != 0) {
        size_t used = strlen(err->msg);
        (void)snprintf(err->msg + used, sizeof(err->msg) - used, ": %s", strerror(sys));
    }
    defuse(err->msg);
    return -1;
}

int ocn_fail(struct ocn_error *err, enum ocn_code code, const char *where, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    record(err, code, 0, where, fmt, args);
    va_end(args);
    return -1;
}

int ocn_fail_sys(struct ocn_error *err, int sys, const char *where, const char *fmt, ...)
{
    enum ocn_code code = (sys == ENOENT || sys == ENOTDIR) ? OCN_E_NOENT : OCN_E_IO;
    va_list args;

    va_start(args, fmt);
    record(err, code, sys, where, fmt, args);
    va_end(args);
    return -1;
}

int ocn_fail_nomem(struct ocn_error *err)
{
    return ocn_fail(err, OCN_E_NOMEM, NULL, "out of memory");
}

void ocn_error_locate(struct ocn_error *err, const char *prefix, size_t line)
{
    char place[sizeof(err->where) * 2 + 32];

    if (err == NULL || err->code == OCN_OK) {
        return;
    }
    bool column = err->where[0] >= '0' && err->where[0] <= '9'; /* "LINE:COLUMN" */
    const char *gap = err->where[0] == '\0' ? "" : column ? ":" : ": ";
    if (line != 0) {
        (void)snprintf(place, sizeof(place), "%s:%zu%s%s", prefix, line, gap, err->where);
    } else {
        (void)snprintf(place, sizeof(place), "%s%s%s", prefix, gap, err->where);
    }
    set_where(err, place);
}
