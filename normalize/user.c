/* SPDX-License-Identifier: Apache-2.0 */
/* user.*: root becomes the policy's user, and what hangs on that fits it. */
#include <string.h>

#include "normalize/json_text.h"
#include "normalize/passwd.h"
#include "normalize/rules.h"

/* user_namespaces(7): at most 340 lines, each of three numbers in columns. */
#define ID_MAP_SIZE ((size_t)340 * 34)

static const char NET_BIND_SERVICE[] = "CAP_NET_BIND_SERVICE";

/* ---- user.root -------------------------------------------------------------------------- */

static bool is_due(const struct ocn_judge *judge)
{
    uint32_t uid = judge->container->process.user.uid;

    if (judge->joined != NULL) {
        return true; /* ocn_normalize_exec() asks only then */
    }
    switch ((enum ocn_when)judge->policy->user.when) {
    case OCN_WHEN_ROOT:
        return uid == 0;
    case OCN_WHEN_ALWAYS:
        return uid != judge->policy->user.uid;
    case OCN_WHEN_NEVER:
    default:
        return false;
    }
}

static int change_id(struct ocn_judge *judge, const char *path, uint32_t from, uint32_t to,
                     const char *why, struct ocn_error *err)
{
    struct ocn_arena *arena = &judge->outcome->arena;

    if (from == to) {
        return 0;
    }
    return ocn_judge_change(judge,
                            (struct ocn_edit){ .rule = OCN_RULE_USER_ROOT,
                                               .path = path,
                                               .from = ocn_arena_printf(arena, "%u", from),
                                               .to = ocn_arena_printf(arena, "%u", to),
                                               .why = why },
                            err);
}

int ocn_rule_user_root(struct ocn_judge *judge, struct ocn_error *err)
{
    const struct ocn_oci_user *from = &judge->container->process.user;
    struct ocn_oci_user to = { .uid = judge->policy->user.uid, .gid = judge->policy->user.gid };
    const char *why = "the container runs as this user";

    if (!is_due(judge)) {
        return 0;
    }
    if (judge->joined != NULL) {
        to = judge->joined->process.user;
    } else {
        why = ocn_arena_printf(&judge->outcome->arena, "uid %u becomes the policy's user %u:%u",
                               from->uid, to.uid, to.gid);
    }
    if (change_id(judge, "/process/user/uid", from->uid, to.uid, why, err) < 0 ||
        change_id(judge, "/process/user/gid", from->gid, to.gid, why, err) < 0) {
        return -1;
    }
    if (judge->policy->level[OCN_RULE_USER_ROOT] == OCN_LEVEL_EDIT) {
        judge->user.uid = to.uid;
        judge->user.gid = to.gid;
        judge->lowered = true;
    }
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
    return text.failed ? NULL : ocn_arena_copy(arena, text.ptr, text.len);
}

int ocn_rule_user_groups(struct ocn_judge *judge, struct ocn_error *err)
{
    const struct ocn_u32s *old = &judge->container->process.user.additional_gids;
    struct ocn_arena *arena = &judge->outcome->arena;
    struct ocn_u32s kept = { 0 };
    bool clear = judge->policy->user.groups == OCN_GROUPS_CLEAR;

    if (!judge->lowered || old->len == 0 || judge->policy->user.groups == OCN_GROUPS_KEEP) {
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
        (struct ocn_edit){ .rule = OCN_RULE_USER_GROUPS,
                           .path = "/process/user/additionalGids",
                           .from = print_ids(arena, old),
                           .to = print_ids(arena, &kept),
                           .why = clear ? "user.groups of the policy is clear"
                                        : "0 and root's groups in the image's /etc/group go" },
        err);
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
        return (struct home){ "/", "this uid's home in the image's /etc/passwd is no plain path" };
    }
    return (struct home){ passwd, "the home of this uid in the image's /etc/passwd" };
}

static bool is_home_of_root(const struct ocn_judge *judge, const char *home)
{
    const char *root_home = judge->accounts->root_home;

    return home == NULL || home[0] == '\0' || strcmp(home, "/root") == 0 ||
           (root_home != NULL && strcmp(home, root_home) == 0);
}

int ocn_rule_user_home(struct ocn_judge *judge, struct ocn_error *err)
{
    const char *old = ocn_env_get(&judge->container->process.env, "HOME");

    if (!judge->lowered || strcmp(judge->policy->user.home, "keep") == 0) {
        return 0;
    }
    if (ocn_judge_accounts(judge, err) < 0) {
        return -1;
    }
    if (!is_home_of_root(judge, old)) {
        return 0;
    }
    const struct home home = choose_home(judge);
    if (old != NULL && strcmp(old, home.path) == 0) {
        return 0;
    }
    return ocn_judge_change(judge,
                            (struct ocn_edit){ .rule = OCN_RULE_USER_HOME,
                                               .path = "/process/env/HOME",
                                               .from = ocn_judge_quote(judge, old),
                                               .to = ocn_judge_quote(judge, home.path),
                                               .why = home.why },
                            err);
}

