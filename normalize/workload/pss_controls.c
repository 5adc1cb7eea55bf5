/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/workload/pss_controls.h"

#include <string.h>

#include "normalize/workload/field.h"

/* One question to every container. */
struct question {
    const struct ocn_workload_check *check;
    enum ocn_lint_rule_id rule;
    const struct ocn_pod *pod;
    bool pod_says_yes; /* the pod answers for containers that say nothing */
};

static int tell(const struct question *question, const char *pointer, const char *path,
                const char *subject, const char *what, const char *hint, struct ocn_error *err)
{
    struct ocn_arena *arena = question->check->arena;

    return ocn_workload_found(question->check, question->rule,
                              ocn_field_pointer(arena, pointer, path),
                              ocn_arena_printf(arena, "%s: %s %s", subject, path, what), hint, err);
}

static const char *spec_pointer(const struct question *question)
{
    return ocn_arena_printf(question->check->arena, "%s/spec", question->pod->pointer);
}

static int ask_containers(struct question *question,
                          int (*ask)(void *ctx, const struct ocn_pod_container *container,
                                     struct ocn_error *err),
                          struct ocn_error *err)
{
    return ocn_pod_each_container(question->pod, question->check->arena, ask, question, err);
}

/* ---- restricted: volumes ---------------------------------------------------------------- */

static bool is_volume(const char *kind)
{
    static const char *const kinds[] = {
        "configMap", "csi",  "downwardAPI",           "emptyDir",  "ephemeral",
        "image",     "name", "persistentVolumeClaim", "projected", "secret"
    };

    for (size_t i = 0; i < OCN_COUNT(kinds); i++) {
        if (strcmp(kinds[i], kind) == 0) {
            return true;
        }
    }
    return false;
}

static int check_volumes(const struct ocn_workload_check *check, enum ocn_lint_rule_id rule,
                         const struct ocn_pod *pod, struct ocn_error *err)
{
    struct question question = { check, rule, pod, false };
    size_t i;
    json_t *volume;

    json_array_foreach (json_object_get(pod->spec, "volumes"), i, volume) {
        const char *name = ocn_field_string(volume, "name");
        const char *kind;
        json_t *value;
        json_object_foreach (volume, kind, value) {
            if (json_is_null(value) || is_volume(kind)) {
                continue;
            }
            const char *pointer =
                ocn_arena_printf(check->arena, "%s/volumes/%zu", spec_pointer(&question), i);
            const char *subject = ocn_arena_printf(check->arena, "volume %s", name);
            if (tell(&question, pointer, kind, name != NULL ? subject : "a volume",
                     "is no kind of volume that restricted allows",
                     "use a configMap, csi, downwardAPI, emptyDir, ephemeral, image, "
                     "persistentVolumeClaim, projected or secret volume",
                     err) < 0) {
                return -1;
            }
        }
    }
    return 0;
}

/* ---- restricted: every container says false --------------------------------------------- */

static int ask_escalation(void *ctx, const struct ocn_pod_container *container,
                          struct ocn_error *err)
{
    static const char path[] = "securityContext.allowPrivilegeEscalation";
    const struct question *question = ctx;
    const json_t *value = ocn_field_get(container->json, path);

    if (json_is_false(value)) {
        return 0;
    }
    return tell(question, container->pointer, path, container->noun,
                value == NULL ? "is not set, which is true" : "is not false",
                "write allowPrivilegeEscalation: false", err);
}

static int check_escalation(const struct ocn_workload_check *check, enum ocn_lint_rule_id rule,
                            const struct ocn_pod *pod, struct ocn_error *err)
{
    struct question question = { check, rule, pod, false };

    return ask_containers(&question, ask_escalation, err);
}

/* ---- restricted: not root --------------------------------------------------------------- */

static const char non_root[] = "securityContext.runAsNonRoot";
static const char non_root_hint[] =
    "write runAsNonRoot: true at the pod, and a numeric user in the image, or runAsUser";

