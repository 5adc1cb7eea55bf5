/* SPDX-License-Identifier: Apache-2.0 */
/* YAML as it is written: a tree of what libyaml's parser says, with the place of everything. */
#pragma once

#include <stdbool.h>

#include "normalize/base/arena.h"

#define OCN_YAML_MAX_SIZE ((size_t)16 << 20)
#define OCN_YAML_MAX_DEPTH 100       /* of lists and maps in each other, aliases included */
#define OCN_YAML_MAX_NODES 500000U   /* of a text as written, and again as aliases make them */
#define OCN_YAML_MAX_ANCHORS 1000U   /* of a document */
#define OCN_YAML_MAX_DOCUMENTS 5000U /* of a text */

enum ocn_yaml_shape { OCN_YAML_SCALAR, OCN_YAML_LIST, OCN_YAML_MAP };

struct ocn_yaml_node;

/* An element of a list, or a member of a map, where it is written. */
struct ocn_yaml_item {
    struct ocn_yaml_item *next;
    struct ocn_yaml_node *key;   /* of a map */
    struct ocn_yaml_node *value; /* of an alias: what the anchor has */
    const char *name; /* of a map: the key as JSON has it; NULL: a merge, or not asked yet */
    uint32_t line;    /* of the key, or the element */
    uint32_t column;
};

struct ocn_yaml_node {
    enum ocn_yaml_shape shape;
    const char *tag; /* as libyaml has it resolved, or NULL */
    bool plain;      /* a scalar without quotes */
    bool open;       /* being read, or walked: an alias to it would never end */
    const char *text;
    uint32_t line;
    uint32_t column;
    struct ocn_yaml_item *first;
};

struct ocn_yaml_roots {
    struct ocn_yaml_node **items; /* one of each document */
    size_t len;
};

/* Reads @text; limits and errors are ocn_yaml_read()'s (yaml.h). All is from @arena. */
OCN_MUST_USE int ocn_yaml_tree_read(struct ocn_bytes text, struct ocn_arena *arena,
                                    struct ocn_yaml_roots *ret, struct ocn_error *err);

/* Fails with the place of @line and @column, "LINE:COLUMN", and "%s". */
int ocn_yaml_tree_fail(uint32_t line, uint32_t column, enum ocn_code code, const char *msg,
                       struct ocn_error *err);
