/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "hook/entry/apply.h"
#include "hook/entry/plan.h"
#include "normalize/base/number.h"
#include "normalize/json/load.h"
#include "normalize/oci/capability.h"
#include "normalize/rootfs/accounts.h"

#define MAX_ARRAY ((size_t)1 << 20) /* characters of a list in an edit */

/* A plan in the making; the numbers first, as they are found among the edits. */
struct draft {
    struct ocn_entry_head head;
    struct ocn_arena arena;
    struct ocn_u32s groups;
    struct ocn_buf vars;
};

static void finish_draft(struct draft *draft)
{
    ocn_arena_done(&draft->arena);
    ocn_buf_done(&draft->vars);
}

static int fail_shape(const struct ocn_edit *edit, struct ocn_error *err)
{
    return ocn_fail(err, OCN_E_FORMAT, edit->path, "cannot become %.200s", edit->to);
}

/* ---- values ------------------------------------------------------------------------------- */

static int read_id(struct draft *draft, const struct ocn_edit *edit, size_t offset,
                   struct ocn_error *err)
{
    uint64_t id = 0;

    /* The largest id means "leave it" to setresuid(2). */
    if (ocn_number_parse((struct ocn_bytes){ edit->to, strlen(edit->to) }, UINT32_MAX - 1, &id) <
        0) {
        return fail_shape(edit, err);
    }
    memcpy((char *)&draft->head + offset, &(uint32_t){ (uint32_t)id }, sizeof(uint32_t));
    draft->head.flags |= OCN_ENTRY_LOWER;
    return 0;
}

static int read_array(const struct ocn_edit *edit, json_t **ret, struct ocn_error *err)
{
    if (ocn_json_load((struct ocn_bytes){ edit->to, strlen(edit->to) }, MAX_ARRAY, ret, err) < 0) {
        return -1;
    }
    return json_is_array(*ret) ? 0 : fail_shape(edit, err);
}

static int read_groups(struct draft *draft, const struct ocn_edit *edit, size_t offset,
                       struct ocn_error *err)
{
    json_auto_t *array = NULL;
    (void)offset;

    if (read_array(edit, &array, err) < 0) {
        return -1;
    }
    size_t len = json_array_size(array);
    if (len > OCN_ENTRY_GROUPS_MAX) {
        return fail_shape(edit, err);
    }
    uint32_t *items = ocn_arena_alloc(&draft->arena, (len + 1) * sizeof(*items));
    if (items == NULL) {
        return ocn_fail_nomem(err);
    }
    for (size_t i = 0; i < len; i++) {
        double id = json_number_value(json_array_get(array, i));
        if (!(id >= 0 && id < UINT32_MAX) || !json_is_number(json_array_get(array, i)) ||
            (double)(uint32_t)id != id) {
            return fail_shape(edit, err);
        }
        items[i] = (uint32_t)id;
    }
    draft->groups = (struct ocn_u32s){ .items = items, .len = len };
    draft->head.flags |= OCN_ENTRY_LOWER;
    return 0;
}

/* At most the one capability that a policy can leave. */
static int read_ambient(struct draft *draft, const struct ocn_edit *edit, size_t offset,
                        struct ocn_error *err)
{
    json_auto_t *array = NULL;
    (void)offset;

    if (read_array(edit, &array, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *name = json_string_value(json_array_get(array, i));
        if (name == NULL || !ocn_capability_is(name, CAP_NET_BIND_SERVICE)) {
            return fail_shape(edit, err);
        }
        draft->head.ambient |= UINT64_C(1) << CAP_NET_BIND_SERVICE;
    }
    draft->head.flags |= OCN_ENTRY_LOWER;
    return 0;
}

/* The other sets follow: a change of user empties them, up to what is ambient. */
static int note_lowering(struct draft *draft, const struct ocn_edit *edit, size_t offset,
                         struct ocn_error *err)
{
    (void)edit;
    (void)offset;
    (void)err;
    draft->head.flags |= OCN_ENTRY_LOWER;
    return 0;
}

static int read_no_new_privs(struct draft *draft, const struct ocn_edit *edit, size_t offset,
                             struct ocn_error *err)
{
    (void)offset;
    if (strcmp(edit->to, "true") != 0) {
        return fail_shape(edit, err);
    }
    draft->head.flags |= OCN_ENTRY_NO_NEW_PRIVS;
    return 0;
}

/* The string that a JSON text spells. It may not hold a NUL: the loader refuses that. */
static int read_string(const struct ocn_edit *edit, const char *text, json_t **ret,
                       const char **ret_value, struct ocn_error *err)
{
    if (ocn_json_load_value((struct ocn_bytes){ text, strlen(text) }, OCN_ENTRY_PLAN_MAX * 8, ret,
                            err) < 0) {
        return -1;
    }
    *ret_value = json_string_value(*ret);
    return *ret_value != NULL ? 0 : fail_shape(edit, err);
}

static int add_variable(struct draft *draft, const struct ocn_edit *edit, size_t offset,
                        struct ocn_error *err)
{
    json_auto_t *to_json = NULL;
    const char *name = ocn_edit_env_name(edit);
    const char *to = NULL;
    (void)offset;

