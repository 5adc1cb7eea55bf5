/* SPDX-License-Identifier: Apache-2.0 */
/* The policy as ValidatingAdmissionPolicies and their bindings (admissionregistration.k8s.io/v1).
 */
#pragma once

#include "normalize/policy/policy.h"

#define OCN_MANIFEST_KUBERNETES 30 /* 1.30: the first with v1, and with all that the CEL uses */
#define OCN_MANIFEST_MAX_SIZE ((size_t)65536)
#define OCN_MANIFEST_MAX_NAME ((size_t)200)

enum ocn_manifest_action { OCN_MANIFEST_DENY, OCN_MANIFEST_WARN, OCN_MANIFEST_AUDIT };

struct ocn_manifest_options {
    uint32_t kubernetes; /* 1.N */
    enum ocn_manifest_action action;
    const char *name;
    bool is_static; /* for the API server's directory: names end in .static.k8s.io */
};

/* The policy, and what makes another of it. */
struct ocn_manifest_source {
    const struct ocn_policy *base;
    /* The base with the overlays of the rows @held of match. */
    int (*overlay)(void *ctx, const struct ocn_u32s *held, struct ocn_arena *arena,
                   struct ocn_policy *ret, struct ocn_error *err);
    void *ctx;
};

/*
 * *ret: an array of objects, to be freed by json_decref(). What CEL cannot say is an error that
 * names the key of the policy, and so is a policy that asks nothing of a gate: a gate is never
 * weaker than what it is made from. The same policy gives the same bytes.
 */
OCN_MUST_USE int ocn_manifest_make(const struct ocn_manifest_source *source,
                                   const struct ocn_manifest_options *options, json_t **ret,
                                   struct ocn_error *err);

/* Appends them, as YAML documents or as a List in JSON; more than OCN_MANIFEST_MAX_SIZE are an
 * error. */
OCN_MUST_USE int ocn_manifest_print(const json_t *manifests, bool as_json, struct ocn_buf *out,
                                    struct ocn_error *err);
