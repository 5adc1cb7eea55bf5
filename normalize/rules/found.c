/* SPDX-License-Identifier: Apache-2.0 */
/* entry.found: the file that args[0] and PATH name is there and can be executed. */
#include <string.h>
#include <sys/stat.h>

#include "normalize/oci/directives.h"
#include "normalize/rules/entry.h"
#include "normalize/rules/judge.h"
#include "normalize/rules/rules.h"
#include "normalize/rules/volume.h"

static int report(struct ocn_judge *judge, const char *message, const char *hint,
                  struct ocn_error *err)
{
    return ocn_judge_report(judge, OCN_RULE_ENTRY_FOUND, message, hint, err);
}

/* A file is there, but it cannot be executed. */
static int report_unusable(struct ocn_judge *judge, const struct ocn_entry *entry, const char *what,
                           struct ocn_error *err)
{
    static const char in_image[] = "set its execute bit in the image (COPY --chmod=0755)";
    bool directory = S_ISDIR(entry->path.stat.mode);
    const char *cure = entry->path.state == OCN_PATH_FOUND
                           ? ocn_volume_cure(judge, entry->path.path, 'x', in_image)
                           : in_image;

    return report(judge,
                  ocn_arena_printf(&judge->outcome->arena, "%s is %s", what,
                                   directory ? "a directory" : "there, but not executable"),
                  directory ? "name a program in it" : cure, err);
}

static int report_missing(struct ocn_judge *judge, const struct ocn_entry *entry, const char *what,
                          struct ocn_error *err)
{
    struct ocn_arena *arena = &judge->outcome->arena;
    const char *path = ocn_oci_env_get(&judge->container->process.env, "PATH");

    if (entry->path.path != NULL) {
        return report(
            judge,
            ocn_arena_printf(arena, "%s: %s does not exist in the image", what, entry->path.path),
            "check the image's entrypoint, the command and process.cwd", err);
    }
    if (entry->relative != NULL) {
        return report(judge,
                      ocn_arena_printf(arena,
                                       "%s is %s, which PATH (%s) names by a relative directory: "
                                       "runc does not execute a file found that way",
                                       what, entry->relative, path),
                      "let PATH have absolute directories only", err);
    }
    return report(
        judge,
        path != NULL
            ? ocn_arena_printf(arena, "%s is in no directory of PATH (%s)", what, path)
            : ocn_arena_printf(arena, "%s would be looked for in PATH, which is not set", what),
        "check the image's entrypoint, the command and PATH", err);
}

/* Nothing is wrong with it; but nobody knows what else there is to say of it. */
static int report_doubt(struct ocn_judge *judge, const struct ocn_entry *entry, const char *what,
                        struct ocn_error *err)
{
    bool handled = ocn_directives_find(judge->container, OCN_DIRECTIVE_EXECUTES) != NULL;

    return ocn_judge_warn(
        judge, OCN_RULE_ENTRY_FOUND,
        ocn_arena_printf(&judge->outcome->arena, "%s is not looked at: %s", what, entry->doubt),
        handled ? "take the annotation away if the kernel is to execute it"
                : "name the program by an absolute path, or let PATH have absolute "
                  "directories only",
        err);
}

static int report_noexec(struct ocn_judge *judge, const struct ocn_entry *entry, const char *what,
                         struct ocn_error *err)
{
    return report(
        judge,
        ocn_arena_printf(&judge->outcome->arena, "%s lies on a mount with \"noexec\": %s", what,
                         entry->noexec),
        "take the option away from the mount, or from the node's file system that it binds; or "
        "start a program that lies elsewhere",
        err);
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
    bool found = entry->path.state == OCN_PATH_FOUND;
    bool unusable = found && !ocn_path_is_program(&entry->path);
    const char *what = asked(judge, entry);

    if (entry->doubt != NULL) {
        return report_doubt(judge, entry, what, err);
    }
    if (entry->noexec != NULL && (missing || entry->path.path == entry->noexec)) {
        return report_noexec(judge, entry, what, err);
    }
    if (unusable || (missing && entry->not_executable)) {
        return report_unusable(judge, entry, what, err);
    }
    return missing ? report_missing(judge, entry, what, err) : 0;
}

int ocn_rule_entry_found(struct ocn_judge *judge, struct ocn_error *err)
{
    if (ocn_entry_find(judge, err) < 0) {
        return -1;
    }
    if (judge->entry->name[0] == '\0') {
        return report(judge, "process.args is empty: there is nothing to start",
                      "give the image an entrypoint or the container a command", err);
    }
    for (const struct ocn_entry *entry = judge->entry; entry != NULL; entry = entry->launches) {
        if (!entry->by_script && judge_found(judge, entry, err) < 0) {
            return -1;
        }
    }
    return 0;
}
