/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/admission/mutate.h"

#include <string.h>

#include "normalize/admission/exempt.h"
#include "normalize/image/quantity.h"
#include "normalize/policy/go_values.h"
#include "normalize/workload/field.h"
#include "normalize/workload/pod.h"

#define MAX_LABEL 63 /* bytes of a label's value (apimachinery, validation.IsValidLabelValue) */

/* ---- the patch --------------------------------------------------------------------------- */

/* One call of ocn_mutate_patch(). */
struct change {
    const struct ocn_policy *policy;
    const struct ocn_admission_request *request;
    struct ocn_arena *arena;
    json_t *patch;
    struct ocn_error *err;
};

/* Takes @value, which may be NULL for want of memory. */
static int add(const struct change *change, const char *path, json_t *value)
{
    json_auto_t *operation = json_object();

    if (ocn_arena_check(change->arena, change->err) < 0) {
        json_decref(value);
        return -1;
    }
    if (json_object_set_new(operation, "op", json_string("add")) < 0 ||
        json_object_set_new(operation, "path", json_string(path)) < 0) {
        json_decref(value);
        return ocn_fail_nomem(change->err);
    }
    return json_object_set_new(operation, "value", value) < 0 ||
                   json_array_append(change->patch, operation) < 0
               ? ocn_fail_nomem(change->err)
               : 0;
}

static bool is_null(const json_t *json)
{
    return json == NULL || json_is_null(json);
}

/*
 * Adds the members of @members to the object @there, which stands at @pointer: as a whole where
 * there is none, else one by one; what is there and no object is the API server's business.
 */
static int add_members(const struct change *change, const json_t *there, const char *pointer,
                       json_t *members)
{
    const char *key;
    json_t *value;

    if (json_object_size(members) == 0 || !(is_null(there) || json_is_object(there))) {
        return 0;
    }
    if (is_null(there)) {
        return add(change, pointer, json_incref(members));
    }
    json_object_foreach (members, key, value) {
        if (add(change, ocn_field_key(change->arena, pointer, key), json_incref(value)) < 0) {
            return -1;
        }
    }
    return 0;
}

