/* SPDX-License-Identifier: Apache-2.0 */
/* What some versions of a low-level runtime do to a node where containers do not run as root. */
#pragma once

#include "normalize/base/error.h"

struct ocn_quirk {
    const char *program; /* as it calls itself */
    const char *name;    /* of the row that tells of it */
    unsigned since,
        before; /* major * 1000 + minor: the first that does, and the first that does not */
    const char *text;
    const char *fix;
};

/*
 * The one of the runtime whose `--version` begins with @line ("crun version 1.8.1"), or NULL. A
 * version that is not understood has none.
 */
const struct ocn_quirk *ocn_quirk_find(const char *line);
