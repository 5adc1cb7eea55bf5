/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/json/json.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "normalize/base/nearest.h"
#include "normalize/json/plain.h"
#include "normalize/json/pointer.h"

static const char hex_digits[] = "0123456789abcdef";

static bool is_space(char c)
{
    return (unsigned char)c <= ' ' && (c == '\t' || c == ' ' || c == '\n' || c == '\r');
}

/* What may stand behind a number or a word. */
static bool is_end(char c)
{
    return c == ',' || c == ']' || c == '}';
}

/* What stands between strings, besides white space: structure, numbers and words. */
static bool is_outside_strings(char c)
{
    return is_end(c) || c == '[' || c == '{' || c == ':' || (c >= '0' && c <= '9') ||
           (c >= 'a' && c <= 'z') || c == 'E' || c == '+' || c == '-' || c == '.';
}

unsigned ocn_json_escape_at(struct ocn_bytes text, size_t pos)
{
    unsigned value = 0;

    if (pos > text.len || text.len - pos < OCN_JSON_ESCAPE_LEN || text.ptr[pos] != '\\' ||
        text.ptr[pos + 1] != 'u') {
        return 0;
    }
    for (size_t i = 2; i < OCN_JSON_ESCAPE_LEN; i++) {
        const char *digit = strchr(hex_digits, ocn_lower(text.ptr[pos + i]));
        if (digit == NULL || *digit == '\0') {
            return 0;
        }
        value = value << 4 | (unsigned)(digit - hex_digits);
    }
    return value;
}

bool ocn_json_may_have(struct ocn_bytes text, const char *key)
{
    size_t len = strlen(key);
    const char *at = text.ptr;

    if (text.len == 0 || memchr(text.ptr, '\\', text.len) != NULL) {
        return text.len != 0; /* an escape may spell anything */
    }
    const char *end = text.ptr + text.len;
    while ((at = memmem(at, (size_t)(end - at), key, len)) != NULL) {
        if (at > text.ptr && at[-1] == '"' && (size_t)(end - at) > len && at[len] == '"') {
            return true;
        }
        at++;
    }
    return false;
}

/* ---- walking ---------------------------------------------------------------------------- */

size_t ocn_json_skip_space(struct ocn_bytes text, size_t pos)
{
    while (pos < text.len && is_space(text.ptr[pos])) {
        pos = ocn_json_run_end(text, pos);
    }
    return pos;
}

/* Behind the closing quote of the string whose opening quote is at @pos. */
static size_t skip_string(struct ocn_bytes text, size_t pos)
{
    for (pos = ocn_json_plain_end(text, pos + 1); pos < text.len;
         pos = ocn_json_plain_end(text, pos)) {
        if (text.ptr[pos] == '"') {
            return pos + 1;
        }
        pos += text.ptr[pos] == '\\' ? 2 : 1;
    }
    return text.len;
}

/* Behind the end of the outermost of @depth objects and lists that are open at @pos. */
static size_t skip_container(struct ocn_bytes text, size_t pos, size_t depth)
{
    while (pos < text.len) {
        char c = text.ptr[pos];
        if (c == '"') {
            pos = skip_string(text, pos);
            continue;
        }
        if (is_space(c)) {
            pos = ocn_json_run_end(text, pos);
            continue;
        }
        if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            depth--;
        }
        pos++;
        if (depth == 0) {
            return pos;
        }
    }
    return text.len;
}

size_t ocn_json_skip_value(struct ocn_bytes text, size_t pos)
{
    if (pos >= text.len) {
        return text.len;
    }
    switch (text.ptr[pos]) {
    case '"':
        return skip_string(text, pos);
    case '{':
    case '[':
        return skip_container(text, pos + 1, 1);
    default:
        while (pos < text.len && !is_space(text.ptr[pos]) && !is_end(text.ptr[pos])) {
            pos++;
        }
        return pos;
    }
}

