/* SPDX-License-Identifier: Apache-2.0 */
/* One text bound by both readers, for tests that they never differ. */
#pragma once

#include "normalize/json/bind.h"

enum ocn_both {
    OCN_BOTH_DOUBT, /* bind_text leaves it to the tree */
    OCN_BOTH_SAME,
    OCN_BOTH_DIFFER,
};

/*
 * What ocn_json_bind_text() makes of @text, beside what ocn_json_load_loose() and
 * ocn_json_bind_most() make of @other, which is the same text where nobody tests the test: every
 * field of a struct of @size bytes, that nothing is refused, and that there is no fault.
 */
enum ocn_both ocn_bind_both(struct ocn_bytes text, struct ocn_bytes other,
                            const struct ocn_bind *fields, size_t size);
