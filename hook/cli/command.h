/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a command of `ocinorm` takes, as data: its words are read by it, and --help, the manual
 * pages and the completions are made of it (packaging/manual.sh asks for `ocinorm help --format
 * json`).
 */
#pragma once

#include <stdbool.h>

#include "normalize/base/buf.h"

/* What stands behind an option, or for a command; and what it becomes in the command's request. */
enum ocn_command_takes {
    OCN_COMMAND_TAKES_NOTHING, /* bool */
    OCN_COMMAND_TAKES_DIR,     /* const char * */
    OCN_COMMAND_TAKES_FILE,    /* const char * */
    OCN_COMMAND_TAKES_TEXT,    /* const char *; struct ocn_command_texts where it repeats */
    OCN_COMMAND_TAKES_WORD,    /* const char *: one of .words */
};

#define OCN_COMMAND_MAX_TEXTS 1024

/* All that was given for an option that repeats. */
struct ocn_command_texts {
    const char *items[OCN_COMMAND_MAX_TEXTS];
    size_t len;
};

struct ocn_command_option {
    const char *name; /* without "--"; NULL: what stands for itself */
    char letter;      /* "-b", or 0 */
    enum ocn_command_takes takes;
    bool repeats;
    const char *argument;     /* as people read it: "DIR" */
    const char *const *words; /* of WORD: what it may be, up to a NULL; the first is the default */
    size_t offset;            /* in the command's request */
    const char *text;         /* a sentence without full stop */
};

struct ocn_command {
    const char *name; /* "config show" for one of another's */
    const char *summary;
    const char *const *synopsis; /* lines up to a NULL, each behind "ocinorm NAME " */
    const char *about;           /* what it does, a paragraph */
    const struct ocn_command_option *options;
    size_t options_len;
    struct ocn_command_option operand; /* one at most, or those that repeat */
    const char *more;                  /* behind the options: a paragraph, or NULL */
    const char *exit_status;
    const struct ocn_command *const *commands; /* its own, up to a NULL, or NULL */
    bool elsewhere;                            /* another program's: that knows the rest of it */
    int (*run)(int argc, char **argv);         /* argv[0] is its name; the exit status */
};

/*
 * Reads the words behind argv[0] into @request, which the tables of @command describe. What is not
 * given is left as it is. *ret_helped: help was asked for, and printed to stdout; the rest is not
 * read then.
 */
OCN_MUST_USE int ocn_command_read(const struct ocn_command *command, int argc, char **argv,
                                  void *request, bool *ret_helped, struct ocn_error *err);

/* "text, json or xml". */
void ocn_command_words(const char *const *words, struct ocn_buf *ret);

/* Appends what `ocinorm NAME --help` says, lines of 80 columns at most. */
OCN_MUST_USE int ocn_command_help(const struct ocn_command *command, struct ocn_buf *out,
                                  struct ocn_error *err);

/* Appends all of @commands (up to a NULL) as JSON: {"version": 1, "commands": [...]}. */
OCN_MUST_USE int ocn_command_dump(const struct ocn_command *const *commands, struct ocn_buf *out,
                                  struct ocn_error *err);
