/* SPDX-License-Identifier: Apache-2.0 */
/* One function for each format, and what they share. Each appends to @out; memory is asked for
 * once, at the end (ocn_buf_check). */
#pragma once

#include "hook/lint/report.h"

int ocn_lint_report_text(const struct ocn_lint_report *report, struct ocn_buf *out,
                         struct ocn_error *err);
int ocn_lint_report_json(const struct ocn_lint_report *report, struct ocn_buf *out,
                         struct ocn_error *err);
int ocn_lint_report_sarif(const struct ocn_lint_report *report, struct ocn_buf *out,
                          struct ocn_error *err);
int ocn_lint_report_junit(const struct ocn_lint_report *report, struct ocn_buf *out,
                          struct ocn_error *err);
int ocn_lint_report_github(const struct ocn_lint_report *report, struct ocn_buf *out,
                           struct ocn_error *err);
int ocn_lint_report_gitlab(const struct ocn_lint_report *report, struct ocn_buf *out,
                           struct ocn_error *err);
