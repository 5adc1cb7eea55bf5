/* SPDX-License-Identifier: Apache-2.0 */
/* entry.interpreter: what the kernel needs besides the entrypoint's own file. */
#include <elf.h>
#include <string.h>

#include "normalize/base/glob.h"
#include "normalize/rules/emulated.h"
#include "normalize/rules/entry.h"
#include "normalize/rules/image.h"
#include "normalize/rules/judge.h"
#include "normalize/rules/lookup.h"
#include "normalize/rules/rules.h"

#define PAGE_SIZE ((uint64_t)4096) /* the smallest there is */

static int report(struct ocn_judge *judge, const char *message, const char *hint,
                  struct ocn_error *err)
{
    return ocn_judge_report(judge, OCN_RULE_ENTRY_INTERPRETER, message, hint, err);
}

/* ---- "#!" ------------------------------------------------------------------------------- */

#define ENOEXEC_SAYS "the kernel answers \"exec format error\""

/*
 * What the files are that people start by mistake; the first row that matches is told. Programs of
 * other systems are a matter of platform.os.
 */
static const struct kind {
    char magic[24];
    size_t len;
    char what[52];
    char hint[80];
} kinds[] = {
#define MAGIC(bytes) bytes, sizeof(bytes) - 1
    { MAGIC("\xca\xfe\xba\xbe"), "a Java class", "start it with java" },
    { MAGIC("\0asm"), "a WebAssembly module", "start it with a WebAssembly runtime" },
    { MAGIC("!<arch>\n"), "an archive of object files",
      "go build writes one for a package other than main: build the main package" },
    { MAGIC("PK\3\4"), "a zip or jar file", "start it with java -jar, or unpack it in the image" },
    { MAGIC("\x1f\x8b"), "compressed by gzip", "unpack it in the image" },
    { MAGIC("version https://git-lfs"), "a pointer of Git LFS in place of the file",
      "run git lfs pull before the image is built" },
    { MAGIC("\xef\xbb\xbf#!"), "a script that begins with a byte order mark",
      "save it as UTF-8 without BOM: \"#!\" must be its first two bytes" },
    { MAGIC("\xff\xfe"), "text in UTF-16", "save it as UTF-8 without BOM" },
    { MAGIC("\n#!"), "a script with an empty line before its #! line",
      "\"#!\" must be its first two bytes" },
    { MAGIC(" #!"), "a script with a blank before its #! line",
      "\"#!\" must be its first two bytes" },
    { MAGIC(""), "neither an ELF program nor a script with a #! line",
      "if it is a shell script, let its first line be #!/bin/sh" },
};

static const struct kind *kind_of(struct ocn_bytes head)
{
    const struct kind *kind = kinds;

    while (kind->len > head.len || memcmp(kind->magic, head.ptr, kind->len) != 0) {
        kind++; /* the last one matches everything */
    }
    return kind;
}

/* What to do about an interpreter that is not there. */
static const char *hint_for_missing(const char *interpreter)
{
    static const struct {
        char glob[8];
        char hint[128];
    } rows[] = {
        { "*[ \t]*", "env needs -S to split its words: #!/usr/bin/env -S PROGRAM ARGUMENT" },
        { "*bash", "Alpine and distroless images have no bash: install it (apk add bash), or write "
                   "the script for #!/bin/sh" },
        { "*/sh", "the image has no shell (scratch, distroless): start the program itself, or take "
                  "the :debug variant of the image" },
        { "*/env", "the image has no coreutils (scratch, distroless): start the program itself" },
        { "*", "install it in the image, or let the script's first line name what is there" },
    };
    size_t i = 0;

    while (!ocn_glob_matches(rows[i].glob, interpreter)) {
        i++; /* the last one matches everything */
    }
    return rows[i].hint;
}

/* The "\r" that an editor of another system left at the end of the "#!" line. */
static bool ends_in_cr(const char *text)
{
    size_t len = strlen(text);

    return len != 0 && text[len - 1] == '\r';
}

static int report_cr(struct ocn_judge *judge, const char *what, const char *interpreter,
                     struct ocn_error *err)
{
    return report(judge,
                  ocn_arena_printf(&judge->outcome->arena,
                                   "%s: its #! line ends in \\r (Windows line ends), so what is "
                                   "looked for is \"%.*s\\r\", which does not exist",
                                   what, (int)strcspn(interpreter, "\r"), interpreter),
                  "save it with LF line ends: dos2unix, or \"*.sh text eol=lf\" in .gitattributes",
                  err);
}

