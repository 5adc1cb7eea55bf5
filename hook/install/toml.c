/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/install/toml.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define MAX_DEPTH 64
#define DOT OCN_TOML_DOT[0]

struct scan {
    struct ocn_bytes text;
    size_t pos;
    size_t counted; /* up to here, this many line ends */
    size_t line_ends;
    struct ocn_toml *toml;
    struct ocn_error *err;
};

static int peek_at(const struct scan *scan, size_t ahead)
{
    size_t pos = scan->pos + ahead;

    return pos < scan->text.len ? (unsigned char)scan->text.ptr[pos] : -1;
}

static int peek(const struct scan *scan)
{
    return peek_at(scan, 0);
}

/* Rows and errors come in the order of the text, but for the one of a pair whose value fails. */
static size_t line_of(struct scan *scan, size_t pos)
{
    if (pos < scan->counted) {
        scan->counted = 0;
        scan->line_ends = 0;
    }
    for (; scan->counted < pos && scan->counted < scan->text.len; scan->counted++) {
        scan->line_ends += scan->text.ptr[scan->counted] == '\n';
    }
    return scan->line_ends + 1;
}

static int fail(struct scan *scan, const char *what)
{
    char place[48];
    size_t column = 1;

    for (size_t i = scan->pos; i > 0 && scan->text.ptr[i - 1] != '\n'; i--) {
        column++;
    }
    (void)snprintf(place, sizeof(place), "%zu:%zu", line_of(scan, scan->pos), column);
    return ocn_fail(scan->err, OCN_E_FORMAT, place, "%s", what);
}

static void skip_blanks(struct scan *scan)
{
    while (peek(scan) == ' ' || peek(scan) == '\t') {
        scan->pos++;
    }
}

static void skip_comment(struct scan *scan)
{
    if (peek(scan) == '#') {
        while (peek(scan) >= 0 && peek(scan) != '\n') {
            scan->pos++;
        }
    }
}

static bool at_newline(const struct scan *scan)
{
    return peek(scan) == '\n' || (peek(scan) == '\r' && peek_at(scan, 1) == '\n');
}

/* White space, comments and line ends. */
static void skip_lines(struct scan *scan)
{
    for (;;) {
        skip_blanks(scan);
        skip_comment(scan);
        if (!at_newline(scan)) {
            return;
        }
        scan->pos += peek(scan) == '\r' ? 2 : 1;
    }
}

static bool is_bare(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

/* From the opening quote to behind the closing one; of one line, or of many with three quotes. */
static int skip_string(struct scan *scan)
{
    int quote = peek(scan);
    bool many = peek_at(scan, 1) == quote && peek_at(scan, 2) == quote;

    scan->pos += many ? 3 : 1;
    for (;;) {
        int c = peek(scan);
        if (c < 0 || c == 0 || (!many && (c == '\n' || (c < 0x20 && c != '\t')))) {
            return fail(scan, "a string without an end");
        }
        if (c == quote && (!many || (peek_at(scan, 1) == quote && peek_at(scan, 2) == quote))) {
            scan->pos += many ? 3 : 1;
            /* Up to two more quotes belong to a text of many lines. */
            for (int more = 0; many && more < 2 && peek(scan) == quote; more++) {
                scan->pos++;
            }
            return 0;
        }
        scan->pos += c == '\\' && quote == '"' && peek_at(scan, 1) >= 0 ? 2 : 1;
    }
}

/* The four or eight digits of \u and \U; -1 if they are none. */
static long unicode(const char *digits, size_t count, size_t left)
{
    long value = 0;

    if (left < count) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        const char *hex = "0123456789abcdef";
        const char *at = strchr(hex, digits[i] | 0x20);
        if (digits[i] == '\0' || at == NULL) {
            return -1;
        }
        value = value * 16 + (at - hex);
    }
    return value <= 0x10ffff && !(value >= 0xd800 && value < 0xe000) && value != 0 ? value : -1;
}

static void add_utf8(struct ocn_buf *out, long c)
{
    char bytes[4];
    size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

    for (size_t i = len - 1; i > 0; i--) {
        bytes[i] = (char)(0x80 | (c & 0x3f));
        c >>= 6;
    }
    bytes[0] = (char)(first[len] | c);
    ocn_buf_add(out, bytes, len);
}

