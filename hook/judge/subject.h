/* SPDX-License-Identifier: Apache-2.0 */
/* What a mode asks about. */
#pragma once

#include <stdbool.h>

#include "normalize/normalize.h"

/* What is judged; all of it borrowed. */
struct ocn_subject {
    enum ocn_event event;
    const char *bundle;   /* a directory; root.path is relative to it */
    bool placeless;       /* the bundle is not known: it is only where we were started */
    const char *id;       /* of the container; NULL where nobody knows it */
    const char *runtime;  /* path of the low-level runtime, or its name; NULL: any */
    const char *follower; /* path of the runtime that is to map volumes; NULL: that of .runtime */
    bool untold;          /* nobody is told what the edits replace: their .from is NULL */
    bool lingers;         /* somebody calls ocn_judge_reap(): the child may end meanwhile */
    bool unedited;        /* a hook: the runtime goes by config.json as it is */
    struct ocn_bytes config;  /* config.json's text */
    struct ocn_bytes process; /* EXEC: process.json's text */
};
