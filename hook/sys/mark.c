/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/sys/mark.h"

#include <stdio.h>
#include <string.h>

bool ocn_mark_find(struct ocn_bytes file, const char *name, char ret_version[OCN_MARK_VERSION_SIZE])
{
    char mark[128];
    int len = snprintf(mark, sizeof(mark), "%s%s:", OCN_MARK, name);
    const char *found = memmem(file.ptr, file.len, mark, (size_t)len);

    if (found == NULL) {
        return false;
    }
    const char *version = found + len;
    size_t left = file.len - (size_t)(version - file.ptr);
    size_t most = left < OCN_MARK_VERSION_SIZE ? left : OCN_MARK_VERSION_SIZE;
    size_t size = strnlen(version, most);
    if (size == most) {
        return false; /* no end */
    }
    memcpy(ret_version, version, size + 1);
    return true;
}

const char *ocn_mark_which(struct ocn_bytes file, char ret_version[OCN_MARK_VERSION_SIZE])
{
    static const char *const names[] = { "ocinorm-hook", "ocinorm-runtime" };

    for (size_t i = 0; i < OCN_COUNT(names); i++) {
        if (ocn_mark_find(file, names[i], ret_version)) {
            return names[i];
        }
    }
    return NULL;
}
