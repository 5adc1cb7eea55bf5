/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user.launcher: an entrypoint that gives up root by itself (gosu, su-exec, setpriv ...). Lowered
 * before it starts, it ends with EPERM. What it would have done can be done in its place, where
 * its words are in process.args.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "normalize/json/json.h"
#include "normalize/oci/capability.h"
#include "normalize/program/shell.h"
#include "normalize/rules/entry.h"
#include "normalize/rules/judge.h"
#include "normalize/rules/lookup.h"
#include "normalize/rules/rules.h"
#include "normalize/rules/user.h"

#define MAX_ARGS_TEXT ((size_t)128 << 10) /* of args as JSON, in an edit */
#define MAX_NAMED 64                      /* characters of a user's name in a message */

/* ---- what it says ------------------------------------------------------------------------- */

static const char ways_out[] = "or leave the container its user (user.when \"never\" or rules."
                               "user.root \"off\", for it alone: match)";

/* What the launcher @entry makes of the user, as words. */
static const char *name_user(struct ocn_judge *judge, const struct ocn_step *step)
{
    const char *user = step->user != NULL ? step->user : step->group;

    return user == NULL ? "another"
                        : ocn_arena_printf(&judge->outcome->arena, "%.*s", MAX_NAMED, user);
}

static int report_step(struct ocn_judge *judge, const struct ocn_entry *entry, const char *why_not,
                       const char *also, struct ocn_error *err)
{
    struct ocn_arena *arena = &judge->outcome->arena;
    const char *what = ocn_entry_subject(judge, entry);
    const char *user = name_user(judge, &entry->step);

    return ocn_judge_report(
        judge, OCN_RULE_USER_LAUNCHER,
        ocn_arena_printf(arena,
                         "%s changes the user to %s by itself, which takes root, and would start "
                         "as user %u:%u%s%s",
                         what, user, judge->user.uid, judge->user.gid,
                         why_not != NULL ? "; its words cannot be left out: " : "",
                         why_not != NULL ? why_not : ""),
        ocn_arena_printf(arena, "start its program without %s, %s%s", entry->launcher, ways_out,
                         also),
        err);
}

/* ---- what it would have done -------------------------------------------------------------- */

/* The program in place of the launcher. */
struct plan {
    const struct ocn_entry *entry;
    struct ocn_oci_user user;
    struct ocn_strings args;
    const char *why_not; /* or why there is no plan */
};

/* Whether the words of @entry are those of process.args, and the first there that change a user. */
static bool is_plain(const struct ocn_judge *judge, const struct ocn_entry *entry)
{
    const struct ocn_strings *args = &judge->container->process.args;

    if (entry->at == OCN_LAUNCHER_NONE || entry->at >= args->len || entry->launches == NULL ||
        entry->launches->at == OCN_LAUNCHER_NONE || entry->launches->at <= entry->at ||
        !ocn_launcher_may_step(args->items[entry->at])) {
        return false;
    }
    for (size_t i = 0; i < entry->at; i++) {
        if (ocn_launcher_may_step(args->items[i])) {
            return false;
        }
    }
    return true;
}

static bool steps_again(const struct ocn_entry *entry)
{
    for (entry = entry->launches; entry != NULL; entry = entry->launches) {
        if (entry->step.taken) {
            return true;
        }
    }
    return false;
}

/* @args without those of the launcher. */
static int cut(struct ocn_judge *judge, const struct ocn_entry *entry, struct ocn_strings *ret,
               struct ocn_error *err)
{
    const struct ocn_strings *args = &judge->container->process.args;
    const char **items = ocn_arena_alloc(&judge->outcome->arena, args->len * sizeof(*items));
    size_t size = 0;

    if (items == NULL) {
        return ocn_fail_nomem(err);
    }
    *ret = (struct ocn_strings){ items, 0 };
    for (size_t i = 0; i < args->len; i++) {
        size += strlen(args->items[i]) + 3;
        if (i < entry->at || i >= entry->launches->at) {
            items[ret->len++] = args->items[i];
        }
    }
    ret->len = size <= MAX_ARGS_TEXT ? ret->len : 0;
    return 0;
}

static const char *check_user(const struct ocn_step *step, const struct ocn_named *named,
                              struct ocn_oci_user *ret)
{
    bool own = named->has_own_gid && !step->ids;

    if (!named->has_uid || named->uid == UINT32_MAX) {
        return "the image's /etc/passwd does not say who that is";
    }
    if (named->uid == 0) {
        return "that is root";
    }
    ret->uid = named->uid;
    ret->gid = named->has_gid ? named->gid : own ? named->own_gid : 0;
    return ret->gid == 0 || ret->gid == UINT32_MAX
               ? "it would keep group 0, or the image's /etc/group does not say which it is"
               : NULL;
}

