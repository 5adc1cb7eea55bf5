/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which file a name stands for: what runc and crun make of args[0], PATH and the working directory,
 * and what a program does that starts another one. They differ in corners; nobody guesses there.
 */
#pragma once

#include "normalize/rootfs/path.h"

struct ocn_judge;

enum ocn_lookup_by {
    OCN_LOOKUP_BY_RUNTIME, /* that starts the container: container->runtime, or any */
    OCN_LOOKUP_BY_PROGRAM, /* execvp(3) */
};

struct ocn_lookup {
    struct ocn_path
        path; /* MISSING: nothing is found; UNKNOWN: it cannot be seen, or doubt is set */
    bool not_executable;  /* a file of the name is there, but without an execute bit */
    const char *noexec;   /* a file of the name that lies on a mount with "noexec", or NULL */
    const char *relative; /* a file that is refused for the way to it (exec.ErrDot), or NULL */
    const char *doubt;    /* runtimes differ: what each of them takes, as a sentence; or NULL */
};

/* Looks up @name. On success *ret is whole; strings come from the outcome's arena. */
OCN_MUST_USE int ocn_lookup(struct ocn_judge *judge, const char *name, enum ocn_lookup_by by,
                            struct ocn_lookup *ret, struct ocn_error *err);

/*
 * Whether the file at @path, which is found, lies on a mount from which the kernel executes
 * nothing; false where that is not certain.
 */
OCN_MUST_USE int ocn_lookup_noexec(struct ocn_judge *judge, const struct ocn_path *path, bool *ret,
                                   struct ocn_error *err);

/* Resolves the file that @name names for the kernel: relative ones start in cwd. */
OCN_MUST_USE int ocn_lookup_file(struct ocn_judge *judge, const char *name, struct ocn_path *ret,
                                 struct ocn_error *err);
