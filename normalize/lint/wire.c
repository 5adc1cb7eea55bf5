/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/lint/wire.h"

#include <string.h>

#include "normalize/json/json.h"
#include "normalize/json/load.h"

#define MAX_SIZE ((size_t)64 << 20)

/* "" is never written, for what is OFF is not added, nor read. */
static const char *const level_names[] = {
    [OCN_LEVEL_OFF] = "", [OCN_LEVEL_WARN] = "warn", [OCN_LEVEL_DENY] = "deny", NULL
};

#define NULLABLE_U32_AT(type_, name, member_)                                                      \
    {                                                                                              \
        .key = (name), .type = OCN_BIND_U32, .offset = offsetof(type_, member_), .nullable = true  \
    }

const struct ocn_bind ocn_lint_finding_fields[] = {
    OCN_BIND_STRING_AT(struct ocn_lint_finding, "rule", rule),
    { .key = "level",
      .type = OCN_BIND_ENUM,
      .offset = OCN_BIND_ENUM_AT(struct ocn_lint_finding, level),
      .names = level_names },
    OCN_BIND_STRING_AT(struct ocn_lint_finding, "message", message),
    OCN_BIND_NULLABLE_AT(struct ocn_lint_finding, "hint", hint),
    OCN_BIND_NULLABLE_AT(struct ocn_lint_finding, "target", target),
    OCN_BIND_NULLABLE_AT(struct ocn_lint_finding, "file", file),
    NULLABLE_U32_AT(struct ocn_lint_finding, "line", line),
    NULLABLE_U32_AT(struct ocn_lint_finding, "column", column),
    OCN_BIND_NULLABLE_AT(struct ocn_lint_finding, "object", object),
    OCN_BIND_NULLABLE_AT(struct ocn_lint_finding, "path", path),
    OCN_BIND_NULLABLE_AT(struct ocn_lint_finding, "origin", origin),
    OCN_BIND_NULLABLE_AT(struct ocn_lint_finding, "fingerprint", fingerprint),
    OCN_BIND_NULLABLE_AT(struct ocn_lint_finding, "ignored", ignored),
    { 0 },
};

const struct ocn_bind ocn_lint_input_fields[] = {
    OCN_BIND_STRING_AT(struct ocn_lint_input, "input", name),
    OCN_BIND_STRING_AT(struct ocn_lint_input, "kind", kind),
    OCN_BIND_NULLABLE_AT(struct ocn_lint_input, "digest", digest),
    OCN_BIND_NULLABLE_AT(struct ocn_lint_input, "platform", platform),
    { .key = "findings",
      .type = OCN_BIND_OBJECTS,
      .offset = offsetof(struct ocn_lint_input, findings),
      .fields = ocn_lint_finding_fields,
      .size = sizeof(struct ocn_lint_finding) },
    { 0 },
};

static const struct ocn_bind fields[] = {
    { .key = "inputs",
      .type = OCN_BIND_OBJECTS,
      .offset = 0,
      .fields = ocn_lint_input_fields,
      .size = sizeof(struct ocn_lint_input) },
    { 0 },
};

int ocn_lint_dump(const struct ocn_lint *lint, struct ocn_buf *out, struct ocn_error *err)
{
    json_auto_t *json = ocn_json_unbind(&lint->inputs, fields);

    return ocn_json_dump(json, JSON_COMPACT, out, err);
}

static int load_finding(struct ocn_lint *lint, struct ocn_lint_finding *finding,
                        struct ocn_error *err)
{
    bool whole = finding->rule != NULL && finding->message != NULL &&
                 finding->level != OCN_LEVEL_OFF && ocn_lint_summary(finding->rule) != NULL;

    if (!whole) {
        return ocn_fail(err, OCN_E_FORMAT, finding->rule,
                        "malformed finding from the confined parser");
    }
    finding->ignored = NULL;
    return ocn_lint_add(lint, finding, err);
}

int ocn_lint_load(struct ocn_lint *lint, struct ocn_bytes text, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    struct ocn_list inputs = { 0 };
    json_auto_t *json = NULL;

    if (ocn_json_load(text, MAX_SIZE, &json, err) < 0 ||
        ocn_json_bind(json, fields, OCN_BIND_LENIENT, &inputs, &arena, err) < 0) {
        return -1;
    }
    struct ocn_lint_input *input = inputs.items;
    for (size_t i = 0; i < inputs.len; i++, input++) {
        struct ocn_lint_finding *findings = input->findings.items;
        if (input->name == NULL || input->kind == NULL) {
            return ocn_fail(err, OCN_E_FORMAT, NULL, "malformed input from the confined parser");
        }
        if (ocn_lint_begin(lint, input, err) < 0) {
            return -1;
        }
        for (size_t k = 0; k < input->findings.len; k++) {
            if (load_finding(lint, &findings[k], err) < 0) {
                return -1;
            }
        }
    }
    return 0;
}
