/* SPDX-License-Identifier: Apache-2.0 */
/* What annotations, versions and commands must look like: tables, and no image. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "normalize/base/base.h"

/* The oldest release of Go that is not complained of, where no target names another. */
#define OCN_VALUES_GO_BASELINE "go1.22"

struct ocn_values_format {
    const char *key;
    bool (*fits)(const char *value);
    const char *form; /* "a date as RFC 3339 has it" */
    const char *hint;
};

/* Keys whose values have a form (image-spec annotations.md). */
extern const struct ocn_values_format ocn_values_formats[];
extern const size_t ocn_values_formats_len;

/* true: the release @version ("go1.21.5") came before @baseline ("go1.22"); false: it did not, or
 * is no release. */
bool ocn_values_go_is_older(const char *version, const char *baseline);

/* @name, if it is a program that is of use to root only; else NULL. */
const char *ocn_values_root_command(const char *name);

/* The first such program that a shell script calls, by its words; NULL: none. */
const char *ocn_values_root_command_in(struct ocn_bytes script);
