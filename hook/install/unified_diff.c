/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/install/unified_diff.h"

#include <stdbool.h>
#include <string.h>

#define CONTEXT 3

static size_t line_end(struct ocn_bytes text, size_t pos)
{
    const char *end = pos < text.len ? memchr(text.ptr + pos, '\n', text.len - pos) : NULL;

    return end != NULL ? (size_t)(end - text.ptr) + 1 : text.len;
}

static size_t line_start(struct ocn_bytes text, size_t pos)
{
    while (pos > 0 && text.ptr[pos - 1] != '\n') {
        pos--;
    }
    return pos;
}

static size_t count_lines(struct ocn_bytes text, size_t from, size_t to)
{
    size_t lines = 0;

    for (size_t pos = from; pos < to; pos = line_end(text, pos)) {
        lines++;
    }
    return lines;
}

static void add_lines(struct ocn_buf *out, char sign, struct ocn_bytes text, size_t from, size_t to)
{
    for (size_t pos = from; pos < to;) {
        size_t end = line_end(text, pos);
        ocn_buf_add(out, &sign, 1);
        ocn_buf_add(out, text.ptr + pos, end - pos);
        if (text.ptr[end - 1] != '\n') {
            ocn_buf_puts(out, "\n\\ No newline at end of file\n");
        }
        pos = end;
    }
}

/* diff -u counts from 1, and an empty range begins at the line before it. */
static void add_range(struct ocn_buf *out, char sign, size_t before, size_t lines)
{
    ocn_buf_printf(out, lines == 1 ? "%c%zu" : "%c%zu,%zu", sign, lines == 0 ? before : before + 1,
                   lines);
}

/* The end of what both have in common, in lines. */
static size_t common_start(struct ocn_bytes old, struct ocn_bytes new)
{
    size_t pos = 0;

    while (pos < old.len && pos < new.len) {
        size_t end = line_end(old, pos);
        if (end != line_end(new, pos) || memcmp(old.ptr + pos, new.ptr + pos, end - pos) != 0) {
            break;
        }
        pos = end;
    }
    return pos;
}

/* How many bytes of whole lines the ends of both have in common, behind @start. */
static size_t common_end(struct ocn_bytes old, struct ocn_bytes new, size_t start)
{
    size_t len = 0;

    while (old.len - len > start && new.len - len > start) {
        size_t old_at = line_start(old, old.len - len - 1);
        size_t new_at = line_start(new, new.len - len - 1);
        size_t line = old.len - len - old_at;
        if (line != new.len - len - new_at ||
            memcmp(old.ptr + old_at, new.ptr + new_at, line) != 0) {
            break;
        }
        len += line;
    }
    return len;
}

void ocn_unified_diff(struct ocn_buf *out, const char *path, struct ocn_bytes old,
                      struct ocn_bytes new)
{
    bool was = old.ptr != NULL;
    bool is = new.ptr != NULL;

    if (was == is && (!was || (old.len == new.len &&memcmp(old.ptr, new.ptr, old.len) == 0))) {
        return;
    }
    old.ptr = was ? old.ptr : "";
    new.ptr = is ? new.ptr : "";
    size_t start = common_start(old, new);
    size_t end = common_end(old, new, start);
    size_t from = start;
    size_t behind = old.len - end;
    for (int i = 0; i < CONTEXT && from > 0; i++) {
        from = line_start(old, from - 1);
    }
    for (int i = 0; i < CONTEXT && behind < old.len; i++) {
        behind = line_end(old, behind);
    }
    size_t after = behind - (old.len - end);
    size_t first = count_lines(old, 0, from);
    ocn_buf_printf(out, "--- %s\n+++ %s\n", was ? path : "/dev/null", is ? path : "/dev/null");
    if (old.len == 0 && new.len == 0) {
        return;
    }
    ocn_buf_puts(out, "@@ ");
    add_range(out, '-', first, count_lines(old, from, behind));
    ocn_buf_puts(out, " ");
    add_range(out, '+', first, count_lines(new, from, new.len - end + after));
    ocn_buf_puts(out, " @@\n");
    add_lines(out, ' ', old, from, start);
    add_lines(out, '-', old, start, old.len - end);
    add_lines(out, '+', new, start, new.len - end);
    add_lines(out, ' ', old, old.len - end, behind);
}
