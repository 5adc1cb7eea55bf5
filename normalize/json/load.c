/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/json/load.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "normalize/json/build.h"
#include "normalize/json/json.h"

static int fail_at(struct ocn_error *err, enum ocn_code code, struct ocn_json_place place,
                   const char *msg)
{
    char where[48];

    (void)snprintf(where, sizeof(where), "%zu:%zu", place.line, place.column);
    return ocn_fail(err, code, where, "%s", msg);
}

/* jansson 2.14 loses a NUL byte behind a number or a word, and would read on as if it was not
 * there.
 */
static int check_nul(struct ocn_bytes text, struct ocn_error *err)
{
    const char *nul = text.len != 0 ? memchr(text.ptr, '\0', text.len) : NULL;

    return nul == NULL
               ? 0
               : fail_at(err, OCN_E_FORMAT, ocn_json_place_of(text, (size_t)(nul - text.ptr)),
                         "a NUL byte has no place in JSON");
}

/* The library recurses per level; this bounds it before it starts. */
static int check_depth(struct ocn_bytes text, struct ocn_error *err)
{
    size_t depth = 0;
    bool in_string = false;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (in_string) {
            if (c == '\\') {
                i++;
            } else if (c == '"') {
                in_string = false;
            }
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > OCN_JSON_MAX_DEPTH) {
                return fail_at(err, OCN_E_LIMIT, ocn_json_place_of(text, i),
                               "JSON nested deeper than 256 levels");
            }
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return 0;
}

/* The tree of a text that leaves no doubt; NULL: the library is to be asked. */
static json_t *build(struct ocn_bytes text, bool any)
{
    json_auto_t *json = ocn_json_build(text);

    return any || json_is_object(json) || json_is_array(json) ? json_incref(json) : NULL;
}

static int load(struct ocn_bytes text, size_t max_size, size_t more, json_t **ret,
                struct ocn_error *err)
{
    const size_t flags = JSON_DECODE_INT_AS_REAL | JSON_REJECT_DUPLICATES | more;
    json_error_t problem;

    if (text.len > max_size) {
        return ocn_fail(err, OCN_E_LIMIT, NULL, "JSON of %zu bytes; the limit is %zu", text.len,
                        max_size);
    }
    json_t *json = build(text, (more & JSON_DECODE_ANY) != 0);
    if (json != NULL) {
        *ret = json;
        return 0;
    }
    if (check_nul(text, err) < 0 || check_depth(text, err) < 0) {
        return -1;
    }
    json = json_loadb(text.ptr, text.len, flags, &problem);
    if (json == NULL) {
        if (json_error_code(&problem) == json_error_out_of_memory || problem.text[0] == '\0') {
            return ocn_fail_nomem(err);
        }
        struct ocn_json_place place = { problem.line > 0 ? (size_t)problem.line : 1,
                                        problem.column > 0 ? (size_t)problem.column : 1 };
        bool nul = json_error_code(&problem) == json_error_null_character;
        return fail_at(err, OCN_E_FORMAT, place,
                       nul ? "a string holds NUL (\\u0000)" : problem.text);
    }
    *ret = json;
    return 0;
}

int ocn_json_load(struct ocn_bytes text, size_t max_size, json_t **ret, struct ocn_error *err)
{
    return load(text, max_size, 0, ret, err);
}

/* Whether the string whose opening quote is at @pos is the name of a member. */
static bool is_key(struct ocn_bytes text, size_t pos)
{
    const size_t end = ocn_json_skip_space(text, ocn_json_skip_value(text, pos));

    return end < text.len && text.ptr[end] == ':';
}

/*
 * Makes the escape of half a surrogate pair (RFC 8259, 8.2) another one, which is as long: NUL, and
 * U+FFFD in a name, where the library knows no NUL. No name that anybody asks for has either. How
 * many.
 */
static size_t blank_halves(struct ocn_buf *text)
{
    const struct ocn_bytes bytes = ocn_buf_bytes(text);
    const char *blank = "\\u0000";
    bool in_string = false;
    size_t count = 0;

    for (size_t at = 0; at < bytes.len;) {
        unsigned value = ocn_json_escape_at(bytes, at);
        if (bytes.ptr[at] == '"') {
            in_string = !in_string;
            blank = in_string && is_key(bytes, at) ? "\\ufffd" : "\\u0000";
        }
        if (value < 0xd800 || value > 0xdfff) {
            at += bytes.ptr[at] == '\\' ? 2 : 1;
            continue;
        }
        unsigned next = ocn_json_escape_at(bytes, at + OCN_JSON_ESCAPE_LEN);
        bool paired = value < 0xdc00 && next >= 0xdc00 && next <= 0xdfff;
        if (!paired) {
            memcpy(text->ptr + at, blank, OCN_JSON_ESCAPE_LEN);
            count++;
        }
        at += paired ? 2 * OCN_JSON_ESCAPE_LEN : OCN_JSON_ESCAPE_LEN;
    }
    return count;
}

static int load_loose(struct ocn_bytes text, size_t max_size, size_t more, json_t **ret,
                      struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf copy = { 0 };
    struct ocn_error problem = { 0 };

    if (load(text, max_size, more | JSON_ALLOW_NUL, ret, &problem) == 0) {
        return 0;
    }
    if (problem.code == OCN_E_FORMAT) {
        ocn_buf_add(&copy, text.ptr, text.len);
        if (ocn_buf_check(&copy, err) < 0) {
            return -1;
        }
        if (blank_halves(&copy) != 0) {
            return load(ocn_buf_bytes(&copy), max_size, more | JSON_ALLOW_NUL, ret, err);
        }
    }
    return ocn_fail(err, problem.code, problem.where, "%s", problem.msg);
}

int ocn_json_load_loose(struct ocn_bytes text, size_t max_size, json_t **ret, struct ocn_error *err)
{
    return load_loose(text, max_size, 0, ret, err);
}

int ocn_json_load_loose_value(struct ocn_bytes text, size_t max_size, json_t **ret,
                              struct ocn_error *err)
{
    return load_loose(text, max_size, JSON_DECODE_ANY, ret, err);
}

int ocn_json_load_value(struct ocn_bytes text, size_t max_size, json_t **ret, struct ocn_error *err)
{
    return load(text, max_size, JSON_DECODE_ANY, ret, err);
}
