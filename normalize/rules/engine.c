/* SPDX-License-Identifier: Apache-2.0 */
/* annotations.engine: whose words say who the container is. */
#include "normalize/rules/judge.h"
#include "normalize/rules/rules.h"

int ocn_rule_annotations_engine(struct ocn_judge *judge, struct ocn_error *err)
{
    const struct ocn_identity *identity = &judge->identity;
    struct ocn_arena *arena = &judge->outcome->arena;

    if (identity->forged == NULL) {
        return 0;
    }
    return ocn_judge_report(
        judge, OCN_RULE_ANNOTATIONS_ENGINE,
        ocn_arena_printf(arena, "annotation %s is ignored: the bundle %s", identity->forged,
                         identity->engine != NULL
                             ? ocn_arena_printf(arena, "is one of %s", identity->engine)
                             : "is not where an engine keeps its bundles"),
        "take the annotation (or the label of the image) away, unless you know who wrote it", err);
}
