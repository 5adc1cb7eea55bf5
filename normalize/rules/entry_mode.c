/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/rules/entry_mode.h"

#include <string.h>

#include "normalize/oci/capability.h"
#include "normalize/policy/rule.h"

/* The first edit that changes the process, and that it must not start without; or NULL. */
static const struct ocn_edit *first_change(const struct ocn_outcome *outcome)
{
    for (size_t i = 0; i < outcome->edits_len; i++) {
        if (!ocn_edit_is_note(&outcome->edits[i]) && !ocn_edit_is_optional(&outcome->edits[i])) {
            return &outcome->edits[i];
        }
    }
    return NULL;
}

static const struct ocn_edit *find_edit(const struct ocn_outcome *outcome, enum ocn_edit_id id)
{
    return ocn_edit_find(outcome->edits, outcome->edits_len, id);
}

/* ---- what a refusal says ------------------------------------------------------------------ */

static int add(struct ocn_outcome *outcome, const struct ocn_finding *finding,
               struct ocn_error *err)
{
    struct ocn_arena *arena = &outcome->arena;
    size_t len = outcome->findings_len;
    struct ocn_finding *all = ocn_arena_alloc(arena, (len + 1) * sizeof(*all));

    if (ocn_arena_check(arena, err) < 0) {
        return -1;
    }
    if (len != 0) {
        memcpy(all, outcome->findings, len * sizeof(*all));
    }
    all[len] = *finding;
    outcome->findings = all;
    outcome->findings_len = len + 1;
    return 0;
}

static int deny(struct ocn_outcome *outcome, enum ocn_rule_id rule, const char *message,
                const char *fix, struct ocn_error *err)
{
    const struct ocn_finding finding = {
        rule, OCN_LEVEL_DENY, message,
        ocn_arena_printf(&outcome->arena,
                         "start it through ocinorm-runtime, which can change it%s, "
                         "or set rules.%s to \"warn\"",
                         fix, ocn_rules[rule].name)
    };

    if (add(outcome, &finding, err) < 0) {
        return -1;
    }
    outcome->verdict = OCN_DENY;
    return 0;
}

int ocn_entry_mode_warn(struct ocn_outcome *outcome, enum ocn_rule_id rule, const char *message,
                        const char *hint, struct ocn_error *err)
{
    const struct ocn_finding finding = { rule, OCN_LEVEL_WARN, message, hint };

    return add(outcome, &finding, err);
}

int ocn_entry_mode_refuse(struct ocn_outcome *outcome, const char *reason, struct ocn_error *err)
{
    const struct ocn_edit *edit = first_change(outcome);

    if (edit == NULL) {
        return ocn_outcome_verify_only(outcome, err);
    }
    return deny(outcome, edit->rule,
                ocn_arena_printf(&outcome->arena,
                                 "%s is %s and should be %s, but the hook cannot "
                                 "change it: %s",
                                 edit->path, edit->from != NULL ? edit->from : "not set", edit->to,
                                 reason),
                "", err);
}

/* ---- capabilities ------------------------------------------------------------------------- */

/*
 * Whether a program without file capabilities has @capability once the runtime has executed it
 * (capabilities(7)): root gets its bounding and inheritable sets whatever was permitted, unless
 * no_new_privs forbids a gain; another user keeps the ambient ones.
 */
static bool entry_has(const struct ocn_oci_process *process, unsigned capability)
{
    const struct ocn_oci_capabilities *sets = &process->capabilities;

    if (process->user.uid != 0) {
        return ocn_capability_in(&sets->ambient, capability);
    }
    return (ocn_capability_in(&sets->bounding, capability) ||
            ocn_capability_in(&sets->inheritable, capability)) &&
           (!process->no_new_privileges || ocn_capability_in(&sets->permitted, capability));
}

static bool changes_user(const struct ocn_outcome *outcome)
{
    return find_edit(outcome, OCN_EDIT_USER_UID) != NULL ||
           find_edit(outcome, OCN_EDIT_USER_GID) != NULL ||
           find_edit(outcome, OCN_EDIT_GROUPS) != NULL;
}

