/* SPDX-License-Identifier: Apache-2.0 */
/* user.*: root becomes the policy's user, and what hangs on that fits it. */
#include "normalize/rules/user.h"

#include <string.h>

#include "normalize/base/number.h"
#include "normalize/oci/directives.h"
#include "normalize/rootfs/accounts.h"
#include "normalize/rules/judge.h"
#include "normalize/rules/rules.h"

/* ---- user.root -------------------------------------------------------------------------- */

/* The user that a process is to have. */
struct target {
    uint32_t uid;
    uint32_t gid;
    const char *why;
};

/* The uid before normalising, as create left it. Whoever forges it can only lower his own exec. */
static bool read_original_uid(const struct ocn_container *joined, uint32_t *ret)
{
    const char *text = ocn_oci_annotation_get(joined, ocn_edit_annotation(OCN_EDIT_ORIGINAL_USER));
    uint64_t uid = 0;

    if (text == NULL ||
        ocn_number_parse((struct ocn_bytes){ text, strcspn(text, ":") }, UINT32_MAX, &uid) < 0) {
        return false;
    }
    *ret = (uint32_t)uid;
    return true;
}

/*
 * user.exec for a process that joins. false: its user stays. At `strict` nobody joins with an id of
 * root's; what is another's already stays, and so a process of uid 5000 and gid 0 keeps its uid.
 */
static bool aim_joining(const struct ocn_judge *judge, struct target *ret)
{
    const struct ocn_oci_user *user = &judge->container->process.user;
    const struct ocn_oci_user *first = &judge->joined->process.user;
    const struct ocn_policy_user *policy = &judge->policy->user;
    uint32_t original = 0;

    *ret = (struct target){ first->uid, first->gid, "the container runs as this user" };
    if (first->uid != 0 && read_original_uid(judge->joined, &original) && user->uid == original) {
        return policy->exec != OCN_EXEC_KEEP;
    }
    if (policy->exec != OCN_EXEC_STRICT || (user->uid != 0 && user->gid != 0)) {
        return false;
    }
    ret->why = "user.exec of the policy is strict: no process joins as root";
    ret->uid = user->uid != 0 ? user->uid : first->uid != 0 ? first->uid : policy->uid;
    ret->gid = user->gid != 0 ? user->gid : first->gid != 0 ? first->gid : policy->gid;
    return true;
}

/* user.when for the container's own process. */
static bool aim_first(struct ocn_judge *judge, struct target *ret)
{
    const struct ocn_policy_user *policy = &judge->policy->user;
    uint32_t uid = judge->container->process.user.uid;

    *ret = (struct target){ policy->uid, policy->gid,
                            ocn_arena_printf(&judge->outcome->arena,
                                             "uid %u becomes the policy's user %u:%u", uid,
                                             policy->uid, policy->gid) };
    return (policy->when == OCN_WHEN_ROOT && uid == 0) ||
           (policy->when == OCN_WHEN_ALWAYS && uid != policy->uid);
}

/*
 * setresuid(2) takes the largest id for "leave it as it is": a runtime that hands it on starts the
 * process as root (crun does).
 */
static int refuse_largest(struct ocn_judge *judge, struct ocn_error *err)
{
    const struct ocn_oci_user *user = &judge->container->process.user;
    const char *name = user->uid == UINT32_MAX ? "uid" : user->gid == UINT32_MAX ? "gid" : NULL;

    if (name == NULL) {
        return 0;
    }
    return ocn_judge_report(
        judge, OCN_RULE_USER_ROOT,
        ocn_arena_printf(&judge->outcome->arena,
                         "/process/user/%s is 4294967295, which is not an id: it means \"leave "
                         "it\" to the kernel, and that is root",
                         name),
        "name another user", err);
}

static int change_id(struct ocn_judge *judge, enum ocn_edit_id id, uint32_t from, uint32_t to,
                     const char *why, struct ocn_error *err)
{
    struct ocn_arena *arena = &judge->outcome->arena;

    if (from == to) {
        return 0;
    }
    return ocn_judge_change(judge,
                            (struct ocn_edit){ .rule = ocn_edit_rows[id].rule,
                                               .path = ocn_edit_rows[id].path,
                                               .from = ocn_arena_printf(arena, "%u", from),
                                               .to = ocn_arena_printf(arena, "%u", to),
                                               .why = why },
                            err);
}

