/* SPDX-License-Identifier: Apache-2.0 */
/* The ELF files that the kernel maps: read once, and only as far as rules ask. */
#pragma once

#include "normalize/program/elf.h"
#include "normalize/program/gobuild.h"
#include "normalize/rules/judge.h"

/*
 * An ELF file that the kernel maps: a program, the interpreter of a script, a dynamic loader. The
 * header is read; the rest when a rule first asks (ocn_image_read_segments and the like).
 */
struct ocn_image {
    const char *path; /* in the container */
    struct ocn_file file;
    struct ocn_elf elf;  /* if problem is NULL */
    const char *arch;    /* GOARCH name, or NULL */
    const char *abi;     /* arch, or the name for what is no port of Go; NULL: unheard of */
    const char *problem; /* why the header cannot be read, or NULL */

    bool has_segments; /* they were read, or there is a reason why not */
    struct ocn_elf_segment *segments;
    size_t segments_len;
    const char *segments_problem; /* why they cannot be read, or NULL */

    bool has_loader;
    const char *loader_name;     /* PT_INTERP, or NULL: static, or it cannot be read */
    struct ocn_path loader_path; /* of loader_name */
    struct ocn_image *loader;    /* NULL: none, not seen, or no ELF file */
    bool loader_other;           /* what is there is no ELF file */

    const struct ocn_gobuild *build; /* NULL until asked for; then .version is NULL for no Go */

    bool has_level;
    const char *variant;     /* that it needs ("v3"), or NULL: it does not say */
    const char *variant_why; /* what says so: "GOAMD64=v3" */
};

/*
 * Begins to read the file at @path, which was found. @file is ready for more; its window holds the
 * beginning: the bytes of @ret_head, none if the file is empty; ret_head->ptr is NULL where we may
 * not read it (rootless, mode 0711).
 */
OCN_MUST_USE int ocn_image_open(struct ocn_judge *judge, const struct ocn_path *path,
                                struct ocn_file *file, struct ocn_bytes *ret_head,
                                struct ocn_error *err);

/* The image of a file that ocn_elf_is(), opened as @file; NULL when memory is out. */
struct ocn_image *ocn_image_new(struct ocn_judge *judge, const struct ocn_path *path,
                                const struct ocn_file *file, struct ocn_bytes head);

/* Each reads its part of @image once; what is malformed is not there, and no error. */
OCN_MUST_USE int ocn_image_read_segments(struct ocn_judge *judge, struct ocn_image *image,
                                         struct ocn_error *err);
OCN_MUST_USE int ocn_image_read_loader(struct ocn_judge *judge, struct ocn_image *image,
                                       struct ocn_error *err);
OCN_MUST_USE int ocn_image_read_build(struct ocn_judge *judge, struct ocn_image *image,
                                      struct ocn_error *err);

/* The operating system that @image is for, as GOOS or by name: build info, else EI_OSABI. */
OCN_MUST_USE int ocn_image_os(struct ocn_judge *judge, struct ocn_image *image, const char **ret,
                              struct ocn_error *err);

/*
 * Whether this host runs programs of @image's architecture itself, 32-bit ones included unless it
 * is known that it cannot. A host of unknown architecture may run anything.
 */
OCN_MUST_USE int ocn_image_is_native(struct ocn_judge *judge, const struct ocn_image *image,
                                     bool *ret, struct ocn_error *err);

/*
 * "a program for arm64", "a program for ELF machine 247 (64-bit, little-endian)". NULL when memory
 * is out.
 */
const char *ocn_image_describe(struct ocn_judge *judge, const struct ocn_image *image);
