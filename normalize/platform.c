/* SPDX-License-Identifier: Apache-2.0 */
/* platform.*: can this host run the entrypoint? */
#include "normalize/arch.h"
#include "normalize/rules.h"

/* "entrypoint /app" or "entrypoint /run.sh: its interpreter /bin/sh". */
static const char *subject(struct ocn_judge *judge)
{
    const struct ocn_entry *entry = judge->entry;
    struct ocn_arena *arena = &judge->outcome->arena;

    if (entry->image == entry->path.path) {
        return ocn_arena_printf(arena, "entrypoint %s", entry->image);
    }
    return ocn_arena_printf(arena, "entrypoint %s: its interpreter %s", entry->path.path,
                            entry->image);
}

static int find(struct ocn_judge *judge, const char *message, const char *hint,
                struct ocn_error *err)
{
    return ocn_judge_find(judge, OCN_RULE_PLATFORM_ARCH, message, hint, err);
}

int ocn_rule_platform_arch(struct ocn_judge *judge, struct ocn_error *err)
{
    struct ocn_arena *arena = &judge->outcome->arena;
    const char *host = judge->outcome->facts.host.arch;

    if (ocn_judge_entry(judge, err) < 0) {
        return -1;
    }
    const struct ocn_entry *entry = judge->entry;
    const char *arch = judge->outcome->facts.entry.arch;
    if (entry->image == NULL) {
        return 0; /* not seen, or no ELF file */
    }
    const char *what = subject(judge);
    if (what == NULL) {
        return ocn_fail_nomem(err);
    }
    if (entry->elf_problem != NULL) {
        return find(judge, ocn_arena_printf(arena, "%s cannot run: %s", what, entry->elf_problem),
                    "the file is damaged: pull or build the image again", err);
    }
    if (host == NULL || (arch != NULL && ocn_arch_runs(host, arch))) {
        return 0;
    }
    const char *hint =
        arch != NULL ? ocn_arena_printf(arena,
                                        "use an image for linux/%s, or schedule it on a linux/%s "
                                        "node",
                                        host, arch)
                     : ocn_arena_printf(arena, "use an image for linux/%s", host);
    if (arch != NULL) {
        return find(judge,
                    ocn_arena_printf(arena, "%s is a program for %s, but this host is %s", what,
                                     arch, host),
                    hint, err);
    }
    return find(judge,
                ocn_arena_printf(arena,
                                 "%s is a program for ELF machine %u (%u-bit, %s-endian), but this "
                                 "host is %s",
                                 what, entry->elf.machine, entry->elf.bits,
                                 entry->elf.big_endian ? "big" : "little", host),
                hint, err);
}
