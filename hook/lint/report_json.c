/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/lint/report_formats.h"
#include "normalize/lint/wire.h"

struct whole {
    uint32_t version;
    const char *verdict;
    struct ocn_list inputs;
    struct ocn_list errors;
};

static const struct ocn_bind problem_fields[] = {
    OCN_BIND_NULLABLE_AT(struct ocn_lint_problem, "input", input),
    OCN_BIND_STRING_AT(struct ocn_lint_problem, "message", message),
    { 0 },
};

static const struct ocn_bind whole_fields[] = {
    { .key = "version", .type = OCN_BIND_U32, .offset = offsetof(struct whole, version) },
    OCN_BIND_STRING_AT(struct whole, "verdict", verdict),
    { .key = "inputs",
      .type = OCN_BIND_OBJECTS,
      .offset = offsetof(struct whole, inputs),
      .fields = ocn_lint_input_fields,
      .size = sizeof(struct ocn_lint_input) },
    { .key = "errors",
      .type = OCN_BIND_OBJECTS,
      .offset = offsetof(struct whole, errors),
      .fields = problem_fields,
      .size = sizeof(struct ocn_lint_problem) },
    { 0 },
};

int ocn_lint_report_json(const struct ocn_lint_report *report, struct ocn_buf *out,
                         struct ocn_error *err)
{
    const struct ocn_lint_counts counts = ocn_lint_report_count(report->lint);
    const struct whole whole = {
        .version = 1,
        .verdict = counts.deny != 0   ? "deny"
                   : counts.warn != 0 ? "warn"
                                      : "allow",
        .inputs = report->lint->inputs,
        .errors = *report->problems,
    };

    return ocn_lint_report_dump(ocn_json_unbind(&whole, whole_fields), out, err);
}
