/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/lint/yaml_tree.h"

#include <stdio.h>
#include <string.h>
#include <yaml.h>

struct anchor {
    const char *name;
    struct ocn_yaml_node *node;
};

struct reader {
    yaml_parser_t parser;
    struct ocn_arena *arena;
    struct ocn_error *err;
    struct anchor *anchors; /* of this document */
    size_t anchors_len;
    size_t nodes;
    unsigned depth;
};

int ocn_yaml_tree_fail(uint32_t line, uint32_t column, enum ocn_code code, const char *msg,
                       struct ocn_error *err)
{
    char where[32];

    (void)snprintf(where, sizeof(where), "%u:%u", (unsigned)line, (unsigned)column);
    return ocn_fail(err, code, where, "%s", msg);
}

static uint32_t from_one(size_t count)
{
    return count < UINT32_MAX - 1 ? (uint32_t)count + 1 : UINT32_MAX;
}

static int fail_at(struct reader *reader, const yaml_mark_t *mark, enum ocn_code code,
                   const char *msg)
{
    return ocn_yaml_tree_fail(from_one(mark->line), from_one(mark->column), code, msg, reader->err);
}

/* ---- events ----------------------------------------------------------------------------- */

static int fail_parser(struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    char msg[200];

    if (parser->error == YAML_MEMORY_ERROR) {
        return ocn_fail_nomem(reader->err);
    }
    (void)snprintf(msg, sizeof(msg), "not valid YAML: %s%s%s",
                   parser->context != NULL ? parser->context : "",
                   parser->context != NULL ? ": " : "",
                   parser->problem != NULL ? parser->problem : "unknown problem");
    return fail_at(reader, &parser->problem_mark, OCN_E_FORMAT, msg);
}

static int next_event(struct reader *reader, yaml_event_t *ret)
{
    return yaml_parser_parse(&reader->parser, ret) ? 0 : fail_parser(reader);
}

static void event_done(yaml_event_t *event)
{
    yaml_event_delete(event);
}

static const char *keep(struct reader *reader, const yaml_char_t *text)
{
    const char *chars = (const char *)text;

    return text != NULL ? ocn_arena_copy(reader->arena, chars, strlen(chars)) : NULL;
}

/* ---- nodes ------------------------------------------------------------------------------ */

static int count_node(struct reader *reader, const yaml_mark_t *mark)
{
    if (++reader->nodes > OCN_YAML_MAX_NODES) {
        return fail_at(reader, mark, OCN_E_LIMIT, "more than 500000 values: split the file");
    }
    return 0;
}

static struct ocn_yaml_node *new_node(struct reader *reader, const yaml_event_t *event)
{
    struct ocn_yaml_node *node = ocn_arena_alloc(reader->arena, sizeof(*node));

    if (node == NULL) {
        (void)ocn_fail_nomem(reader->err);
        return NULL;
    }
    node->line = from_one(event->start_mark.line);
    node->column = from_one(event->start_mark.column);
    return count_node(reader, &event->start_mark) == 0 ? node : NULL;
}

static int remember(struct reader *reader, const yaml_event_t *event, const yaml_char_t *name,
                    struct ocn_yaml_node *node)
{
    if (name == NULL) {
        return 0;
    }
    if (reader->anchors_len >= OCN_YAML_MAX_ANCHORS) {
        return fail_at(reader, &event->start_mark, OCN_E_LIMIT,
                       "more than 1000 anchors in a document");
    }
    struct anchor *list = ocn_arena_grow(reader->arena, reader->anchors, reader->anchors_len,
                                         sizeof(*reader->anchors));
    const char *copy = keep(reader, name);
    if (reader->arena->failed) {
        return ocn_fail_nomem(reader->err);
    }
    list[reader->anchors_len++] = (struct anchor){ copy, node };
    reader->anchors = list;
    return 0;
}

/* The node of the last anchor of that name. */
static int recall(struct reader *reader, const yaml_event_t *event, struct ocn_yaml_node **ret)
{
    const char *name = (const char *)event->data.alias.anchor;

    for (size_t i = reader->anchors_len; i > 0; i--) {
        if (strcmp(reader->anchors[i - 1].name, name) == 0) {
            *ret = reader->anchors[i - 1].node;
            return (*ret)->open ? fail_at(reader, &event->start_mark, OCN_E_FORMAT,
                                          "an alias into what it is part of")
                                : count_node(reader, &event->start_mark);
        }
    }
    return fail_at(reader, &event->start_mark, OCN_E_FORMAT, "an alias of an unknown anchor");
}

static int read_node(struct reader *reader, const yaml_event_t *event, struct ocn_yaml_node **ret);

static int read_scalar(struct reader *reader, const yaml_event_t *event, struct ocn_yaml_node **ret)
{
    struct ocn_yaml_node *node = new_node(reader, event);

    if (node == NULL) {
        return -1;
    }
    node->shape = OCN_YAML_SCALAR;
    node->tag = keep(reader, event->data.scalar.tag);
    node->plain = event->data.scalar.plain_implicit != 0;
    node->text = keep(reader, event->data.scalar.value);
    if (strlen((const char *)event->data.scalar.value) != event->data.scalar.length) {
        return fail_at(reader, &event->start_mark, OCN_E_FORMAT, "a string holds NUL (\\0)");
    }
    *ret = node;
    return remember(reader, event, event->data.scalar.anchor, node);
}

