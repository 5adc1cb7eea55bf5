/* SPDX-License-Identifier: Apache-2.0 */
/* What a target asks to be there. */
#include "normalize/workload/families.h"
#include "normalize/workload/field.h"

struct asked {
    const struct ocn_workload_check *check;
    const struct ocn_pod_container *container;
};

static int tell(const struct asked *asked, enum ocn_lint_rule_id rule, const char *path,
                const char *what, const char *hint, struct ocn_error *err)
{
    struct ocn_arena *arena = asked->check->arena;

    return ocn_workload_found(
        asked->check, rule, ocn_field_pointer(arena, asked->container->pointer, path),
        ocn_arena_printf(arena, "%s: %s %s", asked->container->noun, path, what), hint, err);
}

static int judge_root(const struct asked *asked, struct ocn_error *err)
{
    static const char path[] = "securityContext.readOnlyRootFilesystem";

    return json_is_true(ocn_field_get(asked->container->json, path))
               ? 0
               : tell(asked, OCN_LINT_POD_READ_ONLY_ROOT, path, "is not true",
                      "write readOnlyRootFilesystem: true, and an emptyDir where it writes", err);
}

/* A request that is not there is the limit. */
static int judge_resources(const struct asked *asked, struct ocn_error *err)
{
    static const struct {
        const char *path;
        const char *instead;
        const char *what;
        const char *hint;
    } rows[] = {
        { "resources.limits.memory", NULL, "is not set",
          "write a limit: without one a leak takes the node's memory" },
        { "resources.requests.memory", "resources.limits.memory", "is not set",
          "write a request: the scheduler counts it as nothing" },
        { "resources.requests.cpu", "resources.limits.cpu", "is not set",
          "write a request: the scheduler counts it as nothing" },
    };
    const json_t *json = asked->container->json;

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        bool there = ocn_field_get(json, rows[i].path) != NULL ||
                     (rows[i].instead != NULL && ocn_field_get(json, rows[i].instead) != NULL);
        if (!there && tell(asked, OCN_LINT_POD_RESOURCES, rows[i].path, rows[i].what, rows[i].hint,
                           err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* An ephemeral container cannot have resources. */
static int ask(void *ctx, const struct ocn_pod_container *container, struct ocn_error *err)
{
    const struct asked asked = { ctx, container };

    if (judge_root(&asked, err) < 0) {
        return -1;
    }
    return container->list == OCN_POD_EPHEMERAL ? 0 : judge_resources(&asked, err);
}

bool ocn_workload_has_key(const json_t *map, const char *key)
{
    return json_string_length(json_object_get(map, key)) != 0;
}

static int judge_labels(const struct ocn_workload_check *check, const struct ocn_pod *pod,
                        struct ocn_error *err)
{
    const json_t *labels = ocn_field_get(pod->meta, "labels");
    const struct ocn_strings none = { 0 };
    const struct ocn_strings *keys =
        check->target != NULL ? &check->target->want[OCN_LINT_POD_LABELS].values : &none;

    for (size_t i = 0; i < keys->len; i++) {
        const char *key = keys->items[i];
        if (ocn_workload_has_key(labels, key)) {
            continue;
        }
        const char *base = ocn_arena_printf(check->arena, "%s/metadata/labels", pod->pointer);
        if (ocn_workload_found(
                check, OCN_LINT_POD_LABELS, ocn_field_key(check->arena, base, key),
                ocn_arena_printf(check->arena, "the pod: no label %s", key),
                "add it to the pod's metadata, in a workload to that of its template", err) < 0) {
            return -1;
        }
    }
    return 0;
}

int ocn_workload_demands(const struct ocn_workload_check *check, const struct ocn_pod *pod,
                         struct ocn_error *err)
{
    struct ocn_workload_check copy = *check;

    return judge_labels(check, pod, err) < 0
               ? -1
               : ocn_pod_each_container(pod, check->arena, ask, &copy, err);
}
