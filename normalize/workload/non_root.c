/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pod.run-as-non-root with an image: runAsNonRoot is a promise about the image's user, and the
 * kubelet refuses to start what does not keep it (pkg/kubelet/kuberuntime/security_context.go).
 */
#include <string.h>

#include "normalize/workload/effective.h"
#include "normalize/workload/families.h"
#include "normalize/workload/field.h"

static const char non_root[] = "securityContext.runAsNonRoot";

struct asked {
    const struct ocn_workload_check *check;
    const struct ocn_pod *pod;
};

static int tell(const struct asked *asked, const struct ocn_pod_container *container,
                const char *why, const char *hint, struct ocn_error *err)
{
    struct ocn_arena *arena = asked->check->arena;
    const char *message = ocn_arena_printf(
        arena, "%s: runAsNonRoot is true, and %s: the kubelet will refuse to start it",
        container->noun, why);

    return ocn_workload_found_at(asked->check, OCN_LINT_POD_RUN_AS_NON_ROOT, OCN_LEVEL_DENY,
                                 ocn_field_pointer(arena, container->pointer, non_root), message,
                                 hint, err);
}

static int judge_image(const struct asked *asked, const struct ocn_pod_container *container,
                       const struct ocn_lint_image *image, struct ocn_error *err)
{
    struct ocn_arena *arena = asked->check->arena;
    size_t len = strcspn(image->user, ":"); /* the group says nothing */
    size_t digits = strspn(image->user, "0123456789");

    if (len == 0) {
        return tell(asked, container,
                    ocn_arena_printf(arena, "image %s has no user: it is root", image->name),
                    "write USER 1001:1001 in the image, or runAsUser: 1001", err);
    }
    if (digits < len) {
        return tell(asked, container,
                    ocn_arena_printf(arena,
                                     "the user of image %s is the name \"%.*s\", of which "
                                     "nobody can say before the start that it is not root",
                                     image->name, (int)len, image->user),
                    "write the user's number in the image, or runAsUser", err);
    }
    if (strspn(image->user, "0") == len) {
        return tell(asked, container,
                    ocn_arena_printf(arena, "the user of image %s is 0, root", image->name),
                    "write USER 1001:1001 in the image, or runAsUser: 1001", err);
    }
    return 0;
}

static int ask(void *ctx, const struct ocn_pod_container *container, struct ocn_error *err)
{
    const struct asked *asked = ctx;
    const struct ocn_lint_image *image =
        ocn_workload_image(asked->check, ocn_field_string(container->json, "image"));

    if (!ocn_effective_is_non_root(asked->pod, container)) {
        return 0;
    }
    const json_t *user = ocn_effective_user(asked->pod, container);
    if (user != NULL) {
        return json_is_number(user) && json_number_value(user) == 0
                   ? tell(asked, container, "runAsUser is 0, root",
                          "write a user other than 0, or leave it to the image", err)
                   : 0;
    }
    return image != NULL && image->user != NULL ? judge_image(asked, container, image, err) : 0;
}

int ocn_workload_non_root(const struct ocn_workload_check *check, const struct ocn_pod *pod,
                          struct ocn_error *err)
{
    struct asked asked = { check, pod };

    return ocn_pod_is_windows(pod) ? 0
                                   : ocn_pod_each_container(pod, check->arena, ask, &asked, err);
}
