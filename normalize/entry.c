/* SPDX-License-Identifier: Apache-2.0 */
/* entry.found: which file args[0] and PATH name, and what the kernel would load for it. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "normalize/arch.h"
#include "normalize/rules.h"

#define MAX_SCRIPTS 4   /* BINPRM recursion of the kernel (fs/exec.c) */
#define HEAD_SIZE 256   /* BINPRM_BUF_SIZE: what the kernel reads of a "#!" line */
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

static bool is_program(const struct ocn_path *path)
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
            if (is_program(&entry->path) || entry->path.state == OCN_PATH_UNKNOWN) {
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

/* The first HEAD_SIZE bytes; *ret_len is 0 where we may not read (rootless, mode 0711). */
static int read_head(struct ocn_judge *judge, const struct ocn_path *path, char head[HEAD_SIZE],
                     size_t *ret_len, struct ocn_error *err)
{
    const struct ocn_view *view = judge->view;
    struct ocn_error problem = { 0 };

    *ret_len = 0;
    if (view->read_at(view->ctx, path->ref, 0, head, HEAD_SIZE, ret_len, &problem) < 0 &&
        problem.sys != EACCES) {
        *err = problem;
        return -1;
    }
    return 0;
}

/* The interpreter of a "#!" line as the kernel cuts it out (fs/binfmt_script.c), or NULL. */
static const char *interpreter_of(struct ocn_judge *judge, struct ocn_bytes head)
{
    const char *end = memchr(head.ptr, '\n', head.len);
    const char *at = head.ptr + 2;

    if (end == NULL) {
        end = head.ptr + head.len;
    }
    while (at < end && (*at == ' ' || *at == '\t')) {
        at++;
    }
    size_t len = 0;
    while (at + len < end && at[len] != ' ' && at[len] != '\t' && at[len] != '\0') {
        len++;
    }
    return len != 0 ? ocn_arena_copy(&judge->outcome->arena, at, len) : NULL;
}

static int note_elf(struct ocn_judge *judge, struct ocn_entry *entry, const char *path,
                    struct ocn_bytes head, struct ocn_error *err)
{
    struct ocn_error problem = { 0 };
    struct ocn_arena *arena = &judge->outcome->arena;

    entry->image = path;
    if (ocn_elf_read(head, &entry->elf, &problem) == 0) {
        judge->outcome->facts.entry.arch = ocn_arch_of_elf(&entry->elf);
        return 0;
    }
    entry->elf_problem = ocn_arena_copy(arena, problem.msg, strlen(problem.msg));
    return entry->elf_problem != NULL ? 0 : ocn_fail_nomem(err);
}

/* Follows "#!" from the entrypoint to the ELF file at the end of the chain, if it can be seen. */
static int follow_scripts(struct ocn_judge *judge, struct ocn_entry *entry, struct ocn_error *err)
{
    struct ocn_facts *facts = &judge->outcome->facts;
    struct ocn_path path = entry->path;
    char head[HEAD_SIZE];
    size_t len = 0;

    for (int depth = 0; depth <= MAX_SCRIPTS; depth++) {
        if (read_head(judge, &path, head, &len, err) < 0) {
            return -1;
        }
        const struct ocn_bytes bytes = { head, len };
        bool elf = ocn_elf_is(bytes);
        bool script = len >= 2 && head[0] == '#' && head[1] == '!';
        if (depth == 0 && len != 0) {
            facts->entry.kind = elf ? OCN_ENTRY_ELF : script ? OCN_ENTRY_SCRIPT : OCN_ENTRY_OTHER;
        }
        if (elf) {
            return note_elf(judge, entry, path.path, bytes, err);
        }
        const char *interpreter = script ? interpreter_of(judge, bytes) : NULL;
        if (interpreter == NULL) {
            return 0;
        }
        if (facts->entry.interpreter == NULL) {
            facts->entry.interpreter = ocn_judge_printable(judge, interpreter);
        }
        if (try_file(judge, "", 0, interpreter, false, &path, err) < 0) {
            return -1;
        }
        if (!is_program(&path)) {
            return 0;
        }
    }
    return 0;
}

int ocn_judge_entry(struct ocn_judge *judge, struct ocn_error *err)
{
    struct ocn_facts *facts = &judge->outcome->facts;
    const struct ocn_strings *args = &judge->container->process.args;

    if (judge->entry != NULL) {
        return 0;
    }
    struct ocn_entry *entry = ocn_arena_alloc(&judge->outcome->arena, sizeof(*entry));
    if (entry == NULL) {
        return ocn_fail_nomem(err);
    }
    judge->entry = entry;
    entry->name = args->len != 0 ? args->items[0] : "";
    entry->path.state = OCN_PATH_MISSING;
    for (int thorough = 0; thorough < 2; thorough++) {
        bool missing = entry->name[0] != '\0' && entry->path.state == OCN_PATH_MISSING;
        if (missing && look_up(judge, thorough, entry, err) < 0) {
            return -1;
        }
    }
    if (entry->path.state == OCN_PATH_FOUND) {
        facts->entry.path = ocn_judge_printable(judge, entry->path.path);
        facts->entry.real = entry->path.path;
        facts->entry.dev = entry->path.stat.dev;
        facts->entry.ino = entry->path.stat.ino;
    }
    facts->entry.kind =
        entry->path.state == OCN_PATH_MISSING ? OCN_ENTRY_MISSING : OCN_ENTRY_UNKNOWN;
    return is_program(&entry->path) ? follow_scripts(judge, entry, err) : 0;
}

/* ---- the rule --------------------------------------------------------------------------- */

static int find(struct ocn_judge *judge, const char *message, const char *hint,
                struct ocn_error *err)
{
    return ocn_judge_find(judge, OCN_RULE_ENTRY_FOUND, message, hint, err);
}

int ocn_rule_entry_found(struct ocn_judge *judge, struct ocn_error *err)
{
    struct ocn_arena *arena = &judge->outcome->arena;

    if (ocn_judge_entry(judge, err) < 0) {
        return -1;
    }
    const struct ocn_entry *entry = judge->entry;
    const char *path = ocn_env_get(&judge->container->process.env, "PATH");

    if (entry->name[0] == '\0') {
        return find(judge, "process.args is empty: there is nothing to start",
                    "give the image an entrypoint or the container a command", err);
    }
    bool missing = entry->path.state == OCN_PATH_MISSING;
    if ((missing && entry->not_executable) ||
        (entry->path.state == OCN_PATH_FOUND && !is_program(&entry->path))) {
        bool directory = S_ISDIR(entry->path.stat.mode);
        return find(judge,
                    ocn_arena_printf(arena, "entrypoint %s is %s", entry->name,
                                     directory ? "a directory" : "there, but not executable"),
                    directory ? "name a program in it"
                              : "set its execute bit in the image (COPY --chmod=0755)",
                    err);
    }
    if (!missing) {
        return 0;
    }
    if (entry->path.path != NULL) {
        return find(judge,
                    ocn_arena_printf(arena, "entrypoint %s: %s does not exist in the image",
                                     entry->name, entry->path.path),
                    "check the image's entrypoint, the command and process.cwd", err);
    }
    return find(judge,
                ocn_arena_printf(arena, "entrypoint %s is in no directory of PATH (%s)",
                                 entry->name, path != NULL ? path : ""),
                "check the image's entrypoint, the command and PATH", err);
}
