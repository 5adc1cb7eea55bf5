/* SPDX-License-Identifier: Apache-2.0 */
/* What an ELF file says of itself (elf(5), gABI): machine, interpreter, notes. Read in windows. */
#pragma once

#include <stdbool.h>

#include "normalize/base/arena.h"
#include "normalize/view.h"

#define OCN_ELF_HEADER_SIZE 64 /* of the larger class; a window of this size is enough */
#define OCN_ELF_MAX_SEGMENTS 512
#define OCN_ELF_MAX_SECTIONS 4096
#define OCN_ELF_MAX_NOTES ((size_t)1 << 20)
#define OCN_ELF_WINDOW 4096

struct ocn_elf {
    unsigned bits; /* 32 or 64 */
    bool big_endian;
    uint8_t osabi;
    uint16_t type;
    uint16_t machine;
    uint32_t flags;
    /* where its tables are; not checked against the file's size */
    uint64_t phoff;
    uint64_t shoff;
    uint16_t phentsize, phnum;
    uint16_t shentsize, shnum, shstrndx;
};

struct ocn_elf_segment {
    uint32_t type;
    uint32_t flags;
    uint64_t offset;
    uint64_t vaddr;
    uint64_t filesz;
};

struct ocn_elf_section {
    uint32_t type;
    uint64_t addr;
    uint64_t offset;
    uint64_t size;
};

/* A file that is read in windows: neighbouring reads cost one system call. */
struct ocn_file {
    const struct ocn_view *view;
    struct ocn_ref ref;
    uint64_t size; /* of the file, as it was looked at; 0: nobody has */
    uint64_t at;   /* what window holds */
    size_t len;
    char window[OCN_ELF_WINDOW];
};

/* @len bytes at @offset. A file that ends before is OCN_E_FORMAT: it is cut short. */
OCN_MUST_USE int ocn_elf_read_at(struct ocn_file *file, uint64_t offset, void *buf, size_t len,
                                 struct ocn_error *err);

/* true: @head begins like an ELF file. */
bool ocn_elf_is(struct ocn_bytes head);

/*
 * Reads the header at the start of @head, which ocn_elf_is(). A header that is cut short, of an
 * unknown class, byte order or version is OCN_E_FORMAT: the kernel answers ENOEXEC to it.
 */
OCN_MUST_USE int ocn_elf_read(struct ocn_bytes head, struct ocn_elf *ret, struct ocn_error *err);

/* An unsigned number of @bytes bytes (1 to 8) in the file's byte order. */
uint64_t ocn_elf_number(const struct ocn_elf *elf, const void *at, size_t bytes);

/*
 * The program headers; *ret comes from @arena. More than OCN_ELF_MAX_SEGMENTS, an entry size that
 * the class does not have and a table behind the end of the file are errors, as for the kernel.
 */
OCN_MUST_USE int ocn_elf_segments(struct ocn_file *file, const struct ocn_elf *elf,
                                  struct ocn_arena *arena, struct ocn_elf_segment **ret,
                                  size_t *ret_count, struct ocn_error *err);

/*
 * The section named @name; ret->type 0 where there is none, or no section table that can be read:
 * sections are optional, and a program runs without them.
 */
OCN_MUST_USE int ocn_elf_section(struct ocn_file *file, const struct ocn_elf *elf, const char *name,
                                 struct ocn_elf_section *ret, struct ocn_error *err);

/* PT_INTERP as a string from @arena, or NULL in *ret. */
OCN_MUST_USE int ocn_elf_interpreter(struct ocn_file *file, const struct ocn_elf_segment *segments,
                                     size_t count, struct ocn_arena *arena, const char **ret,
                                     struct ocn_error *err);

/*
 * The description of the first note of @owner ("Go", "GNU") and @type in the PT_NOTE segments, as
 * bytes from @arena; ret->ptr is NULL where there is none. Notes past OCN_ELF_MAX_NOTES bytes and
 * malformed ones end the search.
 */
OCN_MUST_USE int ocn_elf_note(struct ocn_file *file, const struct ocn_elf *elf,
                              const struct ocn_elf_segment *segments, size_t count,
                              const char *owner, uint32_t type, struct ocn_arena *arena,
                              struct ocn_bytes *ret, struct ocn_error *err);
