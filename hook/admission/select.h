/* SPDX-License-Identifier: Apache-2.0 */
/* Which policy holds for an object at a cluster's gate. */
#pragma once

#include "config/config.h"
#include "normalize/admission/admission.h"

/*
 * The base of @config with the overlay of every row of `match` that holds for the pod of @request:
 * by its namespace, and by the annotations of the pod (or of the template). A row that matches by
 * image is an error where it would change what the gate says: an object names its images by other
 * names than an engine, and CEL could not say it. *ret borrows from @config and @arena.
 */
OCN_MUST_USE int ocn_admission_select(const struct ocn_config *config,
                                      const struct ocn_admission_request *request,
                                      struct ocn_arena *arena, struct ocn_policy *ret,
                                      struct ocn_error *err);