#define MANY_PROCESSES 4096.0 /* a limit of so many is none of a container's own */

/* getrlimit(2): counted for each uid of a user namespace, and for uid 0 of the first not at all. */
static int warn_of_nproc(struct ocn_judge *judge, uint32_t uid, struct ocn_error *err)
{
    const struct ocn_list *rlimits = &judge->container->process.rlimits;
    const struct ocn_oci_rlimit *items = rlimits->items;

    for (size_t i = 0; i < rlimits->len; i++) {
        bool counts = items[i].type != NULL && strcmp(items[i].type, "RLIMIT_NPROC") == 0 &&
                      items[i].soft < MANY_PROCESSES;
        if (counts && ocn_judge_warn(
                          judge, OCN_RULE_USER_ROOT,
                          ocn_arena_printf(&judge->outcome->arena,
                                           "RLIMIT_NPROC of %.0f counts all processes of uid %u on "
                                           "this node, those of other containers too",
                                           items[i].soft, uid),
                          "limit pids of the container's control group in its place "
                          "(--pids-limit), or give it a uid of its own (match)",
                          err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int lower(struct ocn_judge *judge, enum ocn_rule_id rule, const struct target *to,
                 struct ocn_error *err)
{
    const struct ocn_oci_user *from = &judge->container->process.user;
    bool launcher = rule == OCN_RULE_USER_LAUNCHER;

    if (change_id(judge, launcher ? OCN_EDIT_LAUNCHER_UID : OCN_EDIT_USER_UID, from->uid, to->uid,
                  to->why, err) < 0 ||
        change_id(judge, launcher ? OCN_EDIT_LAUNCHER_GID : OCN_EDIT_USER_GID, from->gid, to->gid,
                  to->why, err) < 0) {
        return -1;
    }
    if (judge->policy->level[OCN_RULE_USER_ROOT] == OCN_LEVEL_EDIT) {
        judge->user.uid = to->uid;
        judge->user.gid = to->gid;
        judge->lowered = true;
        judge->by_mode = true;
    }
    bool counted =
        judge->lowered && judge->joined == NULL && judge->container->linux_.uid_mappings.len == 0;
    return counted ? warn_of_nproc(judge, to->uid, err) : 0;
}

int ocn_rule_user_root(struct ocn_judge *judge, struct ocn_error *err)
{
    struct target to;

    if (!(judge->joined != NULL ? aim_joining(judge, &to) : aim_first(judge, &to))) {
        return refuse_largest(judge, err);
    }
    return lower(judge, OCN_RULE_USER_ROOT, &to, err);
}

/* What user.root has planned and said is gone. */
static void forget_root(struct ocn_outcome *outcome)
{
    size_t edits = 0;
    size_t findings = 0;

    for (size_t i = 0; i < outcome->edits_len; i++) {
        if (outcome->edits[i].rule != OCN_RULE_USER_ROOT) {
            outcome->edits[edits++] = outcome->edits[i];
        }
    }
    for (size_t i = 0; i < outcome->findings_len; i++) {
        if (outcome->findings[i].rule != OCN_RULE_USER_ROOT) {
            outcome->findings[findings++] = outcome->findings[i];
        }
    }
    outcome->edits_len = edits;
    outcome->findings_len = findings;
}

int ocn_user_retarget(struct ocn_judge *judge, enum ocn_rule_id rule,
                      const struct ocn_oci_user *user, const struct ocn_strings *args,
                      const char *why, struct ocn_error *err)
{
    struct ocn_container *changed = ocn_arena_alloc(&judge->outcome->arena, sizeof(*changed));
    const struct target to = { user->uid, user->gid, why };

    if (changed == NULL) {
        return ocn_fail_nomem(err);
    }
    forget_root(judge->outcome);
    if (lower(judge, rule, &to, err) < 0) {
        return -1;
    }
    *changed = *judge->container;
    changed->process.args = *args;
    judge->container = changed;
    judge->entry = NULL;
    judge->accounts = NULL;
    return 0;
}

/* ---- user.groups ------------------------------------------------------------------------ */

static const char *print_ids(struct ocn_arena *arena, const struct ocn_u32s *ids)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };

    ocn_buf_puts(&text, "[");
    for (size_t i = 0; i < ids->len; i++) {
        ocn_buf_printf(&text, "%s%u", i != 0 ? "," : "", ids->items[i]);
    }
    ocn_buf_puts(&text, "]");
    return ocn_buf_copy(&text, arena);
}

/*
 * The groups of whoever calls the runtime, which for an engine are root's. In a rootless engine
 * they are the user's own, and only who was lowered there has no claim to them.
 */
static int drop_callers(struct ocn_judge *judge, struct ocn_error *err)
{
    const struct ocn_directive *directive =
        ocn_directives_find(judge->container, OCN_DIRECTIVE_GROUPS);

    if (directive == NULL || judge->joined != NULL ||
        (!judge->lowered && !ocn_judge_called_by_root(judge))) {
        return 0;
    }
    return ocn_judge_change(
        judge,
        (struct ocn_edit){
            OCN_EDIT_OF(KEEP_ORIGINAL_GROUPS),
            .from =
                ocn_judge_quote(judge, ocn_oci_annotation_get(judge->container, directive->key)),
            .to = ocn_judge_quote(judge, directive->neutral),
            .why =
                "the container must not keep the groups of the process that starts the runtime" },
        err);
}

static int drop_own(struct ocn_judge *judge, struct ocn_error *err)
{
    const struct ocn_u32s *old = &judge->container->process.user.additional_gids;
    struct ocn_arena *arena = &judge->outcome->arena;
    struct ocn_u32s kept = { 0 };
    bool clear = judge->lowered && judge->policy->user.groups == OCN_GROUPS_CLEAR;

    if (old->len == 0) {
        return 0;
    }
    kept.items = ocn_arena_alloc(arena, old->len * sizeof(*kept.items));
    if (kept.items == NULL) {
        return ocn_fail_nomem(err);
    }
    if (!clear && ocn_judge_accounts(judge, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < old->len && !clear; i++) {
        uint32_t gid = old->items[i]; /* (gid_t)-1 is no group: setgroups(2) refuses it */
        if (gid != UINT32_MAX && !ocn_accounts_is_roots_group(judge->accounts, gid)) {
            kept.items[kept.len++] = gid;
        }
    }
    if (kept.len == old->len) {
        return 0;
    }
    if (judge->policy->level[OCN_RULE_USER_GROUPS] == OCN_LEVEL_EDIT) {
        judge->user.additional_gids = kept;
    }
    return ocn_judge_change(
        judge,
        (struct ocn_edit){
            OCN_EDIT_OF(GROUPS), .from = print_ids(arena, old), .to = print_ids(arena, &kept),
            .why = clear ? "user.groups of the policy is clear"
                         : "group 0 and root's groups in the image's /etc/group are dropped" },
        err);
}

int ocn_rule_user_groups(struct ocn_judge *judge, struct ocn_error *err)
{
    if (judge->policy->user.groups == OCN_GROUPS_KEEP) {
        return 0;
    }
    if (judge->user.uid != 0 && drop_callers(judge, err) < 0) {
        return -1;
    }
    bool strict = judge->joined != NULL && judge->policy->user.exec == OCN_EXEC_STRICT;
    return judge->lowered || strict ? drop_own(judge, err) : 0;
}

/* ---- user.home -------------------------------------------------------------------------- */

/* The image's passwd is its author's: what it calls a home must be a plain absolute path. */
static bool is_plain_path(const char *path)
{
    for (const char *c = path; *c != '\0'; c++) {
        if (*c < 0x20 || *c > 0x7e) {
            return false;
        }
    }
    return path[0] == '/';
}

struct home {
    const char *path;
    const char *why;
};

static struct home choose_home(const struct ocn_judge *judge)
{
    const char *policy = judge->policy->user.home;
    const char *passwd = judge->accounts->home;

    if (strcmp(policy, "auto") != 0) {
        return (struct home){ policy, "user.home of the policy" };
    }
    if (passwd == NULL) {
        return (struct home){ "/", "the image's /etc/passwd has no entry for this uid" };
    }
    if (!is_plain_path(passwd)) {
        return (struct home){
            "/", "the home of this uid in the image's /etc/passwd is not a plain path"
        };
    }
    return (struct home){ passwd, "the home of this uid in the image's /etc/passwd" };
}

/* Whether @a and @b spell the same path: "/root/" and "//root" are "/root". */
static bool is_same_path(struct ocn_arena *arena, const char *a, const char *b)
{
    char *clean_a = ocn_arena_printf(arena, "%s", a);
    char *clean_b = ocn_arena_printf(arena, "%s", b);

    if (a[0] != '/' || b[0] != '/') {
        return strcmp(a, b) == 0;
    }
    ocn_path_clean(clean_a);
    ocn_path_clean(clean_b);
    return strcmp(clean_a, clean_b) == 0;
}

static bool is_home_of_root(const struct ocn_judge *judge, const char *home)
{
    struct ocn_arena *arena = &judge->outcome->arena;
    const char *root_home = judge->accounts->root_home;

    return home == NULL || home[0] == '\0' || is_same_path(arena, home, "/root") ||
           (root_home != NULL && is_same_path(arena, home, root_home));
}

/*
 * For whoever looks: *why says also that the user cannot write there. Most containers have such a
 * HOME, and few programs write to it, so that nobody is warned at each start.
 */
static int note_closed_home(struct ocn_judge *judge, const char *home, const char *advice,
                            const char **why, struct ocn_error *err)
{
    struct ocn_path path = { 0 };
    bool may = true;

    if (!judge->view->all_facts || judge->joined != NULL) {
        return 0;
    }
    if (ocn_judge_resolve(judge, home, &path, err) < 0 ||
        (path.state == OCN_PATH_FOUND && ocn_judge_may(judge, &path.stat, 2, &may, err) < 0)) {
        return -1;
    }
    if (may && path.state != OCN_PATH_MISSING) {
        return 0;
    }
    *why = ocn_arena_printf(&judge->outcome->arena,
                            "%s; the user cannot write there: for npm, pip, helm and the like, %s",
                            *why, advice);
    return 0;
}

/* The container's own HOME stays; that the new user cannot write there is said all the same. */
static int keep_own_home(struct ocn_judge *judge, const char *home, struct ocn_error *err)
{
    static const char own[] = "the container sets it";
    const char *why = own;

    if (note_closed_home(judge, home, "name a directory of that user, or none", &why, err) < 0) {
        return -1;
    }
    return why != own ? ocn_judge_keep(judge, OCN_RULE_USER_HOME, "HOME", home, why, err) : 0;
}

int ocn_rule_user_home(struct ocn_judge *judge, struct ocn_error *err)
{
    const char *old = ocn_oci_env_get(&judge->container->process.env, "HOME");

    if (!judge->lowered || strcmp(judge->policy->user.home, "keep") == 0) {
        return 0;
    }
    if (ocn_judge_accounts(judge, err) < 0) {
        return -1;
    }
    if (!is_home_of_root(judge, old)) {
        return keep_own_home(judge, old, err);
    }
    struct home home = choose_home(judge);
    if (old != NULL && strcmp(old, home.path) == 0) {
        return 0;
    }
    if (note_closed_home(judge, home.path, "\"user\": {\"home\": \"/tmp\"}", &home.why, err) < 0) {
        return -1;
    }
    return ocn_judge_put_env(judge, OCN_RULE_USER_HOME, "HOME", home.path, home.why, err);
}

/* ---- user.restore ----------------------------------------------------------------------- */

/* Where root may start it may be restored. */
int ocn_rule_user_restore(struct ocn_judge *judge, struct ocn_error *err)
{
    enum ocn_level root = judge->policy->level[OCN_RULE_USER_ROOT];

    if (root != OCN_LEVEL_EDIT && root != OCN_LEVEL_DENY) {
        return 0;
    }
    return ocn_judge_report(
        judge, OCN_RULE_USER_RESTORE,
        "a checkpoint is restored: its processes come back with the user and the "
        "capabilities that they had, whatever config.json says",
        "start the container anew, or set rules.user.restore to \"warn\" for "
        "those whose checkpoints you trust (match)",
        err);
}
