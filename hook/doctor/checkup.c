/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/doctor/checkup.h"
#include "normalize/json/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#define TEXT_SIZE 1024 /* of a row's text; more is cut */
#define MAX_NAME 16    /* columns that names get where all rows are below each other */

static const struct {
    const char *name;
    const char *verdict;
    const char *colour;
} statuses[OCN_CHECK_STATUSES] = {
    [OCN_CHECK_OK] = { "ok", "ok: everything that is registered takes effect", "\033[32m" },
    [OCN_CHECK_NOTE] = { "note", NULL, "" },
    [OCN_CHECK_UNKNOWN] = { "unknown", "unknown: not everything could be looked at", "\033[33m" },
    [OCN_CHECK_FAIL] = { "fail", "broken: something would not take effect", "\033[31m" },
};

void ocn_checkup_done(struct ocn_checkup *checkup)
{
    ocn_arena_done(&checkup->arena);
}

/* ---- rows --------------------------------------------------------------------------------- */

/* Control bytes, and the C1 controls of UTF-8, would be orders to a terminal. */
static void clean(char *text)
{
    for (unsigned char *c = (unsigned char *)text; *c != '\0'; c++) {
        if (*c < 0x20 || *c == 0x7f) {
            *c = '?';
        } else if (*c == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f) {
            *c++ = '?';
            *c = '?';
        }
    }
}

static const char *keep(struct ocn_checkup *checkup, const char *text)
{
    char *copy = ocn_arena_copy(&checkup->arena, text, strlen(text));

    clean(copy);
    return copy;
}

void ocn_checkup_add(struct ocn_checkup *checkup, enum ocn_check_status status, const char *area,
                     const char *name, const char *fmt, ...)
{
    struct ocn_check *rows =
        ocn_arena_grow(&checkup->arena, checkup->rows, checkup->len, sizeof(*rows));
    char text[TEXT_SIZE];
    va_list args;

    if (rows == NULL) {
        return;
    }
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    rows[checkup->len++] = (struct ocn_check){
        .status = status, .area = area, .name = keep(checkup, name), .text = keep(checkup, text)
    };
    checkup->rows = rows;
}

void ocn_checkup_add_error(struct ocn_checkup *checkup, enum ocn_check_status status,
                           const char *area, const char *name, const struct ocn_error *err)
{
    ocn_checkup_add(checkup, status, area, name, "%s%s%s", err->where,
                    err->where[0] != '\0' ? ": " : "", err->msg);
}

void ocn_checkup_fix(struct ocn_checkup *checkup, const char *fmt, ...)
{
    char text[TEXT_SIZE];
    va_list args;

    if (checkup->arena.failed || checkup->len == 0) {
        return; /* the row itself could not be kept */
    }
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    checkup->rows[checkup->len - 1].fix = keep(checkup, text);
}

enum ocn_check_status ocn_checkup_verdict(const struct ocn_checkup *checkup)
{
    enum ocn_check_status worst = OCN_CHECK_OK;

    for (size_t i = 0; i < checkup->len; i++) {
        worst = checkup->rows[i].status > worst ? checkup->rows[i].status : worst;
    }
    return worst == OCN_CHECK_NOTE ? OCN_CHECK_OK : worst;
}

/* ---- JSON --------------------------------------------------------------------------------- */

/* "o" takes the value over, also where packing fails; a NULL makes it fail. */
static json_t *row_json(const struct ocn_check *row)
{
    return json_pack("{s:s, s:o, s:s, s:o, s:o}", "area", row->area, "name",
                     ocn_json_text(row->name), "status", statuses[row->status].name, "text",
                     ocn_json_text(row->text), "fix", ocn_json_text(row->fix));
}

int ocn_checkup_json(const struct ocn_checkup *checkup, const char *root, struct ocn_buf *out,
                     struct ocn_error *err)
{
    static const char *const verdicts[OCN_CHECK_STATUSES] = {
        [OCN_CHECK_OK] = "ok", [OCN_CHECK_UNKNOWN] = "unknown", [OCN_CHECK_FAIL] = "broken"
    };
    json_t *rows = json_array();
    int status = checkup->arena.failed ? -1 : 0;

    for (size_t i = 0; i < checkup->len; i++) {
        status |= json_array_append_new(rows, row_json(&checkup->rows[i]));
    }
    json_auto_t *json =
        json_pack("{s:i, s:o, s:s, s:o}", "version", 1, "root", ocn_json_text(root), "verdict",
                  verdicts[ocn_checkup_verdict(checkup)], "checks", rows);
    return ocn_json_print(status == 0 ? json : NULL, out, err);
}

/* ---- text --------------------------------------------------------------------------------- */

static void add_row(struct ocn_buf *out, const struct ocn_check *row, int width, bool colour)
{
    ocn_buf_printf(out, "  %s%-7s%s %-*s  %s\n", colour ? statuses[row->status].colour : "",
                   statuses[row->status].name, colour ? "\033[0m" : "", width, row->name,
                   row->text);
    if (row->fix != NULL) {
        ocn_buf_printf(out, "          fix: %s\n", row->fix);
    }
}

int ocn_checkup_text(const struct ocn_checkup *checkup, const char *root, bool colour,
                     struct ocn_buf *out, struct ocn_error *err)
{
    enum ocn_check_status verdict = ocn_checkup_verdict(checkup);
    const char *area = "";
    int width = 0;

    if (ocn_arena_check(&checkup->arena, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < checkup->len; i++) {
        int columns = (int)strnlen(checkup->rows[i].name, MAX_NAME);
        width = columns > width ? columns : width;
    }
    ocn_buf_printf(out, "ocinorm " OCN_VERSION ", the node at %s\n", root);
    for (size_t i = 0; i < checkup->len; i++) {
        if (strcmp(area, checkup->rows[i].area) != 0) {
            area = checkup->rows[i].area;
            ocn_buf_printf(out, "%s\n", area);
        }
        add_row(out, &checkup->rows[i], width, colour);
    }
    ocn_buf_printf(out, "%s%s%s\n", colour ? statuses[verdict].colour : "",
                   statuses[verdict].verdict, colour ? "\033[0m" : "");
    return ocn_buf_check(out, err);
}