static int make_plan(struct ocn_judge *judge, const struct ocn_entry *entry, struct plan *ret,
                     struct ocn_error *err)
{
    const struct ocn_step *step = &entry->step;
    struct ocn_named named = { 0 };

    *ret = (struct plan){ .entry = entry, .user = judge->user };
    if (step->more) {
        ret->why_not = "it does more than that";
    } else if (!is_plain(judge, entry)) {
        ret->why_not = "process.args does not plainly name it and its program";
    } else if (steps_again(entry)) {
        ret->why_not = "a launcher behind it changes the user, too";
    }
    if (ret->why_not != NULL) {
        return 0;
    }
    if (ocn_judge_named(judge, step->user, step->group, &named, err) < 0 ||
        cut(judge, entry, &ret->args, err) < 0) {
        return -1;
    }
    ret->why_not = check_user(step, &named, &ret->user);
    if (ret->why_not == NULL && ret->args.len == 0) {
        ret->why_not = "process.args is too long";
    }
    return 0;
}

static const char *print_args(struct ocn_judge *judge, const struct ocn_strings *args)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };

    ocn_buf_puts(&text, "[");
    for (size_t i = 0; i < args->len; i++) {
        ocn_buf_puts(&text, i != 0 ? "," : "");
        ocn_json_quote(&text, args->items[i], strlen(args->items[i]));
    }
    ocn_buf_puts(&text, "]");
    return ocn_buf_copy(&text, &judge->outcome->arena);
}

static int carry_out(struct ocn_judge *judge, const struct plan *plan, struct ocn_error *err)
{
    const char *user = name_user(judge, &plan->entry->step);
    const char *why = ocn_arena_printf(&judge->outcome->arena,
                                       "%s would change the user to %s: that is %u:%u in the image",
                                       plan->entry->launcher, user, plan->user.uid, plan->user.gid);
    const struct ocn_edit edit = {
        OCN_EDIT_OF(LAUNCHER_ARGS),
        .from = print_args(judge, &judge->container->process.args),
        .to = print_args(judge, &plan->args),
        .why = why,
    };

    return ocn_user_retarget(judge, OCN_RULE_USER_LAUNCHER, &plan->user, &plan->args, why, err) < 0
               ? -1
               : ocn_judge_change(judge, edit, err);
}

static int judge_step(struct ocn_judge *judge, const struct ocn_entry *entry, struct ocn_error *err)
{
    bool edits = judge->policy->level[OCN_RULE_USER_LAUNCHER] == OCN_LEVEL_EDIT;
    struct plan plan;

    if (make_plan(judge, entry, &plan, err) < 0) {
        return -1;
    }
    if (plan.why_not != NULL) {
        return report_step(judge, entry, edits ? plan.why_not : NULL, "", err);
    }
    return edits
               ? carry_out(judge, &plan, err)
               : report_step(judge, entry, NULL,
                             ocn_arena_printf(&judge->outcome->arena,
                                              ", or %sset rules.user.launcher to \"edit\": %s "
                                              "starts as user %u:%u then",
                                              judge->container->unedited
                                                  ? "start it through ocinorm-runtime and "
                                                  : "",
                                              entry->launches->name, plan.user.uid, plan.user.gid),
                             err);
}

/* ---- scripts ------------------------------------------------------------------------------ */

/* What a shell is told that is no script of its own, nor starts just one program. */
static struct ocn_shell_words find_words(const struct ocn_entry *entry)
{
    bool own = entry->launches == NULL && entry->kind != OCN_ENTRY_SCRIPT && !entry->by_script;

    return own ? ocn_launcher_shell(&entry->args) : (struct ocn_shell_words){ 0 };
}

/* The script that a shell reads: the "#!" script @entry, or the operand of "sh -e SCRIPT". */
static int find_script(struct ocn_judge *judge, const struct ocn_entry *entry, struct ocn_path *ret,
                       struct ocn_error *err)
{
    const struct ocn_entry *by = entry->launches;

    *ret = (struct ocn_path){ .state = OCN_PATH_UNKNOWN };
    if (entry->kind == OCN_ENTRY_SCRIPT && entry->args.len != 0) {
        bool shell = ocn_launcher_is_shell(entry->args.items[0]) ||
                     (by != NULL && by->by_script && ocn_launcher_is_shell(by->name));
        *ret = shell ? entry->path : *ret;
        return 0;
    }
    const char *name = find_words(entry).script;
    return name != NULL ? ocn_lookup_file(judge, name, ret, err) : 0;
}

