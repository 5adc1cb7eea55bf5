/* SPDX-License-Identifier: Apache-2.0 */
/* What `ocinorm explain` says of images, for people: a table that Markdown takes, too. */
#pragma once

#include <stdbool.h>

#include <jansson.h>

#include "normalize/base/buf.h"

#define OCN_EXPLAIN_MAX_REPORT ((size_t)16 << 20)

/* Appends the text of @report, which the confined child has written; colour only if @colour. */
OCN_MUST_USE int ocn_explain_text(const json_t *report, bool colour, struct ocn_buf *out,
                                  struct ocn_error *err);
