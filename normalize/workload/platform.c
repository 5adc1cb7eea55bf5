/* SPDX-License-Identifier: Apache-2.0 */
/* pod.platform: on which nodes a pod may land, and whether its images run there. */
#include <string.h>

#include "normalize/program/arch.h"
#include "normalize/workload/families.h"
#include "normalize/workload/field.h"
#include "normalize/workload/platforms.h"

#define AFFINITY                                                                                   \
    "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"

static const char *const arch_labels[] = { "kubernetes.io/arch", "beta.kubernetes.io/arch" };
static const char *const os_labels[] = { "kubernetes.io/os", "beta.kubernetes.io/os" };

/* What a pod asks its node to be. */
struct wish {
    const struct ocn_workload_check *check;
    const struct ocn_pod *pod;
    const char *os;            /* "linux" where nothing is said */
    const char *pointer;       /* where the architecture is said */
    struct ocn_strings arches; /* any of them; none: the pod does not say */
};

static bool is_one_of(const char *word, const char *const words[2])
{
    return word != NULL && (strcmp(word, words[0]) == 0 || strcmp(word, words[1]) == 0);
}

static void add(struct wish *wish, const char *arch)
{
    struct ocn_arena *arena = wish->check->arena;
    const char **list =
        ocn_arena_grow(arena, wish->arches.items, wish->arches.len, sizeof(const char *));

    if (arch != NULL && list != NULL && !ocn_strings_hold(&wish->arches, arch)) {
        list[wish->arches.len++] = arch;
        wish->arches.items = list;
    }
}

/* nodeSelector: a label has one value. */
static void read_selector(struct wish *wish)
{
    const json_t *selector = ocn_field_get(wish->pod->spec, "nodeSelector");
    struct ocn_arena *arena = wish->check->arena;

    for (size_t i = 0; i < 2; i++) {
        const char *arch = json_string_value(json_object_get(selector, arch_labels[i]));
        const char *os = json_string_value(json_object_get(selector, os_labels[i]));
        wish->os = os != NULL ? os : wish->os;
        if (arch != NULL) {
            const char *base = ocn_arena_printf(arena, "%s/spec/nodeSelector", wish->pod->pointer);
            wish->pointer = ocn_field_key(arena, base, arch_labels[i]);
            add(wish, arch);
        }
    }
}

/* "In" alone says what a node is: any of the values, of any of the terms. */
static void read_term(struct wish *wish, const json_t *term)
{
    const json_t *expressions = ocn_field_get(term, "matchExpressions");
    size_t i;
    size_t k;
    const json_t *expression;
    const json_t *value;

    json_array_foreach (expressions, i, expression) {
        const char *operator= ocn_field_string(expression, "operator");
        const json_t *values = ocn_field_get(expression, "values");
        if (operator== NULL || strcmp(operator, "In") != 0) {
            continue;
        }
        if (is_one_of(ocn_field_string(expression, "key"), arch_labels)) {
            json_array_foreach (values, k, value) {
                add(wish, json_string_value(value));
            }
        }
        if (is_one_of(ocn_field_string(expression, "key"), os_labels) &&
            json_array_size(values) == 1) {
            const char *os = json_string_value(json_array_get(values, 0));
            wish->os = os != NULL ? os : wish->os;
        }
    }
}

static void read_affinity(struct wish *wish)
{
    struct ocn_arena *arena = wish->check->arena;
    bool said = wish->arches.len != 0; /* by nodeSelector, which holds as well */
    size_t i;
    const json_t *term;

    if (said) {
        return;
    }
    json_array_foreach (ocn_field_get(wish->pod->spec, AFFINITY), i, term) {
        read_term(wish, term);
    }
    wish->pointer =
        ocn_field_pointer(arena, ocn_arena_printf(arena, "%s/spec", wish->pod->pointer), AFFINITY);
}

/* A label's value is Go's name; `uname -m` has others, and no node has those. */
static int judge_names(const struct wish *wish, struct ocn_error *err)
{
    struct ocn_arena *arena = wish->check->arena;

    for (size_t i = 0; i < wish->arches.len; i++) {
        const char *arch = wish->arches.items[i];
        const char *meant = ocn_arch_of_machine(arch);
        if (meant == NULL || strcmp(meant, arch) == 0) {
            continue;
        }
        if (ocn_workload_found(
                wish->check, OCN_LINT_POD_PLATFORM, wish->pointer,
                ocn_arena_printf(arena, "the pod: no node has %s=%s", arch_labels[0], arch),
                ocn_arena_printf(arena, "write %s", meant), err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int judge_image(const struct wish *wish, const struct ocn_pod_container *container,
                       const struct ocn_lint_image *image, struct ocn_error *err)
{
    struct ocn_arena *arena = wish->check->arena;

    for (size_t i = 0; i < wish->arches.len; i++) {
        const char *platform = ocn_arena_printf(arena, "%s/%s", wish->os, wish->arches.items[i]);
        if (ocn_platforms_have(&image->platforms, platform)) {
            continue;
        }
        if (ocn_workload_found(wish->check, OCN_LINT_POD_PLATFORM, wish->pointer,
                               ocn_arena_printf(arena,
                                                "%s: the pod may land on %s, which image %s does "
                                                "not have: %s",
                                                container->noun, platform, image->name,
                                                ocn_platforms_list(arena, &image->platforms)),
                               "build the image for it, or ask for another node", err) < 0) {
            return -1;
        }
    }
    return ocn_platforms_check_target(wish->check, OCN_LINT_POD_PLATFORM, image, container->noun,
                                      ocn_field_pointer(arena, container->pointer, "image"), err);
}

static int ask(void *ctx, const struct ocn_pod_container *container, struct ocn_error *err)
{
    const struct wish *wish = ctx;
    const struct ocn_lint_image *image =
        ocn_workload_image(wish->check, ocn_field_string(container->json, "image"));

    return image != NULL && image->platforms.len != 0 ? judge_image(wish, container, image, err)
                                                      : 0;
}

int ocn_workload_platform(const struct ocn_workload_check *check, const struct ocn_pod *pod,
                          struct ocn_error *err)
{
    struct wish wish = { .check = check,
                         .pod = pod,
                         .os = ocn_pod_is_windows(pod) ? "windows" : "linux" };

    read_selector(&wish);
    read_affinity(&wish);
    return judge_names(&wish, err) < 0 ? -1
                                       : ocn_pod_each_container(pod, check->arena, ask, &wish, err);
}
