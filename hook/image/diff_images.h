/* SPDX-License-Identifier: Apache-2.0 */
/* Two images compared, in the confined child: platform by platform, from the index down. */
#pragma once

#include "hook/image/work.h"
#include "normalize/diff/diff.h"

/* What is compared; the context of a struct ocn_work with a second input. */
struct ocn_diff_wants {
    bool exact; /* as struct ocn_diff has them */
    bool history;
    struct ocn_strings ignored;
    const struct ocn_object_platform *platform; /* only that one; NULL: all */
    bool layers;                                /* files of layers that differ */
    bool outcome;                               /* for each of work->profiles */
    bool lean; /* of one image only manifests and configurations are there */
};

/*
 * Of struct ocn_work.run: appends the JSON of `ocinorm diff`, and what its text says besides:
 * {"version", "same", "a": {"input", "digest"}, "b", "noise", "noises", "ignored", "leftOut",
 * "images": [{"platform", "same": "index|manifest|config|layers|null", "a": {"manifest", "config",
 * "layers"}, "b", "sharedLayers", "notCompared", "outcomes": [{"profile", "same": [PATH]}]}],
 * "differences"}.
 */
OCN_MUST_USE int ocn_diff_images(const struct ocn_work *work, const struct ocn_selection *selection,
                                 struct ocn_buf *out, struct ocn_error *err);