/* The beginning of the file at @path; empty where it cannot be read. */
static int read_script(struct ocn_judge *judge, const struct ocn_path *path, struct ocn_bytes *ret,
                       struct ocn_error *err)
{
    const struct ocn_view *view = judge->view;
    struct ocn_error problem = { 0 };
    size_t got = 0;

    *ret = (struct ocn_bytes){ "", 0 };
    if (path->state != OCN_PATH_FOUND || !S_ISREG(path->stat.mode)) {
        return 0;
    }
    char *text = ocn_arena_alloc(&judge->outcome->arena, OCN_SHELL_MAX_SIZE);
    if (text == NULL) {
        return ocn_fail_nomem(err);
    }
    if (view->read_at(view->ctx, path->ref, 0, text, OCN_SHELL_MAX_SIZE, &got, &problem) < 0) {
        *err = problem;
        return problem.sys == EACCES ? 0 : -1;
    }
    *ret = (struct ocn_bytes){ text, got };
    return 0;
}

static int judge_script(struct ocn_judge *judge, const struct ocn_entry *entry,
                        struct ocn_error *err)
{
    struct ocn_arena *arena = &judge->outcome->arena;
    const char *command = find_words(entry).command;
    struct ocn_shell_call call = { 0 };
    struct ocn_bytes text = { "", 0 };
    struct ocn_path path = { 0 };

    if (command != NULL) {
        size_t len = strlen(command);
        text = (struct ocn_bytes){ command, len < OCN_SHELL_MAX_SIZE ? len : OCN_SHELL_MAX_SIZE };
        path.path = "its command";
    } else if (find_script(judge, entry, &path, err) < 0 ||
               read_script(judge, &path, &text, err) < 0) {
        return -1;
    }
    if (ocn_shell_find_step(text, arena, &call, err) < 0) {
        return -1;
    }
    if (call.line == 0) {
        return 0;
    }
    bool edits = judge->policy->level[OCN_RULE_USER_LAUNCHER] == OCN_LEVEL_EDIT;
    return ocn_judge_report(
        judge, OCN_RULE_USER_LAUNCHER,
        ocn_arena_printf(arena,
                         "entrypoint %s: line %zu of %s calls \"%s\", which takes root, and would "
                         "start as user %u:%u%s",
                         judge->entry->name, call.line, path.path, call.words, judge->user.uid,
                         judge->user.gid,
                         edits ? "; what a script calls cannot be changed from here" : ""),
        ocn_arena_printf(arena,
                         "let the script do that for root only (if [ \"$(id -u)\" = 0 ]; then), "
                         "start its program without it, %s",
                         ways_out),
        err);
}

/* ---- the rule ----------------------------------------------------------------------------- */

/* The policy leaves the process what changing the user takes, and the engine has given it that. */
static bool keeps_capabilities(const struct ocn_judge *judge)
{
    const struct ocn_strings *ambient = &judge->container->process.capabilities.ambient;

    return judge->policy->level[OCN_RULE_USER_CAPABILITIES] != OCN_LEVEL_EDIT &&
           ocn_capability_in(ambient, CAP_SETUID) && ocn_capability_in(ambient, CAP_SETGID);
}

/* ... or lets a set-uid file give it (su, sudo). */
static bool regains_root(const struct ocn_judge *judge, const struct ocn_entry *entry)
{
    return judge->policy->level[OCN_RULE_USER_CAPABILITIES] != OCN_LEVEL_EDIT &&
           judge->policy->level[OCN_RULE_USER_ESCALATION] != OCN_LEVEL_EDIT &&
           !judge->container->process.no_new_privileges && entry->path.state == OCN_PATH_FOUND &&
           entry->path.stat.uid == 0 && (entry->path.stat.mode & S_ISUID) != 0;
}

int ocn_rule_user_launcher(struct ocn_judge *judge, struct ocn_error *err)
{
    if (!judge->lowered || judge->container->process.user.uid != 0 || keeps_capabilities(judge)) {
        return 0; /* as somebody else it would fail without us, too */
    }
    if (ocn_entry_find(judge, err) < 0) {
        return -1;
    }
    for (const struct ocn_entry *entry = judge->entry; entry != NULL; entry = entry->launches) {
        if (entry->step.taken) {
            return regains_root(judge, entry) ? 0 : judge_step(judge, entry, err);
        }
    }
    for (const struct ocn_entry *entry = judge->entry; entry != NULL; entry = entry->launches) {
        if (judge_script(judge, entry, err) < 0) {
            return -1;
        }
    }
    return 0;
}
