/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/rules/judge.h"

#include <string.h>
#include <sys/stat.h>

#include "normalize/json/json.h"
#include "normalize/node/idmap.h"
#include "normalize/oci/capability.h"
#include "normalize/policy/rule.h"
#include "normalize/rules/attributes.h"

#define MAX_SHOWN 64 /* bytes of a container's value in a report */

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

static int add_finding(struct ocn_judge *judge, enum ocn_rule_id rule, enum ocn_level level,
                       const char *message, const char *hint, struct ocn_error *err)
{
    struct ocn_outcome *outcome = judge->outcome;
    struct ocn_finding *list =
        ocn_arena_grow(&outcome->arena, outcome->findings, outcome->findings_len, sizeof(*list));

    message = ocn_judge_printable(judge, message);
    hint = ocn_judge_printable(judge, hint);
    if (ocn_arena_check(&outcome->arena, err) < 0) {
        return -1;
    }
    list[outcome->findings_len++] = (struct ocn_finding){ rule, level, message, hint };
    outcome->findings = list;
    if (level == OCN_LEVEL_DENY) {
        outcome->verdict = OCN_DENY;
    }
    return 0;
}

int ocn_judge_report(struct ocn_judge *judge, enum ocn_rule_id rule, const char *message,
                     const char *hint, struct ocn_error *err)
{
    enum ocn_level level = judge->policy->level[rule];

    return add_finding(judge, rule, level == OCN_LEVEL_WARN ? OCN_LEVEL_WARN : OCN_LEVEL_DENY,
                       message, hint, err);
}

int ocn_judge_warn(struct ocn_judge *judge, enum ocn_rule_id rule, const char *message,
                   const char *hint, struct ocn_error *err)
{
    return add_finding(judge, rule, OCN_LEVEL_WARN, message, hint, err);
}

