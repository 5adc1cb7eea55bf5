/* SPDX-License-Identifier: Apache-2.0 */
/* What `ocinorm diff` found, for people, and for tools that read unified diffs. */
#pragma once

#include <jansson.h>

#include "normalize/base/buf.h"

#define OCN_DIFF_TEXT_MAX_VALUE 120 /* bytes of a value that are shown */

/* Appends the text of @report (diff_images.h): platform by platform, noise as a count. */
OCN_MUST_USE int ocn_diff_text(const json_t *report, struct ocn_buf *out, struct ocn_error *err);

/* The same as hunks: a difference is one, its place in the heading, whole values below. */
OCN_MUST_USE int ocn_diff_text_unified(const json_t *report, struct ocn_buf *out,
                                       struct ocn_error *err);
