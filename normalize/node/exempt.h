/* SPDX-License-Identifier: Apache-2.0 */
/* Containers that the node's policy leaves alone, so that a node never bricks. */
#pragma once

#include "normalize/node/identity.h"
#include "normalize/policy/policy.h"
#include "normalize/view.h"

/*
 * The reason why @container is exempt ("sandbox", "privileged", "hostNamespaces", "namespaces",
 * "annotations": the policy's keys), or NULL. Sandbox and namespace are the engine's words
 * (identity.h); "privileged" and "hostNamespaces" are read from what the container really gets,
 * never from an annotation.
 */
const char *ocn_exempt_reason(const struct ocn_container *container,
                              const struct ocn_identity *identity, const struct ocn_policy *policy,
                              const struct ocn_view *view);

/* What of config.json (OCN_IN) has to be read to know that nothing in @exempt holds. */
unsigned ocn_exempt_needs(const struct ocn_policy_exempt *exempt);
