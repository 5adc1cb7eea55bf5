/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/json/scan.h"

#include <string.h>

#include "normalize/json/json.h"
#include "normalize/json/plain.h"

void ocn_json_scan_doubt(struct ocn_json_scan *scan)
{
    scan->doubt = true;
    scan->pos = scan->text.len;
}

/* ocn_json_scan_peek(), without a call where no white space is to be passed: most of a text. */
static inline char peek(struct ocn_json_scan *scan)
{
    if (scan->pos < scan->text.len && (unsigned char)scan->text.ptr[scan->pos] <= ' ') {
        scan->pos = ocn_json_skip_space(scan->text, scan->pos);
    }
    return scan->pos < scan->text.len ? scan->text.ptr[scan->pos] : '\0';
}

char ocn_json_scan_peek(struct ocn_json_scan *scan)
{
    return peek(scan);
}

/* Takes @wanted, or doubts. */
static inline void take(struct ocn_json_scan *scan, char wanted)
{
    if (peek(scan) != wanted) {
        ocn_json_scan_doubt(scan);
    } else {
        scan->pos++;
    }
}

void ocn_json_scan_enter(struct ocn_json_scan *scan, char opening)
{
    take(scan, opening);
    if (++scan->depth > OCN_JSON_SCAN_DEPTH) {
        ocn_json_scan_doubt(scan);
    }
}

/* Behind the comma, if this is not the first; false: @closing is taken, or there is doubt. */
static bool go_on(struct ocn_json_scan *scan, char closing, bool first)
{
    if (peek(scan) == closing) {
        scan->pos++;
        scan->depth--;
        return false;
    }
    if (!first) {
        take(scan, ',');
    }
    return !scan->doubt;
}

bool ocn_json_scan_element(struct ocn_json_scan *scan, bool first)
{
    return go_on(scan, ']', first);
}

bool ocn_json_scan_member(struct ocn_json_scan *scan, struct ocn_json_keys *keys,
                          struct ocn_bytes *ret)
{
    bool escaped;

    if (!go_on(scan, '}', keys->len == 0)) {
        return false;
    }
    *ret = ocn_json_scan_string(scan, &escaped);
    take(scan, ':');
    if (scan->doubt || escaped || !ocn_json_keys_add(keys, scan->text, *ret, scan->arena)) {
        ocn_json_scan_doubt(scan);
    }
    return !scan->doubt;
}

/* How long the escape at @pos is; 0: it is none, or in doubt. */
static size_t escape_len(struct ocn_bytes text, size_t pos)
{
    static const char letters[] = { '"', '\\', '/', 'b', 'f', 'n', 'r', 't' };

    if (text.len - pos < 2) {
        return 0;
    }
    if (text.ptr[pos + 1] != 'u') {
        return memchr(letters, text.ptr[pos + 1], sizeof(letters)) != NULL ? 2 : 0;
    }
    unsigned value = ocn_json_escape_at(text, pos);
    return value == 0 || (value >= 0xd800 && value <= 0xdfff) ? 0 : OCN_JSON_ESCAPE_LEN;
}

struct ocn_bytes ocn_json_scan_string(struct ocn_json_scan *scan, bool *ret_escaped)
{
    const struct ocn_bytes text = scan->text;

    *ret_escaped = false;
    take(scan, '"');
    for (size_t start = scan->pos, pos = start;;) {
        pos = ocn_json_plain_end(text, pos);
        if (pos < text.len && text.ptr[pos] == '"') {
            scan->pos = pos + 1;
            return (struct ocn_bytes){ text.ptr + start, pos - start };
        }
        size_t len = pos < text.len && text.ptr[pos] == '\\' ? escape_len(text, pos) : 0;
        if (len == 0) {
            ocn_json_scan_doubt(scan);
            return (struct ocn_bytes){ "", 0 };
        }
        *ret_escaped = true;
        pos += len;
    }
}

const char *ocn_json_scan_text(struct ocn_json_scan *scan)
{
    bool escaped;
    const struct ocn_bytes literal = ocn_json_scan_string(scan, &escaped);

    if (scan->doubt) {
        return NULL;
    }
    char *text = ocn_arena_copy(scan->arena, literal.ptr, literal.len);
    if (escaped && !scan->arena->failed) {
        text[ocn_json_unescape(literal, text)] = '\0';
    }
    return text;
}

double ocn_json_scan_number(struct ocn_json_scan *scan)
{
    const struct ocn_bytes text = scan->text;
    bool negative = peek(scan) == '-';
    size_t start = scan->pos + (negative ? 1 : 0);
    uint64_t value = 0;
    size_t pos = start;

    for (; pos < text.len && text.ptr[pos] >= '0' && text.ptr[pos] <= '9'; pos++) {
        unsigned digit = (unsigned)(text.ptr[pos] - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            pos = start; /* more than there is room for */
            break;
        }
        value = value * 10 + digit;
    }
    if (pos == start || (pos - start > 1 && text.ptr[start] == '0')) {
        ocn_json_scan_doubt(scan);
        return 0;
    }
    scan->pos = pos; /* whatever stands here, it must be what stands behind a value */
    return negative ? -(double)value : (double)value;
}

void ocn_json_scan_word(struct ocn_json_scan *scan, const char *word)
{
    size_t len = strlen(word);

    (void)peek(scan);
    if (scan->text.len - scan->pos < len || memcmp(scan->text.ptr + scan->pos, word, len) != 0) {
        ocn_json_scan_doubt(scan);
        return;
    }
    scan->pos += len;
}

static void pass_object(struct ocn_json_scan *scan)
{
    struct ocn_json_keys keys = { 0 };
    struct ocn_bytes key;

    ocn_json_scan_enter(scan, '{');
    while (ocn_json_scan_member(scan, &keys, &key)) {
        ocn_json_scan_pass(scan);
    }
}

void ocn_json_scan_pass(struct ocn_json_scan *scan)
{
    bool escaped;

    switch (peek(scan)) {
    case '"':
        (void)ocn_json_scan_string(scan, &escaped);
        break;
    case '{':
        pass_object(scan);
        break;
    case '[':
        ocn_json_scan_enter(scan, '[');
        for (bool first = true; ocn_json_scan_element(scan, first); first = false) {
            ocn_json_scan_pass(scan);
        }
        break;
    case 't':
        ocn_json_scan_word(scan, "true");
        break;
    case 'f':
        ocn_json_scan_word(scan, "false");
        break;
    case 'n':
        ocn_json_scan_word(scan, "null");
        break;
    default:
        (void)ocn_json_scan_number(scan);
        break;
    }
}

bool ocn_json_scan_ends(struct ocn_json_scan *scan)
{
    return peek(scan) == '\0' && scan->pos == scan->text.len && !scan->doubt;
}
