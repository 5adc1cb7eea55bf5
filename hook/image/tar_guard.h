/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a layer's tar can be read in one way only. Engines read it with Go's archive/tar, we do
 * with libarchive, and there are headers that the two take for different files: whoever makes one
 * shows us a program that no node will start. Such a layer is refused, as is one that engines
 * refuse.
 */
#pragma once

#include "normalize/base/buf.h"

struct ocn_tar_guard;

/* NULL without memory; release with _free, which accepts NULL. */
struct ocn_tar_guard *ocn_tar_guard_new(void);
void ocn_tar_guard_free(struct ocn_tar_guard *guard);

/* The next bytes of the tar, all of them in order. err->where is left to the caller. */
OCN_MUST_USE int ocn_tar_guard_pass(struct ocn_tar_guard *guard, const void *bytes, size_t len,
                                    struct ocn_error *err);

/*
 * How many bytes of padding the last file lacks, where the tar may end now: Go reads such a tar
 * (`umoci insert` of 0.4 writes it), and whoever hands it to libarchive adds them. Else 0.
 */
size_t ocn_tar_guard_lacks(const struct ocn_tar_guard *guard);

/* There are no more. */
OCN_MUST_USE int ocn_tar_guard_end(const struct ocn_tar_guard *guard, struct ocn_error *err);
