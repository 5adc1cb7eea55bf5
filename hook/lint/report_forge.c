/* SPDX-License-Identifier: Apache-2.0 */
/* What forges read from a job: GitHub's workflow commands, GitLab's code quality. */
#include <string.h>

#include "hook/lint/report_formats.h"

/* ---- GitHub ----------------------------------------------------------------------------- */

/*
 * A line that begins with "::" is a command to GitHub's runner: "::stop-commands::" and the like
 * must not come from an image. So nothing is printed but these lines, and in them nothing that ends
 * a line or a property.
 */
static void print_escaped(const char *text, bool property, struct ocn_buf *out)
{
    for (const char *c = text; *c != '\0'; c++) {
        bool special = *c == '%' || (unsigned char)*c < 0x20 || *c == 0x7f ||
                       (property && (*c == ':' || *c == ','));
        if (special) {
            ocn_buf_printf(out, "%%%02X", (unsigned)(unsigned char)*c);
        } else {
            ocn_buf_add(out, c, 1);
        }
    }
}

static void print_command(const struct ocn_lint_report *report, const struct ocn_lint_input *input,
                          const struct ocn_lint_finding *finding, struct ocn_buf *out)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };

    ocn_buf_printf(out, "::%s file=", finding->level == OCN_LEVEL_DENY ? "error" : "warning");
    print_escaped(ocn_lint_report_file(report, input, finding), true, out);
    ocn_buf_printf(out, ",line=%u,col=%u,title=",
                   finding->file != NULL && finding->line != 0 ? finding->line : 1,
                   finding->file != NULL && finding->column != 0 ? finding->column : 1);
    print_escaped(finding->rule, true, out);
    ocn_buf_puts(out, "::");
    ocn_lint_report_sentence(finding, &text);
    if (finding->hint != NULL) {
        ocn_buf_printf(&text, "\nfix: %s", finding->hint);
    }
    print_escaped(ocn_buf_bytes(&text).ptr, false, out);
    ocn_buf_puts(out, "\n");
    out->failed |= text.failed;
}

/* Ten errors and ten warnings of a step are shown: what denies comes first. */
static void print_level(const struct ocn_lint_report *report, enum ocn_level level,
                        struct ocn_buf *out)
{
    const struct ocn_lint_input *inputs = report->lint->inputs.items;

    for (size_t i = 0; i < report->lint->inputs.len; i++) {
        const struct ocn_lint_finding *findings = inputs[i].findings.items;
        for (size_t k = 0; k < inputs[i].findings.len; k++) {
            if (findings[k].ignored == NULL && findings[k].level == level) {
                print_command(report, &inputs[i], &findings[k], out);
            }
        }
    }
}

int ocn_lint_report_github(const struct ocn_lint_report *report, struct ocn_buf *out,
                           struct ocn_error *err)
{
    const struct ocn_lint_problem *problems = report->problems->items;

    for (size_t i = 0; i < report->problems->len; i++) {
        ocn_buf_puts(out, "::error title=ocinorm::");
        print_escaped(problems[i].message, false, out);
        ocn_buf_puts(out, "\n");
    }
    print_level(report, OCN_LEVEL_DENY, out);
    print_level(report, OCN_LEVEL_WARN, out);
    return ocn_buf_check(out, err);
}

/* ---- GitLab ----------------------------------------------------------------------------- */

static json_t *make_issue(const struct ocn_lint_report *report, const struct ocn_lint_input *input,
                          const struct ocn_lint_finding *finding)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    int line = finding->file != NULL && finding->line != 0 ? (int)finding->line : 1;

    ocn_lint_report_sentence(finding, &text);
    if (finding->hint != NULL) {
        ocn_buf_printf(&text, "; fix: %s", finding->hint);
    }
    return text.failed ? NULL
                       : json_pack("{s:s,s:s,s:s,s:s,s:{s:s,s:{s:i}}}", "description", text.ptr,
                                   "check_name", finding->rule, "fingerprint", finding->fingerprint,
                                   "severity", finding->level == OCN_LEVEL_DENY ? "major" : "minor",
                                   "location", "path", ocn_lint_report_file(report, input, finding),
                                   "lines", "begin", line);
}

int ocn_lint_report_gitlab(const struct ocn_lint_report *report, struct ocn_buf *out,
                           struct ocn_error *err)
{
    const struct ocn_lint_input *inputs = report->lint->inputs.items;
    json_auto_t *issues = json_array();

    for (size_t i = 0; i < report->lint->inputs.len; i++) {
        const struct ocn_lint_finding *findings = inputs[i].findings.items;
        for (size_t k = 0; k < inputs[i].findings.len; k++) {
            if (findings[k].ignored == NULL &&
                json_array_append_new(issues, make_issue(report, &inputs[i], &findings[k])) < 0) {
                return ocn_fail_nomem(err);
            }
        }
    }
    return ocn_lint_report_dump(json_incref(issues), out, err);
}
