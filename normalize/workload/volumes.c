/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pod.volumes: the volumes that belong to root, in a container that the node lowers (user.root).
 * Only of a container that is known to start as root: of another nothing is said.
 */
#include <string.h>

#include "normalize/workload/effective.h"
#include "normalize/workload/families.h"
#include "normalize/workload/field.h"

#define OTHERS_READ 04

/* Of a kind of volume: how its directory or its files come to be root's. */
static const struct kind {
    const char *key;
    const char *mode;  /* the field that has the mode of its files; NULL: its directory counts */
    bool has_fs_group; /* the kubelet gives it to the pod's group */
} kinds[] = {
    { "persistentVolumeClaim", NULL, true },
    { "ephemeral", NULL, true },
    { "hostPath", NULL, false },
    { "secret", "defaultMode", true },
    { "projected", "defaultMode", true },
    { "configMap", "defaultMode", true },
};

struct asked {
    const struct ocn_workload_check *check;
    const struct ocn_pod *pod;
    const struct ocn_pod_container *container;
};

/* Whether it starts as root for sure: by the manifest, or by its image. */
static bool is_root(const struct asked *asked)
{
    const json_t *user = ocn_effective_user(asked->pod, asked->container);
    const struct ocn_lint_image *image =
        ocn_workload_image(asked->check, ocn_field_string(asked->container->json, "image"));

    if (user != NULL) {
        return json_is_number(user) && json_number_value(user) == 0;
    }
    if (image == NULL || image->user == NULL) {
        return false;
    }
    size_t len = strcspn(image->user, ":");
    return strspn(image->user, "0") == len || strncmp(image->user, "root", len) == 0;
}

/* The volume of that name, and its place; NULL: the API server would say so. */
static const json_t *find_volume(const struct asked *asked, const char *name, size_t *ret)
{
    const json_t *list = json_object_get(asked->pod->spec, "volumes");
    const json_t *volume;
    size_t i;

    json_array_foreach (list, i, volume) {
        const char *own = ocn_field_string(volume, "name");
        if (own != NULL && strcmp(own, name) == 0) {
            *ret = i;
            return volume;
        }
    }
    return NULL;
}

/* The kind of @volume, if what it has is closed to who is not root. */
static const struct kind *find_closed(const struct asked *asked, const json_t *volume)
{
    bool grouped = ocn_field_get(asked->pod->spec, "securityContext.fsGroup") != NULL;

    for (size_t i = 0; i < OCN_COUNT(kinds); i++) {
        const json_t *source = json_object_get(volume, kinds[i].key);
        const json_t *mode = kinds[i].mode != NULL ? json_object_get(source, kinds[i].mode) : NULL;
        bool open =
            kinds[i].mode != NULL &&
            (!json_is_number(mode) || ((unsigned)json_number_value(mode) & OTHERS_READ) != 0);
        if (json_is_object(source) && !open && !(grouped && kinds[i].has_fs_group)) {
            return &kinds[i];
        }
    }
    return NULL;
}

static int judge_mount(const struct asked *asked, const json_t *mount, struct ocn_error *err)
{
    struct ocn_arena *arena = asked->check->arena;
    const char *name = ocn_field_string(mount, "name");
    const char *path = ocn_field_string(mount, "mountPath");
    size_t index = 0;
    const json_t *volume = name != NULL ? find_volume(asked, name, &index) : NULL;
    const struct kind *kind = volume != NULL ? find_closed(asked, volume) : NULL;

    if (kind == NULL || path == NULL) {
        return 0;
    }
    return ocn_workload_found(
        asked->check, OCN_LINT_POD_VOLUMES,
        ocn_arena_printf(arena, "%s/spec/volumes/%zu", asked->pod->pointer, index),
        ocn_arena_printf(arena, "%s starts as root, which the node lowers, and %s %s (%s) is %s",
                         asked->container->noun, kind->mode != NULL ? "what is in" : "volume", path,
                         kind->key,
                         kind->mode != NULL ? "closed to others by its defaultMode"
                                            : "root's, unless its storage has it otherwise"),
        kind->has_fs_group
            ? "set securityContext.fsGroup for the pod, or let the node map it: rules.user.volumes "
              "\"edit\""
            : "chown it on the node, or let the node map it: rules.user.volumes \"edit\", with its "
              "place in volumes.allow",
        err);
}

static int ask(void *ctx, const struct ocn_pod_container *container, struct ocn_error *err)
{
    struct asked *asked = ctx;
    const json_t *mount;
    size_t i;

    asked->container = container;
    if (!is_root(asked)) {
        return 0;
    }
    json_array_foreach (json_object_get(container->json, "volumeMounts"), i, mount) {
        if (judge_mount(asked, mount, err) < 0) {
            return -1;
        }
    }
    return 0;
}

int ocn_workload_volumes(const struct ocn_workload_check *check, const struct ocn_pod *pod,
                         struct ocn_error *err)
{
    struct asked asked = { check, pod, NULL };

    return ocn_pod_is_windows(pod) || ocn_pod_has_users(pod)
               ? 0
               : ocn_pod_each_container(pod, check->arena, ask, &asked, err);
}
