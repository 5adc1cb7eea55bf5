/* SPDX-License-Identifier: Apache-2.0 */
/* The pods that a Kubernetes object describes, and their containers. */
#pragma once

#include <jansson.h>

#include "normalize/workload/workload.h"

#define OCN_POD_MAX_LISTS 8 /* lists in lists */

struct ocn_pod {
    const char *kind;    /* of the object: "Deployment" */
    const char *object;  /* "Deployment shop/web", "Pod web" */
    const json_t *meta;  /* the pod's metadata, or NULL */
    const json_t *spec;  /* an object; its lists of containers and volumes are lists of objects */
    const char *pointer; /* of the pod, or its template */
    bool own;            /* the object's kind is one of Kubernetes itself, in a version it serves */
};

enum ocn_pod_list { OCN_POD_CONTAINERS, OCN_POD_INIT_CONTAINERS, OCN_POD_EPHEMERAL, OCN_POD_LISTS };

struct ocn_pod_container {
    enum ocn_pod_list list;
    const json_t *json;
    const char *pointer; /* "/spec/containers/0" */
    const char *noun;    /* "container web", "init container 2" */
};

/* Whether @document has apiVersion and kind, as all that Kubernetes reads. */
bool ocn_pod_is_kubernetes(const json_t *document);

/*
 * Calls @each for every pod of @document: of a workload one, of a list those of its items, of any
 * other kind none. A pod that is malformed past judging is an error.
 */
OCN_MUST_USE int ocn_pod_each(const json_t *document, struct ocn_arena *arena,
                              int (*each)(void *ctx, const struct ocn_pod *pod,
                                          struct ocn_error *err),
                              void *ctx, struct ocn_error *err);

/* Calls @each for every container of @pod, of all three lists. */
OCN_MUST_USE int ocn_pod_each_container(const struct ocn_pod *pod, struct ocn_arena *arena,
                                        int (*each)(void *ctx,
                                                    const struct ocn_pod_container *container,
                                                    struct ocn_error *err),
                                        void *ctx, struct ocn_error *err);

/* Whether the pod says that it is for Windows (spec.os.name). */
bool ocn_pod_is_windows(const struct ocn_pod *pod);

/* Whether it has a user namespace of its own (spec.hostUsers: false). */
bool ocn_pod_has_users(const struct ocn_pod *pod);
