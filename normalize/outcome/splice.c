/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/outcome/splice.h"

#include <stdio.h>
#include <string.h>

#include "normalize/base/arena.h"
#include "normalize/json/json.h"
#include "normalize/json/pointer.h"

#define SPARE ((size_t)1024) /* what edits add, most times */

/* An edit on its way down. */
struct item {
    const struct ocn_edit *edit;
    const char *path;  /* what is left of its path */
    const char *token; /* the first of that, unescaped; "" where nothing is left */
    size_t len;        /* of the token */
    bool done;
};

struct splicer {
    struct ocn_bytes text;
    size_t copied;  /* text up to here is in out */
    size_t reached; /* where the value that was rewritten last has been read up to */
    bool inside;    /* which is not its end, but where another of its values might begin */
    struct ocn_buf *out;
    struct ocn_arena arena;
};

static int rewrite_value(struct splicer *s, size_t pos, struct item *items, size_t count,
                         struct ocn_error *err);
static int create_value(struct splicer *s, struct item *items, size_t count, struct ocn_error *err);

/* Everything before @pos that was not copied yet goes out as it is. */
static void flush(struct splicer *s, size_t pos)
{
    ocn_buf_add(s->out, s->text.ptr + s->copied, pos - s->copied);
    s->copied = pos;
}

/* @edit, of whose path @path is left. */
static struct item item_of(struct splicer *s, const struct ocn_edit *edit, const char *path)
{
    size_t size = strlen(path) + 1;
    char *token = ocn_arena_copy(&s->arena, path, size - 1);
    const char *rest = path;

    if (!s->arena.failed) {
        (void)ocn_json_pointer_next(&rest, token, size);
    }
    return (struct item){ .edit = edit, .path = path, .token = token, .len = strlen(token) };
}

static const char *behind_token(const struct item *item)
{
    const char *begin = item->path + (item->path[0] == '/' ? 1 : 0);

    return begin + strcspn(begin, "/"); /* a slash in a token is escaped */
}

/* The items whose next token is @token, one step further down, in a new list. */
static int descend(struct splicer *s, struct item *items, size_t count, const char *token,
                   struct item **ret, size_t *ret_count, struct ocn_error *err)
{
    struct item *list = ocn_arena_alloc(&s->arena, count * sizeof(*list));
    size_t len = 0;

    if (list == NULL) {
        return ocn_fail_nomem(err);
    }
    for (size_t i = 0; i < count; i++) {
        if (!items[i].done && strcmp(items[i].token, token) == 0) {
            items[i].done = true;
            list[len++] = item_of(s, items[i].edit, behind_token(&items[i]));
        }
    }
    *ret = list;
    *ret_count = len;
    return 0;
}

/* The last of the items that end here and so give the whole value, or NULL. */
static const struct ocn_edit *whole_value(const struct item *items, size_t count)
{
    const struct ocn_edit *edit = NULL;

    for (size_t i = 0; i < count; i++) {
        if (items[i].path[0] == '\0') {
            edit = items[i].edit;
        }
    }
    return edit;
}

/* "NAME=value" as a string literal; edit->to is the literal of the value alone. */
static void put_variable(struct splicer *s, const char *name, const char *value_literal)
{
    ocn_json_quote(s->out, name, strlen(name));
    s->out->len -= s->out->failed ? 0 : 1; /* the closing quote; the value brings its own */
    ocn_buf_puts(s->out, "=");
    ocn_buf_puts(s->out, value_literal + 1);
}

/* ---- values that are not there yet ------------------------------------------------------ */

static void put_key(struct splicer *s, const char *token)
{
    ocn_json_quote(s->out, token, strlen(token));
    ocn_buf_puts(s->out, ":");
}

/* All items that are not done, as members "key":value, each preceded by @separator but the first.
 */
static int create_members(struct splicer *s, struct item *items, size_t count, bool first,
                          struct ocn_bytes space, struct ocn_error *err)
{
    for (size_t i = 0; i < count; i++) {
        struct item *below = NULL;
        size_t below_count = 0;
        if (items[i].done) {
            continue;
        }
        if (descend(s, items, count, items[i].token, &below, &below_count, err) < 0) {
            return -1;
        }
        if (!first) {
            ocn_buf_puts(s->out, ",");
        }
        ocn_buf_add(s->out, space.ptr, space.len);
        first = false;
        put_key(s, items[i].token);
        if (create_value(s, below, below_count, err) < 0) {
            return -1;
        }
    }
    return 0;
}

static void create_variables(struct splicer *s, struct item *items, size_t count, bool first,
                             struct ocn_bytes space)
{
    for (size_t i = 0; i < count; i++) {
        if (items[i].done) {
            continue;
        }
        items[i].done = true;
        if (!first) {
            ocn_buf_puts(s->out, ",");
        }
        ocn_buf_add(s->out, space.ptr, space.len);
        first = false;
        put_variable(s, items[i].token, items[i].edit->to);
    }
}

