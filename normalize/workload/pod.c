/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/workload/pod.h"

#include <stdio.h>
#include <string.h>

#include "normalize/workload/field.h"

/*
 * Where a kind has its pod; one with several has a row for each. @group: what stands before the
 * slash of apiVersion; "" for "v1". @path: "[]" stands for every element of a list. @own: every API
 * server serves it. @instead: a member that may be there in place of the pod, or NULL.
 */
static const struct kind {
    const char *group;
    const char *kind;
    const char *path;
    bool own;
    const char *instead;
} kinds[] = {
    { "", "Pod", "", true, NULL },
    { "", "PodTemplate", "template", true, NULL },
    { "", "ReplicationController", "spec.template", true, NULL },
    { "apps", "Deployment", "spec.template", true, NULL },
    { "apps", "ReplicaSet", "spec.template", true, NULL },
    { "apps", "StatefulSet", "spec.template", true, NULL },
    { "apps", "DaemonSet", "spec.template", true, NULL },
    { "extensions", "Deployment", "spec.template", false, NULL },
    { "extensions", "ReplicaSet", "spec.template", false, NULL },
    { "extensions", "DaemonSet", "spec.template", false, NULL },
    { "batch", "Job", "spec.template", true, NULL },
    { "batch", "CronJob", "spec.jobTemplate.spec.template", true, NULL },
    { "argoproj.io", "Rollout", "spec.template", false, "spec.workloadRef" },
    { "serving.knative.dev", "Service", "spec.template", false, NULL },
    { "serving.knative.dev", "Configuration", "spec.template", false, NULL },
    { "serving.knative.dev", "Revision", "", false, NULL },
    { "run.googleapis.com", "Job", "spec.template.spec.template", false, NULL },
    { "apps.kruise.io", "CloneSet", "spec.template", false, NULL },
    { "apps.kruise.io", "StatefulSet", "spec.template", false, NULL },
    { "apps.kruise.io", "DaemonSet", "spec.template", false, NULL },
    { "apps.kruise.io", "BroadcastJob", "spec.template", false, NULL },
    { "apps.kruise.io", "AdvancedCronJob", "spec.template.jobTemplate.spec.template", false,
      "spec.template.broadcastJobTemplate" },
    { "apps.kruise.io", "AdvancedCronJob", "spec.template.broadcastJobTemplate.spec.template",
      false, "spec.template.jobTemplate" },
    { "apps.openshift.io", "DeploymentConfig", "spec.template", false, NULL },
    { "keda.sh", "ScaledJob", "spec.jobTargetRef.template", false, NULL },
    { "jobset.x-k8s.io", "JobSet", "spec.replicatedJobs[].template.spec.template", false, NULL },
    { "leaderworkerset.x-k8s.io", "LeaderWorkerSet", "spec.leaderWorkerTemplate.leaderTemplate",
      false, "spec.leaderWorkerTemplate.workerTemplate" },
    { "leaderworkerset.x-k8s.io", "LeaderWorkerSet", "spec.leaderWorkerTemplate.workerTemplate",
      false, NULL },
    { "batch.volcano.sh", "Job", "spec.tasks[].template", false, NULL },
    { "ray.io", "RayCluster", "spec.headGroupSpec.template", false, NULL },
    { "ray.io", "RayCluster", "spec.workerGroupSpecs[].template", false, NULL },
};

static const struct {
    const char *key;
    const char *noun;
} lists[OCN_POD_LISTS] = {
    [OCN_POD_CONTAINERS] = { "containers", "container" },
    [OCN_POD_INIT_CONTAINERS] = { "initContainers", "init container" },
    [OCN_POD_EPHEMERAL] = { "ephemeralContainers", "ephemeral container" },
};

bool ocn_pod_is_kubernetes(const json_t *document)
{
    return ocn_field_string(document, "apiVersion") != NULL &&
           ocn_field_string(document, "kind") != NULL;
}

/* "Deployment shop/web", as far as it has names. */
static const char *name_object(struct ocn_arena *arena, const char *kind, const json_t *object)
{
    const char *space = ocn_field_string(object, "metadata.namespace");
    const char *name = ocn_field_string(object, "metadata.name");

    if (name == NULL) {
        name = ocn_field_string(object, "metadata.generateName");
    }
    return ocn_arena_printf(arena, "%s %s%s%s", kind, space != NULL ? space : "",
                            space != NULL ? "/" : "", name != NULL ? name : "(no name)");
}

/* What is there must be a list of objects: a check that sees none would let all pass. */
static int check_list(const json_t *spec, const char *pointer, const char *key,
                      struct ocn_error *err)
{
    const json_t *list = ocn_field_get(spec, key);
    char where[sizeof(err->where)];
    size_t i;
    const json_t *value;

    (void)snprintf(where, sizeof(where), "%s/spec/%s", pointer, key);
    if (list != NULL && !json_is_array(list)) {
        return ocn_fail(err, OCN_E_FORMAT, where, "is no list");
    }
    json_array_foreach (list, i, value) {
        if (!json_is_object(value)) {
            return ocn_fail(err, OCN_E_FORMAT, where, "element %zu is no object", i);
        }
    }
    return 0;
}

static int check_spec(const json_t *spec, const char *pointer, struct ocn_error *err)
{
    if (!json_is_object(spec)) {
        return ocn_fail(err, OCN_E_FORMAT, pointer, "the pod has no spec that is an object");
    }
    for (size_t i = 0; i < OCN_POD_LISTS; i++) {
        if (check_list(spec, pointer, lists[i].key, err) < 0) {
            return -1;
        }
    }
    return check_list(spec, pointer, "volumes", err);
}

