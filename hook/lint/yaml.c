/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/lint/yaml.h"

#include <stdio.h>
#include <string.h>

#include "hook/lint/yaml_scalar.h"
#include "normalize/json/json.h"
#include "normalize/json/load.h"

void ocn_yaml_done(struct ocn_yaml *yaml)
{
    for (size_t i = 0; i < yaml->len; i++) {
        json_decref(yaml->documents[i].json);
    }
    ocn_arena_done(&yaml->arena);
    *yaml = (struct ocn_yaml){ 0 };
}

/* ---- a tree to JSON --------------------------------------------------------------------- */

struct maker {
    struct ocn_arena *arena;
    struct ocn_error *err;
    size_t values; /* made so far: aliases make more of what is written */
    unsigned depth;
};

static int fail_at(const struct maker *maker, const struct ocn_yaml_node *node, enum ocn_code code,
                   const char *msg)
{
    return ocn_yaml_tree_fail(node->line, node->column, code, msg, maker->err);
}

static bool has_tag(const struct ocn_yaml_node *node, const char *name)
{
    static const char core[] = "tag:yaml.org,2002:";

    return node->tag != NULL && strncmp(node->tag, core, sizeof(core) - 1) == 0 &&
           strcmp(node->tag + sizeof(core) - 1, name) == 0;
}

/* What a scalar means: by its tag, its quotes, its letters. */
static int resolve(const struct maker *maker, const struct ocn_yaml_node *node,
                   struct ocn_yaml_scalar *ret)
{
    static const struct {
        const char *tag;
        enum ocn_yaml_kind kind;
    } tags[] = { { "null", OCN_YAML_NULL },
                 { "bool", OCN_YAML_BOOL },
                 { "int", OCN_YAML_NUMBER },
                 { "float", OCN_YAML_NUMBER } };

    *ret = (struct ocn_yaml_scalar){ .kind = OCN_YAML_STRING };
    if (has_tag(node, "binary")) {
        return fail_at(maker, node, OCN_E_UNSUPPORTED,
                       "!!binary: write the string as it is, or as base64 without the tag");
    }
    for (size_t i = 0; i < OCN_COUNT(tags); i++) {
        if (has_tag(node, tags[i].tag)) {
            *ret = ocn_yaml_scalar_of(node->text);
            return ret->kind == tags[i].kind
                       ? 0
                       : fail_at(maker, node, OCN_E_FORMAT, "the value is not what its tag says");
        }
    }
    if (node->plain && node->tag == NULL) {
        *ret = ocn_yaml_scalar_of(node->text);
    }
    return ret->kind == OCN_YAML_NO_JSON
               ? fail_at(maker, node, OCN_E_FORMAT,
                         "not a number that JSON has; a string is written in quotes")
               : 0;
}

static int make_scalar(struct maker *maker, const struct ocn_yaml_node *node, json_t **ret)
{
    struct ocn_yaml_scalar scalar;

    if (resolve(maker, node, &scalar) < 0) {
        return -1;
    }
    switch (scalar.kind) {
    case OCN_YAML_NULL:
        *ret = json_null();
        break;
    case OCN_YAML_BOOL:
        *ret = json_boolean(scalar.truth);
        break;
    case OCN_YAML_NUMBER:
        *ret = json_real(scalar.number);
        break;
    case OCN_YAML_STRING:
    case OCN_YAML_NO_JSON:
    default:
        *ret = json_string(node->text); /* libyaml lets only UTF-8 pass */
        break;
    }
    return *ret != NULL ? 0 : ocn_fail_nomem(maker->err);
}

/* A key as JSON has it: 8080 and true become strings. */
static int name_key(struct maker *maker, struct ocn_yaml_item *item)
{
    const struct ocn_yaml_node *key = item->key;
    struct ocn_yaml_scalar scalar;

    if (key->shape != OCN_YAML_SCALAR) {
        return fail_at(maker, key, OCN_E_FORMAT, "a key that is a list or a map");
    }
    if (resolve(maker, key, &scalar) < 0) {
        return -1;
    }
    switch (scalar.kind) {
    case OCN_YAML_NULL:
        return fail_at(maker, key, OCN_E_FORMAT, "a key that is null");
    case OCN_YAML_BOOL:
        item->name = scalar.truth ? "true" : "false";
        break;
    case OCN_YAML_NUMBER:
        item->name = ocn_arena_printf(maker->arena, "%.17g", scalar.number);
        break;
    case OCN_YAML_STRING:
    case OCN_YAML_NO_JSON:
    default:
        item->name = key->text;
        break;
    }
    return ocn_arena_check(maker->arena, maker->err);
}

