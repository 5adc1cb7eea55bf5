/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/program/format.h"

#include <string.h>

/* Programs of other systems by their first bytes. */
static const struct {
    char magic[9];
    uint8_t len;
    char is[36];
} formats[] = {
    { "MZ", 2, "a Windows program (PE)" },
    { "\xfe\xed\xfa\xce", 4, "a macOS program (Mach-O)" },
    { "\xfe\xed\xfa\xcf", 4, "a macOS program (Mach-O)" },
    { "\xce\xfa\xed\xfe", 4, "a macOS program (Mach-O)" },
    { "\xcf\xfa\xed\xfe", 4, "a macOS program (Mach-O)" },
    { "\xca\xfe\xba\xbe\0\0\0\1", 8, "a macOS program (universal Mach-O)" },
    { "\xca\xfe\xba\xbe\0\0\0\2", 8, "a macOS program (universal Mach-O)" },
};

const char *ocn_format_of(struct ocn_bytes head)
{
    for (size_t i = 0; i < OCN_COUNT(formats); i++) {
        if (head.len >= formats[i].len && memcmp(head.ptr, formats[i].magic, formats[i].len) == 0) {
            return formats[i].is;
        }
    }
    return NULL;
}