/* One escape at @text (behind the backslash); returns its length, 0 if it is none. */
static size_t unescape(struct ocn_buf *out, const char *text, size_t left)
{
    static const char names[] = "btnfr\"\\e";
    static const char chars[] = "\b\t\n\f\r\"\\\033";
    const char *at = left != 0 && text[0] != '\0' ? strchr(names, text[0]) : NULL;

    if (at != NULL) {
        ocn_buf_add(out, &chars[at - names], 1);
        return 1;
    }
    if (left == 0 || (text[0] != 'u' && text[0] != 'U')) {
        return 0;
    }
    size_t digits = text[0] == 'u' ? 4 : 8;
    long c = unicode(text + 1, digits, left - 1);
    if (c < 0) {
        return 0;
    }
    add_utf8(out, c);
    return 1 + digits;
}

/* The text of a one-line literal with its quotes; 0, or -1 where that is not what it is. */
static int plain_text(struct ocn_bytes value, struct ocn_buf *out)
{
    if (value.len < 2 || (value.ptr[0] != '"' && value.ptr[0] != '\'') ||
        value.ptr[value.len - 1] != value.ptr[0] ||
        (value.len >= 6 && value.ptr[1] == value.ptr[0] && value.ptr[2] == value.ptr[0])) {
        return -1;
    }
    struct ocn_bytes inner = { value.ptr + 1, value.len - 2 };
    if (value.ptr[0] == '\'') {
        ocn_buf_add(out, inner.ptr, inner.len);
        return 0;
    }
    for (size_t i = 0; i < inner.len; i++) {
        if (inner.ptr[i] != '\\') {
            ocn_buf_add(out, inner.ptr + i, 1);
            continue;
        }
        size_t len = unescape(out, inner.ptr + i + 1, inner.len - i - 1);
        if (len == 0) {
            return -1;
        }
        i += len;
    }
    return 0;
}

const char *ocn_toml_string(struct ocn_arena *arena, struct ocn_bytes value)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf buf = { 0 };

    if (plain_text(value, &buf) < 0 || memchr(ocn_buf_bytes(&buf).ptr, '\0', buf.len) != NULL) {
        return NULL;
    }
    return ocn_buf_copy(&buf, arena);
}

/* One part of a key, appended to @path. */
static int read_part(struct scan *scan, struct ocn_buf *path)
{
    size_t start = scan->pos;
    size_t had = path->len;

    if (peek(scan) == '"' || peek(scan) == '\'') {
        if (skip_string(scan) < 0) {
            return -1;
        }
        struct ocn_bytes literal = { scan->text.ptr + start, scan->pos - start };
        if (plain_text(literal, path) < 0) {
            return fail(scan, "a key that is not understood");
        }
    } else {
        while (is_bare(peek(scan))) {
            scan->pos++;
        }
        if (scan->pos == start) {
            return fail(scan, "a key was expected here");
        }
        ocn_buf_add(path, scan->text.ptr + start, scan->pos - start);
    }
    for (size_t i = had; i < path->len; i++) {
        if ((unsigned char)path->ptr[i] < 0x20) {
            return fail(scan, "a control character in a key");
        }
    }
    return 0;
}

/* A key with its dots, appended to @path, which may hold a table's already. */
static int read_key(struct scan *scan, struct ocn_buf *path)
{
    for (;;) {
        skip_blanks(scan);
        if (path->len != 0) {
            ocn_buf_puts(path, OCN_TOML_DOT);
        }
        if (read_part(scan, path) < 0) {
            return -1;
        }
        skip_blanks(scan);
        if (peek(scan) != '.') {
            return 0;
        }
        scan->pos++;
    }
}

static struct ocn_toml_row *add_row(struct scan *scan, enum ocn_toml_kind kind,
                                    const struct ocn_buf *path, size_t start)
{
    struct ocn_toml *toml = scan->toml;
    struct ocn_toml_row *rows =
        ocn_arena_grow(&toml->arena, toml->rows, toml->count, sizeof(*rows));

    if (rows == NULL) {
        (void)ocn_fail_nomem(scan->err);
        return NULL;
    }
    toml->rows = rows;
    rows[toml->count] = (struct ocn_toml_row){
        .kind = kind,
        .path = ocn_buf_copy(path, &toml->arena),
        .table_len = path->len,
        .line = line_of(scan, start),
        .text = { scan->text.ptr + start, scan->pos - start },
    };
    return &rows[toml->count++];
}

static int skip_value(struct scan *scan, int depth);
static int read_pair(struct scan *scan, const char *table, int depth);

