/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/image/explain_text.h"

#include <string.h>

#include "normalize/base/arena.h"
#include "normalize/json/json.h"

#define MAX_COLUMNS 16
#define MAX_ROWS 256
#define MAX_CELL 60
#define ENV "/process/env/"
#define OURS "/annotations/io.ocinorm."

/* A fact with its value for each platform. */
struct row {
    const char *name;
    const char *cells[MAX_COLUMNS]; /* NULL: nothing is said of it */
};

struct table {
    struct ocn_arena *arena;
    const char *profiles[MAX_COLUMNS];
    const json_t *reports[MAX_COLUMNS];
    size_t columns;
    struct row rows[MAX_ROWS];
    size_t rows_len;
};

/* ---- values ---------------------------------------------------------------------------------- */

/* One line that a terminal and Markdown take: what is no printable ASCII, and a bar, is replaced.
 */
static char *clean_copy(struct ocn_arena *arena, const char *text, size_t len)
{
    char *clean = ocn_arena_copy(arena, text, len);

    for (char *c = clean; *c != '\0'; c++) {
        *c = *c < ' ' || *c > '~' ? '?' : *c == '|' ? '/' : *c;
    }
    return clean;
}

static const char *line(struct ocn_arena *arena, const char *text)
{
    return clean_copy(arena, text, strlen(text));
}

static const char *cell(struct ocn_arena *arena, const char *text)
{
    size_t len = strlen(text);
    const char *clean = clean_copy(arena, text, len < MAX_CELL ? len : MAX_CELL);

    return len > MAX_CELL ? ocn_arena_printf(arena, "%s...", clean) : clean;
}

static const char *value_text(struct ocn_arena *arena, const json_t *value)
{
    if (json_is_string(value)) {
        return json_string_value(value);
    }
    if (json_is_number(value)) {
        return ocn_arena_printf(arena, "%.15g", json_number_value(value));
    }
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };

    if (value == NULL) {
        return "";
    }
    return ocn_json_dump(value, JSON_COMPACT | JSON_ENCODE_ANY, &text, NULL) < 0
               ? ocn_arena_fail(arena)
               : ocn_buf_copy(&text, arena);
}

static struct row *row_named(struct table *table, const char *name)
{
    for (size_t i = 0; i < table->rows_len; i++) {
        if (strcmp(table->rows[i].name, name) == 0) {
            return &table->rows[i];
        }
    }
    if (table->rows_len == MAX_ROWS) {
        return &table->rows[MAX_ROWS - 1];
    }
    struct row *row = &table->rows[table->rows_len++];
    *row = (struct row){ .name = name };
    return row;
}

