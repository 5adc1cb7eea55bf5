/* SPDX-License-Identifier: Apache-2.0 */
/* What every file of ocinorm speaks: byte ranges, cleanup, attributes of functions. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define OCN_MUST_USE __attribute__((warn_unused_result))
#define OCN_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#define OCN_CLEANUP(fn) __attribute__((cleanup(fn)))
#define OCN_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A borrowed range of bytes; not terminated by NUL. */
struct ocn_bytes {
    const char *ptr;
    size_t len;
};
