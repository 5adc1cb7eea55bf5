/* SPDX-License-Identifier: Apache-2.0 */
/*
 * platform.seccomp: libseccomp kills a program at its first system call of an architecture that the
 * filter does not name (SCMP_FLTATR_ACT_BADARCH). The host's own is always in the filter.
 */
#include <string.h>

#include "normalize/rules/entry.h"
#include "normalize/rules/image.h"
#include "normalize/rules/judge.h"
#include "normalize/rules/rules.h"

/* Names of runtime-spec config-linux.md (libseccomp's). */
static const struct {
    char abi[16];
    char name[24];
} names[] = {
    { "386", "SCMP_ARCH_X86" },
    { "amd64", "SCMP_ARCH_X86_64" },
    { "arm", "SCMP_ARCH_ARM" },
    { "arm64", "SCMP_ARCH_AARCH64" },
    { "hppa", "SCMP_ARCH_PARISC" },
    { "hppa64", "SCMP_ARCH_PARISC64" },
    { "loong64", "SCMP_ARCH_LOONGARCH64" },
    { "m68k", "SCMP_ARCH_M68K" },
    { "mips", "SCMP_ARCH_MIPS" },
    { "mips64", "SCMP_ARCH_MIPS64" },
    { "mips64 n32", "SCMP_ARCH_MIPS64N32" },
    { "mips64le", "SCMP_ARCH_MIPSEL64" },
    { "mips64le n32", "SCMP_ARCH_MIPSEL64N32" },
    { "mipsle", "SCMP_ARCH_MIPSEL" },
    { "ppc", "SCMP_ARCH_PPC" },
    { "ppc64", "SCMP_ARCH_PPC64" },
    { "ppc64le", "SCMP_ARCH_PPC64LE" },
    { "riscv64", "SCMP_ARCH_RISCV64" },
    { "s390", "SCMP_ARCH_S390" },
    { "s390x", "SCMP_ARCH_S390X" },
    { "sh4", "SCMP_ARCH_SH" },
    { "sh4eb", "SCMP_ARCH_SHEB" },
    { "x32", "SCMP_ARCH_X32" },
};

static const char *name_of(const char *abi)
{
    for (size_t i = 0; i < OCN_COUNT(names); i++) {
        if (strcmp(names[i].abi, abi) == 0) {
            return names[i].name;
        }
    }
    return NULL;
}

static int judge_image(struct ocn_judge *judge, const struct ocn_entry *entry,
                       struct ocn_error *err)
{
    const struct ocn_image *image = entry->image;
    const char *host = judge->outcome->facts.host.arch;
    const char *name = image != NULL && image->abi != NULL ? name_of(image->abi) : NULL;
    bool native = false;

    if (host == NULL || name == NULL || strcmp(host, image->abi) == 0 ||
        ocn_strings_hold(&judge->container->linux_.seccomp.architectures, name)) {
        return 0;
    }
    if (ocn_image_is_native(judge, image, &native, err) < 0) {
        return -1;
    }
    if (!native) {
        return 0; /* platform.arch has said it; an emulator calls as a program of the host */
    }
    const char *what = ocn_entry_subject(judge, entry);
    return ocn_judge_report(
        judge, OCN_RULE_PLATFORM_SECCOMP,
        ocn_arena_printf(&judge->outcome->arena,
                         "%s is a program for %s, but the container's seccomp "
                         "filter does not cover %s: its first system call would "
                         "kill it",
                         what, image->abi, name),
        ocn_arena_printf(&judge->outcome->arena,
                         "add %s to linux.seccomp.architectures, or use an image "
                         "for linux/%s",
                         name, host),
        err);
}

int ocn_rule_platform_seccomp(struct ocn_judge *judge, struct ocn_error *err)
{
    if (judge->container->linux_.seccomp.default_action == NULL) {
        return 0; /* no filter */
    }
    return ocn_entry_each(judge, judge_image, err);
}