static int add_items(const struct change *change, const json_t *there, const char *pointer,
                     json_t *items)
{
    const char *last = ocn_arena_printf(change->arena, "%s/-", pointer);
    size_t i;
    json_t *value;

    if (json_array_size(items) == 0 || !(is_null(there) || json_is_array(there))) {
        return 0;
    }
    if (is_null(there)) {
        return add(change, pointer, json_incref(items));
    }
    json_array_foreach (items, i, value) {
        if (add(change, last, json_incref(value)) < 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- who is left alone ------------------------------------------------------------------- */

static bool is_host(const struct ocn_pod *pod)
{
    return json_is_true(json_object_get(pod->spec, "hostNetwork")) ||
           json_is_true(json_object_get(pod->spec, "hostPID")) ||
           json_is_true(json_object_get(pod->spec, "hostIPC"));
}

/* What a node leaves alone: nothing of its own rules is filled in there. */
static bool is_left_alone(const struct change *change, const struct ocn_pod *pod)
{
    return ocn_pod_is_windows(pod) || (change->policy->exempt.host_namespaces && is_host(pod));
}

static bool is_spared(const struct change *change, const json_t *container)
{
    return change->policy->exempt.privileged &&
           json_is_true(ocn_field_get(container, "securityContext.privileged"));
}

/* ---- the runtime class ------------------------------------------------------------------- */

static int fill_class(const struct change *change, const struct ocn_pod *pod)
{
    const struct ocn_policy_admission *admission = &change->policy->admission;
    const char *class = admission->runtime_class;

    if (admission->level[OCN_GATE_RUNTIMECLASS] == OCN_LEVEL_OFF || class == NULL ||
        class[0] == '\0' || ocn_pod_is_windows(pod) ||
        !is_null(json_object_get(pod->spec, "runtimeClassName"))) {
        return 0;
    }
    return add(change, "/spec/runtimeClassName", json_string(class));
}

/* ---- labels ------------------------------------------------------------------------------ */

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* What the API server takes as a label's value; not the empty one, which says nothing. */
static bool is_label(const char *text)
{
    size_t len = text != NULL ? strnlen(text, MAX_LABEL + 1) : 0;

    for (size_t i = 0; i < len; i++) {
        if (!is_alphanumeric(text[i]) && strchr("-_.", text[i]) == NULL) {
            return false;
        }
    }
    return len > 0 && len <= MAX_LABEL && is_alphanumeric(text[0]) &&
           is_alphanumeric(text[len - 1]);
}

/* A label that is required, and stands among the annotations. */
static int fill_labels(const struct change *change, const struct ocn_pod *pod)
{
    const struct ocn_policy_admission *admission = &change->policy->admission;
    const json_t *labels = ocn_field_get(pod->meta, "labels");
    const json_t *annotations = ocn_field_get(pod->meta, "annotations");
    json_auto_t *missing = json_object();

    if (admission->level[OCN_GATE_LABELS_REQUIRED] == OCN_LEVEL_OFF) {
        return 0;
    }
    for (size_t i = 0; i < admission->labels.required.len; i++) {
        const char *key = admission->labels.required.items[i];
        const char *value = json_string_value(json_object_get(annotations, key));
        if (is_null(json_object_get(labels, key)) && is_label(value) &&
            json_object_set_new(missing, key, json_string(value)) < 0) {
            return ocn_fail_nomem(change->err);
        }
    }
    return missing == NULL ? ocn_fail_nomem(change->err)
                           : add_members(change, labels, "/metadata/labels", missing);
}

/* ---- the user ---------------------------------------------------------------------------- */

/* What a container, or the pod around it, says of its user. */
struct user {
    double uid; /* -1: nothing */
    bool said;  /* runAsNonRoot is set, to whatever */
};

static struct user read_user(const json_t *context, struct user around)
{
    const json_t *uid = ocn_field_get(context, "runAsUser");

    return (struct user){
        .uid = is_null(uid) ? around.uid : json_number_value(uid),
        .said = around.said || !is_null(ocn_field_get(context, "runAsNonRoot")),
    };
}

/* All containers of a pod, once they inherit what the pod will say. */
struct users {
    struct change *change;
    struct user pod;
    bool any_inherits; /* a container names no user */
    bool all_lowered;  /* each is known to be somebody else than root, or speaks for itself */
};

static int look_at_user(void *ctx, const struct ocn_pod_container *container, struct ocn_error *err)
{
    struct users *users = ctx;
    const json_t *context = ocn_field_get(container->json, "securityContext");
    struct user nobody = { .uid = -1 };
    struct user own = read_user(context, nobody);

    (void)err;
    if (is_spared(users->change, container->json)) {
        users->all_lowered = users->all_lowered && own.uid > 0;
        return 0;
    }
    users->any_inherits = users->any_inherits || own.uid < 0;
    users->all_lowered =
        users->all_lowered && (own.said || own.uid > 0 || (own.uid < 0 && users->pod.uid > 0));
    return 0;
}

/*
 * runAsUser only where every container is to be lowered: whose the image is nobody knows here, and
 * a user of its own is not to be replaced. runAsNonRoot only where the user is known: the kubelet
 * refuses to start an image of root's with it, which the node would have repaired.
 */
static int fill_user(struct change *change, const struct ocn_pod *pod)
{
    const struct ocn_policy_user *policy = &change->policy->user;
    const json_t *context = ocn_field_get(pod->spec, "securityContext");
    struct users users = { change, read_user(context, (struct user){ .uid = -1 }), false, true };
    json_auto_t *members = json_object();
    struct user before = users.pod;
    int status = 0;

    if (change->policy->level[OCN_RULE_USER_ROOT] != OCN_LEVEL_EDIT ||
        policy->when == OCN_WHEN_NEVER) {
        return 0;
    }
    users.pod.uid = before.uid < 0 && policy->when == OCN_WHEN_ALWAYS ? policy->uid : before.uid;
    if (members == NULL) {
        return ocn_fail_nomem(change->err);
    }
    if (ocn_pod_each_container(pod, change->arena, look_at_user, &users, change->err) < 0) {
        return -1;
    }
    if (users.any_inherits && before.uid < 0 && users.pod.uid >= 0) {
        status = json_object_set_new(members, "runAsUser", json_integer(policy->uid));
        if (status == 0 && is_null(json_object_get(context, "runAsGroup"))) {
            status = json_object_set_new(members, "runAsGroup", json_integer(policy->gid));
        }
    }
    if (status == 0 && users.all_lowered && !before.said && users.pod.uid != 0) {
        status = json_object_set_new(members, "runAsNonRoot", json_true());
    }
    return status < 0 ? ocn_fail_nomem(change->err)
                      : add_members(change, context, "/spec/securityContext", members);
}

/* ---- Go's variables ---------------------------------------------------------------------- */

/* The limit at @path; 0: none, or nothing that can be read, which the API server refuses. */
static double read_limit(const json_t *container, const char *path)
{
    const json_t *value = ocn_field_get(container, path);
    const char *text = json_string_value(value);
    double amount = json_number_value(value);

    return text != NULL && ocn_quantity_parse(text, &amount, NULL) < 0 ? 0 : amount;
}

static bool has_variable(const json_t *env, const char *name)
{
    size_t i;
    const json_t *entry;

    json_array_foreach (env, i, entry) {
        const char *own = ocn_field_string(entry, "name");
        if (own != NULL && strcmp(own, name) == 0) {
            return true;
        }
    }
    return false;
}

static uint64_t make_procs(const struct ocn_policy_env *env, double limit)
{
    return limit > 0 ? ocn_go_values_procs(env, limit, 0) : 0;
}

static const struct {
    const char *name;
    enum ocn_rule_id rule;
    const char *limit;
    uint64_t (*make)(const struct ocn_policy_env *env, double limit); /* 0: none */
} variables[] = {
    { "GOMAXPROCS", OCN_RULE_ENV_GOMAXPROCS, "resources.limits.cpu", make_procs },
    { "GOMEMLIMIT", OCN_RULE_ENV_GOMEMLIMIT, "resources.limits.memory", ocn_go_values_memory },
};

static int append_variable(const struct change *change, json_t *list, const char *name,
                           uint64_t value)
{
    const char *text = ocn_arena_printf(change->arena, "%llu", (unsigned long long)value);
    json_t *entry = json_object();

    if (ocn_arena_check(change->arena, change->err) < 0) {
        json_decref(entry);
        return -1;
    }
    if (json_object_set_new(entry, "name", json_string(name)) < 0 ||
        json_object_set_new(entry, "value", json_string(text)) < 0) {
        json_decref(entry);
        return ocn_fail_nomem(change->err);
    }
    return json_array_append_new(list, entry) < 0 ? ocn_fail_nomem(change->err) : 0;
}

/* What envFrom brings is not known here, and would be covered. */
static int fill_variables(void *ctx, const struct ocn_pod_container *container,
                          struct ocn_error *err)
{
    const struct change *change = ctx;
    const json_t *env = ocn_field_get(container->json, "env");
    json_auto_t *missing = json_array();

    if (container->list == OCN_POD_EPHEMERAL || is_spared(change, container->json) ||
        json_array_size(ocn_field_get(container->json, "envFrom")) != 0) {
        return 0;
    }
    if (missing == NULL) {
        return ocn_fail_nomem(err);
    }
    for (size_t i = 0; i < OCN_COUNT(variables); i++) {
        uint64_t value = variables[i].make(&change->policy->env,
                                           read_limit(container->json, variables[i].limit));
        if (value != 0 && change->policy->level[variables[i].rule] == OCN_LEVEL_EDIT &&
            !has_variable(env, variables[i].name) &&
            append_variable(change, missing, variables[i].name, value) < 0) {
            return -1;
        }
    }
    return add_items(change, env, ocn_field_pointer(change->arena, container->pointer, "env"),
                     missing);
}

/* ---- all of it --------------------------------------------------------------------------- */

static int fill(void *ctx, const struct ocn_pod *pod, struct ocn_error *err)
{
    struct change *change = ctx;

    bool exempt = false;

    if (strcmp(pod->kind, "Pod") != 0 || !pod->own || pod->pointer[0] != '\0') {
        return 0;
    }
    if (ocn_admission_exempts(change->policy, ocn_admission_namespace(change->request),
                              ocn_field_get(pod->meta, "annotations"), &exempt, err) < 0) {
        return -1;
    }
    if (exempt) {
        return 0;
    }
    if (fill_class(change, pod) < 0 || fill_labels(change, pod) < 0) {
        return -1;
    }
    return is_left_alone(change, pod)
               ? 0
               : (fill_user(change, pod) < 0
                      ? -1
                      : ocn_pod_each_container(pod, change->arena, fill_variables, change, err));
}

static bool is_creation(const struct ocn_admission_request *request)
{
    return (request->operation == NULL || strcmp(request->operation, "CREATE") == 0) &&
           (request->subresource == NULL || request->subresource[0] == '\0') &&
           !is_null(request->object) && is_null(request->old);
}

int ocn_mutate_patch(const struct ocn_policy *policy, const struct ocn_admission_request *request,
                     struct ocn_arena *arena, json_t **ret, struct ocn_error *err)
{
    json_auto_t *patch = json_array();
    struct change change = { policy, request, arena, patch, err };

    if (patch == NULL) {
        return ocn_fail_nomem(err);
    }
    if (is_creation(request) && (ocn_pod_each(request->object, arena, fill, &change, err) < 0 ||
                                 ocn_arena_check(arena, err) < 0)) {
        return -1;
    }
    *ret = json_incref(patch);
    return 0;
}
