/* SPDX-License-Identifier: Apache-2.0 */
/* Where a value of a document is written. */
#pragma once

#include "hook/lint/yaml.h"

struct ocn_yaml_place {
    uint32_t line; /* from 1; 0: unknown */
    uint32_t column;
};

/* Where the value, or the nearest one around it, stands that JSON pointer @pointer names: a
 * member's key, an element of a list. What an alias brings in stands where it is written. */
struct ocn_yaml_place ocn_yaml_place_of(const struct ocn_yaml_document *document,
                                        const char *pointer);
