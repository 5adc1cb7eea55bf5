/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/capability.h>
#include <string.h>

#include "hook/apply_entry.h"
#include "hook/entry_plan.h"
#include "normalize/json_text.h"
#include "normalize/passwd.h"

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
    if (ocn_parse_u64((struct ocn_bytes){ edit->to, strlen(edit->to) }, UINT32_MAX - 1, &id) < 0) {
        return fail_shape(edit, err);
    }
    memcpy((char *)&draft->head + offset, &(uint32_t){ (uint32_t)id }, sizeof(uint32_t));
    draft->head.flags |= OCN_ENTRY_LOWER;
    return 0;
}

static int read_array(const struct ocn_edit *edit, json_t **ret, struct ocn_error *err)
{
    if (ocn_json_load((struct ocn_bytes){ edit->to, strlen(edit->to) }, OCN_ENTRY_PLAN_MAX * 4, ret,
                      err) < 0) {
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
        if (name == NULL || strcmp(name, "CAP_NET_BIND_SERVICE") != 0) {
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
    json_auto_t *from_json = NULL;
    const char *name = ocn_edit_env_name(edit);
    const char *from = "";
    const char *to = NULL;
    (void)offset;

    if (read_string(edit, edit->to, &to_json, &to, err) < 0 ||
        (edit->from != NULL && read_string(edit, edit->from, &from_json, &from, err) < 0)) {
        return -1;
    }
    if (name == NULL || name[0] == '\0' || strchr(name, '=') != NULL ||
        draft->head.vars_len == OCN_ENTRY_VARS_MAX) {
        return fail_shape(edit, err);
    }
    draft->head.vars_len++;
    ocn_buf_printf(&draft->vars, "%s=%s", name, to);
    ocn_buf_add(&draft->vars, "", 1);
    ocn_buf_add(&draft->vars, from, strlen(from) + 1);
    return ocn_buf_check(&draft->vars, err);
}

/* ---- edits -------------------------------------------------------------------------------- */

/* A path that ends with a slash stands for all below it. */
static const struct kind {
    const char *path;
    int (*take)(struct draft *draft, const struct ocn_edit *edit, size_t offset,
                struct ocn_error *err);
    size_t offset;
} kinds[] = {
    { "/process/user/uid", read_id, offsetof(struct ocn_entry_head, uid) },
    { "/process/user/gid", read_id, offsetof(struct ocn_entry_head, gid) },
    { "/process/user/additionalGids", read_groups, 0 },
    { "/process/env/", add_variable, 0 },
    { "/process/noNewPrivileges", read_no_new_privs, 0 },
    { "/process/capabilities/ambient", read_ambient, 0 },
    { "/process/capabilities/effective", note_lowering, 0 },
    { "/process/capabilities/permitted", note_lowering, 0 },
    { "/process/capabilities/inheritable", note_lowering, 0 },
};

static const struct kind *find_kind(const char *path)
{
    for (size_t i = 0; i < OCN_COUNT(kinds); i++) {
        size_t len = strlen(kinds[i].path);
        if (kinds[i].path[len - 1] == '/' ? strncmp(path, kinds[i].path, len) == 0
                                          : strcmp(path, kinds[i].path) == 0) {
            return &kinds[i];
        }
    }
    return NULL;
}

static int take_edits(struct draft *draft, const struct ocn_outcome *outcome, struct ocn_error *err)
{
    for (size_t i = 0; i < outcome->edits_len; i++) {
        const struct ocn_edit *edit = &outcome->edits[i];
        const struct kind *kind = find_kind(edit->path);
        if (kind == NULL && !ocn_edit_is_note(edit)) {
            return ocn_fail(err, OCN_E_UNSUPPORTED, edit->path, "no hook can change that");
        }
        if (kind != NULL && kind->take(draft, edit, kind->offset, err) < 0) {
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
    const char *program = outcome->facts.entry.real;

    if (program == NULL || program[0] != '/') {
        return ocn_fail(err, OCN_E_UNSUPPORTED, NULL, "the entrypoint cannot be seen");
    }
    if (take_edits(&draft, outcome, err) < 0) {
        return -1;
    }
    size_t size = sizeof(*head) + draft.groups.len * sizeof(uint32_t) + sizeof(OCN_ENTRY_ROOT) +
                  strlen(program) + draft.vars.len;
    if (size > OCN_ENTRY_PLAN_MAX || draft.groups.len > OCN_ENTRY_GROUPS_MAX) {
        return ocn_fail(err, OCN_E_LIMIT, NULL,
                        "the plan for ocinorm-entry is larger than %zu bytes", OCN_ENTRY_PLAN_MAX);
    }
    memcpy(head->magic, OCN_ENTRY_MAGIC, sizeof(head->magic));
    head->size = (uint32_t)size;
    head->groups_len = (uint32_t)draft.groups.len;
    ocn_buf_add(ret, (const char *)head, sizeof(*head));
    ocn_buf_add(ret, (const char *)draft.groups.items, draft.groups.len * sizeof(uint32_t));
    ocn_buf_puts(ret, OCN_ENTRY_ROOT);
    ocn_buf_add(ret, program, strlen(program) + 1);
    ocn_buf_add(ret, ocn_buf_bytes(&draft.vars).ptr, draft.vars.len);
    return ocn_buf_check(ret, err);
}
