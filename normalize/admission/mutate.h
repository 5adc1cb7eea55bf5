/* SPDX-License-Identifier: Apache-2.0 */
/* What a cluster's gate fills in of a pod that is created, as JSON Patch (RFC 6902). */
#pragma once

#include "normalize/admission/admission.h"

/*
 * *ret is a new array (json_decref) of "add" operations, empty where there is nothing to do. What
 * is on comes from the levels of @policy: `edit` of user.root, env.gomaxprocs and env.gomemlimit,
 * and a level of runtimeclass and labels.required that is not `off`. Only what is absent is filled
 * in, so that asking again of the patched object gives an empty patch. Only a pod that is created
 * is touched: its template is somebody's file, and of a running pod next to nothing can be changed.
 *
 * @policy is the one that holds for the object, as in ocn_admission_check(). An object that no API
 * server would take is an error.
 */
OCN_MUST_USE int ocn_mutate_patch(const struct ocn_policy *policy,
                                  const struct ocn_admission_request *request,
                                  struct ocn_arena *arena, json_t **ret, struct ocn_error *err);
