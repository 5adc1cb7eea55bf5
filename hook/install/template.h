/* SPDX-License-Identifier: Apache-2.0 */
/* The files that are installed on a node, from integration/ENGINE/, with places to fill in. */
#pragma once

#include "normalize/base/buf.h"

struct ocn_fill {
    const char *name;
    const char *text; /* NULL: as "" */
};

/*
 * Appends @template with each @NAME@ replaced by the text of that name in @fills (a NULL name at
 * the end). A line of nothing but one place vanishes where the text is empty, and takes the line
 * end of the text where that has one.
 */
void ocn_template_fill(struct ocn_buf *out, struct ocn_bytes template,
                       const struct ocn_fill *fills);

/* integration/ENGINE/FILE, embedded by the build. */
extern const struct ocn_bytes ocn_template_containerd;      /* containerd/drop-in.toml */
extern const struct ocn_bytes ocn_template_k3s;             /* containerd/k3s.toml.tmpl */
extern const struct ocn_bytes ocn_template_containerd_hook; /* containerd/hooks.json */
extern const struct ocn_bytes ocn_template_crio;            /* crio/drop-in.conf */
extern const struct ocn_bytes ocn_template_crio_hook;       /* crio/hooks.d.json */
extern const struct ocn_bytes ocn_template_podman;          /* podman/drop-in.conf */
extern const struct ocn_bytes ocn_template_podman_hook;     /* podman/hooks.d.json */
extern const struct ocn_bytes ocn_template_docker;          /* docker/runtime.json */
