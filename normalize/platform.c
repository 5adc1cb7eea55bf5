/* SPDX-License-Identifier: Apache-2.0 */
/* platform.os, platform.arch, platform.emulated: can this host run the entrypoint? */
#include <elf.h>
#include <string.h>
#include <strings.h>

#include "normalize/arch.h"
#include "normalize/rules.h"

#define CMDLINE_SIZE 4096 /* COMMAND_LINE_SIZE is 2048 on x86 */

int ocn_judge_entries(struct ocn_judge *judge,
                      int (*judge_entry)(struct ocn_judge *judge, const struct ocn_entry *entry,
                                         struct ocn_error *err),
                      struct ocn_error *err)
{
    if (ocn_judge_entry(judge, err) < 0) {
        return -1;
    }
    for (const struct ocn_entry *entry = judge->entry; entry != NULL; entry = entry->launches) {
        if (judge_entry(judge, entry, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- 32-bit programs -------------------------------------------------------------------- */

/* The kernel's parameter as kstrtobool reads it. */
static bool is_switched_off(const char *cmdline)
{
    static const char key[] = "ia32_emulation=";

    for (const char *at = cmdline; at != NULL; at = strchr(at, ' ')) {
        at += *at == ' ';
        if (strncmp(at, key, sizeof(key) - 1) == 0) {
            const char *value = at + sizeof(key) - 1;
            return strchr("0nNfF", value[0]) != NULL || (strncasecmp(value, "of", 2) == 0);
        }
    }
    return false;
}

static int exists(struct ocn_judge *judge, const char *path, bool *ret, struct ocn_error *err)
{
    const struct ocn_ref ref = { .space = OCN_HOST, .path = path };
    struct ocn_stat stat = { 0 };

    if (judge->view->stat(judge->view->ctx, ref, &stat, err) < 0) {
        return -1;
    }
    *ret = stat.mode != 0;
    return 0;
}

/*
 * On amd64 the sysctl is there whenever the kernel is built for 32-bit programs (its
 * vdso32-setup.c); that nobody has mounted sysctls says nothing. Since 6.7 a boot parameter can
 * switch them off.
 */
static int lacks_ia32(struct ocn_judge *judge, bool *ret, struct ocn_error *err)
{
    const struct ocn_ref cmdline = { .space = OCN_HOST, .path = "/proc/cmdline" };
    char text[CMDLINE_SIZE];
    bool sysctls = false;
    bool built_in = false;
    size_t len = 0;

    if (exists(judge, "/proc/sys/kernel/ostype", &sysctls, err) < 0 ||
        exists(judge, "/proc/sys/abi/vsyscall32", &built_in, err) < 0) {
        return -1;
    }
    if (judge->view->read_at(judge->view->ctx, cmdline, 0, text, sizeof(text) - 1, &len, NULL) <
        0) {
        len = 0; /* it cannot be read: then it says nothing */
    }
    text[len] = '\0';
    *ret = (sysctls && !built_in) || is_switched_off(text);
    return 0;
}

int ocn_judge_native(struct ocn_judge *judge, const struct ocn_image *image, bool *ret,
                     struct ocn_error *err)
{
    const char *host = judge->outcome->facts.host.arch;
    bool lacks = false;

    if (host == NULL) {
        *ret = true;
        return 0;
    }
    if (image->abi == NULL || !ocn_arch_runs(host, image->abi)) {
        *ret = false;
        return 0;
    }
    if (strcmp(host, image->abi) != 0) {
        lacks = judge->view->no_32bit(judge->view->ctx);
        if (!lacks && strcmp(host, "amd64") == 0 && lacks_ia32(judge, &lacks, err) < 0) {
            return -1;
        }
    }
    *ret = !lacks;
    return 0;
}

/* ---- platform.arch ---------------------------------------------------------------------- */

/* The handler for @image. *ret is empty for one that runs natively, or of which nothing is known.
 */
static int find_emulation(struct ocn_judge *judge, struct ocn_image *image, bool *ret_native,
                          struct ocn_emulation *ret, struct ocn_error *err)
{
    const struct ocn_view *view = judge->view;
    char head[OCN_BINFMT_HEAD];
    size_t len = 0;

    *ret = (struct ocn_emulation){ 0 };
    if (ocn_judge_native(judge, image, ret_native, err) < 0) {
        return -1;
    }
    if (*ret_native) {
        return 0;
    }
    if (view->read_at(view->ctx, image->file.ref, 0, head, sizeof(head), &len, err) < 0) {
        return -1;
    }
    return ocn_judge_emulation(judge, (struct ocn_bytes){ head, len }, image->path, ret, err);
}

/* "a program for arm64", "a program for ELF machine 247 (64-bit, little-endian)". */
static const char *describe(struct ocn_judge *judge, const struct ocn_image *image)
{
    struct ocn_arena *arena = &judge->outcome->arena;

    if (image->abi != NULL) {
        return ocn_arena_printf(arena, "a program for %s", image->abi);
    }
    return ocn_arena_printf(arena, "a program for ELF machine %u (%u-bit, %s-endian)",
                            image->elf.machine, image->elf.bits,
                            image->elf.big_endian ? "big" : "little");
}

/* What helps: another image, another node, or a handler that nearly did. */
static const char *advise(struct ocn_judge *judge, const struct ocn_image *image,
                          const struct ocn_emulation *emulation)
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
                     const struct ocn_emulation *emulation, struct ocn_error *err)
{
    struct ocn_arena *arena = &judge->outcome->arena;
    const struct ocn_image *image = entry->image;
    const char *host = judge->outcome->facts.host.arch;
    const char *what = ocn_entry_subject(judge, entry);
    const char *program = describe(judge, image);
    const char *message = NULL;

    if (what == NULL || program == NULL) {
        return ocn_fail_nomem(err);
    }
    if (image->abi != NULL && ocn_arch_runs(host, image->abi)) {
        message = ocn_arena_printf(arena, "%s is %s, but this %s host runs no 32-bit programs",
                                   what, program, host);
    } else {
        message = ocn_arena_printf(arena, "%s is %s, but this host is %s", what, program, host);
    }
    return ocn_judge_find(judge, OCN_RULE_PLATFORM_ARCH, message, advise(judge, image, emulation),
                          err);
}

static int judge_arch(struct ocn_judge *judge, const struct ocn_entry *entry, struct ocn_error *err)
{
    struct ocn_emulation emulation = { 0 };
    bool native = false;

    if (entry->image == NULL) {
        return 0; /* not seen, or no ELF file */
    }
    if (entry->image->problem != NULL) {
        const char *what = ocn_entry_subject(judge, entry);
        if (what == NULL) {
            return ocn_fail_nomem(err);
        }
        return ocn_judge_find(judge, OCN_RULE_PLATFORM_ARCH,
                              ocn_arena_printf(&judge->outcome->arena, "%s cannot run: %s", what,
                                               entry->image->problem),
                              "the file is damaged: pull or build the image again", err);
    }
    if (find_emulation(judge, entry->image, &native, &emulation, err) < 0) {
        return -1;
    }
    return native || emulation.usable ? 0 : deny_arch(judge, entry, &emulation, err);
}

int ocn_rule_platform_arch(struct ocn_judge *judge, struct ocn_error *err)
{
    return ocn_judge_entries(judge, judge_arch, err);
}

/* ---- platform.os ------------------------------------------------------------------------ */

/* Programs of other systems by their first bytes. */
static const struct {
    const char *magic;
    size_t len;
    const char *is;
} formats[] = {
    { "MZ", 2, "a Windows program (PE)" },
    { "\xfe\xed\xfa\xce", 4, "a macOS program (Mach-O)" },
    { "\xfe\xed\xfa\xcf", 4, "a macOS program (Mach-O)" },
    { "\xce\xfa\xed\xfe", 4, "a macOS program (Mach-O)" },
    { "\xcf\xfa\xed\xfe", 4, "a macOS program (Mach-O)" },
    { "\xca\xfe\xba\xbe\0\0\0\1", 8, "a macOS program (universal Mach-O)" },
    { "\xca\xfe\xba\xbe\0\0\0\2", 8, "a macOS program (universal Mach-O)" },
};

/* The systems whose programs say so in EI_OSABI; Linux's say nothing, or GNU. */
static const struct {
    uint8_t osabi;
    const char *os;
} systems[] = {
    { ELFOSABI_HPUX, "HP-UX" },  { ELFOSABI_NETBSD, "netbsd" },   { ELFOSABI_SOLARIS, "solaris" },
    { ELFOSABI_AIX, "aix" },     { ELFOSABI_IRIX, "IRIX" },       { ELFOSABI_FREEBSD, "freebsd" },
    { ELFOSABI_TRU64, "Tru64" }, { ELFOSABI_MODESTO, "Modesto" }, { ELFOSABI_OPENBSD, "openbsd" },
};

static const char *format_of(struct ocn_bytes head)
{
    for (size_t i = 0; i < OCN_COUNT(formats); i++) {
        if (head.len >= formats[i].len && memcmp(head.ptr, formats[i].magic, formats[i].len) == 0) {
            return formats[i].is;
        }
    }
    return NULL;
}

int ocn_judge_os(struct ocn_judge *judge, struct ocn_image *image, const char **ret,
                 struct ocn_error *err)
{
    if (ocn_judge_build(judge, image, err) < 0) {
        return -1;
    }
    const char *goos = ocn_gobuild_setting(image->build, "GOOS");
    *ret = "linux";
    for (size_t i = 0; i < OCN_COUNT(systems); i++) {
        if (systems[i].osabi == image->elf.osabi) {
            *ret = systems[i].os;
        }
    }
    if (goos != NULL && strcmp(goos, "android") != 0) { /* Android's kernel is Linux */
        *ret = goos;
    }
    return 0;
}

static int deny_os(struct ocn_judge *judge, const struct ocn_entry *entry, const char *is,
                   struct ocn_error *err)
{
    const struct ocn_facts *facts = &judge->outcome->facts;
    const char *what = ocn_entry_subject(judge, entry);

    if (what == NULL || is == NULL) {
        return ocn_fail_nomem(err);
    }
    return ocn_judge_find(judge, OCN_RULE_PLATFORM_OS,
                          ocn_arena_printf(&judge->outcome->arena, "%s is %s, but this host is %s",
                                           what, is, facts->host.os),
                          ocn_arena_printf(&judge->outcome->arena, "use an image for %s%s%s",
                                           facts->host.os, facts->host.arch != NULL ? "/" : "",
                                           facts->host.arch != NULL ? facts->host.arch : ""),
                          err);
}

static int judge_os(struct ocn_judge *judge, const struct ocn_entry *entry, struct ocn_error *err)
{
    struct ocn_emulation emulation = { 0 };
    struct ocn_image *image = entry->image;
    const char *os = NULL;

    if (image != NULL && image->problem == NULL) {
        if (ocn_judge_os(judge, image, &os, err) < 0) {
            return -1;
        }
        return strcmp(os, judge->outcome->facts.host.os) == 0
                   ? 0
                   : deny_os(judge, entry,
                             ocn_arena_printf(&judge->outcome->arena, "a program for %s", os), err);
    }
    const char *format = entry->chain.end == OCN_CHAIN_OTHER ? format_of(entry->chain.head) : NULL;
    if (format == NULL) {
        return 0;
    }
    if (ocn_judge_emulation(judge, entry->chain.head, entry->chain.file, &emulation, err) < 0) {
        return -1;
    }
    return emulation.usable ? 0 : deny_os(judge, entry, format, err);
}

int ocn_rule_platform_os(struct ocn_judge *judge, struct ocn_error *err)
{
    return ocn_judge_entries(judge, judge_os, err);
}

/* ---- platform.emulated ------------------------------------------------------------------ */

static int warn_emulated(struct ocn_judge *judge, const struct ocn_entry *entry, const char *is,
                         const struct ocn_handler *handler, struct ocn_error *err)
{
    const struct ocn_facts *facts = &judge->outcome->facts;
    struct ocn_arena *arena = &judge->outcome->arena;
    const char *what = ocn_entry_subject(judge, entry);
    const char *host = facts->host.arch != NULL ? facts->host.arch : facts->host.os;

    if (what == NULL || is == NULL) {
        return ocn_fail_nomem(err);
    }
    return ocn_judge_find(
        judge, OCN_RULE_PLATFORM_EMULATED,
        ocn_arena_printf(arena, "%s is %s: this %s host runs it by emulation (binfmt_misc %s, %s)",
                         what, is, host, handler->name, handler->interpreter),
        ocn_arena_printf(arena, "use an image for %s/%s: emulation is slow and not complete",
                         facts->host.os, host),
        err);
}

static int judge_emulated(struct ocn_judge *judge, const struct ocn_entry *entry,
                          struct ocn_error *err)
{
    struct ocn_emulation emulation = { 0 };
    struct ocn_image *image = entry->image;
    const char *is = NULL;
    bool native = false;

    if (image != NULL && image->problem == NULL) {
        if (find_emulation(judge, image, &native, &emulation, err) < 0) {
            return -1;
        }
        is = describe(judge, image);
    } else if (entry->chain.end == OCN_CHAIN_OTHER && entry->chain.head.len != 0) {
        const char *format = format_of(entry->chain.head);
        if (ocn_judge_emulation(judge, entry->chain.head, entry->chain.file, &emulation, err) < 0) {
            return -1;
        }
        is = format != NULL ? format : "neither an ELF file nor a script";
    }
    return emulation.usable ? warn_emulated(judge, entry, is, emulation.handler, err) : 0;
}

int ocn_rule_platform_emulated(struct ocn_judge *judge, struct ocn_error *err)
{
    return ocn_judge_entries(judge, judge_emulated, err);
}
