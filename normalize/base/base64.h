/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 (RFC 4648, section 4). */
#pragma once

#include "normalize/base/buf.h"

/* Appends @bytes, with padding and without line breaks. */
void ocn_base64_add(struct ocn_buf *out, struct ocn_bytes bytes);
