/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Annotations that a low-level runtime obeys. Under CRI-O and Podman who writes a pod can write
 * them.
 */
#pragma once

#include "normalize/oci/container.h"

enum ocn_directive_effect {
    OCN_DIRECTIVE_GROUPS,   /* the process keeps the groups of whoever called the runtime */
    OCN_DIRECTIVE_EXECUTES, /* something else than the kernel runs the entrypoint */
};

struct ocn_directive {
    const char *key;
    enum ocn_directive_effect effect;
    const char *neutral; /* a value that has no effect; NULL: none has */
};

/* The first directive of @effect that @container gives, or NULL. */
const struct ocn_directive *ocn_directives_find(const struct ocn_container *container,
                                                enum ocn_directive_effect effect);
