/* SPDX-License-Identifier: Apache-2.0 */
/* env.set: the policy's own variables. */
#include "normalize/rules/judge.h"
#include "normalize/rules/rules.h"

int ocn_rule_env_set(struct ocn_judge *judge, struct ocn_error *err)
{
    const struct ocn_pairs *set = &judge->policy->env.set;

    for (size_t i = 0; i < set->len; i++) {
        if (ocn_judge_set_env(judge, OCN_RULE_ENV_SET, set->items[i].name, set->items[i].value,
                              "env.set of the policy", err) < 0) {
            return -1;
        }
    }
    return 0;
}
