/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/rules.h"

#include <string.h>
#include <sys/stat.h>

#include "normalize/json_text.h"

#define MAX_SHOWN 64 /* bytes of a container's value in a report */

const struct ocn_rule ocn_rules[OCN_RULE_COUNT] = {
#define OCN_RULE(symbol, name, level, changes, on_exec, function, summary)                         \
    [OCN_RULE_##symbol] = { name, OCN_LEVEL_##level, changes, on_exec, function, summary },
#include "normalize/rules.def"
#undef OCN_RULE
};

const char *ocn_judge_printable(struct ocn_judge *judge, const char *text)
{
    char *copy = text != NULL ? ocn_arena_copy(&judge->outcome->arena, text, strlen(text)) : NULL;

    for (char *c = copy; c != NULL && *c != '\0'; c++) {
        if (*c < 0x20 || *c > 0x7e) {
            *c = '?';
        }
    }
    return copy;
}

/* ---- what a rule says ------------------------------------------------------------------- */

int ocn_judge_find(struct ocn_judge *judge, enum ocn_rule_id rule, const char *message,
                   const char *hint, struct ocn_error *err)
{
    struct ocn_outcome *outcome = judge->outcome;
    int level = judge->policy->level[rule];
    struct ocn_finding *list =
        ocn_arena_grow(&outcome->arena, outcome->findings, outcome->findings_len, sizeof(*list));

    message = ocn_judge_printable(judge, message);
    hint = ocn_judge_printable(judge, hint);
    if (list == NULL || message == NULL || hint == NULL) {
        return ocn_fail_nomem(err);
    }
    enum ocn_level said = level == OCN_LEVEL_WARN ? OCN_LEVEL_WARN : OCN_LEVEL_DENY;
    list[outcome->findings_len++] = (struct ocn_finding){ rule, said, message, hint };
    outcome->findings = list;
    if (said == OCN_LEVEL_DENY) {
        outcome->verdict = OCN_DENY;
    }
    return 0;
}

int ocn_judge_change(struct ocn_judge *judge, struct ocn_edit edit, struct ocn_error *err)
{
    struct ocn_outcome *outcome = judge->outcome;
    struct ocn_arena *arena = &outcome->arena;

    edit.why = ocn_judge_printable(judge, edit.why);
    if (edit.path == NULL || edit.from == NULL || edit.to == NULL || edit.why == NULL) {
        return ocn_fail_nomem(err);
    }
    if (strcmp(edit.from, OCN_NOTHING) == 0) {
        edit.from = NULL;
    }
    if (judge->policy->level[edit.rule] != OCN_LEVEL_EDIT) {
        return ocn_judge_find(judge, edit.rule,
                              ocn_arena_printf(arena, "%s is %s and should be %s: %s", edit.path,
                                               edit.from != NULL ? edit.from : "not set", edit.to,
                                               edit.why),
                              ocn_arena_printf(arena, "set rules.%s to \"edit\" to have it changed",
                                               ocn_rules[edit.rule].name),
                              err);
    }
    struct ocn_edit *list =
        ocn_arena_grow(arena, outcome->edits, outcome->edits_len, sizeof(*list));
    if (list == NULL) {
        return ocn_fail_nomem(err);
    }
    list[outcome->edits_len++] = edit;
    outcome->edits = list;
    return 0;
}

const char *ocn_judge_quote(struct ocn_judge *judge, const char *text)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf buf = { 0 };

    if (text == NULL) {
        return OCN_NOTHING;
    }
    ocn_json_quote(&buf, text, strlen(text));
    return buf.failed ? NULL : ocn_arena_copy(&judge->outcome->arena, buf.ptr, buf.len);
}

int ocn_judge_keep(struct ocn_judge *judge, enum ocn_rule_id rule, const char *name,
                   const char *value, const char *why, struct ocn_error *err)
{
    struct ocn_outcome *outcome = judge->outcome;
    struct ocn_arena *arena = &outcome->arena;

    if (!judge->view->all_facts) {
        return 0;
    }
    bool cut = value != NULL && strlen(value) > MAX_SHOWN;
    struct ocn_kept kept = {
        .rule = rule,
        .name = ocn_judge_printable(judge, name),
        .value = ocn_judge_printable(
            judge, cut ? ocn_arena_printf(arena, "%.*s...", MAX_SHOWN, value) : value),
        .why = ocn_judge_printable(judge, why),
    };
    struct ocn_kept *list = ocn_arena_grow(arena, outcome->kept, outcome->kept_len, sizeof(*list));
    if (list == NULL || kept.name == NULL || kept.why == NULL ||
        (value != NULL && kept.value == NULL)) {
        return ocn_fail_nomem(err);
    }
    list[outcome->kept_len++] = kept;
    outcome->kept = list;
    return 0;
}

