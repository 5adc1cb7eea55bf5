/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user.capabilities and user.escalation: what a process that is not root has to climb on.
 *
 * no_new_privs alone does not do: with it, execve(2) gives a file's capabilities to a process as
 * far as it has them already (capabilities(7): the new permitted set is intersected with the old
 * one). A runtime changes the user and keeps the sets of config.json until it executes the program,
 * so that a full permitted set hands CAP_SETUID to whoever put it on a file of the image. Engines
 * do the same as these rules for a user that is not root (containerd: oci.WithUser, moby).
 *
 * The bounding set stays: no_new_privs and an empty permitted set leave no way to what is in it,
 * and without it execve(2) refuses a program whose file has capabilities (EPERM) in place of
 * running it without.
 */
#include <string.h>
#include <sys/stat.h>

#include "normalize/json/json.h"
#include "normalize/oci/capability.h"
#include "normalize/rules/entry.h"
#include "normalize/rules/judge.h"
#include "normalize/rules/rules.h"

#define MAX_CAPABILITY_NAME 40

#define SET(symbol, name)                                                                          \
    {                                                                                              \
        OCN_EDIT_##symbol, OCN_EDIT_ESCALATION_##symbol,                                           \
            offsetof(struct ocn_oci_capabilities, name)                                            \
    }

/* The sets that a process can get something from. */
static const struct capability_set {
    enum ocn_edit_id id;            /* of user.capabilities */
    enum ocn_edit_id escalation_id; /* of user.escalation */
    size_t offset;                  /* in struct ocn_oci_capabilities */
} capability_sets[] = { SET(EFFECTIVE, effective), SET(PERMITTED, permitted),
                        SET(INHERITABLE, inheritable), SET(AMBIENT, ambient) };

static const struct capability_set bounding = SET(BOUNDING, bounding);

/* What is to be left of every set. */
struct aim {
    enum ocn_rule_id rule;
    struct ocn_strings kept; /* nothing else stays */
    bool given;              /* ... and all of it is put into every set */
    const char *why;
};

static const struct ocn_strings *get_set(const struct ocn_container *container,
                                         const struct capability_set *set)
{
    const char *sets = (const char *)&container->process.capabilities;

    return (const struct ocn_strings *)(const void *)(sets + set->offset);
}

static const char *print_names(struct ocn_arena *arena, const struct ocn_strings *names)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };

    ocn_buf_puts(&text, "[");
    for (size_t i = 0; i < names->len; i++) {
        ocn_buf_puts(&text, i != 0 ? "," : "");
        ocn_json_quote(&text, names->items[i], strlen(names->items[i]));
    }
    ocn_buf_puts(&text, "]");
    return ocn_buf_copy(&text, arena);
}

/*
 * Engines hand on what a pod says; runtimes pass over what is no name, and no edit repeats it. What
 * looks like a name counts as one: the kernel may be younger than our table of names.
 */
static bool is_capability(const char *name)
{
    static const char characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

    return strncmp(name, "CAP_", 4) == 0 && strlen(name) < MAX_CAPABILITY_NAME &&
           name[strspn(name, characters)] == '\0';
}

static bool is_same(const struct ocn_strings *a, const struct ocn_strings *b)
{
    for (size_t i = 0; i < a->len && a->len == b->len; i++) {
        if (strcmp(a->items[i], b->items[i]) != 0) {
            return false;
        }
    }
    return a->len == b->len;
}

/* What @aim leaves of @old. */
static int narrow(struct ocn_judge *judge, const struct aim *aim, const struct ocn_strings *old,
                  struct ocn_strings *ret, struct ocn_error *err)
{
    if (aim->given) {
        *ret = aim->kept;
        return 0;
    }
    ret->items = ocn_arena_alloc(&judge->outcome->arena, (old->len + 1) * sizeof(*ret->items));
    if (ret->items == NULL) {
        return ocn_fail_nomem(err);
    }
    for (size_t i = 0; i < old->len; i++) {
        if (is_capability(old->items[i]) && ocn_strings_hold(&aim->kept, old->items[i])) {
            ret->items[ret->len++] = old->items[i];
        }
    }
    return 0;
}

/* @always: also where it is what it is to be. */
static int change_set(struct ocn_judge *judge, const struct aim *aim,
                      const struct capability_set *set, const struct ocn_strings *want, bool always,
                      struct ocn_error *err)
{
    const struct ocn_strings *old = get_set(judge->container, set);

    if (is_same(old, want) && !always) {
        return 0;
    }
    enum ocn_edit_id id = aim->rule == OCN_RULE_USER_CAPABILITIES ? set->id : set->escalation_id;
    return ocn_judge_change(judge,
                            (struct ocn_edit){ .rule = aim->rule,
                                               .path = ocn_edit_rows[id].path,
                                               .from = print_names(&judge->outcome->arena, old),
                                               .to = print_names(&judge->outcome->arena, want),
                                               .why = aim->why },
                            err);
}

/* A set can hold only what the bounding set holds, too. Else that stays as it is. */
static bool lacks_given(const struct ocn_judge *judge, const struct aim *aim)
{
    return aim->given && aim->kept.len != 0 &&
           !ocn_strings_hold(get_set(judge->container, &bounding), aim->kept.items[0]);
}