static bool has_found(const struct ocn_outcome *outcome, enum ocn_rule_id rule)
{
    for (size_t i = 0; i < outcome->findings_len; i++) {
        if (outcome->findings[i].rule == rule) {
            return true;
        }
    }
    return false;
}

/* A file that the kernel takes for no program at all, and hands to no binfmt_misc handler. */
static int judge_other(struct ocn_judge *judge, const char *what, const struct ocn_chain *chain,
                       struct ocn_error *err)
{
    struct ocn_emulated emulation = { 0 };
    const struct kind *kind = kind_of(chain->head);

    if (ocn_emulated_find(judge, chain->head, chain->file, &emulation, err) < 0) {
        return -1;
    }
    if (emulation.usable || has_found(judge->outcome, OCN_RULE_PLATFORM_OS)) {
        return 0;
    }
    return report(
        judge,
        ocn_arena_printf(&judge->outcome->arena, "%s is %s: " ENOEXEC_SAYS, what, kind->what),
        kind->hint, err);
}

/* What a finding says: the script, .before and, if there is an .after, the interpreter and that. */
static const struct {
    char before[112];
    char after[72];   /* "": the interpreter is not told */
    char hint[80];    /* "": that for a missing one */
    bool shell_helps; /* execvp() of a launcher lets sh run what the kernel refuses so */
} troubles[] = {
    [OCN_CHAIN_EMPTY] = { " is an empty file: " ENOEXEC_SAYS, "",
                          "nothing was written into it: look at the image's build (COPY, disk "
                          "space)",
                          true },
    [OCN_CHAIN_NAMELESS] = { ": its #! line names no interpreter: " ENOEXEC_SAYS, "",
                             "let its first line be #!/bin/sh", true },
    [OCN_CHAIN_CUT] = { ": its #! line is longer than the 255 bytes that the kernel "
                        "reads: " ENOEXEC_SAYS,
                        "", "shorten the path of the interpreter, or go through /usr/bin/env",
                        true },
    [OCN_CHAIN_MISSING] = { ": its interpreter ", " does not exist in the image", "", false },
    [OCN_CHAIN_DIRECTORY] = { ": its interpreter ", " is a directory",
                              "name a program in its #! line", false },
    [OCN_CHAIN_NOT_EXECUTABLE] = { ": its interpreter ", " is there, but not executable",
                                   "set its execute bit in the image (chmod 0755)", false },
    [OCN_CHAIN_NOEXEC] = { ": its interpreter ", " lies on a mount with \"noexec\"",
                           "take the option away from the mount, or name one that lies elsewhere",
                           false },
    [OCN_CHAIN_TOO_DEEP] = { ": more than 5 scripts lead to one another, the last to ",
                             ": the kernel answers \"too many levels of symbolic links\"",
                             "let the scripts name the program that runs them", false },
};

/* The script or file at which the chain of @entry ends. */
static const char *place_of(struct ocn_judge *judge, const struct ocn_entry *entry)
{
    const char *what = ocn_entry_subject(judge, entry);

    bool own = entry->chain.file == entry->path.path || entry->chain.end == OCN_CHAIN_TOO_DEEP;
    return own ? what
               : ocn_arena_printf(&judge->outcome->arena, "%s: its interpreter %s", what,
                                  entry->chain.file);
}

static int judge_chain(struct ocn_judge *judge, const struct ocn_entry *entry,
                       struct ocn_error *err)
{
    const struct ocn_chain *chain = &entry->chain;

    if (chain->end == OCN_CHAIN_UNSEEN || chain->end == OCN_CHAIN_ELF) {
        return 0;
    }
    const char *what = place_of(judge, entry);
    if (chain->end == OCN_CHAIN_MISSING && ends_in_cr(chain->interpreter)) {
        return report_cr(judge, what, chain->interpreter, err);
    }
    if (chain->end == OCN_CHAIN_OTHER) {
        return entry == judge->entry ? judge_other(judge, what, chain, err) : 0;
    }
    if (troubles[chain->end].shell_helps && entry != judge->entry) {
        return 0;
    }
    const char *hint = troubles[chain->end].hint;
    const char *after = troubles[chain->end].after;
    return report(judge,
                  ocn_arena_printf(&judge->outcome->arena, "%s%s%s%s", what,
                                   troubles[chain->end].before,
                                   after[0] != '\0' ? chain->interpreter : "", after),
                  hint[0] != '\0' ? hint : hint_for_missing(chain->interpreter), err);
}

