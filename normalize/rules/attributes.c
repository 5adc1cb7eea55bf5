/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/rules/attributes.h"

#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define NAME_CHARACTERS LETTERS "0123456789._-/"
#define SAFE_CHARACTERS LETTERS "0123456789._-/~:@"

static const char hex[] = "0123456789ABCDEF";

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_one_of(int c, const char *characters)
{
    return c > 0 && strchr(characters, c) != NULL;
}

/* The first pair of *at, which moves behind it; .ptr is NULL at the end. */
static struct ocn_bytes next_pair(const char **at)
{
    const char *begin = *at;

    if (begin == NULL) {
        return (struct ocn_bytes){ NULL, 0 };
    }
    size_t len = strcspn(begin, ",");
    *at = begin[len] == ',' ? begin + len + 1 : NULL;
    return (struct ocn_bytes){ begin, len };
}

/* ---- is it well-formed ------------------------------------------------------------------ */

static const char *character_problem(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            return "has a control character";
        }
        if (*c == '%' && (hex_digit(c[1]) < 0 || hex_digit(c[2]) < 0)) {
            return "has a \"%\" without two hexadecimal digits";
        }
    }
    return NULL;
}

const char *ocn_attributes_problem(const char *text)
{
    const char *problem = character_problem(text);
    const char *at = text;

    for (struct ocn_bytes pair = next_pair(&at); problem == NULL && pair.ptr != NULL;
         pair = next_pair(&at)) {
        const char *equals = memchr(pair.ptr, '=', pair.len);
        if (equals == NULL) {
            problem = "has a pair without \"=\"";
        } else if (pair.ptr + strspn(pair.ptr, " ") == equals) {
            problem = "has a pair without a key";
        }
    }
    return problem;
}

/* ---- does it have a key ----------------------------------------------------------------- */

/* The first byte of *text, decoded, which moves behind it; -1 at the end. */
static int next_byte(struct ocn_bytes *text)
{
    size_t len = 1;

    if (text->len == 0) {
        return -1;
    }
    int c = (unsigned char)text->ptr[0];
    if (c == '%' && text->len > 2 && hex_digit(text->ptr[1]) >= 0 && hex_digit(text->ptr[2]) >= 0) {
        c = hex_digit(text->ptr[1]) * 16 + hex_digit(text->ptr[2]);
        len = 3;
    }
    text->ptr += len;
    text->len -= len;
    return c;
}

/* Blanks are trimmed, and Go has many: whatever is no part of a name counts as one. */
static int next_of_name(struct ocn_bytes *text)
{
    int c = next_byte(text);

    while (c >= 0 && !is_one_of(c, NAME_CHARACTERS)) {
        c = next_byte(text);
    }
    return c;
}

static bool may_be(struct ocn_bytes key, const char *name)
{
    int c = next_of_name(&key);

    for (; *name != '\0'; name++) {
        if (c != *name) {
            return false;
        }
        c = name[1] != '\0' ? next_byte(&key) : next_of_name(&key);
    }
    return c < 0;
}

bool ocn_attributes_have(const char *text, const char *name)
{
    const char *at = text;

    for (struct ocn_bytes pair = next_pair(&at); pair.ptr != NULL; pair = next_pair(&at)) {
        const char *equals = memchr(pair.ptr, '=', pair.len);
        if (equals != NULL &&
            may_be((struct ocn_bytes){ pair.ptr, (size_t)(equals - pair.ptr) }, name)) {
            return true;
        }
    }
    return false;
}

/* ---- writing ---------------------------------------------------------------------------- */

bool ocn_attributes_is_name(const char *name)
{
    return is_one_of(name[0], LETTERS) && name[strspn(name, NAME_CHARACTERS)] == '\0';
}

void ocn_attributes_add(struct ocn_buf *buf, const char *name, struct ocn_bytes value)
{
    ocn_buf_puts(buf, buf->len != 0 ? "," : "");
    ocn_buf_puts(buf, name);
    ocn_buf_puts(buf, "=");
    for (size_t i = 0; i < value.len; i++) {
        const unsigned char c = (unsigned char)value.ptr[i];
        const char escape[] = { '%', hex[c >> 4], hex[c & 15] };
        if (is_one_of(c, SAFE_CHARACTERS)) {
            ocn_buf_add(buf, &value.ptr[i], 1);
        } else {
            ocn_buf_add(buf, escape, sizeof(escape));
        }
    }
}

bool ocn_attributes_extend(const char *name, const char *value, const char *own)
{
    size_t len = strlen(own);

    return strcmp(name, OCN_ATTRIBUTES) == 0 &&
           (len == 0 || (strncmp(value, own, len) == 0 && value[len] == ','));
}
