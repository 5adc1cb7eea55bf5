/* SPDX-License-Identifier: Apache-2.0 */
/* Programs of other systems. */
#pragma once

#include "normalize/base/base.h"

/* "a Windows program (PE)": what a file that begins with @head is; NULL: none of those known. */
const char *ocn_format_of(struct ocn_bytes head);
