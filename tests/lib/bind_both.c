/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/bind_both.h"

#include <string.h>

#include "normalize/json/bind_text.h"

/* What the library's tree makes of @text, as JSON of all fields; NULL: an error, or a fault. */
static json_t *bind_tree(struct ocn_bytes text, const struct ocn_bind *fields, void *target,
                         struct ocn_arena *arena)
{
    struct ocn_bind_faults faults = { 0 };
    json_auto_t *tree =
        json_loadb(text.ptr, text.len, JSON_DECODE_INT_AS_REAL | JSON_REJECT_DUPLICATES, NULL);

    if (tree == NULL || ocn_json_bind_most(tree, fields, target, arena, &faults, NULL) < 0) {
        return NULL;
    }
    for (size_t i = 0; i < OCN_BIND_PARTS; i++) {
        if (faults.of[i] != NULL) {
            return NULL;
        }
    }
    return ocn_json_unbind(target, fields);
}

enum ocn_both ocn_bind_both(struct ocn_bytes text, struct ocn_bytes other,
                            const struct ocn_bind *fields, size_t size)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    void *ours = ocn_arena_alloc(&arena, size);
    void *theirs = ocn_arena_alloc(&arena, size);

    if (ours == NULL || theirs == NULL) {
        return OCN_BOTH_DIFFER;
    }
    if (!ocn_json_bind_text(text, fields, ours, &arena)) {
        return OCN_BOTH_DOUBT;
    }
    json_auto_t *our = ocn_json_unbind(ours, fields);
    json_auto_t *their = bind_tree(other, fields, theirs, &arena);
    return our != NULL && their != NULL && json_equal(our, their) ? OCN_BOTH_SAME : OCN_BOTH_DIFFER;
}
