/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the Go linker writes into a program (cmd/link/internal/ld data.go buildinfo(), read by
 * debug/buildinfo): the toolchain's version, the modules and the settings of the build.
 */
#pragma once

#include "normalize/json/bind.h"
#include "normalize/program/elf.h"

#define OCN_GOBUILD_MAX_SIZE ((size_t)4 << 20)

struct ocn_go_module {
    const char *path;                        /* NULL: not told */
    const char *version;                     /* "(devel)" where it is unknown */
    const char *sum;                         /* NULL where it has none */
    const struct ocn_go_module *replaced_by; /* or NULL */
};

/* Strings come from the arena; they are the image's words, any bytes but NUL. */
struct ocn_gobuild {
    const char *version;       /* "go1.22.4"; NULL: no Go program, or one without build info */
    const char *text;          /* the lines of `go version -m`, without its indentation; or NULL */
    const char *path;          /* the main package */
    struct ocn_go_module main; /* the main module */
    struct ocn_list deps;      /* struct ocn_go_module */
    const char *build_id;      /* of the note, or NULL */
    struct ocn_pairs settings; /* GOARCH, -ldflags, vcs.revision ...: may hold secrets */
};

/*
 * Reads the build info of @file. Not finding any is no error: ret->version is NULL. Looks in the
 * section .go.buildinfo or, in a file without sections, in every loaded segment: programs that
 * Go's own reader misses (stripped PIE) are found too. Reads windows, whatever the file's size.
 */
OCN_MUST_USE int ocn_gobuild_read(struct ocn_file *file, const struct ocn_elf *elf,
                                  const struct ocn_elf_segment *segments, size_t count,
                                  struct ocn_arena *arena, struct ocn_gobuild *ret,
                                  struct ocn_error *err);

/* The value of a build setting, or NULL. */
const char *ocn_gobuild_setting(const struct ocn_gobuild *build, const char *key);

/*
 * The minor version of "go1.N...", e.g. 25; development versions ("devel go1.26-abc") count as
 * what they say. -1: the version does not tell.
 */
int ocn_gobuild_minor(const struct ocn_gobuild *build);
