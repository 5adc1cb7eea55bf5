/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/admission/gate_judge.h"

#include <string.h>

#include "normalize/policy/pattern.h"
#include "normalize/workload/effective.h"
#include "normalize/workload/families.h"
#include "normalize/workload/field.h"
#include "normalize/workload/go_limits.h"

/* @what: what stands behind the row's message, as in CEL; NULL: @said stands for all of it. */
static int tell(const struct ocn_gate_asked *asked, const char *path, const char *what,
                struct ocn_error *err)
{
    const struct ocn_lint_finding finding = {
        .rule = asked->row->rule,
        .level = asked->level,
        .message = ocn_arena_printf(asked->arena, "%s: %s", asked->row->message, what),
        .hint = asked->row->fix,
        .object = asked->pod->object,
        .path = path,
    };

    return ocn_arena_check(asked->arena, err) < 0 ? -1 : asked->found(asked->ctx, &finding, err);
}

/* ---- labels and annotations -------------------------------------------------------------- */

static const char *key_pointer(const struct ocn_gate_asked *asked, const char *map, const char *key)
{
    const char *base = ocn_arena_printf(asked->arena, "%s/metadata/%s", asked->pod->pointer, map);

    return ocn_field_key(asked->arena, base, key);
}

static int judge_required(const struct ocn_gate_asked *asked, const char *map,
                          const struct ocn_strings *keys, struct ocn_error *err)
{
    const json_t *values = ocn_field_get(asked->pod->meta, map);

    for (size_t i = 0; i < keys->len; i++) {
        const char *key = keys->items[i];
        if (!ocn_workload_has_key(values, key) &&
            tell(asked, key_pointer(asked, map, key), key, err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int judge_allowed(const struct ocn_gate_asked *asked, const char *map,
                         const struct ocn_pairs *allowed, struct ocn_error *err)
{
    const json_t *values = ocn_field_get(asked->pod->meta, map);

    for (size_t i = 0; i < allowed->len; i++) {
        const char *key = allowed->items[i].name;
        const json_t *value = json_object_get(values, key);
        const char *text = json_string_value(value);
        if (value == NULL || json_is_null(value) ||
            (text != NULL && ocn_pattern_holds(allowed->items[i].value, text))) {
            continue;
        }
        const char *what =
            ocn_arena_printf(asked->arena, "%s is %s, and may be %s", key,
                             ocn_field_shown(asked->arena, value), allowed->items[i].value);
        if (tell(asked, key_pointer(asked, map, key), what, err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int judge_labels_required(const struct ocn_gate_asked *asked, struct ocn_error *err)
{
    return judge_required(asked, "labels", &asked->policy->admission.labels.required, err);
}

static int judge_labels_allowed(const struct ocn_gate_asked *asked, struct ocn_error *err)
{
    return judge_allowed(asked, "labels", &asked->policy->admission.labels.allowed, err);
}

static int judge_annotations_required(const struct ocn_gate_asked *asked, struct ocn_error *err)
{
    return judge_required(asked, "annotations", &asked->policy->admission.annotations.required,
                          err);
}

static int judge_annotations_allowed(const struct ocn_gate_asked *asked, struct ocn_error *err)
{
    return judge_allowed(asked, "annotations", &asked->policy->admission.annotations.allowed, err);
}

/* ---- containers -------------------------------------------------------------------------- */

/* What is asked of each container that the row does not spare. */
struct each {
    const struct ocn_gate_asked *asked;
    int (*ask)(const struct ocn_gate_asked *asked, const struct ocn_pod_container *container,
               struct ocn_error *err);
};

static bool is_spared(const struct ocn_gate_asked *asked, const struct ocn_pod_container *container)
{
    return asked->row->spares == OCN_GATE_SPARES_NODE && asked->policy->exempt.privileged &&
           json_is_true(ocn_field_get(container->json, "securityContext.privileged"));
}

static int ask_container(void *ctx, const struct ocn_pod_container *container,
                         struct ocn_error *err)
{
    const struct each *each = ctx;

    return is_spared(each->asked, container) ? 0 : each->ask(each->asked, container, err);
}

static int ask_each(const struct ocn_gate_asked *asked,
                    int (*ask)(const struct ocn_gate_asked *asked,
                               const struct ocn_pod_container *container, struct ocn_error *err),
                    struct ocn_error *err)
{
    struct each each = { asked, ask };

    return ocn_pod_each_container(asked->pod, asked->arena, ask_container, &each, err);
}

static int tell_container(const struct ocn_gate_asked *asked,
                          const struct ocn_pod_container *container, const char *path,
                          const char *detail, struct ocn_error *err)
{
    const char *what = ocn_arena_printf(asked->arena, "%s%s%s", container->noun,
                                        detail[0] != '\0' ? ", " : "", detail);

    return tell(asked, ocn_field_pointer(asked->arena, container->pointer, path), what, err);
}

static const char *image_of(const struct ocn_pod_container *container)
{
    const char *image = ocn_field_string(container->json, "image");

    return image != NULL ? image : "";
}

static int ask_digest(const struct ocn_gate_asked *asked, const struct ocn_pod_container *container,
                      struct ocn_error *err)
{
    const char *image = image_of(container);

    return ocn_pattern_holds(OCN_GATE_DIGEST, image)
               ? 0
               : tell_container(asked, container, "image", image, err);
}

static int judge_image_digest(const struct ocn_gate_asked *asked, struct ocn_error *err)
{
    return ask_each(asked, ask_digest, err);
}

const char *ocn_gate_judge_registry(struct ocn_arena *arena, const char *entry)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };

    ocn_buf_puts(&out, "^");
    for (const char *c = entry; *c != '\0'; c++) {
        if (*c == '*') {
            ocn_buf_puts(&out, "[^/]*");
        } else {
            ocn_buf_puts(&out, *c == '.' ? "\\" : "");
            ocn_buf_add(&out, c, 1);
        }
    }
    ocn_buf_puts(&out, "/.*$");
    return ocn_buf_copy(&out, arena);
}

static int ask_registry(const struct ocn_gate_asked *asked,
                        const struct ocn_pod_container *container, struct ocn_error *err)
{
    const struct ocn_strings *registries = &asked->policy->admission.registries;
    const char *image = image_of(container);
    const char *hub = ocn_pattern_holds(OCN_GATE_HAS_HOST, image) ? ""
                      : strchr(image, '/') != NULL                ? "docker.io/"
                                                                  : "docker.io/library/";
    const char *full = ocn_arena_printf(asked->arena, "%s%s", hub, image);

    for (size_t i = 0; i < registries->len; i++) {
        if (ocn_pattern_holds(ocn_gate_judge_registry(asked->arena, registries->items[i]), full)) {
            return 0;
        }
    }
    return tell_container(asked, container, "image", image, err);
}

static int judge_image_registry(const struct ocn_gate_asked *asked, struct ocn_error *err)
{
    return ask_each(asked, ask_registry, err);
}

static int judge_runtimeclass(const struct ocn_gate_asked *asked, struct ocn_error *err)
{
    const char *wanted = asked->policy->admission.runtime_class;
    const char *class = ocn_field_string(asked->pod->spec, "runtimeClassName");
    const char *pointer =
        ocn_arena_printf(asked->arena, "%s/spec/runtimeClassName", asked->pod->pointer);

    return class != NULL && strcmp(class, wanted) == 0
               ? 0
               : tell(asked, pointer,
                      ocn_arena_printf(asked->arena, "runtimeClassName is %s, and is to be %s",
                                       class != NULL ? class : "not set", wanted),
                      err);
}

static int ask_root(const struct ocn_gate_asked *asked, const struct ocn_pod_container *container,
                    struct ocn_error *err)
{
    const char *why = ocn_effective_user(asked->pod, container) != NULL
                          ? "runAsUser is 0"
                          : "neither runAsUser nor runAsNonRoot is set";

    return ocn_effective_is_root(asked->pod, container)
               ? tell_container(asked, container, "securityContext.runAsUser", why, err)
               : 0;
}

static int judge_user_root(const struct ocn_gate_asked *asked, struct ocn_error *err)
{
    return ask_each(asked, ask_root, err);
}

static int ask_capabilities(const struct ocn_gate_asked *asked,
                            const struct ocn_pod_container *container, struct ocn_error *err)
{
    static const char path[] = "securityContext.capabilities.add";
    size_t i;
    const json_t *value;

    json_array_foreach (ocn_field_get(container->json, path), i, value) {
        const char *name = json_string_value(value);
        bool kept =
            name != NULL && asked->policy->user.low_ports && strcmp(name, "NET_BIND_SERVICE") == 0;
        if (!kept) {
            return tell_container(asked, container, path, ocn_field_shown(asked->arena, value),
                                  err);
        }
    }
    return 0;
}

static int judge_user_capabilities(const struct ocn_gate_asked *asked, struct ocn_error *err)
{
    return ask_each(asked, ask_capabilities, err);
}

/* ---- Go's variables ---------------------------------------------------------------------- */

/* A check of workloads, asked for one row: what would not start is one, what is slow another. */
struct go {
    const struct ocn_gate_asked *asked;
    enum ocn_level of;
};

static int found_go(void *ctx, const struct ocn_lint_finding *finding, struct ocn_error *err)
{
    const struct go *go = ctx;
    struct ocn_lint_finding ours = *finding;

    ours.rule = go->asked->row->rule;
    ours.level = go->asked->level;
    ours.object = go->asked->pod->object;
    return finding->level == go->of ? go->asked->found(go->asked->ctx, &ours, err) : 0;
}

static int read_amount(const struct ocn_pod_container *container, const char *path, double *ret,
                       struct ocn_error *err)
{
    return ocn_workload_amount(ocn_field_get(container->json, path), ret)
               ? 0
               : ocn_fail(err, OCN_E_FORMAT, container->pointer,
                          "%s is no amount: an API server refuses it", path);
}

static int ask_go(const struct ocn_gate_asked *asked, const struct ocn_pod_container *container,
                  const char *variable, enum ocn_level of, struct ocn_error *err)
{
    struct go go = { asked, of };
    const struct ocn_workload_check check = { .arena = asked->arena,
                                              .found = found_go,
                                              .ctx = &go };
    struct ocn_go_limits limits = {
        .rule = OCN_LINT_POD_LIMITS, /* found_go() has another */
        .noun = container->noun,
        .env = ocn_field_get(container->json, "env"),
        .pointer = ocn_field_pointer(asked->arena, container->pointer, "env"),
        .only = variable,
        .least = asked->policy->env.maxprocs.min,
    };

    return read_amount(container, "resources.limits.cpu", &limits.cpus, err) < 0 ||
                   read_amount(container, "resources.limits.memory", &limits.memory, err) < 0
               ? -1
               : ocn_go_limits_check(&check, &limits, err);
}

static int ask_gomaxprocs(const struct ocn_gate_asked *asked,
                          const struct ocn_pod_container *container, struct ocn_error *err)
{
    return ask_go(asked, container, "GOMAXPROCS", OCN_LEVEL_WARN, err);
}

static int judge_gomaxprocs(const struct ocn_gate_asked *asked, struct ocn_error *err)
{
    return ask_each(asked, ask_gomaxprocs, err);
}

static int ask_gomemlimit_malformed(const struct ocn_gate_asked *asked,
                                    const struct ocn_pod_container *container,
                                    struct ocn_error *err)
{
    return ask_go(asked, container, "GOMEMLIMIT", OCN_LEVEL_DENY, err);
}

static int judge_gomemlimit_malformed(const struct ocn_gate_asked *asked, struct ocn_error *err)
{
    return ask_each(asked, ask_gomemlimit_malformed, err);
}

static int ask_gomemlimit_above(const struct ocn_gate_asked *asked,
                                const struct ocn_pod_container *container, struct ocn_error *err)
{
    return ask_go(asked, container, "GOMEMLIMIT", OCN_LEVEL_WARN, err);
}

static int judge_gomemlimit_above(const struct ocn_gate_asked *asked, struct ocn_error *err)
{
    return ask_each(asked, ask_gomemlimit_above, err);
}

/* ---- all of it --------------------------------------------------------------------------- */

static int (*const judges[OCN_ROW_COUNT])(const struct ocn_gate_asked *asked,
                                          struct ocn_error *err) = {
#define OCN_GATE(symbol, rule, level, edit, spares, asks, judge, cel, message, fix)                \
    [OCN_ROW_##symbol] = (judge),
#include "normalize/admission/admission.def"
#undef OCN_GATE
};

static bool shares_host(const struct ocn_pod *pod)
{
    static const char *const members[] = { "hostNetwork", "hostPID", "hostIPC" };

    for (size_t i = 0; i < OCN_COUNT(members); i++) {
        if (json_is_true(json_object_get(pod->spec, members[i]))) {
            return true;
        }
    }
    return false;
}

static bool spares_pod(const struct ocn_gate_asked *asked)
{
    switch (asked->row->spares) {
    case OCN_GATE_SPARES_NODE:
        return ocn_pod_is_windows(asked->pod) ||
               (asked->policy->exempt.host_namespaces && shares_host(asked->pod));
    case OCN_GATE_SPARES_WINDOWS:
        return ocn_pod_is_windows(asked->pod);
    case OCN_GATE_SPARES_NOBODY:
    default:
        return false;
    }
}

int ocn_gate_judge(const struct ocn_gate_asked *asked, struct ocn_error *err)
{
    for (size_t i = 0; i < OCN_ROW_COUNT; i++) {
        struct ocn_gate_asked one = *asked;
        one.row = &ocn_gate_rows[i];
        one.level = ocn_gate_level(one.row, one.policy);
        if (one.level != OCN_LEVEL_OFF && !spares_pod(&one) && judges[i](&one, err) < 0) {
            return -1;
        }
    }
    return 0;
}
