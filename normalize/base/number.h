/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as text. */
#pragma once

#include "normalize/base/base.h"

/* Strictly decimal, at most @max; 0 on success, -1 otherwise. @text need not end in NUL. */
OCN_MUST_USE int ocn_number_parse(struct ocn_bytes text, uint64_t max, uint64_t *ret);