static void set(struct table *table, const char *name, size_t column, const char *value)
{
    row_named(table, name)->cells[column] = cell(table->arena, value);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static const json_t *edit_of(const json_t *report, const char *path)
{
    const json_t *edit;
    size_t i;

    json_array_foreach (json_object_get(report, "edits"), i, edit) {
        if (strcmp(ocn_json_text_at(edit, "path"), path) == 0) {
            return edit;
        }
    }
    return NULL;
}

/* The number that an edit makes of it, or @was. */
static double id_after(const json_t *report, const char *path, double was)
{
    const json_t *edit = edit_of(report, path);

    return edit != NULL ? json_number_value(json_object_get(edit, "to")) : was;
}

/* "root: none is named", "\"app\"": how it was found. */
static const char *origin_of(struct ocn_arena *arena, const char *text)
{
    return text[0] == '\0' ? "none named: root" : ocn_arena_printf(arena, "USER %s", text);
}

/* The engine of a column may take another group than the image names: see config/engines. */
static void add_user(struct table *table, const json_t *image, size_t column)
{
    const json_t *named = json_object_get(image, "user");
    const json_t *report = table->reports[column];
    const json_t *user = json_object_get(report, "user");
    double uid = json_number_value(json_object_get(user, "uid"));
    double gid = json_number_value(json_object_get(user, "gid"));
    double new_uid = id_after(report, "/process/user/uid", uid);
    double new_gid = id_after(report, "/process/user/gid", gid);
    const char *text = ocn_json_text_at(named, "text");
    const char *origin = origin_of(table->arena, text);

    if (!json_is_true(json_object_get(user, "found"))) { /* of Windows there may be none named */
        set(table, "user", column,
            text[0] != '\0' ? ocn_arena_printf(table->arena, "(%s): not found", origin) : "-");
        return;
    }
    if (json_is_true(json_object_get(named, "found")) &&
        gid != json_number_value(json_object_get(named, "gid"))) {
        origin = ocn_arena_printf(table->arena, "%s, the kubelet leaves its group", origin);
    }
    set(table, "user", column,
        new_uid == uid && new_gid == gid
            ? ocn_arena_printf(table->arena, "%.0f:%.0f (%s)", uid, gid, origin)
            : ocn_arena_printf(table->arena, "%.0f:%.0f (%s) -> %.0f:%.0f", uid, gid, origin,
                               new_uid, new_gid));
}

static void add_program(struct table *table, size_t column)
{
    const json_t *entry =
        json_object_get(json_object_get(table->reports[column], "facts"), "entry");
    const json_t *go = json_object_get(entry, "go");
    const char *arch = ocn_json_text_at(entry, "arch");
    const char *variant = ocn_json_text_at(entry, "variant");
    const char *program = ocn_json_text_at(entry, "program");
    const char *interpreter = ocn_json_text_at(entry, "interpreter");

    set(table, "entrypoint", column,
        ocn_arena_printf(table->arena, "%s%s%s%s%s", ocn_json_text_at(entry, "path"),
                         interpreter[0] != '\0' ? ", by " : "", interpreter,
                         program[0] != '\0' ? ", starts " : "", program));
    set(table, "program", column,
        ocn_arena_printf(table->arena, "%s%s%s%s%s", arch[0] != '\0' ? arch : "no ELF file",
                         variant[0] != '\0' ? "/" : "", variant, json_is_object(go) ? ", " : "",
                         ocn_json_text_at(go, "version")));
}

/* Variables that are set; and those that the image has and keeps. */
static void add_variables(struct table *table, size_t column)
{
    const json_t *item;
    size_t i;

    json_array_foreach (json_object_get(table->reports[column], "edits"), i, item) {
        const char *path = ocn_json_text_at(item, "path");
        if (strncmp(path, ENV, strlen(ENV)) == 0) {
            set(table, path + strlen(ENV), column,
                value_text(table->arena, json_object_get(item, "to")));
        }
    }
    json_array_foreach (json_object_get(table->reports[column], "kept"), i, item) {
        const char *path = ocn_json_text_at(item, "path");
        const json_t *value = json_object_get(item, "value");
        if (strncmp(path, ENV, strlen(ENV)) == 0 && json_is_string(value)) {
            set(table, path + strlen(ENV), column,
                ocn_arena_printf(table->arena, "%s (the image's)", json_string_value(value)));
        }
    }
}

/* What else changes: by its place in config.json. */
static void add_edits(struct table *table, size_t column)
{
    const json_t *edit;
    size_t i;

    json_array_foreach (json_object_get(table->reports[column], "edits"), i, edit) {
        const char *path = ocn_json_text_at(edit, "path");
        if (strncmp(path, ENV, strlen(ENV)) != 0 && strncmp(path, OURS, strlen(OURS)) != 0 &&
            strstr(path, "/user/uid") == NULL && strstr(path, "/user/gid") == NULL) {
            const char *to = value_text(table->arena, json_object_get(edit, "to"));
            set(table, path, column, strcmp(to, "null") == 0 ? "removed" : to);
        }
    }
}

static void fill(struct table *table, const json_t *image)
{
    void (*const groups[])(struct table *, size_t) = { add_program, add_variables, add_edits };

    for (size_t i = 0; i < table->columns; i++) {
        set(table, "verdict", i, ocn_json_text_at(table->reports[i], "verdict"));
        add_user(table, image, i);
    }
    for (size_t group = 0; group < OCN_COUNT(groups); group++) {
        for (size_t i = 0; i < table->columns; i++) {
            groups[group](table, i);
        }
    }
}

/* ---- the table ------------------------------------------------------------------------------- */

static const char *shown(const char *cell_text)
{
    return cell_text != NULL ? cell_text : "-";
}

static void add_padded(struct ocn_buf *out, const char *text, size_t width)
{
    ocn_buf_printf(out, " %-*s |", (int)width, text);
}

static void draw(const struct table *table, struct ocn_buf *out)
{
    size_t widths[MAX_COLUMNS + 1] = { 0 };

    for (size_t r = 0; r < table->rows_len; r++) {
        size_t len = strlen(table->rows[r].name);
        widths[0] = len > widths[0] ? len : widths[0];
        for (size_t c = 0; c < table->columns; c++) {
            len = strlen(shown(table->rows[r].cells[c]));
            size_t head = strlen(table->profiles[c]);
            len = len > head ? len : head;
            widths[c + 1] = len > widths[c + 1] ? len : widths[c + 1];
        }
    }
    ocn_buf_puts(out, "|");
    add_padded(out, "", widths[0]);
    for (size_t c = 0; c < table->columns; c++) {
        add_padded(out, table->profiles[c], widths[c + 1]);
    }
    ocn_buf_puts(out, "\n|");
    for (size_t c = 0; c <= table->columns; c++) {
        for (size_t i = 0; i < widths[c] + 2; i++) {
            ocn_buf_puts(out, "-");
        }
        ocn_buf_puts(out, "|");
    }
    for (size_t r = 0; r < table->rows_len; r++) {
        ocn_buf_puts(out, "\n|");
        add_padded(out, table->rows[r].name, widths[0]);
        for (size_t c = 0; c < table->columns; c++) {
            add_padded(out, shown(table->rows[r].cells[c]), widths[c + 1]);
        }
    }
    ocn_buf_puts(out, "\n");
}

/* ---- findings -------------------------------------------------------------------------------- */

static bool same_finding(const json_t *a, const json_t *b)
{
    return strcmp(ocn_json_text_at(a, "rule"), ocn_json_text_at(b, "rule")) == 0 &&
           strcmp(ocn_json_text_at(a, "message"), ocn_json_text_at(b, "message")) == 0;
}

static bool has_finding(const json_t *report, const json_t *finding)
{
    const json_t *other;
    size_t i;

    json_array_foreach (json_object_get(report, "findings"), i, other) {
        if (same_finding(finding, other)) {
            return true;
        }
    }
    return false;
}

static const char *platforms_with(const struct table *table, const json_t *finding)
{
    const char *names = "";

    for (size_t c = 0; c < table->columns; c++) {
        if (has_finding(table->reports[c], finding)) {
            names = ocn_arena_printf(table->arena, "%s%s%s", names, names[0] != '\0' ? ", " : "",
                                     table->profiles[c]);
        }
    }
    return names;
}

/* What an image put into a message is printable already; a broken child may not have seen to it. */
static void add_sentence(struct ocn_buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        ocn_buf_add(out, *text >= ' ' && *text <= '~' ? text : "?", 1);
    }
}

