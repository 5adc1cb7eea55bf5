/* SPDX-License-Identifier: Apache-2.0 */
/* Another user than user.root chose. */
#pragma once

#include "normalize/rules/judge.h"

/*
 * The process is lowered to @uid and @gid by @rule, in place of what user.root has planned, and
 * starts @args, a part of its own. What was found of entrypoint and accounts is found anew. Only
 * for a rule that is asked before those that go by these.
 */
OCN_MUST_USE int ocn_user_retarget(struct ocn_judge *judge, enum ocn_rule_id rule,
                                   const struct ocn_oci_user *user, const struct ocn_strings *args,
                                   const char *why, struct ocn_error *err);
