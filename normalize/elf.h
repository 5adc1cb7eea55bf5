/* SPDX-License-Identifier: Apache-2.0 */
/* The ELF header, as far as it says which machine a program is for (elf(5)). */
#pragma once

#include <stdbool.h>

#include "normalize/base.h"

#define OCN_ELF_HEADER_SIZE 64 /* of the larger class; a window of this size is enough */

struct ocn_elf {
    unsigned bits; /* 32 or 64 */
    bool big_endian;
    uint16_t type;
    uint16_t machine;
    uint32_t flags;
};

/* 1 if @head begins like an ELF file, else 0. */
int ocn_elf_is(struct ocn_bytes head);

/*
 * Reads the header at the start of @head, which ocn_elf_is(). A header that is cut short, of an
 * unknown class, byte order or version is OCN_E_FORMAT: the kernel answers ENOEXEC to it.
 */
OCN_MUST_USE int ocn_elf_read(struct ocn_bytes head, struct ocn_elf *ret, struct ocn_error *err);
