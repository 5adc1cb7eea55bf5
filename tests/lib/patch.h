/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON Patch applied as RFC 6902 says, for tests of those that we make. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

/*
 * Applies the "add" operations of @patch to @document, in place. false: it is no patch, has another
 * operation, a path that leads nowhere, or one that is there already (what is there must stay).
 */
bool ocn_patch_apply(json_t *document, const json_t *patch);
