/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/outcome/splice_list.h"

#include "normalize/json/json.h"

/* The list that @pointer names, as a part of @text. */
static int find_list(struct ocn_bytes text, const char *pointer, struct ocn_bytes *ret,
                     struct ocn_error *err)
{
    struct ocn_bytes list = ocn_json_value_at(text, pointer);

    if (list.len < 2 || list.ptr[0] != '[') {
        return ocn_fail(err, OCN_E_FORMAT, pointer, "is not a list");
    }
    *ret = list;
    return 0;
}

/* One entry of a list: white space, the value, white space up to the comma or bracket. */
struct span {
    size_t begin;
    size_t value;
    size_t value_end;
    size_t end;
};

/* The entry behind @pos, which is a bracket or a comma; false: there is none. */
static bool next_span(struct ocn_bytes list, size_t pos, struct span *ret)
{
    struct span span = { .begin = pos + 1 };

    if (pos >= list.len || list.ptr[pos] == ']') {
        return false;
    }
    span.value = ocn_json_skip_space(list, span.begin);
    if (span.value >= list.len || list.ptr[span.value] == ']') {
        return false;
    }
    span.value_end = ocn_json_skip_value(list, span.value);
    span.end = ocn_json_skip_space(list, span.value_end);
    *ret = span;
    return true;
}

static int fail_count(const char *pointer, size_t seen, size_t count, struct ocn_error *err)
{
    return ocn_fail(err, OCN_E_FORMAT, pointer, "has %zu entries, where %zu were read", seen,
                    count);
}

static int put_entry(struct ocn_bytes list, const struct span *span,
                     const struct ocn_splice_entry *entry, bool first, struct ocn_buf *out,
                     struct ocn_error *err)
{
    const struct ocn_bytes value = { list.ptr + span->value, span->value_end - span->value };

    ocn_buf_puts(out, first ? "" : ",");
    ocn_buf_add(out, list.ptr + span->begin, span->value - span->begin);
    if (ocn_splice_edits(value, "", entry->edits, entry->edits_len, out, err) < 0) {
        return -1;
    }
    ocn_buf_add(out, list.ptr + span->value_end, span->end - span->value_end);
    return 0;
}

int ocn_splice_list(struct ocn_bytes text, const char *pointer,
                    const struct ocn_splice_entry *entries, size_t count, struct ocn_buf *out,
                    struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf made = { 0 };
    struct ocn_bytes list = { NULL, 0 };
    struct span span;
    size_t at = 0;
    size_t seen = 0;
    bool first = true;

    if (find_list(text, pointer, &list, err) < 0) {
        return -1;
    }
    for (; next_span(list, at, &span); at = span.end, seen++) {
        if (seen >= count || entries[seen].drop) {
            continue;
        }
        if (put_entry(list, &span, &entries[seen], first, &made, err) < 0) {
            return -1;
        }
        first = false;
    }
    if (seen != count) {
        return fail_count(pointer, seen, count, err);
    }
    size_t before = (size_t)(list.ptr - text.ptr) + 1;
    size_t behind = count != 0 ? before - 1 + at : before;
    ocn_buf_add(out, text.ptr, before);
    ocn_buf_add(out, ocn_buf_bytes(&made).ptr, made.len);
    ocn_buf_add(out, text.ptr + behind, text.len - behind);
    return ocn_buf_check(&made, err) < 0 ? -1 : ocn_buf_check(out, err);
}

int ocn_splice_list_entries(struct ocn_bytes text, const char *pointer, struct ocn_bytes *ret,
                            size_t count, struct ocn_error *err)
{
    struct ocn_bytes list = { NULL, 0 };
    struct span span = { 0 };
    size_t seen = 0;

    if (find_list(text, pointer, &list, err) < 0) {
        return -1;
    }
    for (size_t at = 0; next_span(list, at, &span); at = span.end, seen++) {
        if (seen < count) {
            ret[seen] = (struct ocn_bytes){ list.ptr + span.value, span.value_end - span.value };
        }
    }
    return seen == count ? 0 : fail_count(pointer, seen, count, err);
}

int ocn_splice_list_append(struct ocn_bytes text, const char *pointer, struct ocn_bytes entry,
                           struct ocn_buf *out, struct ocn_error *err)
{
    struct ocn_bytes list = { NULL, 0 };
    struct span span = { 0 };
    struct ocn_bytes space = { "", 0 };
    size_t end = 1; /* behind the last entry */

    if (find_list(text, pointer, &list, err) < 0) {
        return -1;
    }
    for (size_t at = 0; next_span(list, at, &span); at = span.end) {
        space = (struct ocn_bytes){ list.ptr + span.begin, span.value - span.begin };
        end = span.value_end;
    }
    size_t before = (size_t)(list.ptr - text.ptr) + end;
    ocn_buf_add(out, text.ptr, before);
    ocn_buf_puts(out, end != 1 ? "," : "");
    ocn_buf_add(out, space.ptr, space.len);
    ocn_buf_add(out, entry.ptr, entry.len);
    ocn_buf_add(out, text.ptr + before, text.len - before);
    return ocn_buf_check(out, err);
}
