/* SPDX-License-Identifier: Apache-2.0 */
/* entry.found: which file args[0] and PATH name, and what the kernel would load for it. */
#include <string.h>
#include <sys/stat.h>

#include "normalize/launcher.h"
#include "normalize/rules.h"
#include "normalize/script.h"

#define MAX_LAUNCHES 8  /* programs that start programs that start programs ... */
#define EXECUTABLE 0111 /* any bit will do for a runtime's look-up */

/* What runc and crun use when the container sets no PATH differs; nothing is denied by it. */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Tries @dir/@name, or @name alone where @dir is empty; relative ones start in cwd. */
static int try_file(struct ocn_judge *judge, const char *dir, size_t dir_len, const char *name,
                    bool thorough, struct ocn_path *ret, struct ocn_error *err)
{
    const char *cwd = ocn_judge_cwd(judge);
    const char *first = dir_len != 0 ? dir : name;
    const char *path =
        ocn_arena_printf(&judge->outcome->arena, "%s/%.*s/%s", first[0] == '/' ? "" : cwd,
                         (int)(dir_len < OCN_PATH_SIZE ? dir_len : OCN_PATH_SIZE), dir, name);

    return path != NULL ? ocn_judge_resolve(judge, path, thorough, ret, err) : ocn_fail_nomem(err);
}

int ocn_judge_file(struct ocn_judge *judge, const char *name, struct ocn_path *ret,
                   struct ocn_error *err)
{
    struct ocn_path path = { 0 };

    if (try_file(judge, "", 0, name, false, &path, err) < 0 ||
        (path.state == OCN_PATH_MISSING && try_file(judge, "", 0, name, true, &path, err) < 0)) {
        return -1;
    }
    *ret = path;
    return 0;
}

int ocn_path_is_program(const struct ocn_path *path)
{
    return path->state == OCN_PATH_FOUND && S_ISREG(path->stat.mode) &&
           (path->stat.mode & EXECUTABLE) != 0;
}

/*
 * The first program on PATH. A directory that cannot be seen may hold it, and so hides all that
 * come behind.
 */
static int search(struct ocn_judge *judge, const char *path_list, bool thorough,
                  struct ocn_entry *entry, struct ocn_error *err)
{
    const char *dir = path_list;

    while (dir[0] != '\0') {
        size_t len = strcspn(dir, ":");
        if (len != 0) { /* Go's LookPath refuses what "." finds */
            if (try_file(judge, dir, len, entry->name, thorough, &entry->path, err) < 0) {
                return -1;
            }
            if (ocn_path_is_program(&entry->path) || entry->path.state == OCN_PATH_UNKNOWN) {
                return 0;
            }
            if (entry->path.state == OCN_PATH_FOUND && S_ISREG(entry->path.stat.mode)) {
                entry->not_executable = true;
            }
        }
        dir += len + (dir[len] == ':');
    }
    entry->path = (struct ocn_path){ .state = OCN_PATH_MISSING };
    return 0;
}

static int look_up(struct ocn_judge *judge, bool thorough, struct ocn_entry *entry,
                   struct ocn_error *err)
{
    const char *path = ocn_env_get(&judge->container->process.env, "PATH");

    if (strchr(entry->name, '/') != NULL) {
        return try_file(judge, "", 0, entry->name, thorough, &entry->path, err);
    }
    if (search(judge, path != NULL ? path : DEFAULT_PATH, thorough, entry, err) < 0) {
        return -1;
    }
    if (path == NULL && entry->path.state == OCN_PATH_MISSING) {
        entry->path.state = OCN_PATH_UNKNOWN;
    }
    return 0;
}

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

/* One step further: to the interpreter that @script names. */
static int enter_interpreter(struct ocn_judge *judge, struct ocn_entry *entry,
                             const struct ocn_script *script, struct ocn_path *path,
                             struct ocn_error *err)
{
    struct ocn_chain *chain = &entry->chain;

    chain->file = path->path;
    chain->interpreter = script->interpreter;
    if (wrap_args(judge, script, path->path, &entry->args, err) < 0 ||
        ocn_judge_file(judge, script->interpreter, path, err) < 0) {
        return -1;
    }
    entry->script_args = script->argument != NULL ? 2 : 1;
    chain->end = path->state == OCN_PATH_MISSING   ? OCN_CHAIN_MISSING
                 : path->state == OCN_PATH_UNKNOWN ? OCN_CHAIN_UNSEEN
                 : S_ISDIR(path->stat.mode)        ? OCN_CHAIN_DIRECTORY
                 : !ocn_path_is_program(path)      ? OCN_CHAIN_NOT_EXECUTABLE
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

    if (ocn_judge_open(judge, path, &file, &head, err) < 0) {
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
    chain->head = (struct ocn_bytes){ ocn_arena_copy(arena, head.ptr, head.len), head.len };
    return chain->head.ptr != NULL ? 0 : ocn_fail_nomem(err);
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
                                    struct ocn_error *err)
{
    struct ocn_entry *entry = ocn_arena_alloc(&judge->outcome->arena, sizeof(*entry));