/*
 * Whether the container's own value of a variable that @rule sets may be shown: plain numbers and
 * durations, where it is not malformed. The policy's own variables may be anything.
 */
static bool is_plain(enum ocn_rule_id rule)
{
    return rule == OCN_RULE_ENV_GOMAXPROCS || rule == OCN_RULE_ENV_GOMEMLIMIT ||
           rule == OCN_RULE_ENV_HTTP;
}

/* What env.set makes of variable @name; NULL: nothing, or the container's own stays. */
static const char *set_by_policy(const struct ocn_judge *judge, const char *name)
{
    const struct ocn_policy *policy = judge->policy;
    const struct ocn_pairs *set = &policy->env.set;

    if (judge->joined != NULL || policy->level[OCN_RULE_ENV_SET] != OCN_LEVEL_EDIT ||
        (!policy->env.override && ocn_env_get(&judge->container->process.env, name) != NULL)) {
        return NULL;
    }
    for (size_t i = 0; i < set->len; i++) {
        if (strcmp(set->items[i].name, name) == 0) {
            return set->items[i].value;
        }
    }
    return NULL;
}

const char *ocn_judge_env(const struct ocn_judge *judge, const char *name)
{
    const char *set = set_by_policy(judge, name);

    return set != NULL ? set : ocn_env_get(&judge->container->process.env, name);
}

bool ocn_judge_plans_env(const struct ocn_judge *judge, const char *name)
{
    for (size_t i = 0; i < judge->outcome->edits_len; i++) {
        const char *planned = ocn_edit_env_name(&judge->outcome->edits[i]);
        if (planned != NULL && strcmp(planned, name) == 0) {
            return true;
        }
    }
    return false;
}

/* As execve(2) counts: the strings with their NUL, and a pointer to each. */
static bool env_fits(const struct ocn_judge *judge, const char *name, const char *value)
{
    const struct ocn_strings *env = &judge->container->process.env;
    const struct ocn_outcome *outcome = judge->outcome;
    size_t size = strlen(name) + strlen(value) + sizeof("=") + sizeof(char *);

    if (size > OCN_VARIABLE_MAX_SIZE) {
        return false;
    }
    for (size_t i = 0; i < env->len; i++) {
        size += strlen(env->items[i]) + 1 + sizeof(char *);
    }
    for (size_t i = 0; i < outcome->edits_len; i++) {
        const char *planned = ocn_edit_env_name(&outcome->edits[i]);
        if (planned != NULL) {
            size += strlen(planned) + strlen(outcome->edits[i].to) + 1 + sizeof(char *);
        }
    }
    return size <= OCN_ENV_MAX_SIZE;
}

int ocn_judge_put_env(struct ocn_judge *judge, enum ocn_rule_id rule, const char *name,
                      const char *value, const char *why, struct ocn_error *err)
{
    if (!env_fits(judge, name, value)) {
        return ocn_judge_keep(judge, rule, name, NULL, "the environment would be too large", err);
    }
    const struct ocn_edit edit = {
        .rule = rule,
        .path = ocn_arena_printf(&judge->outcome->arena, "/process/env/%s", name),
        .from = ocn_judge_quote(judge, ocn_env_get(&judge->container->process.env, name)),
        .to = ocn_judge_quote(judge, value),
        .why = why,
    };
    return ocn_judge_change(judge, edit, err);
}

int ocn_judge_set_env(struct ocn_judge *judge, enum ocn_rule_id rule, const char *name,
                      const char *value, const char *why, struct ocn_error *err)
{
    const char *current = ocn_env_get(&judge->container->process.env, name);
    bool done = current != NULL && (strcmp(current, value) == 0 ||
                                    (judge->policy->level[OCN_RULE_ENV_OTEL] == OCN_LEVEL_EDIT &&
                                     ocn_otel_extends(name, current, value)));

    if (current != NULL && (done || !judge->policy->env.override)) {
        return ocn_judge_keep(judge, rule, name, is_plain(rule) ? current : NULL,
                              "the container sets it", err);
    }
    if (rule != OCN_RULE_ENV_SET && set_by_policy(judge, name) != NULL) {
        return ocn_judge_keep(judge, rule, name, NULL, "env.set of the policy sets it", err);
    }
    /* What another rule made of a variable has what env.set gives it, or the right to differ. */
    return ocn_judge_plans_env(judge, name) ? 0
                                            : ocn_judge_put_env(judge, rule, name, value, why, err);
}