static bool is_merge(const struct ocn_yaml_item *item)
{
    const struct ocn_yaml_node *key = item->key;

    return key->shape == OCN_YAML_SCALAR && strcmp(key->text, "<<") == 0 &&
           (has_tag(key, "merge") || (key->tag == NULL && key->plain));
}

static int make(struct maker *maker, struct ocn_yaml_node *node, json_t **ret);

/* What @more has and @object has not. */
static int merge_object(struct maker *maker, const struct ocn_yaml_item *item, json_t *more,
                        json_t *object)
{
    const char *name;
    json_t *value;

    if (!json_is_object(more)) {
        return ocn_yaml_tree_fail(item->line, item->column, OCN_E_FORMAT,
                                  "<< takes a map, or a list of maps", maker->err);
    }
    json_object_foreach (more, name, value) {
        if (json_object_get(object, name) == NULL && json_object_set(object, name, value) < 0) {
            return ocn_fail_nomem(maker->err);
        }
    }
    return 0;
}

/*
 * "<<": what the map names itself wins, whatever comes first. go-yaml v2 lets a merge that stands
 * behind a key win, other parsers do not: then nobody knows what will be applied, and it is
 * refused.
 */
static int merge(struct maker *maker, const struct ocn_yaml_item *item, json_t *object)
{
    json_auto_t *merged = NULL;
    size_t i;
    json_t *one;
    const char *name;

    if (make(maker, item->value, &merged) < 0) {
        return -1;
    }
    json_auto_t *more = json_object();
    if (more == NULL) {
        return ocn_fail_nomem(maker->err);
    }
    if (!json_is_array(merged) && merge_object(maker, item, merged, more) < 0) {
        return -1;
    }
    json_array_foreach (merged, i, one) {
        if (merge_object(maker, item, one, more) < 0) {
            return -1;
        }
    }
    json_object_foreach (more, name, one) {
        if (json_object_get(object, name) != NULL) {
            return ocn_yaml_tree_fail(item->line, item->column, OCN_E_FORMAT,
                                      "<< behind a key that it has, too: parsers do not agree "
                                      "which counts; put << first",
                                      maker->err);
        }
    }
    return merge_object(maker, item, more, object);
}

/* Names of the map's own keys, which may replace what a merge in front of them has brought. */
static int add_member(struct maker *maker, struct ocn_yaml_item *item, json_t *own, json_t *object)
{
    json_t *value = NULL;

    if (name_key(maker, item) < 0) {
        return -1;
    }
    if (json_object_get(own, item->name) != NULL) {
        return fail_at(maker, item->key, OCN_E_FORMAT, "the key is there twice");
    }
    if (make(maker, item->value, &value) < 0) {
        return -1;
    }
    return json_object_set_new(object, item->name, value) < 0 ||
                   json_object_set_new(own, item->name, json_true()) < 0
               ? ocn_fail_nomem(maker->err)
               : 0;
}

static int make_map(struct maker *maker, const struct ocn_yaml_node *node, json_t **ret)
{
    json_auto_t *object = json_object();
    json_auto_t *own = json_object();

    if (object == NULL || own == NULL) {
        return ocn_fail_nomem(maker->err);
    }
    for (struct ocn_yaml_item *item = node->first; item != NULL; item = item->next) {
        if ((is_merge(item) ? merge(maker, item, object) : add_member(maker, item, own, object)) <
            0) {
            return -1;
        }
    }
    *ret = json_incref(object);
    return 0;
}

static int make_list(struct maker *maker, const struct ocn_yaml_node *node, json_t **ret)
{
    json_auto_t *list = json_array();

    for (const struct ocn_yaml_item *item = node->first; item != NULL; item = item->next) {
        json_t *value = NULL;
        if (make(maker, item->value, &value) < 0) {
            return -1;
        }
        if (json_array_append_new(list, value) < 0) {
            return ocn_fail_nomem(maker->err);
        }
    }
    *ret = json_incref(list);
    return *ret != NULL ? 0 : ocn_fail_nomem(maker->err);
}

