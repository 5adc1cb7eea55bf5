/* SPDX-License-Identifier: Apache-2.0 */
/* What `ocinorm install ENGINE` is to do, and how each kind of engine does it. */
#pragma once

#include <stdbool.h>

#include "hook/install/changes.h"
#include "hook/install/engine.h"

struct ocn_install {
    const struct ocn_engine *engine;
    enum ocn_engine_mode mode;
    const char *handler; /* the runtime's name: for Kubernetes, the RuntimeClass's handler */
    const char *program; /* ocinorm-runtime or ocinorm-hook, on the node */
    const char *stage;   /* of a hook, where there is a choice */
    bool set_default;
    bool dry_run;
    bool merge;                  /* Docker: write daemon.json instead of printing a snippet */
    struct ocn_changes *changes; /* what is planned goes here */
    struct ocn_buf *notes;       /* what a person has to know, a line each */
    const char *daemon;          /* the engine's program on the node, NULL: not found */
    bool is_deferred;            /* the engine puts its configuration together when it starts */
    bool is_reread;              /* the engine reads the change by itself: nothing to restart */
};

/*
 * Plans the changes for an engine of this kind, and writes nothing. An OCN_E_UNSUPPORTED says what
 * to do instead.
 */
typedef int (*ocn_install_plan_fn)(struct ocn_install *install, struct ocn_error *err);

OCN_MUST_USE int ocn_install_containerd(struct ocn_install *install, struct ocn_error *err);
OCN_MUST_USE int ocn_install_crio(struct ocn_install *install, struct ocn_error *err);
OCN_MUST_USE int ocn_install_podman(struct ocn_install *install, struct ocn_error *err);
OCN_MUST_USE int ocn_install_docker(struct ocn_install *install, struct ocn_error *err);

/* The path of @program in the engine's directories on the node, owned by @changes; NULL: not there.
 */
const char *ocn_install_program(const struct ocn_engine *engine, struct ocn_changes *changes,
                                const char *program);

/*
 * What containerd says its configuration is, appended to @ret. *ret_asked: false where it cannot be
 * asked here. That it does not accept the configuration is an error.
 */
OCN_MUST_USE int ocn_install_containerd_dump(const struct ocn_install *install, struct ocn_buf *ret,
                                             bool *ret_asked, struct ocn_error *err);

/*
 * Whether the configuration @after holds our runtime (unless CRI is switched off), and, where
 * @before is given, everything else that stood in there.
 */
OCN_MUST_USE int ocn_install_containerd_check(const struct ocn_install *install,
                                              struct ocn_bytes before, struct ocn_bytes after,
                                              struct ocn_error *err);

/* Appends the settings of the runtime @name in the configuration @dump, but for those of no value.
 */
OCN_MUST_USE int ocn_install_containerd_copy_runtime(struct ocn_bytes dump, const char *name,
                                                     struct ocn_buf *out, struct ocn_error *err);