static int ask_non_root(void *ctx, const struct ocn_pod_container *container, struct ocn_error *err)
{
    const struct question *question = ctx;
    const json_t *value = ocn_field_get(container->json, non_root);

    if (json_is_true(value) || (value == NULL && question->pod_says_yes)) {
        return 0;
    }
    return tell(question, container->pointer, non_root, container->noun,
                value == NULL ? "is set neither here nor at the pod" : "is not true", non_root_hint,
                err);
}

static int check_non_root(const struct ocn_workload_check *check, enum ocn_lint_rule_id rule,
                          const struct ocn_pod *pod, struct ocn_error *err)
{
    const json_t *value = ocn_field_get(pod->spec, non_root);
    struct question question = { check, rule, pod, json_is_true(value) };

    if (value != NULL && !json_is_true(value) &&
        tell(&question, spec_pointer(&question), non_root, "the pod", "is not true", non_root_hint,
             err) < 0) {
        return -1;
    }
    return ask_containers(&question, ask_non_root, err);
}

static const char user[] = "securityContext.runAsUser";

static int judge_user(const struct question *question, const json_t *json, const char *pointer,
                      const char *subject, struct ocn_error *err)
{
    const json_t *value = ocn_field_get(json, user);

    if (value == NULL || (json_is_number(value) && json_number_value(value) != 0)) {
        return 0;
    }
    return tell(question, pointer, user, subject, "is 0: root",
                "write a user other than 0, or leave it to the image", err);
}

static int ask_user(void *ctx, const struct ocn_pod_container *container, struct ocn_error *err)
{
    return judge_user(ctx, container->json, container->pointer, container->noun, err);
}

static int check_user(const struct ocn_workload_check *check, enum ocn_lint_rule_id rule,
                      const struct ocn_pod *pod, struct ocn_error *err)
{
    struct question question = { check, rule, pod, false };

    if (judge_user(&question, pod->spec, spec_pointer(&question), "the pod", err) < 0) {
        return -1;
    }
    return ask_containers(&question, ask_user, err);
}

/* ---- restricted: seccomp ---------------------------------------------------------------- */

static const char seccomp[] = "securityContext.seccompProfile.type";

static bool is_profile(const json_t *value)
{
    const char *type = json_string_value(value);

    return type != NULL && (strcmp(type, "RuntimeDefault") == 0 || strcmp(type, "Localhost") == 0);
}

static int ask_seccomp(void *ctx, const struct ocn_pod_container *container, struct ocn_error *err)
{
    const struct question *question = ctx;
    const json_t *value = ocn_field_get(container->json, seccomp);

    if (is_profile(value) || (value == NULL && question->pod_says_yes)) {
        return 0;
    }
    return tell(question, container->pointer, seccomp, container->noun,
                value == NULL ? "is set neither here nor at the pod"
                              : "is neither RuntimeDefault nor Localhost",
                "write seccompProfile: {type: RuntimeDefault} at the pod", err);
}

static int check_seccomp(const struct ocn_workload_check *check, enum ocn_lint_rule_id rule,
                         const struct ocn_pod *pod, struct ocn_error *err)
{
    const json_t *value = ocn_field_get(pod->spec, seccomp);
    struct question question = { check, rule, pod, is_profile(value) };

    if (value != NULL && !is_profile(value) &&
        tell(&question, spec_pointer(&question), seccomp, "the pod",
             "is neither RuntimeDefault nor Localhost",
             "write seccompProfile: {type: RuntimeDefault}", err) < 0) {
        return -1;
    }
    return ask_containers(&question, ask_seccomp, err);
}

/* ---- restricted: capabilities ----------------------------------------------------------- */

static int ask_drop(void *ctx, const struct ocn_pod_container *container, struct ocn_error *err)
{
    static const char path[] = "securityContext.capabilities.drop";
    const struct question *question = ctx;
    size_t i;
    const json_t *value;

    json_array_foreach (ocn_field_get(container->json, path), i, value) {
        if (json_is_string(value) && strcmp(json_string_value(value), "ALL") == 0) {
            return 0;
        }
    }
    return tell(question, container->pointer, path, container->noun, "does not have ALL",
                "write capabilities: {drop: [ALL]}", err);
}

static int check_drop(const struct ocn_workload_check *check, enum ocn_lint_rule_id rule,
                      const struct ocn_pod *pod, struct ocn_error *err)
{
    struct question question = { check, rule, pod, false };

    return ask_containers(&question, ask_drop, err);
}

