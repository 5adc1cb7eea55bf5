/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/program/go_memory.h"

#include <string.h>

#include "normalize/base/number.h"

bool ocn_go_memory_parse(const char *text, double *ret)
{
    static const struct {
        char suffix[4];
        double bytes;
    } units[] = { { "", 1 },
                  { "B", 1 },
                  { "KiB", 1024.0 },
                  { "MiB", 1024.0 * 1024 },
                  { "GiB", 1024.0 * 1024 * 1024 },
                  { "TiB", 1024.0 * 1024 * 1024 * 1024 } };
    size_t len = strspn(text, "0123456789");
    uint64_t number = 0;

    *ret = 0;
    if (text[0] == '\0' || strcmp(text, "off") == 0) {
        return true;
    }
    if (ocn_number_parse((struct ocn_bytes){ text, len }, INT64_MAX, &number) < 0) {
        return false;
    }
    for (size_t i = 0; i < OCN_COUNT(units); i++) {
        if (strcmp(text + len, units[i].suffix) == 0) {
            *ret = (double)number * units[i].bytes;
            return *ret < (double)INT64_MAX;
        }
    }
    return false;
}
