/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/program/script.h"

#include <stdbool.h>
#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The next word of [*at, end): up to a blank or NUL. *at moves behind it. */
static struct ocn_bytes take_word(const char **at, const char *end)
{
    while (*at < end && is_blank(**at)) {
        (*at)++;
    }
    const char *start = *at;
    while (*at < end && !is_blank(**at) && **at != '\0') {
        (*at)++;
    }
    return (struct ocn_bytes){ start, (size_t)(*at - start) };
}

/* What is left of the line without blanks around it: one argument, whatever is in it. */
static struct ocn_bytes take_rest(const char *at, const char *end)
{
    while (at < end && is_blank(*at)) {
        at++;
    }
    return (struct ocn_bytes){ at, strnlen(at, (size_t)(end - at)) };
}

int ocn_script_read(struct ocn_bytes head, struct ocn_arena *arena, struct ocn_script *ret,
                    struct ocn_error *err)
{
    struct ocn_script script = { .state = OCN_SCRIPT_NONE };

    if (head.len < 2 || head.ptr[0] != '#' || head.ptr[1] != '!') {
        *ret = script;
        return 0;
    }
    const char *at = head.ptr + 2;
    const char *end = memchr(head.ptr, '\n', head.len);
    bool whole = end != NULL || head.len < OCN_SCRIPT_HEAD_SIZE;
    if (end == NULL) {
        end = head.ptr + (whole ? head.len : OCN_SCRIPT_HEAD_SIZE - 1);
    }
    while (end > at && is_blank(end[-1]) && whole) {
        end--;
    }
    struct ocn_bytes word = take_word(&at, end);
    struct ocn_bytes rest = at < end && *at != '\0' ? take_rest(at, end) : (struct ocn_bytes){ 0 };

    script.state = word.len == 0         ? OCN_SCRIPT_NAMELESS
                   : !whole && at == end ? OCN_SCRIPT_CUT
                                         : OCN_SCRIPT_FOUND;
    if (script.state == OCN_SCRIPT_FOUND) {
        script.interpreter = ocn_arena_copy(arena, word.ptr, word.len);
        script.argument = rest.len != 0 ? ocn_arena_copy(arena, rest.ptr, rest.len) : NULL;
    }
    if (ocn_arena_check(arena, err) < 0) {
        return -1;
    }
    *ret = script;
    return 0;
}
