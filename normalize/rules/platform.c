/* SPDX-License-Identifier: Apache-2.0 */
/* platform.os, platform.arch: can this host run the entrypoint? */
#include <string.h>

#include "normalize/program/arch.h"
#include "normalize/program/format.h"
#include "normalize/rules/emulated.h"
#include "normalize/rules/entry.h"
#include "normalize/rules/image.h"
#include "normalize/rules/judge.h"
#include "normalize/rules/rules.h"

/* ---- platform.arch ---------------------------------------------------------------------- */

/* What helps: another image, another node, or a handler that nearly did. */
static const char *advise(struct ocn_judge *judge, const struct ocn_image *image,
                          const struct ocn_emulated *emulation)
{
    struct ocn_arena *arena = &judge->outcome->arena;
    const char *host = judge->outcome->facts.host.arch;
    const struct ocn_handler *handler = emulation->handler;

    if (handler != NULL) {
        return ocn_arena_printf(arena,
                                "use an image for linux/%s; binfmt_misc's %s would emulate it, but "
                                "its interpreter %s is not in the image: register it with flag F",
                                host, handler->name, handler->interpreter);
    }
    if (image->arch == NULL) {
        return ocn_arena_printf(arena, "use an image for linux/%s", host);
    }
    return ocn_arena_printf(arena, "use an image for linux/%s, or schedule it on a linux/%s node",
                            host, image->arch);
}

/* What the kernel says to the same program is "exec format error". */
static int deny_arch(struct ocn_judge *judge, const struct ocn_entry *entry,
                     const struct ocn_emulated *emulation, struct ocn_error *err)
{
    struct ocn_arena *arena = &judge->outcome->arena;
    const struct ocn_image *image = entry->image;
    const char *host = judge->outcome->facts.host.arch;
    const char *what = ocn_entry_subject(judge, entry);
    const char *program = ocn_image_describe(judge, image);
    const char *message = NULL;

    if (image->abi != NULL && ocn_arch_runs(host, image->abi)) {
        message = ocn_arena_printf(arena, "%s is %s, but this %s host runs no 32-bit programs",
                                   what, program, host);
    } else {
        message = ocn_arena_printf(arena, "%s is %s, but this host is %s", what, program, host);
    }
    return ocn_judge_report(judge, OCN_RULE_PLATFORM_ARCH, message, advise(judge, image, emulation),
                            err);
}

static int judge_arch(struct ocn_judge *judge, const struct ocn_entry *entry, struct ocn_error *err)
{
    struct ocn_emulated emulation = { 0 };
    bool native = false;

    if (entry->image == NULL) {
        return 0; /* not seen, or no ELF file */
    }
    if (entry->image->problem != NULL) {
        const char *what = ocn_entry_subject(judge, entry);
        return ocn_judge_report(judge, OCN_RULE_PLATFORM_ARCH,
                                ocn_arena_printf(&judge->outcome->arena, "%s cannot run: %s", what,
                                                 entry->image->problem),
                                "the file is damaged: pull or build the image again", err);
    }
    if (ocn_emulated_find_image(judge, entry->image, &native, &emulation, err) < 0) {
        return -1;
    }
    return native || emulation.usable ? 0 : deny_arch(judge, entry, &emulation, err);
}

int ocn_rule_platform_arch(struct ocn_judge *judge, struct ocn_error *err)
{
    return ocn_entry_each(judge, judge_arch, err);
}

/* ---- platform.os ------------------------------------------------------------------------ */

static int deny_os(struct ocn_judge *judge, const struct ocn_entry *entry, const char *is,
                   struct ocn_error *err)
{
    const struct ocn_facts *facts = &judge->outcome->facts;
    const char *what = ocn_entry_subject(judge, entry);

    return ocn_judge_report(judge, OCN_RULE_PLATFORM_OS,
                            ocn_arena_printf(&judge->outcome->arena,
                                             "%s is %s, but this host is %s", what, is,
                                             facts->host.os),
                            ocn_arena_printf(&judge->outcome->arena, "use an image for %s%s%s",
                                             facts->host.os, facts->host.arch != NULL ? "/" : "",
                                             facts->host.arch != NULL ? facts->host.arch : ""),
                            err);
}

static int judge_os(struct ocn_judge *judge, const struct ocn_entry *entry, struct ocn_error *err)
{
    struct ocn_emulated emulation = { 0 };
    struct ocn_image *image = entry->image;
    const char *os = NULL;

    if (image != NULL && image->problem == NULL) {
        if (ocn_image_os(judge, image, &os, err) < 0) {
            return -1;
        }
        return strcmp(os, judge->outcome->facts.host.os) == 0
                   ? 0
                   : deny_os(judge, entry,
                             ocn_arena_printf(&judge->outcome->arena, "a program for %s", os), err);
    }
    const char *format =
        entry->chain.end == OCN_CHAIN_OTHER ? ocn_format_of(entry->chain.head) : NULL;
    if (format == NULL) {
        return 0;
    }
    if (ocn_emulated_find(judge, entry->chain.head, entry->chain.file, &emulation, err) < 0) {
        return -1;
    }
    return emulation.usable ? 0 : deny_os(judge, entry, format, err);
}

int ocn_rule_platform_os(struct ocn_judge *judge, struct ocn_error *err)
{
    return ocn_entry_each(judge, judge_os, err);
}
