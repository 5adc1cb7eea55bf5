/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/base/format.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define MAX_DIGITS 24 /* of 64 bits, with a sign */

/* What is written: as much of it as fits, and how much it is in all. */
struct sink {
    char *out;
    size_t size; /* with the NUL */
    size_t len;
};

static void put(struct sink *sink, const char *bytes, size_t len)
{
    size_t room = sink->len + 1 < sink->size ? sink->size - 1 - sink->len : 0;

    if (room != 0 && len != 0) {
        memcpy(sink->out + sink->len, bytes, len < room ? len : room);
    }
    sink->len += len;
}

static void put_number(struct sink *sink, unsigned long long number, bool negative)
{
    char digits[MAX_DIGITS];
    char *at = digits + sizeof(digits);

    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    if (negative) {
        *--at = '-';
    }
    put(sink, at, (size_t)(digits + sizeof(digits) - at));
}

/* The integers of a conversion, by what stands before its letter. */
enum width { IS_INT, IS_LONG, IS_LONG_LONG, IS_SIZE };

static enum width take_width(const char **at)
{
    if (**at == 'z') {
        (*at)++;
        return IS_SIZE;
    }
    if (**at != 'l') {
        return IS_INT;
    }
    (*at)++;
    if (**at != 'l') {
        return IS_LONG;
    }
    (*at)++;
    return IS_LONG_LONG;
}

/* A va_list that is handed on by its address: what one function has taken, is gone for all. */
struct arguments {
    va_list list;
};

static void put_unsigned(struct sink *sink, enum width width, struct arguments *arguments)
{
    unsigned long long number = width == IS_INT    ? va_arg(arguments->list, unsigned)
                                : width == IS_SIZE ? va_arg(arguments->list, size_t)
                                : width == IS_LONG_LONG
                                    ? va_arg(arguments->list, unsigned long long)
                                    : va_arg(arguments->list, unsigned long);

    put_number(sink, number, false);
}

static void put_signed(struct sink *sink, enum width width, struct arguments *arguments)
{
    long long number = width == IS_INT         ? va_arg(arguments->list, int)
                       : width == IS_LONG_LONG ? va_arg(arguments->list, long long)
                                               : va_arg(arguments->list, long);
    unsigned long long plain = (unsigned long long)number;

    put_number(sink, number < 0 ? 0 - plain : plain, number < 0);
}

/* A string, of @max bytes at most; -1: all of it. false: it is NULL, which is libc's to print. */
static bool put_string(struct sink *sink, long max, struct arguments *arguments)
{
    const char *text = va_arg(arguments->list, const char *);

    if (text != NULL) {
        put(sink, text, max < 0 ? strlen(text) : strnlen(text, (size_t)max));
    }
    return text != NULL;
}

/* The conversion behind the '%' before *at, and *at behind it; false: it is none of ours. */
static bool put_conversion(struct sink *sink, const char **at, struct arguments *arguments)
{
    long max = -1;

    if (strncmp(*at, ".*s", 3) == 0) {
        max = va_arg(arguments->list, int);
        *at += 2;
    }
    if (**at == 's') {
        (*at)++;
        return put_string(sink, max, arguments);
    }
    if (**at == '%' || **at == 'c') {
        char c = **at == '%' ? '%' : (char)va_arg(arguments->list, int);
        (*at)++;
        put(sink, &c, 1);
        return true;
    }
    enum width width = take_width(at);
    if (**at == 'u') {
        put_unsigned(sink, width, arguments);
    } else if (**at == 'd' && width != IS_SIZE) {
        put_signed(sink, width, arguments);
    } else {
        return false;
    }
    (*at)++;
    return true;
}

/* The length of the text, or -1: there is something in it that is none of ours. */
static int format_simply(char *out, size_t size, const char *fmt, struct arguments *arguments)
{
    struct sink sink = { out, size, 0 };

    for (const char *at = fmt; *at != '\0';) {
        size_t plain = strcspn(at, "%");
        put(&sink, at, plain);
        at += plain;
        if (*at == '%' && (at++, !put_conversion(&sink, &at, arguments))) {
            return -1;
        }
    }
    if (sink.len > INT_MAX) {
        return -1;
    }
    if (size != 0) {
        out[sink.len < size ? sink.len : size - 1] = '\0';
    }
    return (int)sink.len;
}

int ocn_format(char *out, size_t size, const char *fmt, va_list args)
{
    struct arguments arguments;

    va_copy(arguments.list, args);
    int len = format_simply(out, size, fmt, &arguments);
    va_end(arguments.list);
    return len >= 0 ? len : vsnprintf(out, size, fmt, args);
}

int ocn_format_into(char *out, size_t size, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    int len = ocn_format(out, size, fmt, args);
    va_end(args);
    return len;
}
