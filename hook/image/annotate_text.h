/* SPDX-License-Identifier: Apache-2.0 */
/* The report of `ocinorm annotate` for people. */
#pragma once

#include <jansson.h>

#include "normalize/base/buf.h"

OCN_MUST_USE int ocn_annotate_text(const json_t *report, struct ocn_buf *out,
                                   struct ocn_error *err);
