/* SPDX-License-Identifier: Apache-2.0 */
/* What Go's runtime reads from GOMEMLIMIT. */
#pragma once

#include <stdbool.h>

/*
 * As runtime's readGOMEMLIMIT: digits, and B or a binary unit behind them; "off" and nothing are no
 * limit, 0. false: malformed ("512MB", "512Mi"), with which Go 1.19 and newer refuse to start.
 */
bool ocn_go_memory_parse(const char *text, double *ret);
