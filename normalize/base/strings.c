/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/base/strings.h"

#include <string.h>

bool ocn_strings_hold(const struct ocn_strings *strings, const char *text)
{
    for (size_t i = 0; i < strings->len; i++) {
        if (strcmp(strings->items[i], text) == 0) {
            return true;
        }
    }
    return false;
}

const char *ocn_strings_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

bool ocn_strings_is_within(const char *path, const char *above)
{
    size_t len = strlen(above);

    return strncmp(path, above, len) == 0 && (path[len] == '\0' || path[len] == '/');
}