static int judge_capabilities(const struct ocn_container *container, struct ocn_outcome *outcome,
                              struct ocn_error *err)
{
    bool setuid = entry_has(&container->process, CAP_SETUID);
    bool setgid = entry_has(&container->process, CAP_SETGID);

    if (!changes_user(outcome) || (setuid && setgid)) {
        return 0;
    }
    const char *missing = setuid   ? "CAP_SETGID"
                          : setgid ? "CAP_SETUID"
                                   : "CAP_SETUID and CAP_SETGID";
    return deny(outcome, OCN_RULE_USER_ROOT,
                ocn_arena_printf(&outcome->arena,
                                 "the hook cannot lower uid %u: the process starts without %s",
                                 container->process.user.uid, missing),
                ", or give the container these capabilities (ocinorm-entry drops them)", err);
}

/* A capability that shall be left must be there to be left. */
static int judge_low_ports(const struct ocn_container *container, struct ocn_outcome *outcome,
                           struct ocn_error *err)
{
    const struct ocn_edit *ambient = find_edit(outcome, OCN_EDIT_AMBIENT);
    const struct ocn_edit *bounding = find_edit(outcome, OCN_EDIT_BOUNDING);
    bool wanted =
        ambient != NULL && strstr(ambient->to, ocn_capability_name(CAP_NET_BIND_SERVICE)) != NULL;

    if (bounding == NULL && (!wanted || entry_has(&container->process, CAP_NET_BIND_SERVICE))) {
        return 0;
    }
    return deny(outcome, OCN_RULE_USER_CAPABILITIES,
                "user.lowPorts: the process starts without CAP_NET_BIND_SERVICE, and the hook "
                "cannot give it one",
                ", or give the container CAP_NET_BIND_SERVICE", err);
}

/* ---- the place ---------------------------------------------------------------------------- */

static bool has_own_mounts(const struct ocn_container *container)
{
    const struct ocn_oci_namespace *mount = ocn_oci_namespace_get(container, "mount");

    return mount != NULL && (mount->path == NULL || mount->path[0] == '\0');
}

static const char *why_no_place(const struct ocn_container *container,
                                const struct ocn_outcome *outcome)
{
    if (!has_own_mounts(container)) {
        return "the container has no mount namespace of its own";
    }
    if (outcome->facts.entry.doubt != NULL) {
        return outcome->facts.entry.doubt;
    }
    if (outcome->facts.entry.real == NULL) {
        return "the entrypoint cannot be seen before the container starts";
    }
    return NULL;
}

/* ---- edits -------------------------------------------------------------------------------- */

/* What the runtime would do by an annotation is undone where the user changes anyway. */
static bool is_possible(const struct ocn_outcome *outcome, const struct ocn_edit *edit)
{
    const struct ocn_edit_row *row = ocn_edit_row(edit);

    return row != NULL && row->entry != OCN_EDIT_BY_NEVER &&
           (row->entry != OCN_EDIT_BY_UNDO || find_edit(outcome, OCN_EDIT_USER_UID) != NULL);
}

static int judge_edits(struct ocn_outcome *outcome, struct ocn_error *err)
{
    for (size_t i = 0; i < outcome->edits_len; i++) {
        const struct ocn_edit *edit = &outcome->edits[i];
        if (!is_possible(outcome, edit) &&
            deny(outcome, edit->rule,
                 ocn_arena_printf(&outcome->arena, "%s should be %s, and no hook can change that",
                                  edit->path, edit->to),
                 "", err) < 0) {
            return -1;
        }
    }
    return 0;
}

int ocn_entry_mode_judge(const struct ocn_container *container, struct ocn_outcome *outcome,
                         struct ocn_error *err)
{
    const char *reason = why_no_place(container, outcome);

    if (outcome->edits_len == 0) {
        return 0;
    }
    if (first_change(outcome) == NULL) {
        return reason != NULL ? ocn_entry_mode_refuse(outcome, reason, err) : 0;
    }
    if (judge_capabilities(container, outcome, err) < 0 ||
        judge_low_ports(container, outcome, err) < 0 || judge_edits(outcome, err) < 0) {
        return -1;
    }
    return reason != NULL ? ocn_entry_mode_refuse(outcome, reason, err) : 0;
}
