/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/lint/baseline.h"

#include <string.h>

#include "hook/sys/io.h"
#include "hook/lint/save.h"
#include "normalize/json/json.h"
#include "normalize/json/load.h"

#define MAX_SIZE ((size_t)64 << 20)

/* The parts, and no hash of them: one that is found can be forged. */
struct row {
    const char *rule;
    const char *input;
    const char *platform;
    const char *object;
    const char *path;
    const char *message;
    bool used; /* it has its finding; not in the file */
};

struct rows {
    uint32_t version;
    struct ocn_list baseline;
};

static const struct ocn_bind row_fields[] = {
    OCN_BIND_STRING_AT(struct row, "rule", rule),
    OCN_BIND_STRING_AT(struct row, "input", input),
    OCN_BIND_NULLABLE_AT(struct row, "platform", platform),
    OCN_BIND_NULLABLE_AT(struct row, "object", object),
    OCN_BIND_NULLABLE_AT(struct row, "path", path),
    OCN_BIND_STRING_AT(struct row, "message", message),
    { 0 },
};

static const struct ocn_bind fields[] = {
    { .key = "version", .type = OCN_BIND_U32, .offset = offsetof(struct rows, version) },
    { .key = "baseline",
      .type = OCN_BIND_OBJECTS,
      .offset = offsetof(struct rows, baseline),
      .fields = row_fields,
      .size = sizeof(struct row) },
    { 0 },
};

static struct row row_of(const struct ocn_lint_input *input, const struct ocn_lint_finding *finding)
{
    return (
        struct row){ finding->rule,    input->name, input->platform, finding->object, finding->path,
                     finding->message, false };
}

static bool equal(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool is_same(const struct row *a, const struct row *b)
{
    return equal(a->rule, b->rule) && equal(a->input, b->input) &&
           equal(a->platform, b->platform) && equal(a->object, b->object) &&
           equal(a->path, b->path) && equal(a->message, b->message);
}

static bool take(const struct rows *rows, const struct row *row)
{
    struct row *items = rows->baseline.items;

    for (size_t i = 0; i < rows->baseline.len; i++) {
        if (!items[i].used && is_same(&items[i], row)) {
            items[i].used = true;
            return true;
        }
    }
    return false;
}

static void apply(const struct rows *rows, struct ocn_lint *lint)
{
    struct ocn_lint_input *inputs = lint->inputs.items;

    for (size_t i = 0; i < lint->inputs.len; i++) {
        struct ocn_lint_finding *findings = inputs[i].findings.items;
        for (size_t k = 0; k < inputs[i].findings.len; k++) {
            const struct row row = row_of(&inputs[i], &findings[k]);
            if (take(rows, &row) && findings[k].ignored == NULL) {
                findings[k].ignored = "in the baseline";
            }
        }
    }
}

int ocn_baseline_apply(const char *path, struct ocn_lint *lint, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    struct rows rows = { 0 };
    json_auto_t *json = NULL;

    if (ocn_io_read_file(path, MAX_SIZE, &text, err) < 0) {
        return -1;
    }
    if (ocn_json_load(ocn_buf_bytes(&text), MAX_SIZE, &json, err) < 0 ||
        ocn_json_bind(json, fields, OCN_BIND_STRICT, &rows, &arena, err) < 0) {
        ocn_error_locate(err, path, 0);
        return -1;
    }
    if (rows.version != 1) {
        return ocn_fail(err, OCN_E_FORMAT, path, "no baseline of version 1 (--write-baseline)");
    }
    apply(&rows, lint);
    return 0;
}

static int add_row(const struct ocn_lint_input *input, const struct ocn_lint_finding *finding,
                   struct rows *rows, struct ocn_arena *arena)
{
    struct row *list =
        ocn_arena_grow(arena, rows->baseline.items, rows->baseline.len, sizeof(*list));

    if (list == NULL) {
        return -1;
    }
    list[rows->baseline.len++] = row_of(input, finding);
    rows->baseline.items = list;
    return 0;
}

int ocn_baseline_write(const char *path, const struct ocn_lint *lint, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    const struct ocn_lint_input *inputs = lint->inputs.items;
    struct rows rows = { .version = 1 };

    for (size_t i = 0; i < lint->inputs.len; i++) {
        const struct ocn_lint_finding *findings = inputs[i].findings.items;
        for (size_t k = 0; k < inputs[i].findings.len; k++) {
            if (findings[k].ignored == NULL &&
                add_row(&inputs[i], &findings[k], &rows, &arena) < 0) {
                return ocn_fail_nomem(err);
            }
        }
    }
    json_auto_t *json = ocn_json_unbind(&rows, fields);
    if (ocn_json_dump(json, JSON_INDENT(1), &out, err) < 0) {
        return -1;
    }
    ocn_buf_puts(&out, "\n");
    return ocn_buf_check(&out, err) < 0 ? -1 : ocn_save(path, ocn_buf_bytes(&out), err);
}