/* The next element or member, whose first event is @event. */
static int read_item(struct reader *reader, const yaml_event_t *event, bool map,
                     struct ocn_yaml_item *item)
{
    OCN_CLEANUP(event_done) yaml_event_t value = { 0 };

    item->line = from_one(event->start_mark.line);
    item->column = from_one(event->start_mark.column);
    if (!map) {
        return read_node(reader, event, &item->value);
    }
    return read_node(reader, event, &item->key) < 0 || next_event(reader, &value) < 0
               ? -1
               : read_node(reader, &value, &item->value);
}

static int read_items(struct reader *reader, yaml_event_type_t end, struct ocn_yaml_node *node)
{
    struct ocn_yaml_item **place = &node->first;

    for (;;) {
        OCN_CLEANUP(event_done) yaml_event_t event = { 0 };
        if (next_event(reader, &event) < 0) {
            return -1;
        }
        if (event.type == end) {
            return 0;
        }
        struct ocn_yaml_item *item = ocn_arena_alloc(reader->arena, sizeof(*item));
        if (item == NULL) {
            return ocn_fail_nomem(reader->err);
        }
        if (read_item(reader, &event, node->shape == OCN_YAML_MAP, item) < 0) {
            return -1;
        }
        *place = item;
        place = &item->next;
    }
}

static int read_collection(struct reader *reader, const yaml_event_t *event,
                           struct ocn_yaml_node **ret)
{
    bool map = event->type == YAML_MAPPING_START_EVENT;
    struct ocn_yaml_node *node = new_node(reader, event);

    if (node == NULL) {
        return -1;
    }
    if (reader->depth >= OCN_YAML_MAX_DEPTH) {
        return fail_at(reader, &event->start_mark, OCN_E_LIMIT,
                       "more than 100 lists and maps in each other");
    }
    node->shape = map ? OCN_YAML_MAP : OCN_YAML_LIST;
    node->tag = keep(reader, map ? event->data.mapping_start.tag : event->data.sequence_start.tag);
    node->open = true;
    reader->depth++;
    if (remember(reader, event,
                 map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor,
                 node) < 0 ||
        read_items(reader, map ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT, node) < 0) {
        return -1;
    }
    reader->depth--;
    node->open = false;
    *ret = node;
    return 0;
}

static int read_node(struct reader *reader, const yaml_event_t *event, struct ocn_yaml_node **ret)
{
    static const struct {
        yaml_event_type_t type;
        int (*read)(struct reader *reader, const yaml_event_t *event, struct ocn_yaml_node **ret);
    } kinds[] = {
        { YAML_SCALAR_EVENT, read_scalar },
        { YAML_SEQUENCE_START_EVENT, read_collection },
        { YAML_MAPPING_START_EVENT, read_collection },
        { YAML_ALIAS_EVENT, recall },
    };

    for (size_t i = 0; i < OCN_COUNT(kinds); i++) {
        if (kinds[i].type == event->type) {
            return kinds[i].read(reader, event, ret);
        }
    }
    return fail_at(reader, &event->start_mark, OCN_E_FORMAT, "a value is missing");
}

/* ---- documents -------------------------------------------------------------------------- */

static int read_document(struct reader *reader, struct ocn_yaml_roots *roots)
{
    OCN_CLEANUP(event_done) yaml_event_t event = { 0 };
    struct ocn_yaml_node *root = NULL;

    reader->anchors = NULL;
    reader->anchors_len = 0;
    if (next_event(reader, &event) < 0) {
        return -1;
    }
    if (roots->len >= OCN_YAML_MAX_DOCUMENTS) {
        return fail_at(reader, &event.start_mark, OCN_E_LIMIT,
                       "more than 5000 documents: split the file");
    }
    if (read_node(reader, &event, &root) < 0) {
        return -1;
    }
    struct ocn_yaml_node **list =
        ocn_arena_grow(reader->arena, roots->items, roots->len, sizeof(struct ocn_yaml_node *));
    if (list == NULL) {
        return ocn_fail_nomem(reader->err);
    }
    list[roots->len++] = root;
    roots->items = list;
    return 0;
}

static int read_stream(struct reader *reader, struct ocn_yaml_roots *roots)
{
    for (;;) {
        OCN_CLEANUP(event_done) yaml_event_t event = { 0 };
        if (next_event(reader, &event) < 0) {
            return -1;
        }
        if (event.type == YAML_STREAM_END_EVENT) {
            return 0;
        }
        if (event.type == YAML_DOCUMENT_START_EVENT && read_document(reader, roots) < 0) {
            return -1;
        }
    }
}

static void reader_done(struct reader *reader)
{
    yaml_parser_delete(&reader->parser);
}

int ocn_yaml_tree_read(struct ocn_bytes text, struct ocn_arena *arena, struct ocn_yaml_roots *ret,
                       struct ocn_error *err)
{
    OCN_CLEANUP(reader_done) struct reader reader = { .arena = arena, .err = err };
    struct ocn_yaml_roots roots = { 0 };

    if (!yaml_parser_initialize(&reader.parser)) {
        return ocn_fail_nomem(err);
    }
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text.ptr, text.len);
    if (read_stream(&reader, &roots) < 0 || ocn_arena_check(arena, err) < 0) {
        return -1;
    }
    *ret = roots;
    return 0;
}
