/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/workload/task.h"

#include <string.h>

#include "normalize/workload/field.h"
#include "normalize/workload/task_container.h"
#include "normalize/workload/task_fields.h"

static const char wrapped[] = "taskDefinition";
static const char containers[] = "containerDefinitions";

bool ocn_task_is(const json_t *document)
{
    return ocn_field_get(document, containers) != NULL ||
           ocn_field_get(ocn_field_get(document, wrapped), containers) != NULL;
}

/* A row, asked of one thing. */
struct asked {
    const struct ocn_task *task;
    const struct ocn_task_field *field;
    const char *subject;
};

static bool is_allowed(const struct asked *asked, const json_t *value)
{
    const struct ocn_workload_check *check = asked->task->check;
    const char *text =
        json_is_string(value) ? json_string_value(value) : ocn_field_shown(check->arena, value);

    if (check->target != NULL && asked->field->rule == OCN_LINT_TASK_CAPABILITIES &&
        ocn_strings_hold(&check->target->want[asked->field->rule].values, text)) {
        return true;
    }
    for (size_t i = 0; i < OCN_TASK_MAX_VALUES && asked->field->allowed[i] != NULL; i++) {
        if (strcmp(asked->field->allowed[i], text) == 0) {
            return true;
        }
    }
    return false;
}

static int judge(void *ctx, const json_t *value, const char *pointer, struct ocn_error *err)
{
    const struct asked *asked = ctx;
    struct ocn_arena *arena = asked->task->check->arena;

    if (is_allowed(asked, value)) {
        return 0;
    }
    const char *what = json_is_object(value) ? "there" : ocn_field_shown(arena, value);
    return ocn_workload_found(
        asked->task->check, asked->field->rule, pointer,
        ocn_arena_printf(arena, "%s: %s is %s%s", asked->subject, asked->field->path, what,
                         asked->field->fargate ? ", which Fargate refuses" : ""),
        asked->field->hint, err);
}

/* Every row of @scope, of the task or of a container. */
static int check_fields(const struct ocn_task *task, enum ocn_task_scope scope, const json_t *json,
                        const char *pointer, const char *subject, struct ocn_error *err)
{
    struct asked asked = { .task = task, .subject = subject };

    for (const struct ocn_task_field *field = ocn_task_fields; field->path != NULL; field++) {
        asked.field = field;
        if (field->scope != scope || (field->fargate && !task->fargate)) {
            continue;
        }
        if (ocn_field_each(json, pointer, field->path, task->check->arena, judge, &asked, err) <
            0) {
            return -1;
        }
    }
    return 0;
}

/* What Fargate wants to be told: without networkMode it is bridge. */
static int check_needs(const struct ocn_task *task, struct ocn_error *err)
{
    static const struct {
        const char *member;
        const char *hint;
    } needs[] = {
        { "cpu", "write the task's cpu and memory, as \"256\" and \"512\"" },
        { "memory", "write the task's cpu and memory, as \"256\" and \"512\"" },
        { "networkMode", "write networkMode: awsvpc" },
    };
    struct ocn_arena *arena = task->check->arena;

    for (size_t i = 0; task->fargate && i < OCN_COUNT(needs); i++) {
        const char *member = needs[i].member;
        if (ocn_field_get(task->json, member) == NULL &&
            ocn_workload_found(
                task->check, OCN_LINT_TASK_FARGATE, ocn_field_pointer(arena, task->pointer, member),
                ocn_arena_printf(arena, "the task: %s is not set, which Fargate refuses", member),
                needs[i].hint, err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int check_containers(const struct ocn_task *task, struct ocn_error *err)
{
    const json_t *list = ocn_field_get(task->json, containers);
    struct ocn_arena *arena = task->check->arena;
    size_t i;
    const json_t *json;

    if (!json_is_array(list)) {
        return ocn_fail(err, OCN_E_FORMAT, task->pointer, "containerDefinitions is no list");
    }
    json_array_foreach (list, i, json) {
        const char *name = ocn_field_string(json, "name");
        const struct ocn_task_container container = {
            .task = task,
            .json = json,
            .pointer = ocn_arena_printf(arena, "%s/%s/%zu", task->pointer, containers, i),
            .noun = name != NULL ? ocn_arena_printf(arena, "container %s", name)
                                 : ocn_arena_printf(arena, "container %zu", i),
        };
        if (!json_is_object(json)) {
            return ocn_fail(err, OCN_E_FORMAT, container.pointer, "is no object");
        }
        if (check_fields(task, OCN_TASK_CONTAINER, json, container.pointer, container.noun, err) <
                0 ||
            ocn_task_container_check(&container, err) < 0) {
            return -1;
        }
    }
    return 0;
}

static bool is_for_fargate(const json_t *task)
{
    size_t i;
    const json_t *value;

    json_array_foreach (ocn_field_get(task, "requiresCompatibilities"), i, value) {
        if (json_is_string(value) && strcmp(json_string_value(value), "FARGATE") == 0) {
            return true;
        }
    }
    return false;
}

int ocn_task_check_document(const struct ocn_workload_check *check, const json_t *document,
                            struct ocn_error *err)
{
    struct ocn_workload_check named = *check;
    const json_t *inner = ocn_field_get(document, wrapped);
    const json_t *json = inner != NULL ? inner : document;
    const char *family = ocn_field_string(json, "family");
    const struct ocn_task task = {
        .check = &named,
        .json = json,
        .pointer = inner != NULL ? "/taskDefinition" : "",
        .fargate = is_for_fargate(json),
    };

    named.object =
        ocn_arena_printf(check->arena, "task %s", family != NULL ? family : "(no family)");
    return check_fields(&task, OCN_TASK_TASK, json, task.pointer, "the task", err) < 0 ||
                   check_needs(&task, err) < 0 || check_containers(&task, err) < 0
               ? -1
               : 0;
}
