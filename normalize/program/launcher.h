/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that only start another one (launchers.def), and which one that is. */
#pragma once

#include <stdint.h>

#include "normalize/base/arena.h"
#include "normalize/base/strings.h"

/* What a launcher makes of the user, by its own words. */
struct ocn_step {
    bool taken;        /* it changes user, group or groups, which takes root */
    const char *user;  /* "USER" or "USER:GROUP", names or numbers; NULL: not named */
    const char *group; /* that an option of its own names, or NULL */
    bool ids;          /* the user's own group in the image's passwd is not taken */
    bool more;         /* what it starts hangs on it in other ways, too */
};

struct ocn_launch {
    const char *launcher;    /* the name of the row; NULL: @name is no launcher */
    struct ocn_strings args; /* of the program that it starts; none: that is not clear */
    size_t origin;           /* the index among the launcher's arguments that names it */
    bool packed;             /* what is there is not the program's name alone, but a command */
    bool loads;              /* the program is mapped: its execute bit and loader do not count */
    struct ocn_step step;
};

#define OCN_LAUNCHER_NONE SIZE_MAX

/* true: a program called @name (a path) is one that changes the user, if its options say so. */
bool ocn_launcher_may_step(const char *name);

/* true: @name is a shell's. */
bool ocn_launcher_is_shell(const char *name);

/* What a shell is told to do: at most one of these. */
struct ocn_shell_words {
    const char *command; /* "sh -c COMMAND" */
    const char *script;  /* "sh SCRIPT": the name of the file that it reads */
};

/* Those of the command line @args, which they are borrowed from; none where it is no shell's, or
 * its options are not understood. */
struct ocn_shell_words ocn_launcher_shell(const struct ocn_strings *args);

/*
 * What a program called @name (a path) starts when its arguments are @args, args[0] included. Only
 * command lines that are understood to the last word are followed; nothing is guessed. Strings are
 * borrowed from @args or come from @arena.
 */
OCN_MUST_USE int ocn_launcher_read(const char *name, const struct ocn_strings *args,
                                   struct ocn_arena *arena, struct ocn_launch *ret,
                                   struct ocn_error *err);