/* What "#!/usr/bin/env NAME" names: env looks for it on PATH. */
static int judge_by_env(struct ocn_judge *judge, const struct ocn_entry *script,
                        const struct ocn_entry *entry, struct ocn_error *err)
{
    const char *path = ocn_oci_env_get(&judge->container->process.env, "PATH");
    struct ocn_arena *arena = &judge->outcome->arena;

    if (entry->path.state != OCN_PATH_MISSING) {
        return 0;
    }
    const char *what = ocn_arena_printf(arena, "entrypoint %s", script->path.path);
    if (ends_in_cr(entry->name)) {
        return report_cr(judge, what, entry->name, err);
    }
    return report(judge,
                  ocn_arena_printf(arena, "%s: its interpreter \"%s\" is %s (%s)", what,
                                   entry->name,
                                   entry->not_executable ? "not executable in any directory of PATH"
                                                         : "in no directory of PATH",
                                   path != NULL ? path : ""),
                  hint_for_missing(entry->name), err);
}

/* ---- PT_INTERP -------------------------------------------------------------------------- */

enum libc {
#define OCN_LIBC(symbol, name, hint) symbol,
#include "normalize/program/loaders.def"
#undef OCN_LIBC
};

static const struct {
    char name[24]; /* "": not known */
    char hint[156];
} libcs[] = {
#define OCN_LIBC(symbol, name, hint) [symbol] = { name, hint },
#include "normalize/program/loaders.def"
#undef OCN_LIBC
};

static const struct loader {
    char path[40];
    char arch[8];
    enum libc libc;
    char elsewhere[60];
} loaders[] = {
#define OCN_LOADER(path, arch, libc, elsewhere) { path, arch, libc, elsewhere },
#include "normalize/program/loaders.def"
#undef OCN_LOADER
};

static const struct loader *loader_of(const char *name)
{
    const struct loader *row = loaders;

    while (!ocn_glob_matches(row->path, name)) {
        row++; /* the last one matches everything */
    }
    return row;
}

static int is_there(struct ocn_judge *judge, const char *path, bool *ret, struct ocn_error *err)
{
    struct ocn_path found = { 0 };

    if (path[0] == '\0') {
        *ret = false;
        return 0;
    }
    if (ocn_lookup_file(judge, path, &found, err) < 0) {
        return -1;
    }
    *ret = ocn_path_is_program(&found);
    return 0;
}

/* The loader of another libc that the image has for the same architecture, or NULL. */
static int report_other(struct ocn_judge *judge, const struct loader *wanted,
                        const struct loader **ret, struct ocn_error *err)
{
    *ret = NULL;
    for (size_t i = 0; i < OCN_COUNT(loaders) && *ret == NULL; i++) {
        const struct loader *row = &loaders[i];
        bool there = false;

        if (row == wanted || row->arch[0] == '\0' || strcmp(row->arch, wanted->arch) != 0) {
            continue;
        }
        if (is_there(judge, row->path, &there, err) < 0) {
            return -1;
        }
        *ret = there ? row : NULL;
    }
    return 0;
}

static int report_no_loader(struct ocn_judge *judge, const char *what, const char *name,
                            struct ocn_error *err)
{
    struct ocn_arena *arena = &judge->outcome->arena;
    const struct loader *row = loader_of(name);
    const struct loader *other = NULL;
    const char *libc = libcs[row->libc].name;
    bool elsewhere = false;

    const char *message =
        ocn_arena_printf(arena, "%s needs the loader %s%s%s%s, which does not exist in the image",
                         what, name, libc[0] != '\0' ? " (" : "", libc, libc[0] != '\0' ? ")" : "");
    if (is_there(judge, row->elsewhere, &elsewhere, err) < 0 ||
        (!elsewhere && report_other(judge, row, &other, err) < 0)) {
        return -1;
    }
    if (elsewhere) {
        return report(judge, message,
                      ocn_arena_printf(arena,
                                       "the image has it as %s (multiarch): install the package "
                                       "libc6 of this architecture, which links it to its place",
                                       row->elsewhere),
                      err);
    }
    if (other != NULL) {
        return report(judge, message,
                      ocn_arena_printf(arena, "the image has %s (%s): %s", libcs[other->libc].name,
                                       other->path, libcs[row->libc].hint),
                      err);
    }
    return report(judge, message, libcs[row->libc].hint, err);
}

