/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/lint/yaml_place.h"

#include <string.h>

#include "normalize/json/json.h"
#include "normalize/json/pointer.h"

#define MAX_TOKEN ((size_t)1024) /* of a pointer, to find its place */

static const struct ocn_yaml_item *find_member(const struct ocn_yaml_node *node, const char *token,
                                               unsigned depth);

/* In what "<<" brings: a map, or a list of maps, whose first counts. */
static const struct ocn_yaml_item *find_merged(const struct ocn_yaml_item *merge, const char *token,
                                               unsigned depth)
{
    const struct ocn_yaml_node *node = merge->value;

    if (node->shape == OCN_YAML_MAP) {
        return find_member(node, token, depth);
    }
    for (const struct ocn_yaml_item *item = node->first; item != NULL; item = item->next) {
        const struct ocn_yaml_item *found = find_member(item->value, token, depth);
        if (found != NULL) {
            return found;
        }
    }
    return NULL;
}

static const struct ocn_yaml_item *find_member(const struct ocn_yaml_node *node, const char *token,
                                               unsigned depth)
{
    if (node->shape != OCN_YAML_MAP || depth == 0) {
        return NULL;
    }
    for (const struct ocn_yaml_item *item = node->first; item != NULL; item = item->next) {
        if (item->name != NULL && strcmp(item->name, token) == 0) {
            return item;
        }
    }
    for (const struct ocn_yaml_item *item = node->first; item != NULL; item = item->next) {
        const struct ocn_yaml_item *found =
            item->name == NULL ? find_merged(item, token, depth - 1) : NULL;
        if (found != NULL) {
            return found;
        }
    }
    return NULL;
}

static const struct ocn_yaml_item *find_element(const struct ocn_yaml_node *node, const char *token)
{
    const struct ocn_yaml_item *item = node->first;
    char *end = NULL;

    for (unsigned long i = strtoul(token, &end, 10); i > 0 && item != NULL; i--) {
        item = item->next;
    }
    return end != token && *end == '\0' ? item : NULL;
}

struct ocn_yaml_place ocn_yaml_place_of(const struct ocn_yaml_document *document,
                                        const char *pointer)
{
    const struct ocn_yaml_node *node = document->root;
    char token[MAX_TOKEN];

    if (node == NULL) {
        const size_t line = document->line + ocn_json_line_of(document->text, pointer);
        return (struct ocn_yaml_place){ (uint32_t)line, 1 };
    }
    struct ocn_yaml_place place = { node->line, node->column };
    while (ocn_json_pointer_next(&pointer, token, sizeof(token))) {
        const struct ocn_yaml_item *item = node->shape == OCN_YAML_LIST
                                               ? find_element(node, token)
                                               : find_member(node, token, OCN_YAML_MAX_DEPTH);
        if (item == NULL) {
            break;
        }
        place = (struct ocn_yaml_place){ item->line, item->column };
        node = item->value;
    }
    return place;
}