static int fit_bounding(struct ocn_judge *judge, const struct aim *aim, bool always,
                        struct ocn_error *err)
{
    const struct ocn_strings *old = get_set(judge->container, &bounding);
    bool lacks = lacks_given(judge, aim);
    struct ocn_strings want = { 0 };

    if (!lacks && !always) {
        return 0;
    }
    want.items = ocn_arena_alloc(&judge->outcome->arena, (old->len + 1) * sizeof(*want.items));
    if (want.items == NULL) {
        return ocn_fail_nomem(err);
    }
    for (size_t i = 0; i < old->len; i++) {
        if (is_capability(old->items[i])) {
            want.items[want.len++] = old->items[i];
        }
    }
    if (lacks) {
        want.items[want.len++] = aim->kept.items[0];
    }
    return change_set(judge, aim, &bounding, &want, always, err);
}

static int fit_sets(struct ocn_judge *judge, const struct aim *aim, struct ocn_error *err)
{
    struct ocn_strings want[OCN_COUNT(capability_sets)] = { 0 };
    bool changes = lacks_given(judge, aim);

    for (size_t i = 0; i < OCN_COUNT(capability_sets); i++) {
        const struct ocn_strings *old = get_set(judge->container, &capability_sets[i]);
        if (narrow(judge, aim, old, &want[i], err) < 0) {
            return -1;
        }
        changes = changes || !is_same(old, &want[i]);
    }
    /* Where one set is written down, none is the container's any more. */
    bool always = changes && judge->container->process.inherits_capabilities &&
                  judge->policy->level[aim->rule] == OCN_LEVEL_EDIT;
    if (fit_bounding(judge, aim, always, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < OCN_COUNT(capability_sets); i++) {
        if (change_set(judge, aim, &capability_sets[i], &want[i], always, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* For whoever looks: *why says also which program of the entrypoint's would have had an owner's id.
 */
static int note_set_uid(struct ocn_judge *judge, const char **why, struct ocn_error *err)
{
    bool seen = judge->view->all_facts && judge->joined == NULL &&
                ocn_container_fault(judge->container, OCN_IN(PROGRAM)) == NULL;

    if (!seen) {
        return 0;
    }
    if (ocn_entry_find(judge, err) < 0) {
        return -1;
    }
    for (const struct ocn_entry *entry = judge->entry; entry != NULL; entry = entry->launches) {
        if (entry->kind == OCN_ENTRY_ELF && (entry->path.stat.mode & S_ISUID) != 0) {
            *why =
                ocn_arena_printf(&judge->outcome->arena, "%s: the set-uid bit of %s will not count",
                                 *why, entry->path.path);
            return 0;
        }
    }
    return 0;
}

static int set_no_new_privileges(struct ocn_judge *judge, enum ocn_rule_id rule,
                                 struct ocn_error *err)
{
    const char *why = "no set-uid file gives root back";

    if (judge->container->process.no_new_privileges) {
        return 0;
    }
    if (note_set_uid(judge, &why, err) < 0) {
        return -1;
    }
    return ocn_judge_change(
        judge,
        (struct ocn_edit){ .rule = rule,
                           .path = ocn_edit_rows[OCN_EDIT_NO_NEW_PRIVILEGES].path,
                           .from = "false",
                           .to = "true",
                           .why = why },
        err);
}

int ocn_rule_user_capabilities(struct ocn_judge *judge, struct ocn_error *err)
{
    const char *low_port_names[] = { ocn_capability_name(CAP_NET_BIND_SERVICE) };
    bool low_ports = judge->policy->user.low_ports;
    const struct aim aim = {
        .rule = OCN_RULE_USER_CAPABILITIES,
        .kept = { low_port_names, low_ports ? 1 : 0 },
        .given = true,
        .why = low_ports
                   ? "user.lowPorts: only CAP_NET_BIND_SERVICE is kept"
                   : "a process that is not root keeps none, not even through file capabilities",
    };

    if (!judge->lowered) {
        return 0;
    }
    if (fit_sets(judge, &aim, err) < 0) {
        return -1;
    }
    return set_no_new_privileges(judge, aim.rule, err);
}

/* Whether the process passes over modes of files until the rule has taken that away. */
static bool overrides_modes(const struct ocn_judge *judge)
{
    const struct ocn_oci_capabilities *sets = &judge->container->process.capabilities;

    return ocn_capability_in(&sets->effective, CAP_DAC_OVERRIDE) ||
           ocn_capability_in(&sets->effective, CAP_DAC_READ_SEARCH);
}

/*
 * Ambient capabilities are the ones that an engine gives to such a user on purpose (Podman's
 * --cap-add): they stay, in every set.
 */
int ocn_rule_user_escalation(struct ocn_judge *judge, struct ocn_error *err)
{
    const struct aim aim = {
        .rule = OCN_RULE_USER_ESCALATION,
        .kept = judge->container->process.capabilities.ambient,
        .why = "only file capabilities could give it to the process",
    };

    if (judge->user.uid == 0 ||
        (judge->lowered && judge->policy->level[OCN_RULE_USER_CAPABILITIES] == OCN_LEVEL_EDIT)) {
        return 0; /* user.capabilities has left nothing */
    }
    if (fit_sets(judge, &aim, err) < 0) {
        return -1;
    }
    judge->by_mode = judge->by_mode ||
                     (judge->policy->level[aim.rule] == OCN_LEVEL_EDIT && overrides_modes(judge));
    return set_no_new_privileges(judge, aim.rule, err);
}
