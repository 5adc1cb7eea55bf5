/* SPDX-License-Identifier: Apache-2.0 */
/* The container engines that ocinorm can be installed into, as data: where each has its things. */
#pragma once

#include <stdbool.h>

#include "normalize/base/error.h"

enum ocn_engine_kind {
    OCN_ENGINE_CONTAINERD,
    OCN_ENGINE_CRIO,
    OCN_ENGINE_PODMAN,
    OCN_ENGINE_DOCKER,
    OCN_ENGINE_KINDS,
};

/* Bits: how ocinorm can be put into an engine. */
enum ocn_engine_mode {
    OCN_MODE_RUNTIME = 1, /* ocinorm-runtime, as a runtime of the engine */
    OCN_MODE_HOOK = 2,    /* ocinorm-hook, as an OCI hook */
};

#define OCN_ENGINE_UNITS 3

/* Paths are those of the node: --root goes before them. NULL: the engine has no such thing. */
struct ocn_engine {
    const char *name;
    enum ocn_engine_kind kind;
    unsigned modes;        /* of enum ocn_engine_mode */
    const char *home;      /* a directory or file that is there where the engine was set up */
    const char *root_file; /* the main configuration */
    bool is_generated;     /* the engine writes root_file itself at each start */
    const char *drop_in;   /* the file that is ours */
    const char *include;   /* the pattern in the main file that makes it read drop_in */
    const char *spec;      /* hook mode: the base spec (containerd) or the hooks.d file */
    const char *const
        *bin; /* directories of its programs, a NULL at the end; the first match counts */
    const char *program;                 /* the daemon, or Podman itself */
    const char *helper;                  /* a second program that is asked: ctr */
    const char *units[OCN_ENGINE_UNITS]; /* systemd services, the first that is there counts */
    const char *socket;                  /* the daemon makes it anew when it starts */
};

/* All of them, in the order in which they are listed to people. */
extern const struct ocn_engine ocn_engines[];
extern const size_t ocn_engine_count;

/* Their names in that order, up to a NULL. */
extern const char *const ocn_engine_names[];

/* The engine of that name, or NULL. */
const struct ocn_engine *ocn_engine_find(const char *name);

/* What is installed on a node, wherever the engine; see interface.md. */
#define OCN_RUNTIME_PROGRAM OCN_BINDIR "/ocinorm-runtime"
#define OCN_HOOK_PROGRAM OCN_LIBEXECDIR "/oci/hooks.d/ocinorm-hook"
#define OCN_DEFAULT_HANDLER "ocinorm"
