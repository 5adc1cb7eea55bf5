/* SPDX-License-Identifier: Apache-2.0 */
/* ELF files made to measure: a header of tests/lib/mem_view.h with tables and content behind it. */
#pragma once

#include <stdbool.h>

#include "normalize/base/error.h"

/* Absent parts are NULL or empty. */
struct ocn_test_elf {
    const char *interp;     /* PT_INTERP */
    const char *go;         /* lines of `go version -m`: a blob as Go 1.18 and later write it */
    const char *go_version; /* beside it; NULL: go1.22.4 */
    bool go_pointers;       /* a blob as before Go 1.18 instead */
    bool go_section;        /* found by the section .go.buildinfo: no PT_LOAD has it */
    const char *build_id;   /* the note of Go's linker */
    struct ocn_bytes notes; /* PT_NOTE, as it is */
    struct ocn_bytes arm;   /* section .ARM.attributes, as it is */
    unsigned isa;           /* GNU_PROPERTY_X86_ISA_1_NEEDED, in a note; 0: none */
    int osabi;              /* EI_OSABI */
};

/*
 * Builds the file in @out of @size bytes; its length, or 0 if @arch is unknown or the content does
 * not fit. Without any part it is the bare header of 64 bytes.
 */
size_t ocn_test_elf_file(const char *arch, const struct ocn_test_elf *parts, unsigned char *out,
                         size_t size);
