/* SPDX-License-Identifier: Apache-2.0 */
/* Micro-architecture levels: of a program and of this host. */
#pragma once

#include "normalize/rules/image.h"

/* Reads the level that @image needs, once; what is malformed does not say, and is no error. */
OCN_MUST_USE int ocn_level_read(struct ocn_judge *judge, struct ocn_image *image,
                                struct ocn_error *err);

/* Fills facts.host.variant: the CPU is asked only where something hangs on the answer. */
void ocn_level_read_host(struct ocn_judge *judge);
