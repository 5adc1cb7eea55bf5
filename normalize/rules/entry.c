/* SPDX-License-Identifier: Apache-2.0 */
/* Which file args[0] and PATH name, and what the kernel would load for it. */
#include "normalize/rules/entry.h"

#include <string.h>
#include <sys/stat.h>

#include "normalize/oci/directives.h"
#include "normalize/program/launcher.h"
#include "normalize/program/operand.h"
#include "normalize/program/script.h"
#include "normalize/rules/image.h"
#include "normalize/rules/judge.h"
#include "normalize/rules/lookup.h"

#define MAX_LAUNCHES 8 /* programs that start programs that start programs ... */

/* ---- what the kernel would load --------------------------------------------------------- */

/* The arguments that the interpreter gets: itself, its argument, the script, the script's own. */
static int wrap_args(struct ocn_judge *judge, const struct ocn_script *script, const char *file,
                     struct ocn_strings *args, struct ocn_error *err)
{
    size_t added = script->argument != NULL ? 3 : 2;
    const char **items =
        ocn_arena_alloc(&judge->outcome->arena, (added + args->len) * sizeof(*items));

    if (items == NULL) {
        return ocn_fail_nomem(err);
    }
    items[0] = script->interpreter;
    items[1] = script->argument;
    items[added - 1] = file;
    for (size_t i = 1; i < args->len; i++) {
        items[added + i - 1] = args->items[i];
    }
    *args = (struct ocn_strings){ items, added + args->len - 1 };
    return 0;
}

/* Why no program begins with @head, which is no ELF file. */
static enum ocn_chain_end end_of(struct ocn_bytes head, const struct ocn_script *script)
{
    static const enum ocn_chain_end ends[] = {
        [OCN_SCRIPT_NONE] = OCN_CHAIN_OTHER,
        [OCN_SCRIPT_NAMELESS] = OCN_CHAIN_NAMELESS,
        [OCN_SCRIPT_CUT] = OCN_CHAIN_CUT,
    };

    return head.len == 0 ? OCN_CHAIN_EMPTY : ends[script->state];
}

/* Remembers @path if it is in the way, and nothing before it was. */
static int note_obstacle(struct ocn_judge *judge, struct ocn_entry *entry,
                         const struct ocn_path *path, bool reading, struct ocn_error *err)
{
    bool may = true;

    if (entry->obstacle.file != NULL || path->state != OCN_PATH_FOUND) {
        return 0;
    }
    if (reading && ocn_judge_may(judge, &path->stat, 4, &may, err) < 0) {
        return -1;
    }
    const char *blocked = reading ? (may ? NULL : path->path) : path->blocked;
    if (blocked != NULL) {
        entry->obstacle = (struct ocn_obstacle){ path->path, blocked, reading };
    }
    return 0;
}

/* One step further: to the interpreter that @script names. */
static int enter_interpreter(struct ocn_judge *judge, struct ocn_entry *entry,
                             const struct ocn_script *script, struct ocn_path *path,
                             struct ocn_error *err)
{
    struct ocn_chain *chain = &entry->chain;
    bool noexec = false;

    chain->file = path->path;
    chain->interpreter = script->interpreter;
    if (wrap_args(judge, script, path->path, &entry->args, err) < 0 ||
        note_obstacle(judge, entry, path, true, err) < 0 ||
        ocn_lookup_file(judge, script->interpreter, path, err) < 0 ||
        note_obstacle(judge, entry, path, false, err) < 0 ||
        ocn_lookup_noexec(judge, path, &noexec, err) < 0) {
        return -1;
    }
    entry->script_args = script->argument != NULL ? 2 : 1;
    chain->end = path->state == OCN_PATH_MISSING   ? OCN_CHAIN_MISSING
                 : path->state == OCN_PATH_UNKNOWN ? OCN_CHAIN_UNSEEN
                 : S_ISDIR(path->stat.mode)        ? OCN_CHAIN_DIRECTORY
                 : !ocn_path_is_program(path)      ? OCN_CHAIN_NOT_EXECUTABLE
                 : noexec                          ? OCN_CHAIN_NOEXEC
                                                   : OCN_CHAIN_GOES_ON;
    return 0;
}

/* Looks at the file at *path: an ELF file, a script that leads on, or the end of the chain. */
static int read_link(struct ocn_judge *judge, struct ocn_entry *entry, struct ocn_path *path,
                     struct ocn_error *err)
{
    struct ocn_chain *chain = &entry->chain;
    struct ocn_arena *arena = &judge->outcome->arena;
    struct ocn_script script = { 0 };
    struct ocn_file file;
    struct ocn_bytes head = { NULL, 0 };

    if (ocn_image_open(judge, path, &file, &head, err) < 0) {
        return -1;
    }
    if (head.ptr == NULL) {
        chain->end = OCN_CHAIN_UNSEEN;
        return 0;
    }
    if (ocn_elf_is(head)) {
        chain->end = OCN_CHAIN_ELF;
        entry->image = ocn_image_new(judge, path, &file, head);
        return entry->image != NULL ? 0 : ocn_fail_nomem(err);
    }
    head.len = head.len < OCN_SCRIPT_HEAD_SIZE ? head.len : OCN_SCRIPT_HEAD_SIZE;
    if (ocn_script_read(head, arena, &script, err) < 0) {
        return -1;
    }
    if (script.state == OCN_SCRIPT_FOUND) {
        return enter_interpreter(judge, entry, &script, path, err);
    }
    chain->end = end_of(head, &script);
    chain->file = path->path;
    chain->head = ocn_arena_keep(arena, head);
    return 0;
}

