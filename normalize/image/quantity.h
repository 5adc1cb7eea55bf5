/* SPDX-License-Identifier: Apache-2.0 */
/* Amounts as Kubernetes writes them (apimachinery resource.Quantity): "1.5", "1500m", "512Mi". */
#pragma once

#include "normalize/base/error.h"

/*
 * A number, not negative, with one of n u m k M G T P E or Ki Mi Gi Ti Pi Ei behind it, or an
 * exponent
 * ("1e9"). "512MB" is none: its unit is not of that list.
 */
OCN_MUST_USE int ocn_quantity_parse(const char *text, double *ret, struct ocn_error *err);
