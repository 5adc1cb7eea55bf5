/* SPDX-License-Identifier: Apache-2.0 */
/* JUnit's XML: an input is a suite, a finding a case of it that has failed. */
#include <string.h>

#include "hook/lint/report_formats.h"

/* Text and attributes; XML 1.0 has no way to write control characters, U+FFFE and U+FFFF. */
static void print_escaped(const char *text, struct ocn_buf *out)
{
    static const struct {
        const char *bytes;
        const char *escaped;
    } escapes[] = { { "&", "&amp;" },       { "<", "&lt;" },   { ">", "&gt;" },
                    { "\"", "&quot;" },     { "'", "&apos;" }, { "\xef\xbf\xbe", "?" },
                    { "\xef\xbf\xbf", "?" } };

    while (*text != '\0') {
        size_t i = 0;
        while (i < OCN_COUNT(escapes) &&
               strncmp(text, escapes[i].bytes, strlen(escapes[i].bytes)) != 0) {
            i++;
        }
        if (i < OCN_COUNT(escapes)) {
            ocn_buf_puts(out, escapes[i].escaped);
            text += strlen(escapes[i].bytes);
        } else {
            bool control = (unsigned char)*text < 0x20 || *text == 0x7f;
            ocn_buf_add(out, control ? "?" : text, 1);
            text++;
        }
    }
}

static void print_attribute(const char *name, const char *value, struct ocn_buf *out)
{
    ocn_buf_printf(out, " %s=\"", name);
    print_escaped(value, out);
    ocn_buf_puts(out, "\"");
}

struct counts {
    size_t tests;
    size_t failures;
    size_t skipped;
};

static bool fails(const struct ocn_lint_report *report, const struct ocn_lint_finding *finding)
{
    return finding->ignored == NULL && report->fail_on != OCN_LEVEL_OFF &&
           finding->level >= report->fail_on;
}

/* An input without findings is one case that has passed. */
static struct counts count(const struct ocn_lint_report *report, const struct ocn_lint_input *input)
{
    const struct ocn_lint_finding *findings = input->findings.items;
    struct counts counts = { .tests = input->findings.len == 0 ? 1 : input->findings.len };

    for (size_t i = 0; i < input->findings.len; i++) {
        counts.failures += fails(report, &findings[i]);
        counts.skipped += findings[i].ignored != NULL;
    }
    return counts;
}

static void print_body(const struct ocn_lint_finding *finding, const char *element,
                       struct ocn_buf *out)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf sentence = { 0 };
    bool output = strcmp(element, "system-out") == 0;

    ocn_lint_report_sentence(finding, &sentence);
    ocn_buf_printf(out, "      <%s", element);
    if (!output) {
        print_attribute("message", ocn_buf_bytes(&sentence).ptr, out);
        print_attribute("type", finding->level == OCN_LEVEL_DENY ? "deny" : "warn", out);
    }
    ocn_buf_puts(out, ">");
    if (finding->file != NULL) {
        print_escaped(finding->file, out);
        ocn_buf_printf(out, ":%u:%u: ", finding->line, finding->column);
    }
    print_escaped(ocn_buf_bytes(&sentence).ptr, out);
    if (finding->hint != NULL) {
        ocn_buf_puts(out, "; fix: ");
        print_escaped(finding->hint, out);
    }
    ocn_buf_printf(out, "</%s>\n", element);
    out->failed |= sentence.failed;
}

static void print_case(const struct ocn_lint_report *report, const struct ocn_lint_input *input,
                       const struct ocn_lint_finding *finding, struct ocn_buf *out)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf name = { 0 };

    ocn_buf_printf(&name, "%s%s%s%s%s", finding->rule, finding->object != NULL ? " " : "",
                   finding->object != NULL ? finding->object : "", finding->path != NULL ? " " : "",
                   finding->path != NULL ? finding->path : "");
    ocn_buf_puts(out, "    <testcase");
    print_attribute("classname", input->name, out);
    print_attribute("name", ocn_buf_bytes(&name).ptr, out);
    ocn_buf_puts(out, ">\n");
    if (finding->ignored != NULL) {
        ocn_buf_puts(out, "      <skipped");
        print_attribute("message", finding->ignored, out);
        ocn_buf_puts(out, "/>\n");
    } else {
        print_body(finding, fails(report, finding) ? "failure" : "system-out", out);
    }
    ocn_buf_puts(out, "    </testcase>\n");
    out->failed |= name.failed;
}

static void print_suite(const struct ocn_lint_report *report, const struct ocn_lint_input *input,
                        struct ocn_buf *out)
{
    const struct ocn_lint_finding *findings = input->findings.items;
    const struct counts counts = count(report, input);

    ocn_buf_puts(out, "  <testsuite");
    print_attribute("name", input->name, out);
    ocn_buf_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\">\n",
                   counts.tests, counts.failures, counts.skipped);
    for (size_t i = 0; i < input->findings.len; i++) {
        print_case(report, input, &findings[i], out);
    }
    if (input->findings.len == 0) {
        ocn_buf_puts(out, "    <testcase");
        print_attribute("classname", input->name, out);
        print_attribute("name", "lint", out);
        ocn_buf_puts(out, "/>\n");
    }
    ocn_buf_puts(out, "  </testsuite>\n");
}

static void print_problem(const struct ocn_lint_problem *problem, struct ocn_buf *out)
{
    const char *name = problem->input != NULL ? problem->input : "lint";

    ocn_buf_puts(out, "  <testsuite");
    print_attribute("name", name, out);
    ocn_buf_puts(out, " tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\">\n    <testcase");
    print_attribute("classname", name, out);
    ocn_buf_puts(out, " name=\"read\">\n      <error");
    print_attribute("message", problem->message, out);
    ocn_buf_puts(out, " type=\"error\"/>\n    </testcase>\n  </testsuite>\n");
}

int ocn_lint_report_junit(const struct ocn_lint_report *report, struct ocn_buf *out,
                          struct ocn_error *err)
{
    const struct ocn_lint_input *inputs = report->lint->inputs.items;
    const struct ocn_lint_problem *problems = report->problems->items;
    struct counts all = { .tests = report->problems->len };

    for (size_t i = 0; i < report->lint->inputs.len; i++) {
        const struct counts one = count(report, &inputs[i]);
        all.tests += one.tests;
        all.failures += one.failures;
    }
    ocn_buf_printf(out,
                   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"ocinorm lint\" "
                   "tests=\"%zu\" failures=\"%zu\" errors=\"%zu\">\n",
                   all.tests, all.failures, report->problems->len);
    for (size_t i = 0; i < report->lint->inputs.len; i++) {
        print_suite(report, &inputs[i], out);
    }
    for (size_t i = 0; i < report->problems->len; i++) {
        print_problem(&problems[i], out);
    }
    ocn_buf_puts(out, "</testsuites>\n");
    return ocn_buf_check(out, err);
}
