/* SPDX-License-Identifier: Apache-2.0 */
/* Annotating: the confined child plans and sends blobs, the parent writes them. */
#pragma once

#include "hook/image/annotate_plan.h"
#include "hook/image/input.h"

/*
 * Annotates the image @input as @wish says (but for wish->into, which comes from there) into the
 * layout at @path. *ret_report is as `ocinorm annotate --format json` prints it; the caller owns
 * it.
 */
OCN_MUST_USE int ocn_annotate_run(const struct ocn_image_input *input,
                                  const struct ocn_annotate_wish *wish, const char *path,
                                  json_t **ret_report, struct ocn_error *err);
