/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of runc and crun, as far as the wrapper must understand it. */
#pragma once

#include <stdbool.h>

#include "normalize/base/error.h"

enum ocn_command {
    OCN_COMMAND_OTHER,   /* passed through unread */
    OCN_COMMAND_CREATE,  /* create and run */
    OCN_COMMAND_EXEC,    /* exec with --process */
    OCN_COMMAND_RESTORE, /* a checkpoint */
    OCN_COMMAND_VERSION, /* --version or -v before any command */
};

/* All borrowed from argv; NULL where not given. */
struct ocn_argv {
    enum ocn_command command;
    const char *root;     /* --root; "." where it is empty, as runc and crun have it */
    const char *rootless; /* --rootless, which before 1.22 is another name of --root to crun */
    const char *log;      /* --log, without crun's "file:" prefix; other sinks of crun are NULL */
    bool log_json;        /* --log-format json */
    const char *bundle;   /* -b, --bundle of create/run/restore; NULL: the working directory */
    const char *config; /* crun's create/run --config FILE, relative to the working directory; NULL:
                         * config.json in the bundle, which is also what that very name means */
    const char *process;  /* -p, --process of exec */
    size_t process_index; /* the argument that holds the process path: argv[i] is PATH or
                             --process=PATH */
    const char
        *unclear;   /* a flag like "-b=DIR", which is DIR to runc and "=DIR" to crun; NULL: none */
    bool guessed;   /* a flag was met that no table knows: id may be its value */
    const char *id; /* the container of create, run, exec and restore */
};

/*
 * Reads a command line of runc or crun. Never fails: what it does not understand is for the
 * runtime, which says it better, so the command is then OCN_COMMAND_OTHER.
 */
void ocn_argv_parse(int argc, char *const argv[], struct ocn_argv *ret);