/* Is what PT_INTERP names a program of the same kind? The kernel answers ELIBBAD if not. */
static int judge_loader_file(struct ocn_judge *judge, const char *what,
                             const struct ocn_image *image, struct ocn_error *err)
{
    struct ocn_arena *arena = &judge->outcome->arena;
    const struct ocn_image *loader = image->loader;
    const char *name = image->loader_name;
    bool noexec = false;

    if (ocn_lookup_noexec(judge, &image->loader_path, &noexec, err) < 0) {
        return -1;
    }
    if (!ocn_path_is_program(&image->loader_path)) {
        return report(
            judge,
            ocn_arena_printf(arena, "%s: its loader %s is there, but not executable", what, name),
            "set its execute bit in the image (chmod 0755)", err);
    }
    if (noexec) {
        return report(judge,
                      ocn_arena_printf(arena, "%s: its loader %s lies on a mount with \"noexec\"",
                                       what, name),
                      "take the option away from the mount", err);
    }
    if (image->loader_other || (loader != NULL && loader->problem != NULL)) {
        return report(judge,
                      ocn_arena_printf(arena, "%s: its loader %s is no ELF program", what, name),
                      "the image is damaged: pull or build it again", err);
    }
    if (loader == NULL ||
        (loader->elf.machine == image->elf.machine && loader->elf.bits == image->elf.bits &&
         loader->elf.big_endian == image->elf.big_endian)) {
        return 0;
    }
    return report(judge,
                  ocn_arena_printf(arena, "%s is a program for %s, but its loader %s is one for %s",
                                   what, image->arch != NULL ? image->arch : "another machine",
                                   name, loader->arch != NULL ? loader->arch : "another machine"),
                  "files of two architectures are mixed in the image: build it with one --platform",
                  err);
}

static int judge_loader(struct ocn_judge *judge, const char *what, struct ocn_image *image,
                        struct ocn_error *err)
{
    if (ocn_image_read_loader(judge, image, err) < 0) {
        return -1;
    }
    if (image->loader_name == NULL || image->loader_path.state == OCN_PATH_UNKNOWN) {
        return 0;
    }
    return image->loader_path.state == OCN_PATH_MISSING
               ? report_no_loader(judge, what, image->loader_name, err)
               : judge_loader_file(judge, what, image, err);
}

/* ---- the ELF file itself ---------------------------------------------------------------- */

/* The first byte of the last page that a segment maps: without it, using the page is SIGBUS. */
static uint64_t last_page(const struct ocn_image *image)
{
    uint64_t last = 0;

    for (size_t i = 0; i < image->segments_len; i++) {
        const struct ocn_elf_segment *segment = &image->segments[i];
        bool mapped = segment->type == PT_LOAD && segment->filesz != 0 &&
                      segment->offset <= UINT64_MAX - segment->filesz;
        uint64_t page = mapped ? (segment->offset + segment->filesz - 1) & ~(PAGE_SIZE - 1) : 0;
        last = page > last ? page : last;
    }
    return last;
}

static int judge_segments(struct ocn_judge *judge, const char *what, struct ocn_image *image,
                          struct ocn_error *err)
{
    struct ocn_arena *arena = &judge->outcome->arena;
    struct ocn_error problem = { 0 };
    const char *reason = NULL;
    char byte = 0;

    if (ocn_image_read_loader(judge, image, err) < 0) {
        return -1;
    }
    reason = image->segments_problem;
    uint64_t last = last_page(image);
    if (last != 0 && ocn_elf_read_at(&image->file, last, &byte, 1, &problem) < 0) {
        if (problem.code != OCN_E_FORMAT) {
            *err = problem;
            return -1;
        }
        reason = problem.msg;
    }
    return reason == NULL
               ? 0
               : report(judge, ocn_arena_printf(arena, "%s cannot run: %s", what, reason),
                        "the file is damaged: pull or build the image again", err);
}

/* ---- the rule --------------------------------------------------------------------------- */

static int judge_image(struct ocn_judge *judge, const struct ocn_entry *entry,
                       struct ocn_error *err)
{
    if (entry->image == NULL || entry->image->problem != NULL) {
        return 0; /* platform.arch speaks of a header that cannot be read */
    }
    const char *what = ocn_entry_subject(judge, entry);
    if (judge_segments(judge, what, entry->image, err) < 0) {
        return -1;
    }
    return judge_loader(judge, what, entry->image, err);
}

int ocn_rule_entry_interpreter(struct ocn_judge *judge, struct ocn_error *err)
{
    if (ocn_entry_find(judge, err) < 0) {
        return -1;
    }
    const struct ocn_entry *script = judge->entry;
    for (const struct ocn_entry *entry = judge->entry; entry != NULL; entry = entry->launches) {
        if (entry->by_loader) {
            continue; /* it is mapped by another loader than the one that it names */
        }
        if ((entry->by_script && judge_by_env(judge, script, entry, err) < 0) ||
            judge_chain(judge, entry, err) < 0 || judge_image(judge, entry, err) < 0) {
            return -1;
        }
        script = entry;
    }
    return 0;
}
