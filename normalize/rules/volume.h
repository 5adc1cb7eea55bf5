/* SPDX-License-Identifier: Apache-2.0 */
/* Files that lie on a volume, and not in the image: what people call them, and what cures them. */
#pragma once

#include "normalize/rules/judge.h"

/*
 * @path, which has no links in it, as the manifest has it: without the directory "..TIMESTAMP" in
 * which the kubelet keeps the files of a ConfigMap or Secret.
 */
const char *ocn_volume_name(const struct ocn_judge *judge, const char *path);

/* true: @source on the node is a Secret or a projected volume of the kubelet's. */
bool ocn_volume_is_secret(const char *source);

/* How @path gets the permission @bit ('r' or 'x'); @in_image where it lies on no volume. */
const char *ocn_volume_cure(const struct ocn_judge *judge, const char *path, char bit,
                            const char *in_image);