/* ---- user.capabilities ------------------------------------------------------------------ */

#define MAX_CAPABILITY_NAME 40

struct capability_set {
    const char *path;
    size_t offset; /* in struct ocn_oci_capabilities */
    bool emptied;  /* survives a change of user: the rule empties it */
};

static const struct capability_set capability_sets[] = {
    { "/process/capabilities/bounding", offsetof(struct ocn_oci_capabilities, bounding), false },
    { "/process/capabilities/effective", offsetof(struct ocn_oci_capabilities, effective), false },
    { "/process/capabilities/permitted", offsetof(struct ocn_oci_capabilities, permitted), false },
    { "/process/capabilities/inheritable", offsetof(struct ocn_oci_capabilities, inheritable),
      true },
    { "/process/capabilities/ambient", offsetof(struct ocn_oci_capabilities, ambient), true },
};

static const char *print_names(struct ocn_arena *arena, const struct ocn_strings *names)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };

    ocn_buf_puts(&text, "[");
    for (size_t i = 0; i < names->len; i++) {
        ocn_buf_puts(&text, i != 0 ? "," : "");
        ocn_json_quote(&text, names->items[i], strlen(names->items[i]));
    }
    ocn_buf_puts(&text, "]");
    return text.failed ? NULL : ocn_arena_copy(arena, text.ptr, text.len);
}

/* Engines hand on what a pod says; runtimes pass over what is no name, and no edit repeats it. */
static bool is_capability(const char *name)
{
    static const char characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

    return strncmp(name, "CAP_", 4) == 0 && strlen(name) < MAX_CAPABILITY_NAME &&
           name[strspn(name, characters)] == '\0';
}

static int fit_set(struct ocn_judge *judge, const struct capability_set *set, struct ocn_error *err)
{
    const void *sets = &judge->container->process.capabilities;
    const struct ocn_strings *old =
        (const struct ocn_strings *)(const void *)((const char *)sets + set->offset);
    bool low_ports = judge->policy->user.low_ports;
    struct ocn_strings want = { 0 };

    if (!set->emptied && (!low_ports || ocn_strings_hold(old, NET_BIND_SERVICE))) {
        return 0;
    }
    want.items = ocn_arena_alloc(&judge->outcome->arena, (old->len + 1) * sizeof(*want.items));
    if (want.items == NULL) {
        return ocn_fail_nomem(err);
    }
    for (size_t i = 0; i < old->len && !set->emptied; i++) {
        if (is_capability(old->items[i])) {
            want.items[want.len++] = old->items[i];
        }
    }
    if (low_ports) {
        want.items[want.len++] = NET_BIND_SERVICE;
    }
    bool same = want.len == old->len && (want.len == 0 || ocn_strings_hold(old, want.items[0]));
    if (set->emptied && same) {
        return 0;
    }
    return ocn_judge_change(
        judge,
        (struct ocn_edit){ .rule = OCN_RULE_USER_CAPABILITIES,
                           .path = set->path,
                           .from = print_names(&judge->outcome->arena, old),
                           .to = print_names(&judge->outcome->arena, &want),
                           .why = low_ports ? "user.lowPorts: nothing but low ports is left"
                                            : "nothing survives the change of user" },
        err);
}

int ocn_rule_user_capabilities(struct ocn_judge *judge, struct ocn_error *err)
{
    if (!judge->lowered) {
        return 0;
    }
    for (size_t i = 0; i < OCN_COUNT(capability_sets); i++) {
        if (fit_set(judge, &capability_sets[i], err) < 0) {
            return -1;
        }
    }
    if (judge->container->process.no_new_privileges) {
        return 0;
    }
    return ocn_judge_change(judge,
                            (struct ocn_edit){ .rule = OCN_RULE_USER_CAPABILITIES,
                                               .path = "/process/noNewPrivileges",
                                               .from = "false",
                                               .to = "true",
                                               .why = "no set-uid file gives root back" },
                            err);
}

/* ---- user.mapped ------------------------------------------------------------------------ */

static bool is_in(const struct ocn_list *mappings, uint32_t id)
{
    const struct ocn_oci_id_mapping *map = mappings->items;

    for (size_t i = 0; i < mappings->len; i++) {
        if (id >= map[i].container_id && id - map[i].container_id < map[i].size) {
            return true;
        }
    }
    return false;
}

