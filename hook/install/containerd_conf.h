/* SPDX-License-Identifier: Apache-2.0 */
/* containerd's configuration as containerd puts it together (cmd/containerd/server/config). */
#pragma once

#include <stdbool.h>

#include "hook/install/confs.h"
#include "hook/install/install.h"

/* The first version of containerd that merges sections key by key; those before replace them. */
#define OCN_CONTAINERD_MERGES 2

struct ocn_containerd_conf {
    struct ocn_confs confs;      /* as they are loaded, without our drop-in */
    int version;                 /* of the root file: 1, where it names none */
    int major;                   /* of containerd itself, 0: not known */
    bool merges;                 /* a section in our drop-in adds to those of the other files */
    const char *cri;             /* the path of CRI's section */
    const char *drop_in;         /* where ours goes */
    bool is_imported;            /* an `imports` of the root file covers drop_in */
    size_t before;               /* how many of confs are loaded before it */
    const struct ocn_conf *root; /* NULL: there is none */
};

/* Zero-initialised *ret; release with ocn_containerd_conf_done() whatever comes back. */
OCN_MUST_USE int ocn_containerd_conf_load(struct ocn_install *install,
                                          struct ocn_containerd_conf *ret, struct ocn_error *err);
void ocn_containerd_conf_done(struct ocn_containerd_conf *conf);

/* A path below CRI's section, owned by the configuration. */
const char *ocn_containerd_conf_path(struct ocn_containerd_conf *conf, const char *below);

/* The path of CRI's section in a file of @version, or NULL. */
const char *ocn_containerd_conf_section(int version);