/* Follows "#!" from the program's file to the ELF file at the end, if it can be seen. */
static int follow_scripts(struct ocn_judge *judge, struct ocn_entry *entry, struct ocn_error *err)
{
    struct ocn_path path = entry->path;

    entry->chain.end = OCN_CHAIN_GOES_ON;
    for (int depth = 0; depth <= OCN_SCRIPT_MAX_CHAIN; depth++) {
        if (read_link(judge, entry, &path, err) < 0) {
            return -1;
        }
        if (depth == 0) {
            bool script = entry->script_args != 0 || entry->chain.end == OCN_CHAIN_NAMELESS ||
                          entry->chain.end == OCN_CHAIN_CUT;
            entry->kind = entry->image != NULL                   ? OCN_ENTRY_ELF
                          : script                               ? OCN_ENTRY_SCRIPT
                          : entry->chain.end == OCN_CHAIN_UNSEEN ? OCN_ENTRY_UNKNOWN
                                                                 : OCN_ENTRY_OTHER;
            entry->interpreter = entry->chain.interpreter;
        }
        if (entry->chain.end != OCN_CHAIN_GOES_ON) {
            return 0;
        }
    }
    entry->chain.end = OCN_CHAIN_TOO_DEEP;
    return 0;
}

/* ---- what is started -------------------------------------------------------------------- */

/* The program that args[0] of @args names, and what the kernel would load for it. NULL: failed. */
static struct ocn_entry *find_entry(struct ocn_judge *judge, const struct ocn_strings *args,
                                    enum ocn_lookup_by by, struct ocn_error *err)
{
    struct ocn_entry *entry = ocn_arena_alloc(&judge->outcome->arena, sizeof(*entry));
    struct ocn_lookup lookup = { .path = { .state = OCN_PATH_MISSING } };

    if (entry == NULL) {
        (void)ocn_fail_nomem(err);
        return NULL;
    }
    entry->args = *args;
    entry->at = OCN_LAUNCHER_NONE;
    entry->name = args->len != 0 ? args->items[0] : "";
    if (entry->name[0] != '\0' && ocn_lookup(judge, entry->name, by, &lookup, err) < 0) {
        return NULL;
    }
    entry->path = lookup.path;
    entry->not_executable = lookup.not_executable;
    entry->noexec = lookup.noexec;
    entry->relative = lookup.relative;
    entry->doubt = lookup.doubt;
    entry->kind = entry->path.state == OCN_PATH_MISSING ? OCN_ENTRY_MISSING : OCN_ENTRY_UNKNOWN;
    bool program = ocn_path_is_program(&entry->path);
    return !program || follow_scripts(judge, entry, err) == 0 ? entry : NULL;
}

/* What a handler of the runtime executes by itself: what the kernel would say is not the question.
 */
static struct ocn_entry *leave_entry(struct ocn_judge *judge, const struct ocn_strings *args,
                                     const struct ocn_directive *directive, struct ocn_error *err)
{
    struct ocn_arena *arena = &judge->outcome->arena;
    struct ocn_entry *entry = ocn_arena_alloc(arena, sizeof(*entry));
    const char *doubt = ocn_arena_printf(
        arena, "annotation %s has a handler of the runtime execute it", directive->key);

    if (entry == NULL) {
        (void)ocn_fail_nomem(err);
        return NULL;
    }
    *entry = (struct ocn_entry){ .args = *args,
                                 .at = OCN_LAUNCHER_NONE,
                                 .name = args->len != 0 ? args->items[0] : "",
                                 .doubt = doubt,
                                 .path = { .state = OCN_PATH_UNKNOWN } };
    return entry;
}

/*
 * Asks the launcher table what the ELF file of @entry starts: by the name it is called by, then by
 * the file's own; a link "/init" to tini works as tini.
 */
static int read_launch(struct ocn_judge *judge, const struct ocn_entry *entry,
                       struct ocn_launch *ret, struct ocn_error *err)
{
    struct ocn_arena *arena = &judge->outcome->arena;

    if (entry->image == NULL || entry->args.len == 0) {
        *ret = (struct ocn_launch){ 0 };
        return 0;
    }
    if (ocn_launcher_read(entry->args.items[0], &entry->args, arena, ret, err) < 0) {
        return -1;
    }
    return ret->launcher == NULL
               ? ocn_launcher_read(entry->image->path, &entry->args, arena, ret, err)
               : 0;
}

