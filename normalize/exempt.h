/* SPDX-License-Identifier: Apache-2.0 */
/* Containers that the node's policy leaves alone, so that a node never bricks. */
#pragma once

#include "normalize/identity.h"
#include "normalize/policy.h"
#include "normalize/view.h"

/*
 * The reason why @container is exempt ("sandbox", "privileged", "hostNamespaces", "namespaces",
 * "annotations": the policy's keys), or NULL. What an annotation says counts only where the
 * identity is not ambiguous; "privileged" and "hostNamespaces" are read from what the container
 * really gets, never from an annotation.
 */
const char *ocn_exempt_reason(const struct ocn_container *container,
                              const struct ocn_policy *policy, const struct ocn_view *view);
