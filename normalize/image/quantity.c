/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/image/quantity.h"

#include <stdbool.h>
#include <string.h>

#define MAX_DIGITS 30
#define DIGITS "0123456789"

static const struct {
    const char *suffix;
    double factor;
} suffixes[] = {
    { "", 1 },
    { "n", 1e-9 },
    { "u", 1e-6 },
    { "m", 1e-3 },
    { "k", 1e3 },
    { "M", 1e6 },
    { "G", 1e9 },
    { "T", 1e12 },
    { "P", 1e15 },
    { "E", 1e18 },
    { "Ki", 1024.0 },
    { "Mi", 1048576.0 },
    { "Gi", 1073741824.0 },
    { "Ti", 1099511627776.0 },
    { "Pi", 1125899906842624.0 },
    { "Ei", 1152921504606846976.0 },
};

static int refuse(const char *text, struct ocn_error *err)
{
    return ocn_fail(err, OCN_E_USAGE, text,
                    "not an amount as Kubernetes writes it: 1.5, 1500m, 512Mi, 1G, 1e9");
}

/* "e9", "E-3": *ret is its factor. false: it is none. */
static bool read_exponent(const char *text, double *ret)
{
    bool down = text[0] != '\0' && text[1] == '-';
    const char *digits = text + 1 + (down || text[1] == '+' ? 1 : 0);
    size_t len = strspn(digits, DIGITS);
    int exponent = 0;

    if ((text[0] != 'e' && text[0] != 'E') || len == 0 || len > 2 || digits[len] != '\0') {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        exponent = exponent * 10 + (digits[i] - '0');
    }
    *ret = 1;
    for (int i = 0; i < exponent; i++) {
        *ret = down ? *ret / 10 : *ret * 10;
    }
    return true;
}

static bool find_factor(const char *suffix, double *ret)
{
    for (size_t i = 0; i < OCN_COUNT(suffixes); i++) {
        if (strcmp(suffix, suffixes[i].suffix) == 0) {
            *ret = suffixes[i].factor;
            return true;
        }
    }
    return suffix[0] != '\0' && read_exponent(suffix, ret);
}

int ocn_quantity_parse(const char *text, double *ret, struct ocn_error *err)
{
    size_t whole = strspn(text, DIGITS);
    size_t fraction = text[whole] == '.' ? strspn(text + whole + 1, DIGITS) : 0;
    const char *suffix = text + whole + (text[whole] == '.' ? 1 : 0) + fraction;
    double value = 0;
    double scale = 1;
    double factor = 1;

    if (whole + fraction == 0 || whole + fraction > MAX_DIGITS || !find_factor(suffix, &factor)) {
        return refuse(text, err);
    }
    for (size_t i = 0; i < whole; i++) {
        value = value * 10 + (text[i] - '0');
    }
    for (size_t i = 0; i < fraction; i++) {
        scale *= 10;
        value = value * 10 + (text[whole + 1 + i] - '0');
    }
    *ret = value / scale * factor;
    return 0;
}
