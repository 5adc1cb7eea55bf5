/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/sys/text.h"

#include <stddef.h>
#include <string.h>

#include "normalize/base/base.h"

/* The length of the UTF-8 sequence at @c (RFC 3629), or 0 if there is none. */
static size_t utf8_len(const unsigned char *c)
{
    static const struct {
        unsigned char first, last; /* range of the first byte */
        unsigned char second_min, second_max;
        size_t len;
    } forms[] = {
        { 0x20, 0x7e, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
        { 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
        { 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
    };

    for (size_t i = 0; i < OCN_COUNT(forms); i++) {
        if (c[0] < forms[i].first || c[0] > forms[i].last) {
            continue;
        }
        for (size_t at = 1; at < forms[i].len; at++) {
            unsigned char min = at == 1 ? forms[i].second_min : 0x80;
            unsigned char max = at == 1 ? forms[i].second_max : 0xbf;
            if (c[at] < min || c[at] > max) {
                return 0;
            }
        }
        return forms[i].len;
    }
    return 0;
}

void ocn_text_defuse(char *text)
{
    unsigned char *c = (unsigned char *)text;

    while (*c != '\0') {
        size_t len = utf8_len(c);
        int control = (len == 2 && c[0] == 0xc2 && c[1] < 0xa0) ||
                      (len == 3 && c[0] == 0xe2 && c[1] == 0x80 && (c[2] == 0xa8 || c[2] == 0xa9));
        if (len == 0) {
            *c = '?';
            len = 1;
        } else if (control) {
            memset(c, '?', len);
        }
        c += len;
    }
}
