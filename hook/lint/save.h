/* SPDX-License-Identifier: Apache-2.0 */
/* What is written where somebody asked for it. */
#pragma once

#include "normalize/base/error.h"

/* Makes or replaces the file @path, whole or not at all; what is no regular file (/dev/stderr) is
 * written to. */
OCN_MUST_USE int ocn_save(const char *path, struct ocn_bytes bytes, struct ocn_error *err);
