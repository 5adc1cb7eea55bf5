/* SPDX-License-Identifier: Apache-2.0 */
/* For people: grouped by input, what denies first. */
#include <string.h>

#include "hook/lint/report_formats.h"
#include "hook/sys/text.h"
#include "normalize/lint/target.h"

#define RULE_WIDTH 28 /* "pod.capabilities-restricted" */
#define PLACE_WIDTH 9

static const char red[] = "\033[31m";
static const char yellow[] = "\033[33m";
static const char faint[] = "\033[2m";
static const char plain[] = "\033[0m";

static const char *paint(const struct ocn_lint_report *report, const char *colour)
{
    return report->colour ? colour : "";
}

static void print_line(const struct ocn_lint_report *report, struct ocn_buf *out, const char *word,
                       const char *text)
{
    ocn_buf_printf(out, "        %-*s %s%s: %s%s\n", PLACE_WIDTH, "", paint(report, faint), word,
                   text, paint(report, plain));
}

/* Why each target wants it. */
static void print_reasons(const struct ocn_lint_report *report,
                          const struct ocn_lint_finding *finding, struct ocn_buf *out)
{
    enum ocn_lint_rule_id id = ocn_lint_find(finding->rule);
    const struct ocn_lint *lint = report->lint;

    for (size_t i = 0; id != OCN_LINT_RULE_COUNT && i < lint->targets_len; i++) {
        const char *reason = lint->targets[i].want[id].reason;
        if (reason != NULL && ocn_lint_names(finding->target, lint->targets[i].name)) {
            print_line(report, out, lint->targets[i].name, reason);
        }
    }
}

static void print_finding(const struct ocn_lint_report *report,
                          const struct ocn_lint_finding *finding, struct ocn_buf *out)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf place = { 0 };
    bool denies = finding->level == OCN_LEVEL_DENY;

    if (finding->line != 0) {
        ocn_buf_printf(&place, "%u:%u", finding->line, finding->column);
    }
    ocn_buf_printf(out, "  %s%s%s  %-*s %-*s ", paint(report, denies ? red : yellow),
                   denies ? "deny" : "warn", paint(report, plain), PLACE_WIDTH,
                   ocn_buf_bytes(&place).ptr, RULE_WIDTH, finding->rule);
    out->failed |= place.failed;
    ocn_lint_report_sentence(finding, out);
    ocn_buf_puts(out, "\n");
    if (finding->hint != NULL) {
        print_line(report, out, "fix", finding->hint);
    }
    if (finding->origin != NULL) {
        print_line(report, out, "from", finding->origin);
    }
    print_reasons(report, finding, out);
}

/* Findings of one level, in their order. */
static void print_level(const struct ocn_lint_report *report, const struct ocn_lint_input *input,
                        enum ocn_level level, struct ocn_buf *out)
{
    const struct ocn_lint_finding *findings = input->findings.items;

    for (size_t i = 0; i < input->findings.len; i++) {
        if (findings[i].level == level && findings[i].ignored == NULL) {
            print_finding(report, &findings[i], out);
        }
    }
}

static size_t count_ignored(const struct ocn_lint_input *input)
{
    const struct ocn_lint_finding *findings = input->findings.items;
    size_t count = 0;

    for (size_t i = 0; i < input->findings.len; i++) {
        count += findings[i].ignored != NULL;
    }
    return count;
}

static void print_input(const struct ocn_lint_report *report, const struct ocn_lint_input *input,
                        struct ocn_buf *out)
{
    size_t ignored = count_ignored(input);

    if (input->findings.len == ignored) {
        return;
    }
    size_t begin = out->len;
    ocn_buf_puts(out, input->name);
    if (!out->failed) {
        ocn_text_defuse(out->ptr + begin);
    }
    if (input->platform != NULL) {
        ocn_buf_printf(out, " %s", input->platform);
    }
    if (input->digest != NULL) {
        ocn_buf_printf(out, " %s%s%s", paint(report, faint), input->digest, paint(report, plain));
    }
    ocn_buf_puts(out, "\n");
    print_level(report, input, OCN_LEVEL_DENY, out);
    print_level(report, input, OCN_LEVEL_WARN, out);
    ocn_buf_puts(out, "\n");
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

int ocn_lint_report_text(const struct ocn_lint_report *report, struct ocn_buf *out,
                         struct ocn_error *err)
{
    const struct ocn_lint_counts counts = ocn_lint_report_count(report->lint);
    const struct ocn_lint_input *inputs = report->lint->inputs.items;
    size_t len = report->lint->inputs.len;

    for (size_t i = 0; i < len; i++) {
        print_input(report, &inputs[i], out);
    }
    ocn_buf_printf(out, "%zu input%s", len, plural(len));
    if (report->about != NULL) {
        ocn_buf_printf(out, " for %s", report->about);
    }
    if (counts.deny + counts.warn == 0) {
        ocn_buf_puts(out, len == 0 && report->problems->len != 0 ? ": nothing judged"
                                                                 : ": nothing found");
    } else {
        ocn_buf_printf(out, ": %zu deny, %zu warn", counts.deny, counts.warn);
    }
    if (counts.ignored != 0) {
        ocn_buf_printf(out, ", %zu ignored", counts.ignored);
    }
    if (report->problems->len != 0) {
        ocn_buf_printf(out, ", %zu not judged", report->problems->len);
    }
    ocn_buf_puts(out, "\n");
    return ocn_buf_check(out, err);
}