static void add_finding(const struct table *table, const json_t *finding, bool colour,
                        struct ocn_buf *out)
{
    bool denies = strcmp(ocn_json_text_at(finding, "level"), "deny") == 0;
    const char *begin = !colour ? "" : denies ? "\033[31m" : "\033[33m";

    ocn_buf_printf(out, "\n%s%s [", begin, denies ? "denied" : "warning");
    add_sentence(out, ocn_json_text_at(finding, "rule"));
    ocn_buf_printf(out, "]%s on %s: ", colour ? "\033[0m" : "", platforms_with(table, finding));
    add_sentence(out, ocn_json_text_at(finding, "message"));
    ocn_buf_puts(out, "; ");
    add_sentence(out, ocn_json_text_at(finding, "hint"));
    ocn_buf_puts(out, "\n");
}

/* Each once, with the platforms where it holds. */
static void add_findings(const struct table *table, bool colour, struct ocn_buf *out)
{
    for (size_t c = 0; c < table->columns; c++) {
        const json_t *finding;
        size_t i;
        json_array_foreach (json_object_get(table->reports[c], "findings"), i, finding) {
            bool told = false;
            for (size_t before = 0; before < c; before++) {
                told = told || has_finding(table->reports[before], finding);
            }
            if (!told) {
                add_finding(table, finding, colour, out);
            }
        }
    }
}

/* ---- all ------------------------------------------------------------------------------------- */

static int add_image(const char *input, json_t *image, bool colour, struct ocn_buf *out,
                     struct ocn_error *err)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    struct table *table = ocn_arena_alloc(&arena, sizeof(*table));
    const char *name;
    json_t *report;

    if (table == NULL) {
        return ocn_fail_nomem(err);
    }
    table->arena = &arena;
    json_object_foreach (json_object_get(image, "profiles"), name, report) {
        if (table->columns < MAX_COLUMNS) {
            table->profiles[table->columns] =
                strcmp(name, "unknown") == 0 ? "any platform" : cell(&arena, name);
            table->reports[table->columns++] = report;
        }
    }
    fill(table, image);
    ocn_buf_printf(out, "%s, %s, %s\n\n", line(&arena, input),
                   line(&arena, ocn_json_text_at(image, "platform")),
                   line(&arena, ocn_json_text_at(image, "digest")));
    draw(table, out);
    add_findings(table, colour, out);
    return ocn_arena_check(&arena, err);
}

int ocn_explain_text(const json_t *report, bool colour, struct ocn_buf *out, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    json_t *item;
    size_t i;

    json_array_foreach (json_object_get(report, "images"), i, item) {
        ocn_buf_puts(out, i != 0 ? "\n" : "");
        if (add_image(ocn_json_text_at(report, "input"), item, colour, out, err) < 0) {
            return -1;
        }
    }
    json_array_foreach (json_object_get(report, "passedOver"), i, item) {
        ocn_buf_printf(out, "%s%s: %s, not judged\n", i == 0 && out->len != 0 ? "\n" : "",
                       line(&arena, ocn_json_text_at(item, "digest")),
                       line(&arena, ocn_json_text_at(item, "is")));
    }
    return ocn_arena_check(&arena, err) < 0 ? -1 : ocn_buf_check(out, err);
}
