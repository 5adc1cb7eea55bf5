/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/arch.h"

#include <elf.h>
#include <fnmatch.h>
#include <string.h>

struct arch {
    const char *name;
    uint16_t machine;
    unsigned bits;
    bool big_endian;
    uint32_t flags_mask;
    uint32_t flags;
    const char *uname;
    const char *also_runs;
};

#define LSB false
#define MSB true
static const struct arch archs[] = {
#define OCN_ARCH(name, machine, bits, data, mask, flags, uname, also)                              \
    { name, machine, bits, data, mask, flags, uname, also },
#include "normalize/arch.def"
#undef OCN_ARCH
};
#undef LSB
#undef MSB

const char *ocn_arch_of_elf(const struct ocn_elf *elf)
{
    for (size_t i = 0; i < OCN_COUNT(archs); i++) {
        const struct arch *arch = &archs[i];
        if (arch->machine == elf->machine && arch->bits == elf->bits &&
            arch->big_endian == elf->big_endian && (elf->flags & arch->flags_mask) == arch->flags) {
            return arch->name;
        }
    }
    return NULL;
}

const char *ocn_arch_of_machine(const char *machine)
{
    for (size_t i = 0; i < OCN_COUNT(archs); i++) {
        if (archs[i].uname != NULL && fnmatch(archs[i].uname, machine, 0) == 0) {
            return archs[i].name;
        }
    }
    return NULL;
}

int ocn_arch_runs(const char *host, const char *program)
{
    if (strcmp(host, program) == 0) {
        return 1;
    }
    for (size_t i = 0; i < OCN_COUNT(archs); i++) {
        if (strcmp(archs[i].name, host) == 0) {
            return archs[i].also_runs != NULL && strcmp(archs[i].also_runs, program) == 0;
        }
    }
    return 0;
}
