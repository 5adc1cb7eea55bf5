/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/identity.h"

#include <fnmatch.h>
#include <string.h>

#include "normalize/policy.h"

#define MAX_KEYS 3 /* the first key that is there wins */

/*
 * An engine is a row: by which annotation it is known, and where it writes what (CRI: containerd
 * pkg/cri/annotations; CRI-O pkg/annotations; Podman libpod). The kubelet's own labels reach the
 * configuration under CRI-O only.
 */
struct engine {
    const char *name;
    const char *mark; /* its presence, or, where a value stands beside it, that value */
    const char *mark_value;
    const char *sandbox_key; /* says "sandbox" for the pause container; NULL: nothing does */
    const char *namespaces[MAX_KEYS];
    const char *pods[MAX_KEYS];
    const char *pod_uids[MAX_KEYS];
    const char *containers[MAX_KEYS];
    const char *names[MAX_KEYS];
    const char *images[MAX_KEYS];
};

static const struct engine engines[] = {
    {
        .name = "containerd",
        .mark = "io.kubernetes.cri.container-type",
        .sandbox_key = "io.kubernetes.cri.container-type",
        .namespaces = { "io.kubernetes.cri.sandbox-namespace" },
        .pods = { "io.kubernetes.cri.sandbox-name" },
        .pod_uids = { "io.kubernetes.cri.sandbox-uid" },
        .containers = { "io.kubernetes.cri.container-name" },
        .names = { "io.kubernetes.cri.container-name" },
        .images = { "io.kubernetes.cri.image-name", "io.kubernetes.cri.podsandbox.image-name" },
    },
    {
        .name = "cri-o",
        .mark = "io.kubernetes.cri-o.ContainerType",
        .sandbox_key = "io.kubernetes.cri-o.ContainerType",
        .namespaces = { "io.kubernetes.cri-o.Namespace", "io.kubernetes.pod.namespace" },
        .pods = { "io.kubernetes.cri-o.KubeName", "io.kubernetes.pod.name" },
        .pod_uids = { "io.kubernetes.pod.uid" },
        .containers = { "io.kubernetes.container.name" },
        .names = { "io.kubernetes.cri-o.Name", "io.kubernetes.container.name" },
        .images = { "io.kubernetes.cri-o.ImageName", "io.kubernetes.cri-o.Image" },
    },
    {
        .name = "podman",
        .mark = "io.container.manager",
        .mark_value = "libpod",
        .sandbox_key = NULL, /* libpod 4.3 to 5.8 does not mark a pod's infra container */
    },
};

static const char *first_of(const struct ocn_container *container, const char *const keys[MAX_KEYS])
{
    for (size_t i = 0; i < MAX_KEYS && keys[i] != NULL; i++) {
        const char *value = ocn_annotation_get(container, keys[i]);
        if (value != NULL) {
            return value;
        }
    }
    return NULL;
}

void ocn_identity_read(const struct ocn_container *container, struct ocn_identity *ret)
{
    struct ocn_identity identity = { 0 };

    for (size_t i = 0; i < OCN_COUNT(engines); i++) {
        const struct engine *engine = &engines[i];
        const char *mark = ocn_annotation_get(container, engine->mark);
        if (mark == NULL || (engine->mark_value != NULL && strcmp(mark, engine->mark_value) != 0)) {
            continue;
        }
        if (identity.engine != NULL) {
            *ret = (struct ocn_identity){ .ambiguous = true };
            return;
        }
        const char *type =
            engine->sandbox_key != NULL ? ocn_annotation_get(container, engine->sandbox_key) : NULL;
        identity = (struct ocn_identity){
            .engine = engine->name,
            .namespace_ = first_of(container, engine->namespaces),
            .pod = first_of(container, engine->pods),
            .pod_uid = first_of(container, engine->pod_uids),
            .container = first_of(container, engine->containers),
            .name = first_of(container, engine->names),
            .image = first_of(container, engine->images),
            .sandbox = type != NULL && strcmp(type, "sandbox") == 0,
        };
    }
    *ret = identity;
}

/* An empty list holds; a value that nobody told does not match a list that asks for one. */
static int any_matches(const struct ocn_strings *globs, const char *value)
{
    for (size_t i = 0; i < globs->len; i++) {
        if (value != NULL && fnmatch(globs->items[i], value, 0) == 0) {
            return 1;
        }
    }
    return globs->len == 0;
}

int ocn_identity_matches(const struct ocn_identity *identity, const struct ocn_container *container,
                         const struct ocn_policy_when *when)
{
    for (size_t i = 0; i < when->annotations.len; i++) {
        const char *value = ocn_annotation_get(container, when->annotations.items[i].name);
        if (value == NULL || fnmatch(when->annotations.items[i].value, value, 0) != 0) {
            return 0;
        }
    }
    return any_matches(&when->namespaces, identity->namespace_) &&
           any_matches(&when->images, identity->image);
}