static int make(struct maker *maker, struct ocn_yaml_node *node, json_t **ret)
{
    if (++maker->values > OCN_YAML_MAX_NODES) {
        return fail_at(maker, node, OCN_E_LIMIT,
                       "aliases make more than 500000 values of what is written");
    }
    if (node->shape == OCN_YAML_SCALAR) {
        return make_scalar(maker, node, ret);
    }
    if (++maker->depth > OCN_YAML_MAX_DEPTH) {
        return fail_at(maker, node, OCN_E_LIMIT, "more than 100 lists and maps in each other");
    }
    if ((node->shape == OCN_YAML_MAP ? make_map(maker, node, ret) : make_list(maker, node, ret)) <
        0) {
        return -1;
    }
    maker->depth--;
    return 0;
}

/* ---- documents -------------------------------------------------------------------------- */

static int add_document(struct ocn_yaml *yaml, const struct ocn_yaml_document *document,
                        struct ocn_error *err)
{
    struct ocn_yaml_document *list =
        ocn_arena_grow(&yaml->arena, yaml->documents, yaml->len, sizeof(*list));

    if (list == NULL) {
        json_decref(document->json);
        return ocn_fail_nomem(err);
    }
    list[yaml->len++] = *document;
    yaml->documents = list;
    return 0;
}

static int read_yaml(struct ocn_bytes text, struct ocn_yaml *yaml, struct ocn_error *err)
{
    struct maker maker = { .arena = &yaml->arena, .err = err };
    struct ocn_yaml_roots roots;

    if (ocn_yaml_tree_read(text, &yaml->arena, &roots, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < roots.len; i++) {
        struct ocn_yaml_document document = { .root = roots.items[i] };
        maker.depth = 0;
        if (make(&maker, roots.items[i], &document.json) < 0) {
            return -1;
        }
        if (json_is_null(document.json)) {
            continue;
        }
        if (add_document(yaml, &document, err) < 0) {
            return -1;
        }
    }
    return ocn_arena_check(&yaml->arena, err);
}

/*
 * What is JSON and yet no YAML: keys of more than 1024 letters, halves of surrogate pairs; and one
 * text after the other, as kubectl takes them and logs have them.
 */
static int read_json(struct ocn_bytes text, struct ocn_yaml *yaml, struct ocn_error *err)
{
    size_t pos = 0;
    size_t line = 0;

    for (size_t start; (start = ocn_json_skip_space(text, pos)) < text.len;) {
        const size_t end = ocn_json_skip_value(text, start);
        struct ocn_yaml_document document = { .text = { text.ptr + start, end - start } };
        line +=
            ocn_json_place_of((struct ocn_bytes){ text.ptr + pos, start - pos }, SIZE_MAX).line - 1;
        document.line = line;
        if (yaml->len >= OCN_YAML_MAX_DOCUMENTS ||
            ocn_json_load(document.text, OCN_YAML_MAX_SIZE, &document.json, err) < 0 ||
            add_document(yaml, &document, err) < 0) {
            return -1;
        }
        line += ocn_json_place_of(document.text, SIZE_MAX).line - 1;
        pos = end;
    }
    return 0;
}

int ocn_yaml_read(struct ocn_bytes text, struct ocn_yaml *ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_yaml_done) struct ocn_yaml yaml = { 0 };
    struct ocn_error problem = { 0 };
    size_t start = ocn_json_skip_space(text, 0);

    if (text.len > OCN_YAML_MAX_SIZE) {
        return ocn_fail(err, OCN_E_LIMIT, NULL, "larger than the limit of %zu bytes",
                        OCN_YAML_MAX_SIZE);
    }
    if (read_yaml(text, &yaml, &problem) < 0) {
        ocn_yaml_done(&yaml);
        if (problem.code != OCN_E_FORMAT || start >= text.len || text.ptr[start] != '{' ||
            read_json(text, &yaml, NULL) < 0) {
            return ocn_fail(err, problem.code, problem.where, "%s", problem.msg);
        }
    }
    *ret = yaml;
    yaml = (struct ocn_yaml){ 0 };
    return 0;
}