    if (entry == NULL) {
        (void)ocn_fail_nomem(err);
        return NULL;
    }
    entry->args = *args;
    entry->name = args->len != 0 ? args->items[0] : "";
    entry->path.state = OCN_PATH_MISSING;
    for (int thorough = 0; thorough < 2; thorough++) {
        bool missing = entry->name[0] != '\0' && entry->path.state == OCN_PATH_MISSING;
        if (missing && look_up(judge, thorough, entry, err) < 0) {
            return NULL;
        }
    }
    entry->kind = entry->path.state == OCN_PATH_MISSING ? OCN_ENTRY_MISSING : OCN_ENTRY_UNKNOWN;
    bool program = ocn_path_is_program(&entry->path);
    return !program || follow_scripts(judge, entry, err) == 0 ? entry : NULL;
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
        if (launch.args.len == 0) {
            return 0;
        }
        struct ocn_entry *next = find_entry(judge, &launch.args, err);
        if (next == NULL) {
            return -1;
        }
        next->by_script = launch.origin < entry->script_args;
        entry->launches = next;
        entry = next;
    }
    entry->launcher = ""; /* it may be one: nobody looks further */
    return 0;
}

static int note_facts(struct ocn_judge *judge, struct ocn_error *err)
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
    facts->entry.arch = entry->image != NULL ? entry->image->arch : NULL;
    facts->entry.interpreter = ocn_judge_printable(judge, entry->interpreter);
    if (last != entry && last->path.state == OCN_PATH_FOUND) {
        facts->entry.program = ocn_judge_printable(judge, last->path.path);
    }
    bool failed =
        (entry->path.state == OCN_PATH_FOUND && facts->entry.path == NULL) ||
        (entry->interpreter != NULL && facts->entry.interpreter == NULL) ||
        (last != entry && last->path.state == OCN_PATH_FOUND && facts->entry.program == NULL);
    return failed ? ocn_fail_nomem(err) : 0;
}

int ocn_judge_entry(struct ocn_judge *judge, struct ocn_error *err)
{
    if (judge->entry != NULL) {
        return 0;
    }
    struct ocn_entry *entry = find_entry(judge, &judge->container->process.args, err);
    if (entry == NULL || follow_launchers(judge, entry, err) < 0) {
        return -1;
    }
    judge->entry = entry;
    return note_facts(judge, err);
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

const char *ocn_entry_subject(struct ocn_judge *judge, const struct ocn_entry *entry)
{
    struct ocn_arena *arena = &judge->outcome->arena;
    const struct ocn_entry *first = judge->entry;
    const char *name = entry->path.path != NULL ? entry->path.path : entry->name;
    const char *subject = entry == first ? ocn_arena_printf(arena, "entrypoint %s", name)
                                         : ocn_arena_printf(arena, "entrypoint %s: its program %s",
                                                            first->name, name);

    if (subject == NULL || entry->image == NULL || entry->kind == OCN_ENTRY_ELF) {
        return subject;
    }
    return ocn_arena_printf(arena, "%s: its interpreter %s", subject, entry->image->path);
}

/* ---- the rule --------------------------------------------------------------------------- */

static int find(struct ocn_judge *judge, const char *message, const char *hint,
                struct ocn_error *err)
{
    return ocn_judge_find(judge, OCN_RULE_ENTRY_FOUND, message, hint, err);
}

/* A file is there, but it cannot be executed. */
static int find_unusable(struct ocn_judge *judge, const struct ocn_entry *entry, const char *what,
                         struct ocn_error *err)
{
    bool directory = S_ISDIR(entry->path.stat.mode);

    return find(judge,
                ocn_arena_printf(&judge->outcome->arena, "%s is %s", what,
                                 directory ? "a directory" : "there, but not executable"),
                directory ? "name a program in it"
                          : "set its execute bit in the image (COPY --chmod=0755)",
                err);
}

static int find_missing(struct ocn_judge *judge, const struct ocn_entry *entry, const char *what,
                        struct ocn_error *err)
{
    struct ocn_arena *arena = &judge->outcome->arena;
    const char *path = ocn_env_get(&judge->container->process.env, "PATH");

    if (entry->path.path != NULL) {
        return find(
            judge,
            ocn_arena_printf(arena, "%s: %s does not exist in the image", what, entry->path.path),
            "check the image's entrypoint, the command and process.cwd", err);
    }
    return find(judge,
                ocn_arena_printf(arena, "%s is in no directory of PATH (%s)", what,
                                 path != NULL ? path : ""),
                "check the image's entrypoint, the command and PATH", err);
}

/* @entry as it was asked for. */
static const char *asked(struct ocn_judge *judge, const struct ocn_entry *entry)
{
    struct ocn_arena *arena = &judge->outcome->arena;

    return entry == judge->entry ? ocn_arena_printf(arena, "entrypoint %s", entry->name)
                                 : ocn_arena_printf(arena, "entrypoint %s: its program %s",
                                                    judge->entry->name, entry->name);
}

static int judge_found(struct ocn_judge *judge, const struct ocn_entry *entry,
                       struct ocn_error *err)
{
    bool missing = entry->path.state == OCN_PATH_MISSING;
    bool unusable = entry->path.state == OCN_PATH_FOUND && !ocn_path_is_program(&entry->path);
    const char *what = asked(judge, entry);

    if (what == NULL) {
        return ocn_fail_nomem(err);
    }
    if (unusable || (missing && entry->not_executable)) {
        return find_unusable(judge, entry, what, err);
    }
    return missing ? find_missing(judge, entry, what, err) : 0;
}

int ocn_rule_entry_found(struct ocn_judge *judge, struct ocn_error *err)
{
    if (ocn_judge_entry(judge, err) < 0) {
        return -1;
    }
    if (judge->entry->name[0] == '\0') {
        return find(judge, "process.args is empty: there is nothing to start",
                    "give the image an entrypoint or the container a command", err);
    }
    for (const struct ocn_entry *entry = judge->entry; entry != NULL; entry = entry->launches) {
        if (!entry->by_script && judge_found(judge, entry, err) < 0) {
            return -1;
        }
    }
    return 0;
}
