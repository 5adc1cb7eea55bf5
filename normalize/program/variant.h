/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Variants of an architecture (OCI image-index.md) and which of them include which others, as
 * containerd/platforms v1 matches them (compare.go platformVector) and beyond: it knows no order of
 * POWER and RISC-V levels.
 */
#pragma once

#include "normalize/view.h"

struct ocn_platform {
    const char *os;
    const char *arch;
    const char *variant; /* NULL: not told */
};

/*
 * The names that OCI images should have for what somebody wrote (containerd: normalizeOS and
 * normalizeArch): "macos" is darwin, "x86_64" amd64, "armhf" arm v7, "aarch64" "8.1" is arm64 v8.1.
 * Members that are NULL or empty stay NULL; what no row knows is passed on as it is.
 */
struct ocn_platform ocn_variant_normalize(struct ocn_platform written);

/*
 * The variant that containerd takes where an image tells none, NULL where @arch has no variants:
 * "v7" for arm, "v1" for amd64, "v8" for arm64.
 */
const char *ocn_variant_default(const char *arch);

/*
 * The variant that a Go build setting asks for: @arch "arm64" and @value "v8.0,lse" of GOARM64.
 * NULL where the value is unknown.
 */
const char *ocn_variant_of_go(const char *arch, const char *value);

/* The name of the build setting that says the variant of @arch, e.g. "GOAMD64"; NULL: none does. */
const char *ocn_variant_go_key(const char *arch);

/* true: every CPU of @arch that Linux runs on has @variant. */
bool ocn_variant_is_lowest(const char *arch, const char *variant);

/*
 * Whether a CPU of @host runs programs of @program, both with an architecture; those may differ:
 * arm64 includes arm. OCN_RUNS_UNKNOWN where the table does not know one of them.
 */
enum ocn_runs ocn_variant_runs(struct ocn_platform host, struct ocn_platform program);
