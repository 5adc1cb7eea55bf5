/* SPDX-License-Identifier: Apache-2.0 */
/* What the doctor found, as rows; and the two ways of showing them. Knows nothing of nodes. */
#pragma once

#include <stdbool.h>

#include "normalize/base/arena.h"
#include "normalize/base/buf.h"

enum ocn_check_status {
    OCN_CHECK_OK,
    OCN_CHECK_NOTE,    /* good to know; nothing is to be done */
    OCN_CHECK_UNKNOWN, /* it could not be looked at */
    OCN_CHECK_FAIL,    /* it is wrong: something would not take effect */
    OCN_CHECK_STATUSES,
};

struct ocn_check {
    enum ocn_check_status status;
    const char *area; /* rows of one area follow each other */
    const char *name;
    const char *text;
    const char *fix; /* what to do, or NULL */
};

/* Zero-initialise; release with ocn_checkup_done(). That memory ran out is found at the end. */
struct ocn_checkup {
    struct ocn_arena arena;
    struct ocn_check *rows;
    size_t len;
};

void ocn_checkup_done(struct ocn_checkup *checkup);

/*
 * Adds a row. @area is borrowed; name and text are copied, and stay one printable line whatever
 * the node's files and programs put into them.
 */
void ocn_checkup_add(struct ocn_checkup *checkup, enum ocn_check_status status, const char *area,
                     const char *name, const char *fmt, ...) OCN_PRINTF(5, 6);

/* The same of what went wrong: where, as "FILE:LINE: /POINTER", and why. */
void ocn_checkup_add_error(struct ocn_checkup *checkup, enum ocn_check_status status,
                           const char *area, const char *name, const struct ocn_error *err);

/* What to do about the last row. */
void ocn_checkup_fix(struct ocn_checkup *checkup, const char *fmt, ...) OCN_PRINTF(2, 3);

/* The worst of all rows, where wrong is worse than unknown; ok if there is nothing but notes. */
enum ocn_check_status ocn_checkup_verdict(const struct ocn_checkup *checkup);

/* The report about the node at @root, appended to @out. Its shape is in hook/doctor/README.md. */
OCN_MUST_USE int ocn_checkup_text(const struct ocn_checkup *checkup, const char *root, bool colour,
                                  struct ocn_buf *out, struct ocn_error *err);
OCN_MUST_USE int ocn_checkup_json(const struct ocn_checkup *checkup, const char *root,
                                  struct ocn_buf *out, struct ocn_error *err);