size_t ocn_json_skip_rest(struct ocn_bytes text, size_t pos)
{
    return skip_container(text, pos, 1);
}

bool ocn_json_is_plain(struct ocn_bytes text)
{
    bool in_string = false;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '"') {
            in_string = !in_string;
        } else if (in_string) {
            c = c == '\\' && i + 1 < text.len ? text.ptr[++i] : c;
            if (c < 0x20 || c > 0x7e) {
                return false;
            }
        } else if (!is_space(c) && !is_outside_strings(c)) {
            return false;
        }
    }
    return !in_string;
}

/* ---- strings ---------------------------------------------------------------------------- */

static size_t encode_utf8(unsigned long point, char out[4])
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (char)(0xc0 | point >> 6);
        out[1] = (char)(0x80 | (point & 0x3f));
        return 2;
    }
    if (point < 0x10000) {
        out[0] = (char)(0xe0 | point >> 12);
        out[1] = (char)(0x80 | (point >> 6 & 0x3f));
        out[2] = (char)(0x80 | (point & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | point >> 18);
    out[1] = (char)(0x80 | (point >> 12 & 0x3f));
    out[2] = (char)(0x80 | (point >> 6 & 0x3f));
    out[3] = (char)(0x80 | (point & 0x3f));
    return 4;
}

/* The \uXXXX escape at @pos, with its low surrogate if it has one. */
static size_t decode_unicode(struct ocn_bytes text, size_t *pos, char out[4])
{
    if (text.len - *pos < OCN_JSON_ESCAPE_LEN) {
        *pos = text.len;
        return 0;
    }
    unsigned long point = ocn_json_escape_at(text, *pos);
    *pos += OCN_JSON_ESCAPE_LEN;
    if (point >= 0xd800 && point < 0xdc00 && text.len - *pos >= OCN_JSON_ESCAPE_LEN &&
        text.ptr[*pos] == '\\') {
        unsigned long low = ocn_json_escape_at(text, *pos);
        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
        *pos += OCN_JSON_ESCAPE_LEN;
    }
    return encode_utf8(point, out);
}

/* The bytes that the next character of a string literal stands for; 0 at its closing quote. */
static size_t decode_char(struct ocn_bytes text, size_t *pos, char out[4])
{
    static const char escapes[] = "\"\"\\\\//b\bf\fn\nr\rt\t";

    if (*pos >= text.len || text.ptr[*pos] == '"') {
        return 0;
    }
    if (text.ptr[*pos] != '\\') {
        out[0] = text.ptr[(*pos)++];
        return 1;
    }
    if (text.len - *pos < 2) {
        *pos = text.len;
        return 0;
    }
    if (text.ptr[*pos + 1] == 'u') {
        return decode_unicode(text, pos, out);
    }
    out[0] = '\0';
    for (size_t i = 0; i + 1 < sizeof(escapes); i += 2) {
        if (escapes[i] == text.ptr[*pos + 1]) {
            out[0] = escapes[i + 1];
        }
    }
    *pos += 2;
    return 1;
}

size_t ocn_json_unescape(struct ocn_bytes literal, char *out)
{
    char bytes[4];
    size_t len = 0;

    for (size_t pos = 0; pos < literal.len;) {
        size_t count = decode_char(literal, &pos, bytes);
        if (count == 0 || count > literal.len - len) {
            break; /* a quote, or no escape */
        }
        memcpy(out + len, bytes, count);
        len += count;
    }
    return len;
}

/* How far the literal at @pos spells @plain: *ret_pos is behind what was read. */
static bool spells(struct ocn_bytes text, size_t pos, const char *plain, size_t len,
                   size_t *ret_pos)
{
    char bytes[4];
    size_t done = 0;

    if (pos >= text.len || text.ptr[pos] != '"') {
        return false;
    }
    pos++;
    while (done < len) {
        if (pos < text.len && ocn_json_is_plain_char(text.ptr[pos])) {
            if (text.ptr[pos++] != plain[done++]) {
                return false;
            }
            continue;
        }
        size_t count = decode_char(text, &pos, bytes);
        if (count == 0 || count > len - done || memcmp(bytes, plain + done, count) != 0) {
            return false;
        }
        done += count;
    }
    *ret_pos = pos;
    return true;
}

bool ocn_json_string_is(struct ocn_bytes text, size_t pos, const char *plain, size_t len)
{
    size_t end = 0;

    return spells(text, pos, plain, len, &end) && end < text.len && text.ptr[end] == '"';
}

bool ocn_json_string_begins(struct ocn_bytes text, size_t pos, const char *plain, size_t len)
{
    size_t end = 0;

    return spells(text, pos, plain, len, &end);
}

void ocn_json_quote(struct ocn_buf *out, const char *plain, size_t len)
{
    size_t copied = 0;

    ocn_buf_add(out, "\"", 1);
    for (size_t i = 0; (i = ocn_json_plain_end((struct ocn_bytes){ plain, len }, i)) < len; i++) {
        unsigned char c = (unsigned char)plain[i];
        if (c >= 0x80) {
            continue;
        }
        ocn_buf_add(out, plain + copied, i - copied);
        copied = i + 1;
        if (c == '"' || c == '\\') {
            ocn_buf_printf(out, "\\%c", c);
        } else {
            ocn_buf_printf(out, "\\u%04x", c);
        }
    }
    ocn_buf_add(out, plain + copied, len - copied);
    ocn_buf_add(out, "\"", 1);
}

/* ---- pointers --------------------------------------------------------------------------- */

/* The position of member @token (a key, or an index) of the value at @pos, or SIZE_MAX. */
static size_t child_of(struct ocn_bytes text, size_t pos, const char *token)
{
    bool object = text.ptr[pos] == '{';
    size_t index = 0;
    char number[24];

    if (!object && text.ptr[pos] != '[') {
        return SIZE_MAX;
    }
    pos = ocn_json_skip_space(text, pos + 1);
    while (pos < text.len && text.ptr[pos] != '}' && text.ptr[pos] != ']') {
        bool found;
        if (object) {
            found = ocn_json_string_is(text, pos, token, strlen(token));
            pos = ocn_json_skip_space(text, ocn_json_skip_value(text, pos)) + 1; /* the colon */
            pos = ocn_json_skip_space(text, pos);
        } else {
            (void)snprintf(number, sizeof(number), "%zu", index++);
            found = strcmp(number, token) == 0;
        }
        if (found && pos < text.len) {
            return pos;
        }
        pos = ocn_json_skip_space(text, ocn_json_skip_value(text, pos));
        if (pos < text.len && text.ptr[pos] == ',') {
            pos = ocn_json_skip_space(text, pos + 1);
        }
    }
    return SIZE_MAX;
}

/* The position of the value, or of its nearest enclosing one, that @pointer names. */
static size_t follow(struct ocn_bytes text, const char *pointer, bool *ret_whole)
{
    char token[256];
    size_t pos = ocn_json_skip_space(text, 0);

    *ret_whole = true;
    while (pos < text.len && ocn_json_pointer_next(&pointer, token, sizeof(token))) {
        size_t child = child_of(text, pos, token);
        if (child == SIZE_MAX) {
            *ret_whole = false;
            break;
        }
        pos = child;
    }
    return pos;
}

struct ocn_bytes ocn_json_value_at(struct ocn_bytes text, const char *pointer)
{
    bool whole;
    size_t pos = follow(text, pointer, &whole);

    return whole && pos < text.len
               ? (struct ocn_bytes){ text.ptr + pos, ocn_json_skip_value(text, pos) - pos }
               : (struct ocn_bytes){ NULL, 0 };
}

struct ocn_json_place ocn_json_place_of(struct ocn_bytes text, size_t pos)
{
    struct ocn_json_place place = { 1, 1 };

    for (size_t i = 0; i < pos && i < text.len; i++) {
        if (text.ptr[i] == '\n') {
            place.line++;
            place.column = 1;
        } else {
            place.column++;
        }
    }
    return place;
}

size_t ocn_json_line_of(struct ocn_bytes text, const char *pointer)
{
    bool whole;

    return ocn_json_place_of(text, follow(text, pointer, &whole)).line;
}

static int append(const char *bytes, size_t len, void *out)
{
    ocn_buf_add(out, bytes, len);
    return 0;
}

int ocn_json_dump(const json_t *json, size_t flags, struct ocn_buf *out, struct ocn_error *err)
{
    if (json == NULL || json_dump_callback(json, append, out, flags) != 0) {
        return ocn_fail_nomem(err);
    }
    return ocn_buf_check(out, err);
}

#define MAX_WHOLE 9007199254740992.0 /* 2^53: up to here every whole number is a double */

/* What takes the place of @value; NULL: nothing has to. */
static json_t *whole_of(const json_t *value)
{
    double number = json_is_real(value) ? json_real_value(value) : 0.5;

    return number >= -MAX_WHOLE && number <= MAX_WHOLE && number == (double)(json_int_t)number
               ? json_integer((json_int_t)number)
               : NULL;
}

/* Nested no deeper than what can be loaded. */

void ocn_json_make_whole(json_t *json)
{
    const char *key;
    json_t *value;
    size_t i;

    json_object_foreach (json, key, value) {
        json_t *whole = whole_of(value);
        if (whole != NULL) {
            (void)json_object_set_new(json, key, whole);
        } else {
            ocn_json_make_whole(value);
        }
    }
    json_array_foreach (json, i, value) {
        json_t *whole = whole_of(value);
        if (whole != NULL) {
            (void)json_array_set_new(json, i, whole);
        } else {
            ocn_json_make_whole(value);
        }
    }
}

int ocn_json_print(const json_t *json, struct ocn_buf *out, struct ocn_error *err)
{
    if (ocn_json_dump(json, JSON_INDENT(2) | JSON_PRESERVE_ORDER, out, err) < 0) {
        return -1;
    }
    ocn_buf_puts(out, "\n");
    return ocn_buf_check(out, err);
}

/* Of a string in a message; with its quotes and NUL it fits OCN_JSON_DESCRIBED. */
#define SHOWN ((size_t)48)

/* How much of @text is shown in a message: SHOWN bytes, cut between characters. */
int ocn_json_shown(const char *text)
{
    size_t len = strnlen(text, SHOWN + 1);

    if (len > SHOWN) {
        len = SHOWN;
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80) {
            len--;
        }
    }
    return (int)len;
}

const char *ocn_json_describe(const json_t *json, char *buf, size_t size)
{
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "a list";
    case JSON_TRUE:
        return "true";
    case JSON_FALSE:
        return "false";
    case JSON_NULL:
        return "null";
    case JSON_STRING:
        (void)snprintf(buf, size, "\"%.*s\"", ocn_json_shown(json_string_value(json)),
                       json_string_value(json));
        return buf;
    case JSON_INTEGER:
    case JSON_REAL:
    default:
        (void)snprintf(buf, size, "%.16g", json_number_value(json));
        return buf;
    }
}

json_t *ocn_json_text(const char *text)
{
    json_t *json = text != NULL ? json_string(text) : json_null();

    if (json != NULL || text == NULL) {
        return json;
    }
    char *copy = strdup(text);
    for (char *c = copy; c != NULL && *c != '\0'; c++) {
        *c = (unsigned char)*c < 0x80 ? *c : '?';
    }
    json = copy != NULL ? json_string(copy) : NULL;
    free(copy);
    return json;
}

const char *ocn_json_text_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}