static int skip_list(struct scan *scan, int depth)
{
    scan->pos++;
    for (;;) {
        skip_lines(scan);
        if (peek(scan) == ']') {
            scan->pos++;
            return 0;
        }
        if (skip_value(scan, depth + 1) < 0) {
            return -1;
        }
        skip_lines(scan);
        if (peek(scan) == ',') {
            scan->pos++;
        } else if (peek(scan) != ']') {
            return fail(scan, "a comma or a closing bracket was expected here");
        }
    }
}

/* { a = 1, b.c = 2 }: its pairs become rows below @table, or nothing where that is NULL. */
static int read_inline(struct scan *scan, const char *table, int depth)
{
    scan->pos++;
    skip_blanks(scan);
    if (peek(scan) == '}') {
        scan->pos++;
        return 0;
    }
    for (;;) {
        skip_blanks(scan);
        if (read_pair(scan, table, depth + 1) < 0) {
            return -1;
        }
        skip_blanks(scan);
        int c = peek(scan);
        if (c != ',' && c != '}') {
            return fail(scan, "a comma or a closing brace was expected here");
        }
        scan->pos++;
        if (c == '}') {
            return 0;
        }
    }
}

/* Numbers, dates, true and false: only where they end matters. */
static int skip_bare(struct scan *scan)
{
    size_t start = scan->pos;

    while (is_bare(peek(scan)) || peek(scan) == '+' || peek(scan) == '.' || peek(scan) == ':') {
        scan->pos++;
    }
    if (scan->pos == start) {
        return fail(scan, "a value was expected here");
    }
    /* The blank in 1979-05-27 07:32:00. */
    if (peek(scan) == ' ' && peek_at(scan, 3) == ':' && scan->pos - start == 10) {
        scan->pos++;
        return skip_bare(scan);
    }
    return 0;
}

static int skip_value(struct scan *scan, int depth)
{
    if (depth > MAX_DEPTH) {
        return fail(scan, "nested too deeply");
    }
    switch (peek(scan)) {
    case '"':
    case '\'':
        return skip_string(scan);
    case '[':
        return skip_list(scan, depth);
    case '{':
        return read_inline(scan, NULL, depth);
    default:
        return skip_bare(scan);
    }
}

/* key = value; @table is the path above it, NULL where no row is wanted. */
static int read_pair(struct scan *scan, const char *table, int depth)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf path = { 0 };
    size_t start = scan->pos;
    size_t row = scan->toml->count;

    if (depth > MAX_DEPTH) {
        return fail(scan, "nested too deeply");
    }
    ocn_buf_puts(&path, table != NULL ? table : "");
    size_t table_len = path.len;
    if (read_key(scan, &path) < 0) {
        return -1;
    }
    if (peek(scan) != '=') {
        return fail(scan, "an equals sign was expected here");
    }
    scan->pos++;
    skip_blanks(scan);
    size_t value = scan->pos;
    bool is_table = peek(scan) == '{';
    if (table != NULL && add_row(scan, OCN_TOML_VALUE, &path, start) == NULL) {
        return -1;
    }
    if (is_table ? read_inline(scan, table != NULL ? path.ptr : NULL, depth) < 0
                 : skip_value(scan, depth) < 0) {
        return -1;
    }
    if (table != NULL) {
        struct ocn_toml_row *made = &scan->toml->rows[row];
        made->table_len = table_len;
        made->text = (struct ocn_bytes){ scan->text.ptr + start, scan->pos - start };
        made->value = (struct ocn_bytes){ scan->text.ptr + value, scan->pos - value };
        made->is_nested = depth > 0;
        made->is_table = is_table;
    }
    return 0;
}

static int read_header(struct scan *scan, struct ocn_buf *table)
{
    size_t start = scan->pos;
    bool list = peek_at(scan, 1) == '[';

    table->len = 0;
    scan->pos += list ? 2 : 1;
    if (read_key(scan, table) < 0) {
        return -1;
    }
    if (peek(scan) != ']' || (list && peek_at(scan, 1) != ']')) {
        return fail(scan, "a closing bracket was expected here");
    }
    scan->pos += list ? 2 : 1;
    return add_row(scan, OCN_TOML_TABLE, table, start) == NULL ? -1 : 0;
}

static int read_statement(struct scan *scan, struct ocn_buf *table)
{
    int failed = peek(scan) == '[' ? read_header(scan, table)
                                   : read_pair(scan, table->len != 0 ? table->ptr : "", 0);
    if (failed < 0) {
        return -1;
    }
    skip_blanks(scan);
    skip_comment(scan);
    if (peek(scan) >= 0 && !at_newline(scan)) {
        return fail(scan, "the end of the line was expected here");
    }
    return 0;
}

