/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/lint/report_write.h"

#include <string.h>

#include "hook/lint/report_formats.h"

const char *const ocn_lint_report_formats[] = { "text",   "json",   "sarif", "junit",
                                                "github", "gitlab", NULL };

static int (*const writers[])(const struct ocn_lint_report *report, struct ocn_buf *out,
                              struct ocn_error *err) = {
    ocn_lint_report_text,  ocn_lint_report_json,   ocn_lint_report_sarif,
    ocn_lint_report_junit, ocn_lint_report_github, ocn_lint_report_gitlab,
};

int ocn_lint_report_write(const struct ocn_lint_report *report, const char *format,
                          struct ocn_buf *out, struct ocn_error *err)
{
    size_t i = 0;

    while (format != NULL && i + 1 < OCN_COUNT(writers) &&
           strcmp(ocn_lint_report_formats[i], format) != 0) {
        i++;
    }
    return writers[i](report, out, err) < 0 ? -1 : ocn_buf_check(out, err);
}
