/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML as Kubernetes reads it (sigs.k8s.io/yaml): YAML 1.1 on its way to JSON, many documents in
 * one text, and for each value the line and column where it stands. JSON is read by the same, for
 * YAML is nearly all of it. The text is hostile: run this in a confined child.
 */
#pragma once

#include <jansson.h>

#include "hook/lint/yaml_tree.h"
#include "normalize/base/arena.h"

struct ocn_yaml_document {
    json_t *json; /* owned by the list; numbers are reals, as ocn_json_load() makes them */
    const struct ocn_yaml_node *root; /* NULL: read as JSON, from .text */
    struct ocn_bytes text;
    size_t line; /* how many lines stand before .text */
};

/* Zero-initialise; release with ocn_yaml_done(). */
struct ocn_yaml {
    struct ocn_yaml_document *documents;
    size_t len;
    struct ocn_arena arena;
};

void ocn_yaml_done(struct ocn_yaml *yaml);

/*
 * Reads all documents of @text, which must outlive *ret; empty ones are left out. JSON may also
 * stand one after the other without a separator. Refused, with
 * "LINE:COLUMN" as the place of the error: what is no YAML, a key that is there twice (also by a
 * merge, "<<", where parsers do not agree which counts), NUL, an alias into itself, .nan and .inf,
 * !!binary, and what is past a limit of yaml_tree.h. Scalars are resolved as go-yaml v2 does: yes,
 * on and y are true, 010 is 8, 1_000 is 1000; a key that is no string becomes one.
 */
OCN_MUST_USE int ocn_yaml_read(struct ocn_bytes text, struct ocn_yaml *ret, struct ocn_error *err);
