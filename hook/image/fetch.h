/* SPDX-License-Identifier: Apache-2.0 */
/* Images of registries and engines, by skopeo(1): credentials, mirrors and certificates are its
 * business. */
#pragma once

#include "hook/image/blob.h"

/* The name of what was fetched last, in the layout that is opened. */
#define OCN_FETCH_REFERENCE "current"

/*
 * Copies @source ("docker://...", all its platforms) into the cache, and opens it there. Blobs are
 * shared by all images of the cache: what is there is not copied again.
 */
OCN_MUST_USE int ocn_fetch(const char *source, struct ocn_blobs *ret, struct ocn_error *err);
