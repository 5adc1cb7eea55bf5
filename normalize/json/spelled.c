/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/json/spelled.h"

#include "normalize/json/plain.h"

#define MAX_DIGITS 18 /* any number of so many is a json_int_t */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static json_t *take_number(struct ocn_bytes text, size_t *pos)
{
    const size_t begin = *pos;
    json_int_t number = 0;

    while (*pos < text.len && *pos - begin < MAX_DIGITS && is_digit(text.ptr[*pos])) {
        number = number * 10 + (text.ptr[(*pos)++] - '0');
    }
    /* What goes on behind it, a digit too, is for the caller to refuse. */
    bool padded = *pos - begin > 1 && text.ptr[begin] == '0';
    return *pos != begin && !padded ? json_integer(number) : NULL;
}

static json_t *take_scalar(struct ocn_bytes text, size_t *pos)
{
    if (*pos >= text.len || text.ptr[*pos] != '"') {
        return take_number(text, pos);
    }
    const size_t begin = *pos + 1;
    const size_t end = ocn_json_plain_end(text, begin);
    if (end >= text.len || text.ptr[end] != '"') {
        return NULL;
    }
    *pos = end + 1;
    return json_stringn_nocheck(text.ptr + begin, end - begin);
}

/* Behind the bracket at the begin of @text. */
static json_t *take_list(struct ocn_bytes text, size_t *pos)
{
    json_auto_t *list = json_array();
    bool more = *pos >= text.len || text.ptr[*pos] != ']';

    while (list != NULL && more) {
        if (json_array_append_new(list, take_scalar(text, pos)) < 0 || *pos >= text.len) {
            return NULL;
        }
        more = text.ptr[*pos] == ',';
        *pos += more;
    }
    if (*pos >= text.len || text.ptr[(*pos)++] != ']') {
        return NULL;
    }
    return json_incref(list);
}

json_t *ocn_json_spelled(struct ocn_bytes text)
{
    bool is_list = text.len != 0 && text.ptr[0] == '[';
    size_t pos = is_list;
    json_auto_t *value = is_list ? take_list(text, &pos) : take_scalar(text, &pos);

    return pos == text.len ? json_incref(value) : NULL;
}
