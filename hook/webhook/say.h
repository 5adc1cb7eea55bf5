/* SPDX-License-Identifier: Apache-2.0 */
/* The log: a line of JSON on stderr for each thing, whose texts cannot forge another. */
#pragma once

#include "normalize/base/error.h"

enum ocn_say_level { OCN_SAY_INFO, OCN_SAY_WARNING, OCN_SAY_ERROR };

void ocn_say(enum ocn_say_level level, const char *fmt, ...) OCN_PRINTF(2, 3);

/* "WHAT: PLACE: WHY". */
void ocn_say_error(enum ocn_say_level level, const char *what, const struct ocn_error *err);

/* A request: "POST PATH", the verdict, how long it took, and @note, which somebody else wrote. */
void ocn_say_request(const char *path, const char *verdict, double seconds, struct ocn_bytes note);
