/* SPDX-License-Identifier: Apache-2.0 */
/* The programs that are started: the entrypoint, and what it starts where it is a launcher. */
#pragma once

#include "normalize/program/launcher.h"
#include "normalize/rules/image.h"

/* How the way from a program's file through "#!" lines to an ELF file ends. */
enum ocn_chain_end {
    OCN_CHAIN_UNSEEN,  /* it leads to where nobody can see yet, or there is no file to begin with */
    OCN_CHAIN_GOES_ON, /* only while it is followed */
    OCN_CHAIN_ELF,
    OCN_CHAIN_EMPTY,    /* .file has no content */
    OCN_CHAIN_OTHER,    /* .file is neither an ELF file nor a script */
    OCN_CHAIN_NAMELESS, /* the "#!" line of .file names no interpreter */
    OCN_CHAIN_CUT,      /* the "#!" line of .file is longer than the kernel reads */
    OCN_CHAIN_MISSING,  /* .interpreter, which .file names, is not there */
    OCN_CHAIN_DIRECTORY,
    OCN_CHAIN_NOT_EXECUTABLE,
    OCN_CHAIN_NOEXEC,   /* .interpreter lies on a mount with "noexec" */
    OCN_CHAIN_TOO_DEEP, /* more scripts than the kernel follows; .file is the last of them */
};

struct ocn_chain {
    enum ocn_chain_end end;
    const char *file;
    const char *interpreter; /* what the last "#!" line that was followed names */
    struct ocn_bytes head;   /* OTHER: how .file begins */
};

/* A file on the way from a program to the kernel that the process may not use, or none: NULL. */
struct ocn_obstacle {
    const char *file;
    const char *blocked; /* whose mode it is: the file's, or a directory's before it */
    bool reading;        /* it is a script, which is to be read; else what is to be executed */
};

/* A program that is started, as far as it can be seen: args[0], or what a launcher starts. */
struct ocn_entry {
    const char *name;        /* as it is asked for: args[0] */
    struct ocn_strings args; /* of the ELF file that the kernel loads: after all "#!" lines */
    size_t script_args;      /* how many of them come from a "#!" line */
    struct ocn_path path;
    enum ocn_entry_kind kind;
    const char *interpreter; /* of a script, as its "#!" line names it, or NULL */
    bool not_executable;     /* PATH or name leads to a file, but without an execute bit */
    const char *noexec;      /* the same on a mount with "noexec": its path, or NULL */
    const char *relative;    /* what runc finds, but by a relative element of PATH, or NULL */
    const char *doubt;       /* runtimes differ in which file it is: how, or NULL */
    struct ocn_image *image; /* the ELF file at the end of its "#!" chain, or NULL */
    struct ocn_chain chain;
    struct ocn_obstacle obstacle; /* behind .path: its "#!" chain, for judge->user */

    const char *launcher;       /* this program only starts another one: its name, or NULL */
    struct ocn_entry *launches; /* that other one; NULL: none, or its command line is not clear */
    bool by_script;             /* a "#!" line names it, through env */
    bool by_loader;             /* a loader maps it: its own (PT_INTERP) is not used */
    size_t at;                  /* where process.args has .args[0], or OCN_LAUNCHER_NONE */
    struct ocn_step step;       /* what it makes of the user as a launcher */
};

/*
 * Finds the entrypoint once and fills facts.entry. Rules look at every program from judge->entry on
 * along ->launches: the launcher and what it starts.
 */
OCN_MUST_USE int ocn_entry_find(struct ocn_judge *judge, struct ocn_error *err);

/* Asks @judge_entry about each of those programs, in order. */
OCN_MUST_USE int ocn_entry_each(struct ocn_judge *judge,
                                int (*judge_entry)(struct ocn_judge *judge,
                                                   const struct ocn_entry *entry,
                                                   struct ocn_error *err),
                                struct ocn_error *err);

/*
 * The image of the program that does the work, behind all launchers; NULL where that cannot be seen
 * or is no ELF file itself but a script.
 */
struct ocn_image *ocn_entry_program(const struct ocn_judge *judge);

/* The same, with the entrypoint found and its build info read: .build->version is NULL for no Go.
 */
OCN_MUST_USE int ocn_entry_read_program(struct ocn_judge *judge, struct ocn_image **ret,
                                        struct ocn_error *err);

/* The file that the ELF file of @entry is told to read: that of "sh start.sh"; NULL: none.
 * Borrowed.
 */
const char *ocn_entry_operand(const struct ocn_entry *entry);

/*
 * How a finding names @image of @entry: "entrypoint /app", "entrypoint /run.sh: its interpreter
 * /bin/sh", "entrypoint /sbin/tini: its program /app".
 */
const char *ocn_entry_subject(struct ocn_judge *judge, const struct ocn_entry *entry);