/* A list of variables is the one kind of array that edits reach into. */
static bool are_variables(const struct item *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *name = ocn_edit_env_name(items[i].edit);
        if (name != NULL && strcmp(items[i].path + 1, name) == 0) {
            return true;
        }
    }
    return false;
}

static int create_value(struct splicer *s, struct item *items, size_t count, struct ocn_error *err)
{
    const struct ocn_bytes no_space = { "", 0 };
    const struct ocn_edit *edit = whole_value(items, count);

    if (edit != NULL) {
        ocn_buf_puts(s->out, edit->to);
        return 0;
    }
    if (are_variables(items, count)) {
        ocn_buf_puts(s->out, "[");
        create_variables(s, items, count, true, no_space);
        ocn_buf_puts(s->out, "]");
        return 0;
    }
    ocn_buf_puts(s->out, "{");
    if (create_members(s, items, count, true, no_space, err) < 0) {
        return -1;
    }
    ocn_buf_puts(s->out, "}");
    return 0;
}

/* ---- values that are there -------------------------------------------------------------- */

static bool any_left(const struct item *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!items[i].done) {
            return true;
        }
    }
    return false;
}

/* Leaves a note of how far a value was read, for whoever goes on behind it. */
static void note(struct splicer *s, size_t reached, bool inside)
{
    s->reached = reached < s->text.len ? reached : s->text.len;
    s->inside = inside;
}

/* Behind the value at @value, which begins behind the start of the text. */
static size_t end_of(const struct splicer *s, size_t value)
{
    if (s->reached <= value) {
        return ocn_json_skip_value(s->text, value);
    }
    return s->inside ? ocn_json_skip_rest(s->text, s->reached) : s->reached;
}

/* Applies to the member whose key is at @key and whose value is at @value. */
static int rewrite_member(struct splicer *s, size_t key, size_t value, struct item *items,
                          size_t count, struct ocn_error *err)
{
    struct item *below = NULL;
    size_t below_count = 0;

    for (size_t i = 0; i < count; i++) {
        if (!items[i].done && ocn_json_string_is(s->text, key, items[i].token, items[i].len)) {
            if (descend(s, items, count, items[i].token, &below, &below_count, err) < 0) {
                return -1;
            }
            return rewrite_value(s, value, below, below_count, err);
        }
    }
    return 0;
}

static int rewrite_object(struct splicer *s, size_t pos, struct item *items, size_t count,
                          struct ocn_error *err)
{
    struct ocn_bytes space = { "", 0 };
    size_t last_end = pos + 1;
    bool empty = true;

    for (pos++; any_left(items, count);) {
        size_t key = ocn_json_skip_space(s->text, pos);
        if (key >= s->text.len || s->text.ptr[key] == '}') {
            flush(s, last_end);
            note(s, key + 1, false);
            return create_members(s, items, count, empty, space, err);
        }
        /* New members copy the white space before the last old one. */
        space = (struct ocn_bytes){ s->text.ptr + pos, key - pos };
        size_t colon = ocn_json_skip_space(s->text, ocn_json_skip_value(s->text, key));
        size_t value = ocn_json_skip_space(s->text, colon + 1);
        if (rewrite_member(s, key, value, items, count, err) < 0) {
            return -1;
        }
        last_end = end_of(s, value);
        empty = false;
        pos = ocn_json_skip_space(s->text, last_end) + 1; /* behind the comma */
        if (pos > s->text.len || s->text.ptr[pos - 1] == '}') {
            pos--;
        }
    }
    note(s, pos, true);
    return 0;
}

/* Every entry NAME=... is replaced: runtimes differ in which one of several they take. @prefixes:
 * NAME= of each item. */
static void rewrite_variable(struct splicer *s, size_t entry, const struct item *items,
                             const char *const *prefixes, size_t count, bool *seen)
{
    for (size_t i = 0; i < count; i++) {
        if (ocn_json_string_begins(s->text, entry, prefixes[i], items[i].len + 1)) {
            flush(s, entry);
            put_variable(s, items[i].token, items[i].edit->to);
            s->copied = ocn_json_skip_value(s->text, entry);
            seen[i] = true;
            return;
        }
    }
}

static int rewrite_variables(struct splicer *s, size_t pos, struct item *items, size_t count,
                             struct ocn_error *err)
{
    struct ocn_bytes space = { "", 0 };
    size_t last_end = pos + 1;
    bool empty = true;
    bool *seen = ocn_arena_alloc(&s->arena, count * sizeof(*seen));
    const char **prefixes = ocn_arena_alloc(&s->arena, count * sizeof(*prefixes));

