/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/program/go_memory.h"

#include <string.h>

#include "normalize/base/number.h"

bool ocn_go_memory_parse(const char *text, double *ret)
{
    static const struct {
        char suffix[4];
        uint64_t bytes;
    } units[] = { { "", 1 },
                  { "B", 1 },
                  { "KiB", UINT64_C(1) << 10 },
                  { "MiB", UINT64_C(1) << 20 },
                  { "GiB", UINT64_C(1) << 30 },
                  { "TiB", UINT64_C(1) << 40 } };
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
            bool fits = number <= INT64_MAX / units[i].bytes;
            *ret = fits ? (double)(number * units[i].bytes) : 0;
            return fits;
        }
    }
    return false;
}
