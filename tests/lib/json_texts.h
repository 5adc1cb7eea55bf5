/* SPDX-License-Identifier: Apache-2.0 */
/* What engines and people wrote as JSON, as far as the tests have it, and what becomes of it. */
#pragma once

#include "normalize/base/base.h"

struct ocn_json_texts {
    size_t files;
    size_t changed; /* places of them that were changed */
};

/*
 * Calls @visit with the text of every file of JSON below tests/cases and tests/fixtures, and with
 * the same text where one byte of it is another one, or in the other case, or where it is cut, at
 * 24 places of each.
 */
void ocn_json_texts_each(void (*visit)(const char *path, struct ocn_bytes text),
                         struct ocn_json_texts *ret);
