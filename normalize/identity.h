/* SPDX-License-Identifier: Apache-2.0 */
/* Who a container is, in the words of the engine that made it. */
#pragma once

#include "normalize/oci.h"

/* Borrowed from the container's annotations; NULL where the engine does not say. */
struct ocn_identity {
    const char *engine; /* "containerd", "cri-o", "podman", or NULL */
    const char *namespace_;
    const char *pod;
    const char *pod_uid;
    const char *container; /* in the pod */
    const char *name;      /* of the container, as the engine itself lists it */
    const char *image;
    bool sandbox;   /* the pod's pause container */
    bool ambiguous; /* two engines' marks at once: somebody forged one; trust neither */
};

void ocn_identity_read(const struct ocn_container *container, struct ocn_identity *ret);

/*
 * 1 if every criterion that @when names holds: one of the namespaces, one of the images, all of the
 * annotations; globs as fnmatch(3) has them. Criteria that are empty hold.
 */
struct ocn_policy_when;
int ocn_identity_matches(const struct ocn_identity *identity, const struct ocn_container *container,
                         const struct ocn_policy_when *when);
