/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/json/pointer.h"

void ocn_json_pointer_add(struct ocn_buf *out, const char *key)
{
    ocn_buf_puts(out, "/");
    for (const char *c = key; *c != '\0'; c++) {
        if (*c == '~' || *c == '/') {
            ocn_buf_puts(out, *c == '~' ? "~0" : "~1");
        } else {
            ocn_buf_add(out, c, 1);
        }
    }
}

bool ocn_json_pointer_next(const char **pointer, char *token, size_t size)
{
    const char *c = *pointer;
    size_t used = 0;

    if (*c != '/') {
        return false;
    }
    for (c++; *c != '\0' && *c != '/'; c++) {
        char plain = *c;
        if (c[0] == '~' && (c[1] == '0' || c[1] == '1')) {
            plain = c[1] == '0' ? '~' : '/';
            c++;
        }
        if (used + 1 < size) {
            token[used++] = plain;
        }
    }
    token[used] = '\0';
    *pointer = c;
    return true;
}