/* What one call of ocn_pod_each() carries through. */
struct search {
    struct ocn_arena *arena;
    int (*each)(void *ctx, const struct ocn_pod *pod, struct ocn_error *err);
    void *ctx;
    struct ocn_error *err;
};

/* An object on the way; in a list such as PodList its items may leave out what they are. */
struct here {
    const json_t *object;
    const char *version;
    const char *kind;
    const char *pointer;
    unsigned depth;
};

static int search_object(const struct search *search, const struct here *here);

/* An object of a kind that has pods. */
struct workload {
    const struct search *search;
    const struct here *here;
    const struct kind *kind;
};

static int found(void *ctx, const json_t *template, const char *pointer, struct ocn_error *err)
{
    const struct workload *workload = ctx;
    const struct search *search = workload->search;
    const struct here *here = workload->here;
    const struct ocn_pod pod = {
        .kind = here->kind,
        .object = name_object(search->arena, here->kind, here->object),
        .meta = ocn_field_get(template, "metadata"),
        .spec = ocn_field_get(template, "spec"),
        .pointer = pointer,
        .own = workload->kind->own,
    };

    if (ocn_arena_check(search->arena, err) < 0) {
        return -1;
    }
    return check_spec(pod.spec, pod.pointer, err) < 0 ? -1 : search->each(search->ctx, &pod, err);
}

static int search_workload(const struct search *search, const struct here *here,
                           const struct kind *kind)
{
    struct workload workload = { search, here, kind };

    if (strstr(kind->path, "[]") != NULL) {
        return ocn_field_each(here->object, here->pointer, kind->path, search->arena, found,
                              &workload, search->err);
    }
    const json_t *template = ocn_field_get(here->object, kind->path);
    if (template == NULL && kind->instead != NULL &&
        ocn_field_get(here->object, kind->instead) != NULL) {
        return 0;
    }
    return found(&workload, template, ocn_field_pointer(search->arena, here->pointer, kind->path),
                 search->err);
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);
    size_t end_len = strlen(end);

    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static int search_items(const struct search *search, const struct here *list)
{
    static const char suffix[] = "List";
    const char *kind =
        ocn_arena_copy(search->arena, list->kind, strlen(list->kind) - (sizeof(suffix) - 1));
    size_t i;
    const json_t *item;

    if (list->depth >= OCN_POD_MAX_LISTS) {
        return ocn_fail(search->err, OCN_E_LIMIT, list->pointer, "more than %d lists in each other",
                        OCN_POD_MAX_LISTS);
    }
    json_array_foreach (json_object_get(list->object, "items"), i, item) {
        const char *own_version = ocn_field_string(item, "apiVersion");
        const char *own_kind = ocn_field_string(item, "kind");
        const struct here here = {
            .object = item,
            .version = own_version != NULL ? own_version : list->version,
            .kind = own_kind != NULL ? own_kind : kind,
            .pointer = ocn_arena_printf(search->arena, "%s/items/%zu", list->pointer, i),
            .depth = list->depth + 1,
        };
        if (search_object(search, &here) < 0) {
            return -1;
        }
    }
    return 0;
}

static int search_object(const struct search *search, const struct here *here)
{
    if (ends_with(here->kind, "List") && json_is_array(json_object_get(here->object, "items"))) {
        return search_items(search, here);
    }
    size_t group = strchr(here->version, '/') != NULL ? strcspn(here->version, "/") : 0;
    for (size_t i = 0; i < OCN_COUNT(kinds); i++) {
        if (strcmp(kinds[i].kind, here->kind) == 0 && strlen(kinds[i].group) == group &&
            strncmp(kinds[i].group, here->version, group) == 0 &&
            search_workload(search, here, &kinds[i]) < 0) {
            return -1;
        }
    }
    return 0;
}

int ocn_pod_each(const json_t *document, struct ocn_arena *arena,
                 int (*each)(void *ctx, const struct ocn_pod *pod, struct ocn_error *err),
                 void *ctx, struct ocn_error *err)
{
    const struct search search = { arena, each, ctx, err };
    const struct here here = { .object = document,
                               .version = ocn_field_string(document, "apiVersion"),
                               .kind = ocn_field_string(document, "kind"),
                               .pointer = "" };

    return here.version != NULL && here.kind != NULL ? search_object(&search, &here) : 0;
}

int ocn_pod_each_container(const struct ocn_pod *pod, struct ocn_arena *arena,
                           int (*each)(void *ctx, const struct ocn_pod_container *container,
                                       struct ocn_error *err),
                           void *ctx, struct ocn_error *err)
{
    for (unsigned list = 0; list < OCN_POD_LISTS; list++) {
        size_t i;
        const json_t *json;
        json_array_foreach (json_object_get(pod->spec, lists[list].key), i, json) {
            const char *name = ocn_field_string(json, "name");
            const struct ocn_pod_container container = {
                .list = (enum ocn_pod_list)list,
                .json = json,
                .pointer =
                    ocn_arena_printf(arena, "%s/spec/%s/%zu", pod->pointer, lists[list].key, i),
                .noun = name != NULL ? ocn_arena_printf(arena, "%s %s", lists[list].noun, name)
                                     : ocn_arena_printf(arena, "%s %zu", lists[list].noun, i),
            };
            if (ocn_arena_check(arena, err) < 0 || each(ctx, &container, err) < 0) {
                return -1;
            }
        }
    }
    return 0;
}

bool ocn_pod_is_windows(const struct ocn_pod *pod)
{
    const char *name = ocn_field_string(pod->spec, "os.name");

    return name != NULL && strcmp(name, "windows") == 0;
}

bool ocn_pod_has_users(const struct ocn_pod *pod)
{
    return json_is_false(json_object_get(pod->spec, "hostUsers"));
}
