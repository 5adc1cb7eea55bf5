/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/base/number.h"

int ocn_number_parse(struct ocn_bytes text, uint64_t max, uint64_t *ret)
{
    uint64_t value = 0;

    if (text.len == 0) {
        return -1;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return -1;
        }
        uint64_t digit = (uint64_t)(text.ptr[i] - '0');
        if (value > (max - digit) / 10 || digit > max) {
            return -1;
        }
        value = value * 10 + digit;
    }
    *ret = value;
    return 0;
}
