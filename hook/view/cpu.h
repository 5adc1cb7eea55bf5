/* SPDX-License-Identifier: Apache-2.0 */
/* Which variant of its architecture a CPU is: "v3" of amd64, "v8.2" of arm64, "power9". */
#pragma once

#include <stdbool.h>

#include "normalize/base/error.h"

enum {
    OCN_CPU_HWCAP,    /* of the auxiliary vector; on amd64: ECX of CPUID leaf 1 */
    OCN_CPU_HWCAP2,   /* EBX of leaf 7 */
    OCN_CPU_EXTENDED, /* ECX of leaf 0x80000001 */
    OCN_CPU_LOW,      /* EDX of leaf 0x80000001 */
    OCN_CPU_WORDS,
};

/* What a CPU says of itself to a program. */
struct ocn_cpu {
    uint64_t words[OCN_CPU_WORDS];
    uint64_t xcr0;        /* amd64: the register states that the kernel keeps */
    const char *platform; /* AT_PLATFORM ("v7l", "power9"), or NULL */
};

/* Asks this CPU; opens nothing. */
void ocn_cpu_read(struct ocn_cpu *ret);

/* The variant of a CPU of @arch (GOARCH), a literal; NULL where it is not known. */
const char *ocn_cpu_level(const char *arch, const struct ocn_cpu *cpu);

/*
 * The same from the text of a /proc/cpuinfo: of a captured tree, or where a program learns nothing
 * of the CPU by itself (riscv64). Its first processor counts.
 */
const char *ocn_cpu_level_of_text(const char *arch, const char *cpuinfo);

/*
 * true: it is known that this kernel or CPU runs no 32-bit programs; what is not known is false. On
 * arm64 only: the kernel's own word on its CPUs. That it says yes does not mean that it is built
 * for them, and no call of a 64-bit program enters the kernel as a 32-bit one, so that nothing can
 * be tried. amd64: hook/view/try_32bit.h.
 */
bool ocn_cpu_no_32bit(void);

/* The logical CPUs of this machine, at least 1. */
uint32_t ocn_cpu_count(void);
