/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/workload/pss.h"

#include <string.h>

#include "normalize/workload/field.h"
#include "normalize/workload/pss_controls.h"

/* One row of fields, asked of one thing. */
struct asked {
    const struct ocn_workload_check *check;
    const struct ocn_pod *pod;
    const struct ocn_pss_field *field;
    const char *subject;
};

static bool holds(const struct ocn_workload_check *check, uint32_t since, uint32_t until,
                  const struct ocn_pss_spared *spared, const struct ocn_pod *pod)
{
    uint32_t version = check->kubernetes;

    if (version < since || (until != 0 && version > until)) {
        return false;
    }
    if (spared->windows != 0 && version >= spared->windows && ocn_pod_is_windows(pod)) {
        return false;
    }
    return !(spared->with_users != 0 && version >= spared->with_users && ocn_pod_has_users(pod));
}

/* A value as the rows have it: scalars without quotes. */
static bool is_allowed(const struct asked *asked, const json_t *value)
{
    const struct ocn_pss_value *row = asked->field->allowed;
    const char *text = json_is_string(value) ? json_string_value(value)
                                             : ocn_field_shown(asked->check->arena, value);

    for (; row->text != NULL; row++) {
        if (row->since > asked->check->kubernetes || strcmp(row->text, text) != 0) {
            continue;
        }
        /* "false" in quotes is no boolean: an API server refuses it, and so do we. */
        bool bare = strcmp(text, "false") == 0 || strcmp(text, "0") == 0;
        if (json_is_string(value) != bare) {
            return true;
        }
    }
    return false;
}

static int judge(void *ctx, const json_t *value, const char *pointer, struct ocn_error *err)
{
    const struct asked *asked = ctx;
    struct ocn_arena *arena = asked->check->arena;

    if (is_allowed(asked, value)) {
        return 0;
    }
    const char *what = json_is_object(value) ? "there" : ocn_field_shown(arena, value);
    const char *message =
        ocn_arena_printf(arena, "%s: %s is %s", asked->subject, asked->field->path, what);
    return ocn_workload_found(asked->check, asked->field->rule, pointer, message,
                              asked->field->hint, err);
}

static int ask_container(void *ctx, const struct ocn_pod_container *container,
                         struct ocn_error *err)
{
    struct asked asked = *(const struct asked *)ctx;

    for (const struct ocn_pss_field *field = ocn_pss_fields; field->path != NULL; field++) {
        asked.field = field;
        asked.subject = container->noun;
        if ((field->scope & OCN_PSS_CONTAINER) == 0 ||
            !holds(asked.check, field->since, field->until, &field->spared, asked.pod)) {
            continue;
        }
        if (ocn_field_each(container->json, container->pointer, field->path, asked.check->arena,
                           judge, &asked, err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int ask_pod(struct asked *asked, struct ocn_error *err)
{
    const char *pointer = ocn_arena_printf(asked->check->arena, "%s/spec", asked->pod->pointer);

    asked->subject = "the pod";
    for (const struct ocn_pss_field *field = ocn_pss_fields; field->path != NULL; field++) {
        asked->field = field;
        if ((field->scope & OCN_PSS_POD) == 0 ||
            !holds(asked->check, field->since, field->until, &field->spared, asked->pod)) {
            continue;
        }
        if (ocn_field_each(asked->pod->spec, pointer, field->path, asked->check->arena, judge,
                           asked, err) < 0) {
            return -1;
        }
    }
    return 0;
}

int ocn_pss_check(const struct ocn_workload_check *check, const struct ocn_pod *pod,
                  struct ocn_error *err)
{
    struct ocn_workload_check named = *check;
    struct asked asked = { .check = &named, .pod = pod };

    named.object = pod->object;
    if (ask_pod(&asked, err) < 0 ||
        ocn_pod_each_container(pod, named.arena, ask_container, &asked, err) < 0) {
        return -1;
    }
    for (const struct ocn_pss_control *row = ocn_pss_controls; row->check != NULL; row++) {
        if (holds(&named, row->since, row->until, &row->spared, pod) &&
            row->check(&named, row->rule, pod, err) < 0) {
            return -1;
        }
    }
    return 0;
}
