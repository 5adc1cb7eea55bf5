/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TOML as rows: enough to find, copy and add to what other programs have configured, byte for byte.
 * Strict about the syntax (what is not understood is an error), silent about what values mean.
 */
#pragma once

#include <stdbool.h>

#include "normalize/base/arena.h"
#include "normalize/base/buf.h"

/* Between the parts of a path; no key may hold it. */
#define OCN_TOML_DOT "\037"

enum ocn_toml_kind {
    OCN_TOML_TABLE, /* [a.b], or [[a.b]] */
    OCN_TOML_VALUE, /* key = value */
};

/* In the order of the text. Bytes are borrowed from it. */
struct ocn_toml_row {
    enum ocn_toml_kind kind;
    const char *path;       /* from the top, parts joined by OCN_TOML_DOT */
    size_t table_len;       /* the part of path that the header above gave; all of it for a table */
    size_t line;            /* from 1 */
    struct ocn_bytes text;  /* from the key, or the bracket, to the end of the value */
    struct ocn_bytes value; /* of a value */
    bool is_nested;         /* stands in an inline table, which has a row of its own before it */
    bool is_table;          /* the value is such an inline table */
};

struct ocn_toml {
    struct ocn_arena arena; /* zero-initialise; release with ocn_arena_done() */
    struct ocn_toml_row *rows;
    size_t count;
};

/*
 * Reads @text, which must outlive @ret. Fails with OCN_E_FORMAT and "LINE:COLUMN" on what is no
 * TOML, or TOML of a kind that is not understood: control characters in keys, depth above 64.
 * Values that are no strings, lists or tables are not looked into; a table that is defined twice is
 * not noticed.
 */
OCN_MUST_USE int ocn_toml_scan(struct ocn_bytes text, struct ocn_toml *ret, struct ocn_error *err);

/* What follows @prefix and a dot in @path, "" if they are the same; NULL if @path is elsewhere. */
const char *ocn_toml_below(const char *path, const char *prefix);

/* The last value at @path, or NULL. */
const struct ocn_toml_row *ocn_toml_find(const struct ocn_toml *toml, const char *path);

/*
 * A string literal of one line as plain text, owned by @arena (and "" where memory is out); NULL if
 * @value is something else.
 */
const char *ocn_toml_string(struct ocn_arena *arena, struct ocn_bytes value);

enum ocn_toml_next {
    OCN_TOML_NEXT,    /* there is one */
    OCN_TOML_END,     /* there are no more */
    OCN_TOML_NO_LIST, /* the value is no list of strings */
};

/* The next string of the list @value, in *ret where there is one; *@pos is 0 at first. */
enum ocn_toml_next ocn_toml_next_string(struct ocn_arena *arena, struct ocn_bytes value,
                                        size_t *pos, const char **ret);

/* Appends the list @value to @out with @element as its new last; everything else keeps its bytes.
 */
void ocn_toml_list_add(struct ocn_buf *out, struct ocn_bytes value, const char *element);

/* Appends @plain as a basic string. */
void ocn_toml_quote(struct ocn_buf *out, const char *plain);

/* Appends the part or dotted parts of @path, quoted where they must be. */
void ocn_toml_key(struct ocn_buf *out, const char *path);