    for (size_t i = 0; prefixes != NULL && i < count; i++) {
        prefixes[i] = ocn_arena_printf(&s->arena, "%s=", items[i].token);
    }
    if (seen == NULL || prefixes == NULL || s->arena.failed) {
        return ocn_fail_nomem(err);
    }
    for (pos++;;) {
        size_t entry = ocn_json_skip_space(s->text, pos);
        if (entry >= s->text.len || s->text.ptr[entry] == ']') {
            note(s, entry + 1, false);
            break;
        }
        space = (struct ocn_bytes){ s->text.ptr + pos, entry - pos };
        rewrite_variable(s, entry, items, prefixes, count, seen);
        last_end = ocn_json_skip_value(s->text, entry);
        empty = false;
        pos = ocn_json_skip_space(s->text, last_end);
        if (pos < s->text.len && s->text.ptr[pos] == ',') {
            pos++;
        }
    }
    for (size_t i = 0; i < count; i++) {
        items[i].done = seen[i];
    }
    if (any_left(items, count)) {
        flush(s, last_end);
        create_variables(s, items, count, empty, space);
    }
    return 0;
}

static const char *first_path(const struct item *items, size_t count)
{
    return count != 0 && items[0].edit != NULL ? items[0].edit->path : NULL;
}

static bool goes_to(const struct item *items, size_t count, const char *token)
{
    for (size_t i = 0; i < count; i++) {
        if (!items[i].done && strcmp(items[i].token, token) == 0) {
            return true;
        }
    }
    return false;
}

/* Into the elements of a list, by their numbers. */
static int rewrite_elements(struct splicer *s, size_t pos, struct item *items, size_t count,
                            struct ocn_error *err)
{
    char number[32];

    pos++;
    for (size_t i = 0; any_left(items, count); i++) {
        struct item *below = NULL;
        size_t below_count = 0;
        size_t element = ocn_json_skip_space(s->text, pos);
        if (element >= s->text.len || s->text.ptr[element] == ']') {
            return ocn_fail(err, OCN_E_FORMAT, first_path(items, count),
                            "the list ends before this element");
        }
        (void)snprintf(number, sizeof(number), "%zu", i);
        if (goes_to(items, count, number) &&
            (descend(s, items, count, number, &below, &below_count, err) < 0 ||
             rewrite_value(s, element, below, below_count, err) < 0)) {
            return -1;
        }
        pos = ocn_json_skip_space(s->text, end_of(s, element));
        pos += pos < s->text.len && s->text.ptr[pos] == ',' ? 1 : 0;
    }
    note(s, pos, true);
    return 0;
}

static int rewrite_value(struct splicer *s, size_t pos, struct item *items, size_t count,
                         struct ocn_error *err)
{
    if (pos >= s->text.len) {
        return ocn_fail(err, OCN_E_FORMAT, first_path(items, count),
                        "the document ends before this member");
    }
    if (whole_value(items, count) != NULL ||
        s->text.ptr[pos] == 'n') { /* null is an absent value */
        flush(s, pos);
        s->copied = ocn_json_skip_value(s->text, pos);
        note(s, s->copied, false);
        return create_value(s, items, count, err);
    }
    if (s->text.ptr[pos] == '{') {
        return rewrite_object(s, pos, items, count, err);
    }
    if (s->text.ptr[pos] == '[' && are_variables(items, count)) {
        return rewrite_variables(s, pos, items, count, err);
    }
    if (s->text.ptr[pos] == '[') {
        return rewrite_elements(s, pos, items, count, err);
    }
    return ocn_fail(err, OCN_E_FORMAT, first_path(items, count),
                    "a parent of this member is neither an object nor a list");
}

int ocn_splice_edits(struct ocn_bytes text, const char *root, const struct ocn_edit *edits,
                     size_t count, struct ocn_buf *out, struct ocn_error *err)
{
    struct splicer s = { .text = text, .out = out };
    size_t root_len = strlen(root);
    int result = 0;

    (void)ocn_buf_reserve(out, text.len + SPARE); /* an append that fails says so at the end */
    if (count != 0) {
        struct item *items = ocn_arena_alloc(&s.arena, count * sizeof(*items));
        size_t len = 0;
        for (size_t i = 0; items != NULL && i < count; i++) {
            if (strncmp(edits[i].path, root, root_len) == 0) {
                items[len++] = item_of(&s, &edits[i], edits[i].path + root_len);
            }
        }
        if (len != 0) {
            result = rewrite_value(&s, ocn_json_skip_space(text, 0), items, len, err);
        }
    }
    if (result == 0) {
        flush(&s, text.len);
        result = ocn_buf_check(out, err);
    }
    if (ocn_arena_check(&s.arena, err) < 0) {
        result = -1;
    }
    ocn_arena_done(&s.arena);
    return result;
}
