/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/mark.h"

#include <stdio.h>
#include <string.h>

int ocn_mark_find(struct ocn_bytes file, const char *name, char ret_version[OCN_MARK_VERSION_SIZE])
{
    char mark[128];
    int len = snprintf(mark, sizeof(mark), "%s%s:", OCN_MARK, name);
    const char *found = memmem(file.ptr, file.len, mark, (size_t)len);

    if (found == NULL) {
        return 0;
    }
    const char *version = found + len;
    size_t left = file.len - (size_t)(version - file.ptr);
    size_t most = left < OCN_MARK_VERSION_SIZE ? left : OCN_MARK_VERSION_SIZE;
    size_t size = strnlen(version, most);
    if (size == most) {
        return 0; /* no end */
    }
    memcpy(ret_version, version, size + 1);
    return 1;
}
