/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/lint/ignore.h"

#include <fnmatch.h>
#include <string.h>
#include <time.h>

#include "hook/sys/io.h"
#include "normalize/base/nearest.h"
#include "normalize/json/json.h"
#include "normalize/json/load.h"

#define MAX_SIZE ((size_t)4 << 20)

struct row {
    const char *rule;
    const char *input; /* a glob; NULL: all */
    const char *reason;
    const char *until; /* the last day; NULL: for ever */
};

struct rows {
    uint32_t version;
    struct ocn_list ignore;
};

void ocn_ignore_today(char ret[OCN_IGNORE_DATE_SIZE])
{
    time_t now = time(NULL);
    struct tm day;

    if (gmtime_r(&now, &day) == NULL ||
        strftime(ret, OCN_IGNORE_DATE_SIZE, "%Y-%m-%d", &day) == 0) {
        memcpy(ret, "9999-12-31", OCN_IGNORE_DATE_SIZE); /* a broken clock expires everything */
    }
}

static bool is_date(const char *text)
{
    static const char form[] = "dddd-dd-dd";

    for (size_t i = 0; i < sizeof(form); i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';
        if (form[i] == 'd' ? !digit : text[i] != form[i]) {
            return false;
        }
    }
    return true;
}

static const char *check_until(const char *name, const json_t *value)
{
    (void)name;
    return json_is_string(value) && !is_date(json_string_value(value))
               ? "a date is written as 2027-01-31: the last day on which it is ignored"
               : NULL;
}

static const char *check_reason(const char *name, const json_t *value)
{
    (void)name;
    return json_is_string(value) && json_string_length(value) == 0
               ? "says nothing: why does it not count?"
               : NULL;
}

static const struct ocn_bind row_fields[] = {
    OCN_BIND_STRING_AT(struct row, "rule", rule),
    OCN_BIND_STRING_AT(struct row, "input", input),
    { .key = "reason",
      .type = OCN_BIND_STRING,
      .offset = offsetof(struct row, reason),
      .check = check_reason },
    { .key = "until",
      .type = OCN_BIND_STRING,
      .offset = offsetof(struct row, until),
      .check = check_until },
    { 0 },
};

static const struct ocn_bind fields[] = {
    { .key = "version", .type = OCN_BIND_U32, .offset = offsetof(struct rows, version) },
    { .key = "ignore",
      .type = OCN_BIND_OBJECTS,
      .offset = offsetof(struct rows, ignore),
      .fields = row_fields,
      .size = sizeof(struct row) },
    { 0 },
};

int ocn_ignore_check_rule(const char *where, const char *rule, struct ocn_error *err)
{
    struct ocn_nearest nearest = ocn_nearest_to(rule);

    if (ocn_lint_summary(rule) != NULL) {
        return 0;
    }
    for (size_t i = 0; i < OCN_LINT_RULE_COUNT; i++) {
        ocn_nearest_offer(&nearest, ocn_lint_rules[i].name);
    }
    for (size_t i = 0; i < OCN_RULE_COUNT; i++) {
        ocn_nearest_offer(&nearest, ocn_rules[i].name);
    }
    return ocn_fail(err, OCN_E_USAGE, where, "no rule \"%s\"%s%s%s", rule,
                    nearest.best != NULL ? "; did you mean " : "",
                    nearest.best != NULL ? nearest.best : "", nearest.best != NULL ? "?" : "");
}

static int check_rows(const struct rows *rows, struct ocn_error *err)
{
    const struct row *row = rows->ignore.items;
    char where[64];

    if (rows->version != 1) {
        return ocn_fail(err, OCN_E_FORMAT, "/version", "missing: write \"version\": 1");
    }
    for (size_t i = 0; i < rows->ignore.len; i++) {
        (void)snprintf(where, sizeof(where), "/ignore/%zu", i);
        if (row[i].rule == NULL || row[i].reason == NULL) {
            return ocn_fail(err, OCN_E_FORMAT, where, "%s is missing",
                            row[i].rule == NULL ? "rule" : "reason");
        }
        if (ocn_ignore_check_rule(where, row[i].rule, err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int read_rows(struct ocn_bytes text, struct ocn_arena *arena, json_t **ret_json,
                     struct rows *ret, struct ocn_error *err)
{
    if (ocn_json_load(text, MAX_SIZE, ret_json, err) < 0) {
        return -1;
    }
    return ocn_json_bind(*ret_json, fields, OCN_BIND_STRICT, ret, arena, err) < 0
               ? -1
               : check_rows(ret, err);
}

static bool speaks_of(const struct row *row, const struct ocn_lint_input *input,
                      const struct ocn_lint_finding *finding)
{
    return strcmp(row->rule, finding->rule) == 0 &&
           (row->input == NULL || fnmatch(row->input, input->name, 0) == 0);
}

static void apply(const struct row *row, struct ocn_lint *lint)
{
    struct ocn_lint_input *inputs = lint->inputs.items;
    const char *reason = ocn_lint_printable(&lint->arena, row->reason);

    for (size_t i = 0; i < lint->inputs.len; i++) {
        struct ocn_lint_finding *findings = inputs[i].findings.items;
        for (size_t k = 0; k < inputs[i].findings.len; k++) {
            if (findings[k].ignored == NULL && speaks_of(row, &inputs[i], &findings[k])) {
                findings[k].ignored = reason;
            }
        }
    }
}

int ocn_ignore_apply(const char *path, const char *today, struct ocn_lint *lint,
                     struct ocn_buf *notes, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    struct rows rows = { 0 };
    json_auto_t *json = NULL;

    if (ocn_io_read_file(path, MAX_SIZE, &text, err) < 0) {
        return -1;
    }
    if (read_rows(ocn_buf_bytes(&text), &arena, &json, &rows, err) < 0) {
        bool known = err != NULL && err->where[0] == '/';
        ocn_error_locate(err, path, known ? ocn_json_line_of(ocn_buf_bytes(&text), err->where) : 0);
        return -1;
    }
    const struct row *row = rows.ignore.items;
    for (size_t i = 0; i < rows.ignore.len; i++) {
        if (row[i].until == NULL || strcmp(today, row[i].until) <= 0) {
            apply(&row[i], lint);
        } else {
            ocn_buf_printf(notes, "%s: %s is ignored no longer: until %s\n", path, row[i].rule,
                           row[i].until);
        }
    }
    return ocn_arena_check(&lint->arena, err);
}

void ocn_ignore_drop(const char *rule, struct ocn_lint *lint)
{
    struct ocn_lint_input *inputs = lint->inputs.items;

    for (size_t i = 0; i < lint->inputs.len; i++) {
        struct ocn_lint_finding *findings = inputs[i].findings.items;
        size_t kept = 0;
        for (size_t k = 0; k < inputs[i].findings.len; k++) {
            if (strcmp(findings[k].rule, rule) != 0) {
                findings[kept++] = findings[k];
            }
        }
        inputs[i].findings.len = kept;
    }
}
