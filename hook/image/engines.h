/* SPDX-License-Identifier: Apache-2.0 */
/* config/engines, compiled in. */
#pragma once

#include "normalize/base/base.h"

extern const struct ocn_bytes ocn_image_engines[];
extern const size_t ocn_image_engines_len;
