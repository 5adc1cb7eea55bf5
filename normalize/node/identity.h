/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who a container is: by where it lies, and by those words of its configuration that its engine
 * alone can have written. Annotations are also an image's labels, a pod's, and whatever somebody
 * gave with --annotation; what they say of a place that is not theirs counts for nothing.
 */
#pragma once

#include "normalize/oci/container.h"

/* Borrowed from the container's annotations or from an arena; NULL where the engine does not say.
 */
struct ocn_identity {
    const char
        *engine; /* "containerd", "cri-o", "docker", "podman"; NULL: it lies at no known place */
    const char *namespace_;
    const char *pod;
    const char *pod_uid;
    const char *container; /* in the pod */
    const char *name;      /* of the container, as the engine itself lists it */
    const char *image;
    bool sandbox; /* the pod's pause container */
    bool in_pod;  /* the engine makes pods only: it has a namespace, whether that is told or not */
    const char *forged; /* a key that another engine would write; NULL: there is none */
};

/*
 * Reads the identity of @container, by container->bundle and ->id (NULL: nobody knows them) and its
 * own words. Fails only when memory is out.
 */
OCN_MUST_USE int ocn_identity_read(const struct ocn_container *container, struct ocn_arena *arena,
                                   struct ocn_identity *ret, struct ocn_error *err);

struct ocn_policy_when;

enum ocn_match { OCN_MATCH_NO, OCN_MATCH_YES, OCN_MATCH_UNKNOWN };

/*
 * Whether every criterion that @when names holds: one of the namespaces, one of the images, all of
 * the annotations; globs as fnmatch(3) has them. Criteria that are empty hold. UNKNOWN: it hangs on
 * the namespace or the image of a pod, which its engine should have told and has not.
 */
enum ocn_match ocn_identity_matches(const struct ocn_identity *identity,
                                    const struct ocn_container *container,
                                    const struct ocn_policy_when *when);
