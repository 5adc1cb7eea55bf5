/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/program/arch.h"

#include <elf.h>
#include <string.h>

#include "normalize/base/glob.h"

/* A port of Go has a row of the first kind; goport tells. */
struct arch {
    char name[20];
    uint16_t machine;
    unsigned bits;
    bool big_endian;
    uint32_t flags_mask;
    uint32_t flags;
    char uname[16]; /* "": none tells it */
    char also_runs[12];
    bool goport;
};

#define LSB false
#define MSB true
static const struct arch archs[] = {
#define OCN_ARCH(name, machine, bits, data, mask, flags, uname, also)                              \
    { name, machine, bits, data, mask, flags, uname, also, true },
#define OCN_ABI(name, machine, bits, data, mask, flags)                                            \
    { name, machine, bits, data, mask, flags, "", "", false },
#include "normalize/program/arch.def"
#undef OCN_ABI
#undef OCN_ARCH
};
#undef LSB
#undef MSB

static const struct arch *find_elf(const struct ocn_elf *elf)
{
    for (size_t i = 0; i < OCN_COUNT(archs); i++) {
        const struct arch *arch = &archs[i];
        if (arch->machine == elf->machine && arch->bits == elf->bits &&
            arch->big_endian == elf->big_endian && (elf->flags & arch->flags_mask) == arch->flags) {
            return arch;
        }
    }
    return NULL;
}

const char *ocn_arch_of_elf(const struct ocn_elf *elf)
{
    const struct arch *arch = find_elf(elf);

    return arch != NULL && arch->goport ? arch->name : NULL;
}

const char *ocn_arch_or_abi(const struct ocn_elf *elf)
{
    const struct arch *arch = find_elf(elf);

    return arch != NULL ? arch->name : NULL;
}

const char *ocn_arch_of_machine(const char *machine)
{
    for (size_t i = 0; i < OCN_COUNT(archs); i++) {
        if (archs[i].uname[0] != '\0' && ocn_glob_matches(archs[i].uname, machine)) {
            return archs[i].name;
        }
    }
    return NULL;
}

/* The shortest text that @glob, of letters, one-character ranges and "*", fits. */
static void fit_glob(const char *glob, char *ret, size_t size)
{
    size_t len = 0;

    for (; *glob != '\0' && len + 1 < size; glob++) {
        if (*glob == '[') {
            ret[len++] = glob[1];
            glob = strchr(glob, ']');
        } else if (*glob != '*') {
            ret[len++] = *glob;
        }
    }
    ret[len] = '\0';
}

bool ocn_arch_machine(const char *arch, char *ret, size_t size)
{
    ret[0] = '\0';
    for (size_t i = 0; i < OCN_COUNT(archs); i++) {
        if (archs[i].uname[0] != '\0' && strcmp(archs[i].name, arch) == 0) {
            fit_glob(archs[i].uname, ret, size);
            return true;
        }
    }
    return false;
}

/* true: @name is one of the comma-separated names of @list. */
static bool is_listed(const char *list, const char *name)
{
    size_t len = strlen(name);

    while (*list != '\0') {
        size_t item = strcspn(list, ",");
        if (item == len && memcmp(list, name, len) == 0) {
            return true;
        }
        list += item + (list[item] == ',');
    }
    return false;
}

bool ocn_arch_runs(const char *host, const char *program)
{
    if (strcmp(host, program) == 0) {
        return true;
    }
    for (size_t i = 0; i < OCN_COUNT(archs); i++) {
        if (strcmp(archs[i].name, host) == 0) {
            return is_listed(archs[i].also_runs, program);
        }
    }
    return false;
}
