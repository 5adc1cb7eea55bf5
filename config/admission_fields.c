/* SPDX-License-Identifier: Apache-2.0 */
/* The policy's keys below "admission": what a cluster's gate asks for. */
#include "config/policy_fields.h"

#define AT(path) .offset = offsetof(struct ocn_policy, admission.path), .member = "admission." #path
#define LEVEL(name, path, summary)                                                                 \
    {                                                                                              \
        name, OCN_BIND_ENUM, .offset = OCN_BIND_ENUM_AT(struct ocn_policy, admission.rules.path),  \
                             .member = "admission.rules." #path, .names = levels,                  \
                             .doc = summary "."                                                    \
    }

static const char *const levels[] = { "off", "warn", "deny", NULL };

static const struct ocn_bind rules_fields[] = {
    LEVEL("labels.required", labels_required, "the labels that are required are there"),
    LEVEL("labels.allowed", labels_allowed, "labels have values that are allowed"),
    LEVEL("annotations.required", annotations_required,
          "the annotations that are required are there"),
    LEVEL("annotations.allowed", annotations_allowed, "annotations have values that are allowed"),
    LEVEL("image.digest", image_digest, "images are named by digest"),
    LEVEL("image.registry", image_registry, "images come from a registry of the list"),
    LEVEL("runtimeclass", runtimeclass, "pods have the runtime class"),
    { 0 },
};

#define KEYS(what)                                                                                 \
    {                                                                                              \
        { "required", OCN_BIND_STRINGS, AT(what.required), .doc = "Keys that must be there." },    \
            { "allowed", OCN_BIND_PAIRS, AT(what.allowed),                                         \
              .doc = "Key, and what its value may be: a glob, or a pattern as ^[a-z]+$." },        \
            { 0 },                                                                                 \
    }

static const struct ocn_bind labels_fields[] = KEYS(labels);
static const struct ocn_bind annotations_fields[] = KEYS(annotations);

const struct ocn_bind ocn_policy_admission_fields[] = {
    { "rules", OCN_BIND_OBJECT, .fields = rules_fields,
      .doc = "The level of each rule that only the gate has: off, warn or deny." },
    { "labels", OCN_BIND_OBJECT, .fields = labels_fields, .doc = "Labels of pods." },
    { "annotations", OCN_BIND_OBJECT, .fields = annotations_fields, .doc = "Annotations of pods." },
    { "registries", OCN_BIND_STRINGS, AT(registries),
      .doc = "Where images may come from: a registry, or a path in it; * is any part of a name." },
    { "runtimeClass", OCN_BIND_STRING, AT(runtime_class),
      .doc = "The runtimeClassName that pods have." },
    { 0 },
};
