/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/install/template.h"

#include <stdbool.h>
#include <string.h>

/* The text for the place at @at (its first @), NULL if that is none; *ret_len is that of the place.
 */
static const char *text_of(struct ocn_bytes template, size_t at, const struct ocn_fill *fills,
                           size_t *ret_len)
{
    for (; fills->name != NULL; fills++) {
        size_t len = strlen(fills->name);
        if (template.len - at >= len + 2 && memcmp(template.ptr + at + 1, fills->name, len) == 0 &&
            template.ptr[at + 1 + len] == '@') {
            *ret_len = len + 2;
            return fills->text != NULL ? fills->text : "";
        }
    }
    return NULL;
}

void ocn_template_fill(struct ocn_buf *out, struct ocn_bytes template, const struct ocn_fill *fills)
{
    for (size_t at = 0; at < template.len;) {
        size_t len;
        const char *text = template.ptr[at] == '@' ? text_of(template, at, fills, &len) : NULL;
        if (text == NULL) {
            ocn_buf_add(out, template.ptr + at, 1);
            at++;
            continue;
        }
        bool alone = (at == 0 || template.ptr[at - 1] == '\n') && at + len < template.len &&
                     template.ptr[at + len] == '\n';
        size_t text_len = strlen(text);
        ocn_buf_add(out, text, text_len);
        at += len;
        if (alone && (text_len == 0 || text[text_len - 1] == '\n')) {
            at++;
        }
    }
}