    if (read_string(edit, edit->to, &to_json, &to, err) < 0) {
        return -1;
    }
    if (name == NULL || name[0] == '\0' || strchr(name, '=') != NULL ||
        draft->head.vars_len == OCN_ENTRY_VARS_MAX) {
        return fail_shape(edit, err);
    }
    draft->head.vars_len++;
    ocn_buf_printf(&draft->vars, "%s=%s", name, to);
    ocn_buf_add(&draft->vars, "", 1);
    return ocn_buf_check(&draft->vars, err);
}

/* ---- edits -------------------------------------------------------------------------------- */

/*
 * Nothing is to be done. LOST: a process that is not root has lost these by the time it runs
 * ocinorm-entry, which is a program without capabilities of its own; what execve(2) does to the
 * sets, see capabilities(7). LEFT: nobody reads it but in config.json.
 */
static int pass_over(struct draft *draft, const struct ocn_edit *edit, size_t offset,
                     struct ocn_error *err)
{
    (void)draft;
    (void)edit;
    (void)offset;
    (void)err;
    return 0;
}

/* By what the hook makes of an edit (edits.def); NULL: no hook can. */
static const struct step {
    int (*take)(struct draft *draft, const struct ocn_edit *edit, size_t offset,
                struct ocn_error *err);
    size_t offset;
} steps[OCN_EDIT_ENTRIES] = {
    [OCN_EDIT_BY_LEFT] = { pass_over, 0 },
    [OCN_EDIT_BY_LOST] = { pass_over, 0 },
    [OCN_EDIT_BY_UNDO] = { note_lowering, 0 }, /* which sets the groups */
    [OCN_EDIT_BY_UID] = { read_id, offsetof(struct ocn_entry_head, uid) },
    [OCN_EDIT_BY_GID] = { read_id, offsetof(struct ocn_entry_head, gid) },
    [OCN_EDIT_BY_GROUPS] = { read_groups, 0 },
    [OCN_EDIT_BY_LOWER] = { note_lowering, 0 },
    [OCN_EDIT_BY_AMBIENT] = { read_ambient, 0 },
    [OCN_EDIT_BY_NO_NEW_PRIVS] = { read_no_new_privs, 0 },
    [OCN_EDIT_BY_VARIABLE] = { add_variable, 0 },
    [OCN_EDIT_BY_MOUNT] = { pass_over, 0 }, /* apply.c mounts it, and no program has to */
};

static int take_edits(struct draft *draft, const struct ocn_outcome *outcome, struct ocn_error *err)
{
    for (size_t i = 0; i < outcome->edits_len; i++) {
        const struct ocn_edit *edit = &outcome->edits[i];
        const struct ocn_edit_row *row = ocn_edit_row(edit);
        const struct step *step = row != NULL ? &steps[row->entry] : NULL;
        if (step == NULL || step->take == NULL) {
            return ocn_fail(err, OCN_E_UNSUPPORTED, edit->path, "no hook can change that");
        }
        if (step->take(draft, edit, step->offset, err) < 0) {
            return -1;
        }
    }
    return 0;
}

int ocn_entry_plan_build(const struct ocn_entry_site *site, const struct ocn_outcome *outcome,
                         struct ocn_buf *ret, struct ocn_error *err)
{
    OCN_CLEANUP(finish_draft)
    struct draft draft = {
        .head = { .from_uid = site->user.uid, .uid = site->user.uid, .gid = site->user.gid },
        .groups = site->user.additional_gids,
    };
    struct ocn_entry_head *head = &draft.head;

    if (site->targets_len == 0) {
        return ocn_fail(err, OCN_E_UNSUPPORTED, NULL, "the entrypoint cannot be seen");
    }
    for (size_t i = 0; i < site->targets_len; i++) {
        head->files[i] = (struct ocn_entry_file){ site->targets[i].dev, site->targets[i].ino };
    }
    head->files_len = (uint32_t)site->targets_len;
    if (take_edits(&draft, outcome, err) < 0) {
        return -1;
    }
    size_t size = sizeof(*head) + draft.groups.len * sizeof(uint32_t) + draft.vars.len;
    if (size > OCN_ENTRY_PLAN_MAX || draft.groups.len > OCN_ENTRY_GROUPS_MAX) {
        return ocn_fail(
            err, OCN_E_UNSUPPORTED, NULL,
            "groups and variables are larger than the %zu bytes that ocinorm-entry takes",
            OCN_ENTRY_PLAN_MAX);
    }
    memcpy(head->magic, OCN_ENTRY_MAGIC, sizeof(head->magic));
    head->size = (uint32_t)size;
    head->groups_len = (uint32_t)draft.groups.len;
    ocn_buf_add(ret, (const char *)head, sizeof(*head));
    ocn_buf_add(ret, (const char *)draft.groups.items, draft.groups.len * sizeof(uint32_t));
    ocn_buf_add(ret, ocn_buf_bytes(&draft.vars).ptr, draft.vars.len);
    return ocn_buf_check(ret, err);
}

int ocn_entry_plan_put(struct ocn_bytes plan, char *program, size_t len, struct ocn_error *err)
{
    const size_t size = sizeof(struct ocn_entry_slot);
    char *slot = memmem(program, len, OCN_ENTRY_MARK, sizeof(OCN_ENTRY_MARK));

    if (slot == NULL || len - (size_t)(slot - program) < size || plan.len > OCN_ENTRY_PLAN_MAX) {
        return ocn_fail(err, OCN_E_FORMAT, OCN_ENTRY_PROGRAM,
                        "is not of the same version as the hook: it has no place for a plan");
    }
    memcpy(slot + offsetof(struct ocn_entry_slot, plan), plan.ptr, plan.len);
    return 0;
}
