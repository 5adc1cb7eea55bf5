/* SPDX-License-Identifier: Apache-2.0 */
/* The C half of admission.def. */
#pragma once

#include "normalize/admission/gate.h"
#include "normalize/workload/workload.h"

/* One pod, one policy; what a row has found goes to .found. */
struct ocn_gate_asked {
    const struct ocn_policy *policy;
    const struct ocn_pod *pod;
    struct ocn_arena *arena;
    const struct ocn_gate_row *row;
    enum ocn_level level;
    int (*found)(void *ctx, const struct ocn_lint_finding *finding, struct ocn_error *err);
    void *ctx;
};

/* Asks every row of the policy. An amount of resources that is none is an error. */
OCN_MUST_USE int ocn_gate_judge(const struct ocn_gate_asked *asked, struct ocn_error *err);

/* The image's name has a digest; as RE2 and as ocn_pattern_read() have it. */
#define OCN_GATE_DIGEST "^.+@(sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$"

/* The image's name begins with a host (distribution/reference, splitDockerDomain): else it is
 * Docker Hub's. */
#define OCN_GATE_HAS_HOST "^(localhost|[^/]*[.:A-Z][^/]*)/.*$"

/* An entry of admission.registries as pattern; from @arena. */
const char *ocn_gate_judge_registry(struct ocn_arena *arena, const char *entry);