/* Takes the next number off @text, which ends at a NUL; false if there is none. */
static bool next_number(const char **text, uint64_t *ret)
{
    const char *start = *text + strspn(*text, " \n");
    size_t len = strcspn(start, " \n");

    *text = start + len;
    return ocn_parse_u64((struct ocn_bytes){ start, len }, UINT32_MAX, ret) == 0;
}

/* In the user namespace that the runtime runs in; where nobody says, every id is. */
static bool is_in_ours(const struct ocn_view *view, const char *file, uint32_t id)
{
    const struct ocn_ref ref = { .space = OCN_HOST, .path = file };
    char text[ID_MAP_SIZE + 1];
    const char *at = text;
    uint64_t inside = 0;
    uint64_t outside = 0;
    uint64_t count = 0;
    size_t len = 0;

    if (view->read_at(view->ctx, ref, 0, text, ID_MAP_SIZE, &len, NULL) < 0 || len == 0) {
        return true;
    }
    text[len] = '\0';
    while (next_number(&at, &inside) && next_number(&at, &outside) && next_number(&at, &count)) {
        if (id >= inside && id - inside < count) {
            return true;
        }
    }
    return false;
}

int ocn_rule_user_mapped(struct ocn_judge *judge, struct ocn_error *err)
{
    const struct ocn_oci_linux *linux_ = &judge->container->linux_;
    const struct {
        const char *what;
        const struct ocn_list *mappings;
        uint32_t id;
        const char *key;
        const char *ours;
    } ids[] = {
        { "uid", &linux_->uid_mappings, judge->user.uid, "linux.uidMappings",
          "/proc/self/uid_map" },
        { "gid", &linux_->gid_mappings, judge->user.gid, "linux.gidMappings",
          "/proc/self/gid_map" },
    };
    struct ocn_arena *arena = &judge->outcome->arena;

    for (size_t i = 0; judge->lowered && i < OCN_COUNT(ids); i++) {
        bool own = ids[i].mappings->len != 0;
        if (own ? is_in(ids[i].mappings, ids[i].id)
                : is_in_ours(judge->view, ids[i].ours, ids[i].id)) {
            continue;
        }
        if (ocn_judge_find(
                judge, OCN_RULE_USER_MAPPED,
                ocn_arena_printf(arena, "%s %u is not mapped in the %s user namespace (%s)",
                                 ids[i].what, ids[i].id, own ? "container's" : "rootless engine's",
                                 own ? ids[i].key : ids[i].ours),
                ocn_arena_printf(arena,
                                 "map it (/etc/sub%s for a rootless engine), or set "
                                 "user.%s of the policy to an id that is mapped",
                                 ids[i].what, ids[i].what),
                err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- user.access ------------------------------------------------------------------------ */

static int find_blocked(struct ocn_judge *judge, const char *what, const char *path,
                        const char *blocked, struct ocn_error *err)
{
    struct ocn_arena *arena = &judge->outcome->arena;
    const char *whose = strcmp(path, blocked) == 0
                            ? "its mode"
                            : ocn_arena_printf(arena, "the mode of %s", blocked);

    if (whose == NULL) {
        return ocn_fail_nomem(err);
    }
    return ocn_judge_find(judge, OCN_RULE_USER_ACCESS,
                          ocn_arena_printf(arena, "%s %s: %s keeps user %u:%u out", what, path,
                                           whose, judge->user.uid, judge->user.gid),
                          ocn_arena_printf(arena,
                                           "chmod a+x %s (or chown it) in the image, or set "
                                           "rules.user.access to \"warn\"",
                                           blocked),
                          err);
}

int ocn_rule_user_access(struct ocn_judge *judge, struct ocn_error *err)
{
    const char *cwd = ocn_judge_cwd(judge);
    struct ocn_path dir = { 0 };

    if (!judge->lowered) {
        return 0;
    }
    if (ocn_judge_entry(judge, err) < 0) {
        return -1;
    }
    const struct ocn_path *entry = &judge->entry->path;
    if (entry->state == OCN_PATH_FOUND && entry->blocked != NULL &&
        find_blocked(judge, "entrypoint", entry->path, entry->blocked, err) < 0) {
        return -1;
    }
    if (ocn_judge_resolve(judge, cwd, false, &dir, err) < 0) {
        return -1;
    }
    if (dir.state == OCN_PATH_FOUND && dir.blocked != NULL) {
        return find_blocked(judge, "working directory", cwd, dir.blocked, err);
    }
    return 0;
}
