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

/*
 * The file that a forge shows a finding at: its own; else report->place; else the input, where that
 * is a name of a file and no transport's. Relative, as forges demand it: "./" and leading slashes
 * are gone. Never empty.
 */
const char *ocn_lint_report_file(const struct ocn_lint_report *report,
                                 const struct ocn_lint_input *input,
                                 const struct ocn_lint_finding *finding);

/* "Deployment shop/web: container web: ...", as far as there is an object; appended to @out. */
void ocn_lint_report_sentence(const struct ocn_lint_finding *finding, struct ocn_buf *out);

/* Appends @json, which is stolen and may be NULL for want of memory, indented. */
int ocn_lint_report_dump(json_t *json, struct ocn_buf *out, struct ocn_error *err);