/* ---- baseline: annotations, from before there were fields ------------------------------- */

struct profile_annotation {
    const char *key; /* what it begins with */
    const char *const *allowed;
    bool empty; /* "" is allowed */
    const char *hint;
};

static bool is_allowed(const struct profile_annotation *row, const json_t *value)
{
    static const char local[] = "localhost/";
    const char *text = json_string_value(value);

    if (text == NULL) {
        return json_is_null(value);
    }
    if (text[0] == '\0') {
        return row->empty;
    }
    for (size_t i = 0; row->allowed[i] != NULL; i++) {
        if (strcmp(row->allowed[i], text) == 0) {
            return true;
        }
    }
    return strncmp(text, local, sizeof(local) - 1) == 0;
}

static int check_annotations(const struct question *question, const struct profile_annotation *row,
                             struct ocn_error *err)
{
    struct ocn_arena *arena = question->check->arena;
    const char *key;
    json_t *value;

    json_object_foreach ((json_t *)ocn_field_get(question->pod->meta, "annotations"), key, value) {
        if (strncmp(key, row->key, strlen(row->key)) != 0 || is_allowed(row, value)) {
            continue;
        }
        const char *pointer =
            ocn_arena_printf(arena, "%s/metadata/annotations", question->pod->pointer);
        const char *message = ocn_arena_printf(arena, "the pod: annotation %s is %s", key,
                                               ocn_field_shown(arena, value));
        if (ocn_workload_found(question->check, question->rule, ocn_field_key(arena, pointer, key),
                               message, row->hint, err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int check_apparmor(const struct ocn_workload_check *check, enum ocn_lint_rule_id rule,
                          const struct ocn_pod *pod, struct ocn_error *err)
{
    static const char *const allowed[] = { "runtime/default", NULL };
    static const struct profile_annotation row = {
        .key = "container.apparmor.security.beta.kubernetes.io/",
        .allowed = allowed,
        .empty = true,
        .hint = "use runtime/default, or a profile of the node's (localhost/NAME)",
    };
    const struct question question = { check, rule, pod, false };

    return check_annotations(&question, &row, err);
}

static int check_old_seccomp(const struct ocn_workload_check *check, enum ocn_lint_rule_id rule,
                             const struct ocn_pod *pod, struct ocn_error *err)
{
    static const char *const allowed[] = { "runtime/default", "docker/default", NULL };
    static const char hint[] = "use runtime/default, or a profile of the node's (localhost/NAME)";
    static const struct profile_annotation rows[] = {
        { "seccomp.security.alpha.kubernetes.io/pod", allowed, false, hint },
        { "container.seccomp.security.alpha.kubernetes.io/", allowed, false, hint },
    };
    const struct question question = { check, rule, pod, false };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        if (check_annotations(&question, &rows[i], err) < 0) {
            return -1;
        }
    }
    return 0;
}

const struct ocn_pss_control ocn_pss_controls[] = {
    { .rule = OCN_LINT_POD_APPARMOR, .check = check_apparmor },
    { .rule = OCN_LINT_POD_SECCOMP, .until = 18, .check = check_old_seccomp },
    { .rule = OCN_LINT_POD_VOLUME_TYPES, .check = check_volumes },
    { .rule = OCN_LINT_POD_PRIVILEGE_ESCALATION,
      .since = 8,
      .spared = { .windows = 25 },
      .check = check_escalation },
    { .rule = OCN_LINT_POD_RUN_AS_NON_ROOT,
      .spared = { .with_users = 35 },
      .check = check_non_root },
    { .rule = OCN_LINT_POD_RUN_AS_USER,
      .since = 23,
      .spared = { .with_users = 35 },
      .check = check_user },
    { .rule = OCN_LINT_POD_SECCOMP_RESTRICTED,
      .since = 19,
      .spared = { .windows = 25 },
      .check = check_seccomp },
    { .rule = OCN_LINT_POD_CAPABILITIES_RESTRICTED,
      .since = 22,
      .spared = { .windows = 25 },
      .check = check_drop },
    { 0 },
};
