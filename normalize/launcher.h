/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that only start another one (launchers.def), and which one that is. */
#pragma once

#include "normalize/json_bind.h"

struct ocn_launch {
    const char *launcher;    /* the name of the row; NULL: @name is no launcher */
    struct ocn_strings args; /* of the program that it starts; none: that is not clear */
    size_t origin;           /* the index among the launcher's arguments that names it */
};

/*
 * What a program called @name (a path) starts when its arguments are @args, args[0] included. Only
 * command lines that are understood to the last word are followed; nothing is guessed. Strings are
 * borrowed from @args or come from @arena.
 */
OCN_MUST_USE int ocn_launcher_read(const char *name, const struct ocn_strings *args,
                                   struct ocn_arena *arena, struct ocn_launch *ret,
                                   struct ocn_error *err);
