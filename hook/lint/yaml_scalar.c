/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/lint/yaml_scalar.h"

#include <stdint.h>
#include <string.h>

#define MAX_DIGITS ((size_t)400) /* more than a double can tell apart */

/* go-yaml v2, resolve.go: resolveMapList. */
static const struct {
    const char *word;
    struct ocn_yaml_scalar scalar;
} words[] = {
    { "", { .kind = OCN_YAML_NULL } },
    { "~", { .kind = OCN_YAML_NULL } },
    { "null", { .kind = OCN_YAML_NULL } },
    { "Null", { .kind = OCN_YAML_NULL } },
    { "NULL", { .kind = OCN_YAML_NULL } },
    { "y", { .kind = OCN_YAML_BOOL, .truth = true } },
    { "Y", { .kind = OCN_YAML_BOOL, .truth = true } },
    { "yes", { .kind = OCN_YAML_BOOL, .truth = true } },
    { "Yes", { .kind = OCN_YAML_BOOL, .truth = true } },
    { "YES", { .kind = OCN_YAML_BOOL, .truth = true } },
    { "true", { .kind = OCN_YAML_BOOL, .truth = true } },
    { "True", { .kind = OCN_YAML_BOOL, .truth = true } },
    { "TRUE", { .kind = OCN_YAML_BOOL, .truth = true } },
    { "on", { .kind = OCN_YAML_BOOL, .truth = true } },
    { "On", { .kind = OCN_YAML_BOOL, .truth = true } },
    { "ON", { .kind = OCN_YAML_BOOL, .truth = true } },
    { "n", { .kind = OCN_YAML_BOOL } },
    { "N", { .kind = OCN_YAML_BOOL } },
    { "no", { .kind = OCN_YAML_BOOL } },
    { "No", { .kind = OCN_YAML_BOOL } },
    { "NO", { .kind = OCN_YAML_BOOL } },
    { "false", { .kind = OCN_YAML_BOOL } },
    { "False", { .kind = OCN_YAML_BOOL } },
    { "FALSE", { .kind = OCN_YAML_BOOL } },
    { "off", { .kind = OCN_YAML_BOOL } },
    { "Off", { .kind = OCN_YAML_BOOL } },
    { "OFF", { .kind = OCN_YAML_BOOL } },
    { ".nan", { .kind = OCN_YAML_NO_JSON } },
    { ".NaN", { .kind = OCN_YAML_NO_JSON } },
    { ".NAN", { .kind = OCN_YAML_NO_JSON } },
    { ".inf", { .kind = OCN_YAML_NO_JSON } },
    { ".Inf", { .kind = OCN_YAML_NO_JSON } },
    { ".INF", { .kind = OCN_YAML_NO_JSON } },
    { "+.inf", { .kind = OCN_YAML_NO_JSON } },
    { "+.Inf", { .kind = OCN_YAML_NO_JSON } },
    { "+.INF", { .kind = OCN_YAML_NO_JSON } },
    { "-.inf", { .kind = OCN_YAML_NO_JSON } },
    { "-.Inf", { .kind = OCN_YAML_NO_JSON } },
    { "-.INF", { .kind = OCN_YAML_NO_JSON } },
};

/* The prefixes of Go's strconv.ParseInt with base 0, the longest first. */
static const struct {
    const char *prefix;
    unsigned base;
} bases[] = {
    { "0x", 16 }, { "0X", 16 }, { "0o", 8 }, { "0O", 8 },
    { "0b", 2 },  { "0B", 2 },  { "0", 8 },  { "", 10 },
};

static bool digit_of(char c, unsigned base, unsigned *ret)
{
    static const char digits[] = "0123456789abcdef";
    char small = c >= 'A' && c <= 'F' ? (char)(c | 0x20) : c;
    const char *at = c != '\0' ? strchr(digits, small) : NULL;

    if (at == NULL || (unsigned)(at - digits) >= base) {
        return false;
    }
    *ret = (unsigned)(at - digits);
    return true;
}

/* The largest whole number of 64 bits that may stand behind @sign, or behind none. */
static uint64_t most_behind(char sign)
{
    if (sign == '-') {
        return (uint64_t)INT64_MAX + 1;
    }
    return sign == '+' ? INT64_MAX : UINT64_MAX;
}

/*
 * Go's ParseInt of base 0, or its ParseUint, which knows no sign. What has more than 64 bits is
 * left to floats: of decimal digits that is the same number, 0777... has decimal digits too then,
 * and 0x... is a word.
 */
static bool parse_int(const char *text, double *ret)
{
    bool minus = text[0] == '-';
    const uint64_t most = most_behind(text[0]);
    size_t i = 0;
    uint64_t number = 0;
    unsigned digit = 0;

    text += minus || text[0] == '+';
    while (strncmp(text, bases[i].prefix, strlen(bases[i].prefix)) != 0) {
        i++;
    }
    const char *c = text + strlen(bases[i].prefix);
    if (*c == '\0' && bases[i].base == 8 && strcmp(text, "0") == 0) {
        c = text; /* zero itself */
    }
    if (*c == '\0') {
        return false;
    }
    for (; *c != '\0'; c++) {
        if (!digit_of(*c, bases[i].base, &digit) || number > (most - digit) / bases[i].base) {
            return false;
        }
        number = number * bases[i].base + digit;
    }
    *ret = minus ? -(double)number : (double)number;
    return true;
}

static const char *skip_digits(const char *c)
{
    return c + strspn(c, "0123456789");
}

/* go-yaml v2's yamlStyleFloat: [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static bool is_float(const char *text)
{
    const char *c = text + (*text == '-' || *text == '+');
    const char *whole = skip_digits(c);
    bool some = whole != c;

    c = whole;
    if (*c == '.') {
        const char *rest = skip_digits(c + 1);
        some = some || rest != c + 1;
        c = rest;
    }
    if (some && (*c == 'e' || *c == 'E')) {
        c += 1 + (c[1] == '-' || c[1] == '+');
        some = skip_digits(c) != c;
        c = skip_digits(c);
    }
    return some && *c == '\0';
}

static bool parse_number(const char *text, double *ret)
{
    char plain[MAX_DIGITS + 1];
    size_t len = 0;

    for (const char *c = text; *c != '\0'; c++) {
        if (len == MAX_DIGITS) {
            return false;
        }
        if (*c != '_') {
            plain[len++] = *c;
        }
    }
    plain[len] = '\0';
    if (parse_int(plain, ret)) {
        return true;
    }
    if (!is_float(plain)) {
        return false;
    }
    *ret = strtod(plain, NULL);
    return true;
}

struct ocn_yaml_scalar ocn_yaml_scalar_of(const char *text)
{
    struct ocn_yaml_scalar ret = { .kind = OCN_YAML_STRING };

    for (size_t i = 0; i < OCN_COUNT(words); i++) {
        if (strcmp(words[i].word, text) == 0) {
            return words[i].scalar;
        }
    }
    if (strchr("+-.0123456789", text[0]) != NULL && parse_number(text, &ret.number)) {
        /* Too large for any number is a word to Go. */
        ret.kind = ret.number - ret.number == 0 ? OCN_YAML_NUMBER : OCN_YAML_STRING;
    }
    return ret;
}