/* ---- what a rule asks ------------------------------------------------------------------- */

const char *ocn_judge_cwd(const struct ocn_judge *judge)
{
    const char *cwd = judge->container->process.cwd;

    return cwd != NULL && cwd[0] != '\0' ? cwd : "/";
}

/* The id on the host: inodes carry that one. An id that is not mapped stays what it is. */
static uint32_t to_host(const struct ocn_list *mappings, uint32_t id)
{
    const struct ocn_oci_id_mapping *map = mappings->items;

    for (size_t i = 0; i < mappings->len; i++) {
        if (id >= map[i].container_id && id - map[i].container_id < map[i].size) {
            return map[i].host_id + (id - map[i].container_id);
        }
    }
    return id;
}

int ocn_judge_resolve(struct ocn_judge *judge, const char *path, bool thorough,
                      struct ocn_path *ret, struct ocn_error *err)
{
    const struct ocn_oci_linux *linux_ = &judge->container->linux_;
    const struct ocn_u32s *gids = &judge->user.additional_gids;
    struct ocn_arena *arena = &judge->outcome->arena;
    uint32_t *groups = ocn_arena_alloc(arena, gids->len * sizeof(*groups));

    if (groups == NULL) {
        return ocn_fail_nomem(err);
    }
    for (size_t i = 0; i < gids->len; i++) {
        groups[i] = to_host(&linux_->gid_mappings, gids->items[i]);
    }
    const struct ocn_who who = {
        .uid = to_host(&linux_->uid_mappings, judge->user.uid),
        .gid = to_host(&linux_->gid_mappings, judge->user.gid),
        .groups = groups,
        .groups_len = gids->len,
    };
    const struct ocn_path_context context = {
        .container = judge->container,
        .view = judge->view,
        .arena = arena,
        .who = judge->lowered ? &who : NULL,
        .thorough = thorough,
    };
    if (ocn_path_resolve(&context, path, ret, err) < 0) {
        return -1;
    }
    if (judge->lowered && ret->state == OCN_PATH_FOUND && ret->blocked == NULL &&
        !ocn_who_may(&who, &ret->stat, 1)) {
        ret->blocked = ret->path;
    }
    return 0;
}

/* Appends the file of the image at @path; one that is missing or cannot be seen is empty. */
static int read_text(struct ocn_judge *judge, const char *path, struct ocn_buf *ret,
                     struct ocn_error *err)
{
    const struct ocn_view *view = judge->view;
    struct ocn_path file = { 0 };
    char window[16384];
    size_t got = 0;

    if (ocn_judge_resolve(judge, path, false, &file, err) < 0) {
        return -1;
    }
    if (file.state != OCN_PATH_FOUND) {
        return 0;
    }
    if (!S_ISREG(file.stat.mode)) {
        return ocn_fail(err, OCN_E_FORMAT, path, "is no regular file in the image");
    }
    do {
        if (ret->len + sizeof(window) > OCN_PASSWD_MAX_SIZE + sizeof(window)) {
            return ocn_fail(err, OCN_E_LIMIT, path, "is larger than 4 MiB in the image");
        }
        if (view->read_at(view->ctx, file.ref, ret->len, window, sizeof(window), &got, err) < 0) {
            return -1;
        }
        ocn_buf_add(ret, window, got);
    } while (got == sizeof(window) && !ret->failed);
    return ocn_buf_check(ret, err);
}

int ocn_judge_accounts(struct ocn_judge *judge, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf passwd = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf group = { 0 };
    struct ocn_arena *arena = &judge->outcome->arena;

    if (judge->accounts != NULL) {
        return 0;
    }
    struct ocn_accounts *accounts = ocn_arena_alloc(arena, sizeof(*accounts));
    if (accounts == NULL) {
        return ocn_fail_nomem(err);
    }
    if (read_text(judge, "/etc/passwd", &passwd, err) < 0 ||
        ocn_accounts_read_passwd(ocn_buf_bytes(&passwd), judge->user.uid, arena, accounts, err) <
            0 ||
        read_text(judge, "/etc/group", &group, err) < 0 ||
        ocn_accounts_read_group(ocn_buf_bytes(&group), arena, accounts, err) < 0) {
        return -1;
    }
    judge->accounts = accounts;
    return 0;
}
