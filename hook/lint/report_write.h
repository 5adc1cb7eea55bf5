/* SPDX-License-Identifier: Apache-2.0 */
/* The formats of a report, by name. */
#pragma once

#include "hook/lint/report.h"

/* "text", "json", ... up to a NULL; the first is the default. */
extern const char *const ocn_lint_report_formats[];

/* Appends @report in that format, one of those above; NULL: the first. */
OCN_MUST_USE int ocn_lint_report_write(const struct ocn_lint_report *report, const char *format,
                                       struct ocn_buf *out, struct ocn_error *err);
