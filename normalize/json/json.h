/* SPDX-License-Identifier: Apache-2.0 */
/* JSON as text: finding the place of a value, quoting; and printing. */
#pragma once

#include <stdbool.h>
#include <jansson.h>

#include "normalize/base/buf.h"

/*
 * false: no member @key (printable ASCII, without quote and backslash) is anywhere in the JSON
 * @text, which may be malformed. Costs next to nothing beside parsing it.
 */
bool ocn_json_may_have(struct ocn_bytes text, const char *key);

/*
 * The functions below take text that ocn_json_load() or _loose() accepted, so that they only walk
 * it; on other text they stay within its bounds and end, but what they return means nothing.
 */

/* The first position at or behind @pos that is not white space. */
size_t ocn_json_skip_space(struct ocn_bytes text, size_t pos);

/* The position behind the value that begins at @pos. */
size_t ocn_json_skip_value(struct ocn_bytes text, size_t pos);

/* The same of the object or list in which @pos lies, not within one of its values. */
size_t ocn_json_skip_rest(struct ocn_bytes text, size_t pos);

/* true: the string literal at @pos (its opening quote) spells the @len bytes of @plain. */
bool ocn_json_string_is(struct ocn_bytes text, size_t pos, const char *plain, size_t len);

/* true: the string literal at @pos begins with the @len bytes of @plain. */
bool ocn_json_string_begins(struct ocn_bytes text, size_t pos, const char *plain, size_t len);

#define OCN_JSON_ESCAPE_LEN ((size_t)6) /* of \\uXXXX */

/* The number that the escape \\uXXXX at @pos of any text stands for; 0 where there is none. */
unsigned ocn_json_escape_at(struct ocn_bytes text, size_t pos);

/* Writes what @literal, a string without its quotes, stands for to @out, which holds as many bytes
 * as @literal has. How many they are. */
size_t ocn_json_unescape(struct ocn_bytes literal, char *out);

/* The value that JSON pointer @pointer names, within @text; {NULL, 0} if there is none. */
struct ocn_bytes ocn_json_value_at(struct ocn_bytes text, const char *pointer);

/*
 * true: the value that begins at @text and is all of it holds nothing but ASCII without control
 * characters in its strings, and outside of them only what JSON is made of. Where it ends is then
 * beyond dispute, also for a parser that knows comments or other quotes; whether it is well-formed
 * is not said.
 */
bool ocn_json_is_plain(struct ocn_bytes text);

struct ocn_json_place {
    size_t line; /* from 1, as .column */
    size_t column;
};

/* Where the byte @pos of @text stands, for people. */
struct ocn_json_place ocn_json_place_of(struct ocn_bytes text, size_t pos);

/* The line (from 1) of the value, or of its nearest enclosing one, that JSON pointer @pointer
 * names. */
size_t ocn_json_line_of(struct ocn_bytes text, const char *pointer);

/* Appends @len bytes of UTF-8 as a string literal (RFC 8259 section 7). */
void ocn_json_quote(struct ocn_buf *out, const char *plain, size_t len);

/*
 * Appends @json, NULL for want of memory, with jansson's @flags. Not json_dumps(): where memory
 * fails within it once, jansson 2.14 leaves out a key and goes on.
 */
OCN_MUST_USE int ocn_json_dump(const json_t *json, size_t flags, struct ocn_buf *out,
                               struct ocn_error *err);

/*
 * Makes integers again of the whole numbers in @json, which were loaded as reals: "1001.0" is a
 * number that a reader of integers refuses. Without memory one stays as it is.
 */
void ocn_json_make_whole(json_t *json);

/* The same for people: indented, members in their order, with a newline. */
OCN_MUST_USE int ocn_json_print(const json_t *json, struct ocn_buf *out, struct ocn_error *err);

#define OCN_JSON_DESCRIBED 64 /* bytes that it takes at most */

/* What @json is, for a message: "an object", "true", 5, or the beginning of a string in quotes. In
 * @buf, or a literal. */
const char *ocn_json_describe(const json_t *json, char *buf, size_t size);

/* How much of @text is shown there: as many bytes as fit, cut between characters. */
int ocn_json_shown(const char *text);

/*
 * @text as a new value; null for NULL. Of a text that is no UTF-8, which JSON cannot hold, every
 * byte beyond ASCII is '?'. NULL: no memory.
 */
json_t *ocn_json_text(const char *text);

/* The text of the member @key of @object, borrowed; "" where there is none, or it is no text. */
const char *ocn_json_text_at(const json_t *object, const char *key);
