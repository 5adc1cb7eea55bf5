/* SPDX-License-Identifier: Apache-2.0 */
/* The variables that a policy can give a container: which rule sets each, and what it looks like.
 */
#pragma once

#include "normalize/policy/policy.h"

/* The rule that sets variable @name under @policy; OCN_RULE_COUNT: none does. */
enum ocn_rule_id ocn_variables_rule(const struct ocn_policy *policy, const char *name);

/* true: a rule sets variable @name, whatever the policy says. */
bool ocn_variables_is_fixed(const char *name);

/* true: @rule can set variable @name to @value under @policy, as far as the policy alone tells. */
bool ocn_variables_may_be(const struct ocn_policy *policy, enum ocn_rule_id rule, const char *name,
                          const char *value);
