/* SPDX-License-Identifier: Apache-2.0 */
/* Texts with a few values in them, made fast. */
#pragma once

#include <stdarg.h>

#include "normalize/base/base.h"

/*
 * As vsnprintf(3), and by it where @fmt has more than %s, %.*s, %c, %d, %u (with l, ll, z) and %%:
 * musl takes 500 ns for a text, and a start makes a hundred.
 */
int ocn_format(char *out, size_t size, const char *fmt, va_list args) OCN_PRINTF(3, 0);

/* The same of arguments, as snprintf(3). */
int ocn_format_into(char *out, size_t size, const char *fmt, ...) OCN_PRINTF(3, 4);