int ocn_toml_scan(struct ocn_bytes text, struct ocn_toml *ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf table = { 0 };
    struct ocn_toml toml = { 0 };
    struct scan scan = { .text = text, .toml = &toml, .err = err };

    int result = 0;
    for (skip_lines(&scan); result == 0 && peek(&scan) >= 0; skip_lines(&scan)) {
        result = read_statement(&scan, &table);
    }
    if (ocn_arena_check(&toml.arena, err) < 0 || result < 0) {
        ocn_arena_done(&toml.arena);
        return -1;
    }
    *ret = toml;
    return 0;
}

const char *ocn_toml_below(const char *path, const char *prefix)
{
    size_t len = strlen(prefix);

    if (strncmp(path, prefix, len) != 0 || (path[len] != '\0' && path[len] != DOT)) {
        return NULL;
    }
    return path[len] == '\0' ? path + len : path + len + 1;
}

const struct ocn_toml_row *ocn_toml_find(const struct ocn_toml *toml, const char *path)
{
    for (size_t i = toml->count; i > 0; i--) {
        const struct ocn_toml_row *row = &toml->rows[i - 1];
        if (row->kind == OCN_TOML_VALUE && strcmp(row->path, path) == 0) {
            return row;
        }
    }
    return NULL;
}

enum ocn_toml_next ocn_toml_next_string(struct ocn_arena *arena, struct ocn_bytes value,
                                        size_t *pos, const char **ret)
{
    struct ocn_toml none = { 0 };
    struct scan scan = { .text = value, .pos = *pos, .toml = &none };

    if (*pos == 0) {
        if (peek(&scan) != '[') {
            return OCN_TOML_NO_LIST;
        }
        scan.pos++;
    }
    skip_lines(&scan);
    if (peek(&scan) == ',') {
        scan.pos++;
        skip_lines(&scan);
    }
    if (peek(&scan) == ']') {
        return OCN_TOML_END;
    }
    size_t start = scan.pos;
    if ((peek(&scan) != '"' && peek(&scan) != '\'') || skip_string(&scan) < 0) {
        return OCN_TOML_NO_LIST;
    }
    const char *text =
        ocn_toml_string(arena, (struct ocn_bytes){ value.ptr + start, scan.pos - start });
    if (text == NULL) {
        return OCN_TOML_NO_LIST;
    }
    *pos = scan.pos;
    *ret = text;
    return OCN_TOML_NEXT;
}

void ocn_toml_list_add(struct ocn_buf *out, struct ocn_bytes value, const char *element)
{
    struct ocn_toml none = { 0 };
    struct scan scan = { .text = value, .pos = 1, .toml = &none };
    size_t end = 1; /* behind the last element, or its comma */
    const char *comma = "";

    for (;;) {
        skip_lines(&scan);
        if (peek(&scan) == ']' || skip_value(&scan, 0) < 0) {
            break;
        }
        end = scan.pos;
        comma = ", ";
        skip_lines(&scan);
        if (peek(&scan) == ',') {
            scan.pos++;
            end = scan.pos;
            comma = " ";
        }
    }
    ocn_buf_add(out, value.ptr, end);
    ocn_buf_puts(out, comma);
    ocn_toml_quote(out, element);
    ocn_buf_add(out, value.ptr + end, value.len - end);
}

void ocn_toml_quote(struct ocn_buf *out, const char *plain)
{
    ocn_buf_puts(out, "\"");
    for (const char *c = plain; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\') {
            ocn_buf_puts(out, "\\");
        }
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            ocn_buf_printf(out, "\\u%04x", (unsigned)(unsigned char)*c);
        } else {
            ocn_buf_add(out, c, 1);
        }
    }
    ocn_buf_puts(out, "\"");
}

void ocn_toml_key(struct ocn_buf *out, const char *path)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf part = { 0 };

    for (const char *c = path;; c++) {
        if (*c != DOT && *c != '\0') {
            ocn_buf_add(&part, c, 1);
            continue;
        }
        bool bare = part.len != 0;
        for (size_t i = 0; i < part.len; i++) {
            bare = bare && is_bare((unsigned char)part.ptr[i]);
        }
        if (bare) {
            ocn_buf_add(out, part.ptr, part.len);
        } else {
            ocn_toml_quote(out, ocn_buf_bytes(&part).ptr);
        }
        out->failed = out->failed || part.failed;
        ocn_buf_done(&part);
        if (*c == '\0') {
            return;
        }
        ocn_buf_puts(out, ".");
    }
}