/* The launcher's program, the program of that one if it is a launcher too, and so on. */
static int follow_launchers(struct ocn_judge *judge, struct ocn_entry *entry, struct ocn_error *err)
{
    struct ocn_launch launch = { 0 };

    for (int depth = 0; depth < MAX_LAUNCHES; depth++) {
        if (read_launch(judge, entry, &launch, err) < 0) {
            return -1;
        }
        entry->launcher = launch.launcher;
        entry->step = launch.step;
        if (launch.args.len == 0) {
            return 0;
        }
        struct ocn_entry *next = find_entry(judge, &launch.args, OCN_LOOKUP_BY_PROGRAM, err);
        if (next == NULL) {
            return -1;
        }
        if (launch.loads && next->path.state == OCN_PATH_FOUND &&
            !ocn_path_is_program(&next->path)) {
            return 0; /* a loader needs no execute bit */
        }
        next->by_script = launch.origin < entry->script_args;
        next->by_loader = launch.loads;
        next->at = launch.packed || entry->at == OCN_LAUNCHER_NONE || entry->script_args != 0
                       ? OCN_LAUNCHER_NONE
                       : entry->at + launch.origin;
        entry->launches = next;
        entry = next;
    }
    entry->launcher = ""; /* it may be one: nobody looks further */
    return 0;
}

static void note_facts(struct ocn_judge *judge)
{
    struct ocn_facts *facts = &judge->outcome->facts;
    const struct ocn_entry *entry = judge->entry;
    const struct ocn_entry *last = entry;

    while (last->launches != NULL) {
        last = last->launches;
    }
    facts->entry.kind = entry->kind;
    facts->entry.path =
        entry->path.state == OCN_PATH_FOUND ? ocn_judge_printable(judge, entry->path.path) : NULL;
    if (entry->path.state == OCN_PATH_FOUND) {
        facts->entry.real = entry->path.path;
        facts->entry.dev = entry->path.stat.dev;
        facts->entry.ino = entry->path.stat.ino;
    }
    facts->entry.doubt = entry->doubt;
    facts->entry.arch = entry->image != NULL ? entry->image->arch : NULL;
    facts->entry.interpreter = ocn_judge_printable(judge, entry->interpreter);
    if (last != entry && last->path.state == OCN_PATH_FOUND) {
        facts->entry.program = ocn_judge_printable(judge, last->path.path);
    }
}

int ocn_entry_find(struct ocn_judge *judge, struct ocn_error *err)
{
    if (judge->entry != NULL) {
        return 0;
    }
    const struct ocn_strings *args = &judge->container->process.args;
    const struct ocn_directive *directive =
        ocn_directives_find(judge->container, OCN_DIRECTIVE_EXECUTES);
    struct ocn_entry *entry = directive != NULL
                                  ? leave_entry(judge, args, directive, err)
                                  : find_entry(judge, args, OCN_LOOKUP_BY_RUNTIME, err);
    if (entry == NULL) {
        return -1;
    }
    entry->at = 0;
    if (follow_launchers(judge, entry, err) < 0) {
        return -1;
    }
    judge->entry = entry;
    note_facts(judge);
    return 0;
}

int ocn_entry_each(struct ocn_judge *judge,
                   int (*judge_entry)(struct ocn_judge *judge, const struct ocn_entry *entry,
                                      struct ocn_error *err),
                   struct ocn_error *err)
{
    if (ocn_entry_find(judge, err) < 0) {
        return -1;
    }
    for (const struct ocn_entry *entry = judge->entry; entry != NULL; entry = entry->launches) {
        if (judge_entry(judge, entry, err) < 0) {
            return -1;
        }
    }
    return 0;
}

struct ocn_image *ocn_entry_program(const struct ocn_judge *judge)
{
    const struct ocn_entry *entry = judge->entry;

    while (entry != NULL && entry->launches != NULL) {
        entry = entry->launches;
    }
    bool seen = entry != NULL && entry->launcher == NULL && entry->kind == OCN_ENTRY_ELF;
    return seen ? entry->image : NULL;
}

int ocn_entry_read_program(struct ocn_judge *judge, struct ocn_image **ret, struct ocn_error *err)
{
    if (ocn_entry_find(judge, err) < 0) {
        return -1;
    }
    struct ocn_image *image = ocn_entry_program(judge);
    if (image != NULL && ocn_image_read_build(judge, image, err) < 0) {
        return -1;
    }
    *ret = image;
    return 0;
}

const char *ocn_entry_operand(const struct ocn_entry *entry)
{
    bool own = entry->kind == OCN_ENTRY_ELF && entry->launches == NULL && !entry->by_script;

    return own ? ocn_operand_file(&entry->args) : NULL;
}

const char *ocn_entry_subject(struct ocn_judge *judge, const struct ocn_entry *entry)
{
    struct ocn_arena *arena = &judge->outcome->arena;
    const struct ocn_entry *first = judge->entry;
    const char *name = entry->path.path != NULL ? entry->path.path : entry->name;
    const char *subject = entry == first ? ocn_arena_printf(arena, "entrypoint %s", name)
                                         : ocn_arena_printf(arena, "entrypoint %s: its program %s",
                                                            first->name, name);

    if (entry->image == NULL || entry->kind == OCN_ENTRY_ELF) {
        return subject;
    }
    return ocn_arena_printf(arena, "%s: its interpreter %s", subject, entry->image->path);
}