int ocn_judge_change(struct ocn_judge *judge, struct ocn_edit edit, struct ocn_error *err)
{
    struct ocn_outcome *outcome = judge->outcome;
    struct ocn_arena *arena = &outcome->arena;

    edit.why = ocn_judge_printable(judge, edit.why);
    if (strcmp(edit.from, OCN_NOTHING) == 0) {
        edit.from = NULL;
    }
    if (judge->policy->level[edit.rule] != OCN_LEVEL_EDIT) {
        return ocn_judge_report(
            judge, edit.rule,
            ocn_arena_printf(arena, "%s is %s and should be %s: %s", edit.path,
                             edit.from != NULL ? edit.from : "not set", edit.to, edit.why),
            ocn_arena_printf(arena, "set rules.%s to \"edit\" to have it changed",
                             ocn_rules[edit.rule].name),
            err);
    }
    if (ocn_edit_row(&edit) == NULL) {
        return ocn_fail(err, OCN_E_UNSUPPORTED, edit.path, "rule %s has no row in edits.def for it",
                        ocn_rules[edit.rule].name);
    }
    struct ocn_edit *list =
        ocn_arena_grow(arena, outcome->edits, outcome->edits_len, sizeof(*list));
    if (ocn_arena_check(arena, err) < 0) {
        return -1;
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
    return ocn_buf_copy(&buf, &judge->outcome->arena);
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
    if (ocn_arena_check(arena, err) < 0) {
        return -1;
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
        (!policy->env.override && ocn_oci_env_get(&judge->container->process.env, name) != NULL)) {
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

    return set != NULL ? set : ocn_oci_env_get(&judge->container->process.env, name);
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
        .path = ocn_arena_printf(&judge->outcome->arena, "%s%s", ocn_edit_env_path(), name),
        .from = ocn_judge_quote(judge, ocn_oci_env_get(&judge->container->process.env, name)),
        .to = ocn_judge_quote(judge, value),
        .why = why,
    };
    return ocn_judge_change(judge, edit, err);
}

int ocn_judge_set_env(struct ocn_judge *judge, enum ocn_rule_id rule, const char *name,
                      const char *value, const char *why, struct ocn_error *err)
{
    const char *current = ocn_oci_env_get(&judge->container->process.env, name);
    bool done = current != NULL && (strcmp(current, value) == 0 ||
                                    (judge->policy->level[OCN_RULE_ENV_OTEL] == OCN_LEVEL_EDIT &&
                                     ocn_attributes_extend(name, current, value)));

    if (current != NULL && (done || !judge->policy->env.override)) {
        return ocn_judge_keep(judge, rule, name, is_plain(rule) ? current : NULL,
                              "the container sets it", err);
    }
    if (rule != OCN_RULE_ENV_SET && set_by_policy(judge, name) != NULL) {
        return ocn_judge_keep(judge, rule, name, NULL, "env.set of the policy sets it", err);
    }
    /* A variable that a rule has changed is left: it includes env.set's value, or overrides it. */
    return ocn_judge_plans_env(judge, name) ? 0
                                            : ocn_judge_put_env(judge, rule, name, value, why, err);
}

/* ---- what a rule asks ------------------------------------------------------------------- */

const char *ocn_judge_cwd(const struct ocn_judge *judge)
{
    const char *cwd = judge->container->process.cwd;

    return cwd != NULL && cwd[0] != '\0' ? cwd : "/";
}

bool ocn_judge_called_by_root(const struct ocn_judge *judge)
{
    uint64_t node = 0;

    return ocn_idmap_of_runtime(judge->view, "/proc/self/uid_map", 0, &node) && node == 0;
}

/* The id on the host: inodes carry that one. An id that is not mapped stays what it is. */
static uint32_t to_host(const struct ocn_list *mappings, uint32_t id)
{
    uint64_t host = id;

    return ocn_idmap_of_container(mappings, id, &host) ? (uint32_t)host : id;
}

/* Worked out once; nobody asks without a path to resolve. */
static int find_places(struct ocn_judge *judge, struct ocn_error *err)
{
    struct ocn_arena *arena = &judge->outcome->arena;

    if (judge->places != NULL) {
        return 0;
    }
    struct ocn_places *places = ocn_arena_alloc(arena, sizeof(*places));
    if (places == NULL) {
        return ocn_fail_nomem(err);
    }
    if (ocn_path_places(judge->container, judge->view, arena, places, err) < 0) {
        return -1;
    }
    judge->places = places;
    return 0;
}

/* @user as the inodes know him. */
static int make_who(struct ocn_judge *judge, const struct ocn_oci_user *user, struct ocn_who *ret,
                    struct ocn_error *err)
{
    const struct ocn_oci_linux *linux_ = &judge->container->linux_;
    const struct ocn_u32s *gids = &user->additional_gids;
    uint32_t *groups = ocn_arena_alloc(&judge->outcome->arena, gids->len * sizeof(*groups));

    if (groups == NULL) {
        return ocn_fail_nomem(err);
    }
    for (size_t i = 0; i < gids->len; i++) {
        groups[i] = to_host(&linux_->gid_mappings, gids->items[i]);
    }
    *ret = (struct ocn_who){ .uid = to_host(&linux_->uid_mappings, user->uid),
                             .gid = to_host(&linux_->gid_mappings, user->gid),
                             .groups = groups,
                             .groups_len = gids->len };
    return 0;
}

int ocn_judge_may(struct ocn_judge *judge, const struct ocn_stat *stat, unsigned want, bool *ret,
                  struct ocn_error *err)
{
    struct ocn_who who = { 0 };

    if (judge->by_mode && make_who(judge, &judge->user, &who, err) < 0) {
        return -1;
    }
    *ret = !judge->by_mode || ocn_path_may(&who, stat, want);
    return 0;
}

/* @user's permissions count, or nobody's. */
static int resolve_as(struct ocn_judge *judge, const char *path, const struct ocn_oci_user *user,
                      struct ocn_path *ret, struct ocn_error *err)
{
    struct ocn_arena *arena = &judge->outcome->arena;
    struct ocn_who who = { 0 };

    if (find_places(judge, err) < 0 || (user != NULL && make_who(judge, user, &who, err) < 0)) {
        return -1;
    }
    const struct ocn_path_context context = {
        .container = judge->container,
        .places = judge->places,
        .view = judge->view,
        .arena = arena,
        .who = user != NULL ? &who : NULL,
    };
    if (ocn_path_resolve(&context, path, ret, err) < 0) {
        return -1;
    }
    if (user != NULL && ret->state == OCN_PATH_FOUND && ret->blocked == NULL &&
        !ocn_path_may(&who, &ret->stat, 1)) {
        ret->blocked = ret->path;
    }
    return 0;
}

int ocn_judge_resolve(struct ocn_judge *judge, const char *path, struct ocn_path *ret,
                      struct ocn_error *err)
{
    return resolve_as(judge, path, judge->by_mode ? &judge->user : NULL, ret, err);
}

int ocn_judge_resolve_first(struct ocn_judge *judge, const char *path, struct ocn_path *ret,
                            struct ocn_error *err)
{
    const struct ocn_container *container = judge->container;
    bool as_it_is = container->unedited || !judge->by_mode;
    const struct ocn_oci_user *user = container->unedited ? &container->process.user : &judge->user;
    bool overrides =
        as_it_is && ocn_capability_in(&container->process.capabilities.effective, CAP_DAC_OVERRIDE);

    return resolve_as(judge, path, overrides ? NULL : user, ret, err);
}

#define MIN_WINDOW ((size_t)512)
#define MAX_WINDOW ((size_t)64 << 10)

/* How much to ask for behind @done bytes: one byte more than the file should have. */
static size_t next_window(const struct ocn_stat *stat, size_t done)
{
    uint64_t left = stat->size > done ? stat->size - done + 1 : MIN_WINDOW;

    return left < MIN_WINDOW ? MIN_WINDOW : left < MAX_WINDOW ? (size_t)left : MAX_WINDOW;
}

/*
 * Appends the file of the image at @path; one that is missing or cannot be seen is empty. So is a
 * directory, from which nobody reads an account: crun starts there, and runc refuses it itself.
 */
static int read_text(struct ocn_judge *judge, const char *path, struct ocn_buf *ret,
                     struct ocn_error *err)
{
    const struct ocn_view *view = judge->view;
    struct ocn_path file = { 0 };
    size_t window = 0;
    size_t got = 0;

    if (ocn_judge_resolve(judge, path, &file, err) < 0) {
        return -1;
    }
    if (file.state != OCN_PATH_FOUND || S_ISDIR(file.stat.mode)) {
        return 0;
    }
    if (!S_ISREG(file.stat.mode)) {
        return ocn_fail(err, OCN_E_FORMAT, path, "is no regular file in the image");
    }
    do {
        window = next_window(&file.stat, ret->len);
        char *place = ocn_buf_reserve(ret, window);
        if (place == NULL) {
            return ocn_fail_nomem(err);
        }
        if (view->read_at(view->ctx, file.ref, ret->len, place, window, &got, err) < 0) {
            return -1;
        }
        ret->len += got;
        ret->ptr[ret->len] = '\0';
        if (ret->len > OCN_PASSWD_MAX_SIZE) {
            return ocn_fail(err, OCN_E_LIMIT, path, "is larger than 4 MiB in the image");
        }
    } while (got == window);
    return 0;
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

int ocn_judge_named(struct ocn_judge *judge, const char *user, const char *group,
                    struct ocn_named *ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf passwd = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf groups = { 0 };
    const struct ocn_bytes named = group != NULL  ? (struct ocn_bytes){ group, strlen(group) }
                                   : user != NULL ? ocn_accounts_group_part(user)
                                                  : (struct ocn_bytes){ NULL, 0 };

    if (read_text(judge, "/etc/passwd", &passwd, err) < 0 ||
        read_text(judge, "/etc/group", &groups, err) < 0) {
        return -1;
    }
    *ret = (struct ocn_named){ 0 };
    if (user != NULL) {
        ocn_accounts_find_user(ocn_buf_bytes(&passwd), user, ret);
    }
    ocn_accounts_find_group(ocn_buf_bytes(&groups), named, ret);
    return 0;
}
