/* SPDX-License-Identifier: Apache-2.0 */
/* user.access: whether the new user may use all that will be executed, and enter where it starts.
 */
#include <string.h>
#include <sys/stat.h>

#include "normalize/rules/entry.h"
#include "normalize/rules/image.h"
#include "normalize/rules/judge.h"
#include "normalize/rules/lookup.h"
#include "normalize/rules/rules.h"
#include "normalize/rules/volume.h"

/* "@what: its mode keeps user 1001:1001 out" */
static int report(struct ocn_judge *judge, const char *what, const struct ocn_obstacle *obstacle,
                  struct ocn_error *err)
{
    struct ocn_arena *arena = &judge->outcome->arena;
    bool own = obstacle->file != NULL && strcmp(obstacle->file, obstacle->blocked) == 0;
    const char *whose =
        own ? "its mode"
            : ocn_arena_printf(arena, "the mode of %s", ocn_volume_name(judge, obstacle->blocked));
    char bit = obstacle->reading ? 'r' : 'x';
    const char *in_image =
        ocn_arena_printf(arena, "chmod a+%c %s (or chown it) in the image", bit, obstacle->blocked);
    const char *cure = ocn_volume_cure(judge, obstacle->blocked, bit, in_image);

    return ocn_judge_report(
        judge, OCN_RULE_USER_ACCESS,
        ocn_arena_printf(arena, "%s: %s keeps user %u:%u %s", what, whose, judge->user.uid,
                         judge->user.gid, obstacle->reading ? "from reading it" : "out"),
        ocn_arena_printf(arena, "%s, or set rules.user.access to \"warn\"", cure), err);
}

/* A file that is opened to be read, not executed. */
static int judge_reading(struct ocn_judge *judge, const struct ocn_path *path, const char *what,
                         struct ocn_error *err)
{
    struct ocn_obstacle obstacle = { path->path, path->blocked, false };
    bool may = true;

    if (path->state != OCN_PATH_FOUND || path->path == NULL || !S_ISREG(path->stat.mode)) {
        return 0;
    }
    if (path->blocked == NULL || strcmp(path->blocked, path->path) == 0) {
        if (ocn_judge_may(judge, &path->stat, 4, &may, err) < 0) {
            return -1;
        }
        obstacle = (struct ocn_obstacle){ path->path, may ? NULL : path->path, true };
    }
    return obstacle.blocked != NULL ? report(judge, what, &obstacle, err) : 0;
}

/* Its own file. Under a hook it was found by somebody else than who will execute it. */
static int judge_file(struct ocn_judge *judge, const struct ocn_entry *entry, const char *what,
                      struct ocn_error *err)
{
    struct ocn_path path = entry->path;

    if (path.state == OCN_PATH_FOUND && judge->container->unedited &&
        ocn_judge_resolve(judge, path.path, &path, err) < 0) {
        return -1;
    }
    if (entry->by_loader) {
        return judge_reading(judge, &path, what, err);
    }
    const struct ocn_obstacle closed = { path.path, path.blocked, false };
    return path.state == OCN_PATH_FOUND && path.blocked != NULL ? report(judge, what, &closed, err)
                                                                : 0;
}

/* "sh start.sh", "python3 app.py": the file that it names. */
static int judge_operand(struct ocn_judge *judge, const struct ocn_entry *entry, const char *what,
                         struct ocn_error *err)
{
    const char *name = ocn_entry_operand(entry);
    struct ocn_path path = { 0 };

    if (name == NULL) {
        return 0;
    }
    if (ocn_lookup_file(judge, name, &path, err) < 0) {
        return -1;
    }
    return judge_reading(
        judge, &path,
        ocn_arena_printf(&judge->outcome->arena, "%s: its script %s", what,
                         path.path != NULL ? ocn_volume_name(judge, path.path) : name),
        err);
}

/* What the kernel takes for it: the interpreters of a script, and the loader of the last of them.
 */
static int judge_chain(struct ocn_judge *judge, const struct ocn_entry *entry, const char *what,
                       struct ocn_error *err)
{
    struct ocn_arena *arena = &judge->outcome->arena;
    const struct ocn_obstacle *obstacle = &entry->obstacle;

    if (obstacle->file != NULL) {
        bool own = entry->path.path != NULL && strcmp(obstacle->file, entry->path.path) == 0;
        const char *name =
            own ? what : ocn_arena_printf(arena, "%s: its interpreter %s", what, obstacle->file);
        return report(judge,
                      obstacle->reading ? ocn_arena_printf(arena, "%s is a script", name) : name,
                      obstacle, err);
    }
    if (entry->image == NULL || entry->image->problem != NULL || entry->by_loader) {
        return 0;
    }
    if (ocn_image_read_loader(judge, entry->image, err) < 0) {
        return -1;
    }
    const struct ocn_path *loader = &entry->image->loader_path;
    const struct ocn_obstacle closed = { loader->path, loader->blocked, false };
    return entry->image->loader_name != NULL && loader->state == OCN_PATH_FOUND &&
                   loader->blocked != NULL
               ? report(judge, ocn_arena_printf(arena, "%s: its loader %s", what, loader->path),
                        &closed, err)
               : 0;
}

static const char *describe(struct ocn_judge *judge, const struct ocn_entry *entry)
{
    struct ocn_arena *arena = &judge->outcome->arena;
    const char *name =
        entry->path.path != NULL ? ocn_volume_name(judge, entry->path.path) : entry->name;

    return entry == judge->entry
               ? ocn_arena_printf(arena, "entrypoint %s", name)
               : ocn_arena_printf(arena, "entrypoint %s: its program %s", judge->entry->name, name);
}

static int judge_directory(struct ocn_judge *judge, struct ocn_error *err)
{
    const char *cwd = ocn_judge_cwd(judge);
    struct ocn_path dir = { 0 };

    if (ocn_judge_resolve(judge, cwd, &dir, err) < 0) {
        return -1;
    }
    const struct ocn_obstacle closed = { cwd, dir.blocked, false };
    return dir.state == OCN_PATH_FOUND && dir.blocked != NULL
               ? report(judge,
                        ocn_arena_printf(&judge->outcome->arena, "working directory %s", cwd),
                        &closed, err)
               : 0;
}

int ocn_rule_user_access(struct ocn_judge *judge, struct ocn_error *err)
{
    if (!judge->by_mode) {
        return 0;
    }
    if (ocn_entry_find(judge, err) < 0) {
        return -1;
    }
    for (const struct ocn_entry *entry = judge->entry; entry != NULL; entry = entry->launches) {
        const char *what = describe(judge, entry);
        if (judge_file(judge, entry, what, err) < 0 || judge_chain(judge, entry, what, err) < 0 ||
            judge_operand(judge, entry, what, err) < 0) {
            return -1;
        }
    }
    /* Runtimes change the directory before they take capabilities away. */
    return judge->lowered ? judge_directory(judge, err) : 0;
}
