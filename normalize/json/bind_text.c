/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/json/bind_text.h"

#include <string.h>

#include "normalize/base/nearest.h"
#include "normalize/json/scan.h"

typedef void read_value(struct ocn_json_scan *scan, const struct ocn_bind *row, void *field);

static read_value *const readers[OCN_BIND_TYPES];

static void read_bool(struct ocn_json_scan *scan, const struct ocn_bind *row, void *field)
{
    bool holds = ocn_json_scan_peek(scan) == 't';

    (void)row;
    ocn_json_scan_word(scan, holds ? "true" : "false");
    *(bool *)field = holds;
}

static void read_u32(struct ocn_json_scan *scan, const struct ocn_bind *row, void *field)
{
    double max = row->max > 0 ? row->max : UINT32_MAX;
    double value = ocn_json_scan_number(scan);

    if (value < row->min || value > max) {
        ocn_json_scan_doubt(scan);
        return;
    }
    *(uint32_t *)field = (uint32_t)value;
}

static void read_number(struct ocn_json_scan *scan, const struct ocn_bind *row, void *field)
{
    double value = ocn_json_scan_number(scan);

    if (row->max > 0 && (value < row->min || value > row->max)) {
        ocn_json_scan_doubt(scan);
        return;
    }
    *(double *)field = value;
}

static void read_string(struct ocn_json_scan *scan, const struct ocn_bind *row, void *field)
{
    (void)row;
    *(const char **)field = ocn_json_scan_text(scan);
}

/* Room for one more of @size bytes in a list of @len, which is NULL without any. */
static void *make_room(struct ocn_json_scan *scan, void *list, size_t len, size_t size)
{
    void *room = ocn_arena_grow(scan->arena, list, len, size);

    if (room == NULL) {
        ocn_json_scan_doubt(scan);
    }
    return room;
}

/* As bind.c's: @items points to a pointer, and all kinds of list look alike. */
static void read_list(struct ocn_json_scan *scan, const struct ocn_bind *element, size_t size,
                      void *items, size_t *len)
{
    char *place = NULL;
    size_t i = 0;

    ocn_json_scan_enter(scan, '[');
    for (; ocn_json_scan_element(scan, i == 0); i++) {
        place = make_room(scan, place, i, size);
        if (place == NULL) {
            return;
        }
        readers[element->type](scan, element, place + i * size);
    }
    memcpy(items, &place, sizeof(place));
    *len = i;
}

static void read_strings(struct ocn_json_scan *scan, const struct ocn_bind *row, void *field)
{
    static const struct ocn_bind element = { .type = OCN_BIND_STRING };
    struct ocn_strings *list = field;

    (void)row;
    read_list(scan, &element, sizeof(*list->items), &list->items, &list->len);
}

static void read_u32s(struct ocn_json_scan *scan, const struct ocn_bind *row, void *field)
{
    static const struct ocn_bind element = { .type = OCN_BIND_U32 };
    struct ocn_u32s *list = field;

    (void)row;
    read_list(scan, &element, sizeof(*list->items), &list->items, &list->len);
}

static void read_objects(struct ocn_json_scan *scan, const struct ocn_bind *row, void *field)
{
    const struct ocn_bind element = { .type = OCN_BIND_OBJECT, .fields = row->fields };
    struct ocn_list *list = field;

    read_list(scan, &element, row->size, &list->items, &list->len);
}

static void read_pair(struct ocn_json_scan *scan, struct ocn_bytes key, struct ocn_pairs *pairs)
{
    struct ocn_pair *items = make_room(scan, pairs->items, pairs->len, sizeof(*items));

    if (items != NULL) {
        items[pairs->len].name = ocn_arena_copy(scan->arena, key.ptr, key.len);
        items[pairs->len++].value = ocn_json_scan_text(scan);
        pairs->items = items;
    }
}

static void read_pairs(struct ocn_json_scan *scan, const struct ocn_bind *row, void *field)
{
    struct ocn_json_keys keys = { 0 };
    struct ocn_bytes key;

    (void)row;
    ocn_json_scan_enter(scan, '{');
    while (ocn_json_scan_member(scan, &keys, &key)) {
        if (ocn_json_scan_peek(scan) == 'n') {
            ocn_json_scan_word(scan, "null");
        } else {
            read_pair(scan, key, field);
        }
    }
}

/* true: @key is @known but for the case of letters. */
static bool is_like(struct ocn_bytes key, const char *known)
{
    for (size_t i = 0; i < key.len; i++) {
        if (known[i] == '\0' || ocn_lower(key.ptr[i]) != ocn_lower(known[i])) {
            return false;
        }
    }
    return known[key.len] == '\0';
}

/* The row of @key, or the end of the table. One that is spelled otherwise is no common case. */
static const struct ocn_bind *find_row(struct ocn_json_scan *scan, const struct ocn_bind *fields,
                                       struct ocn_bytes key)
{
    while (fields->key != NULL && !is_like(key, fields->key)) {
        fields++;
    }
    if (fields->key != NULL && memcmp(key.ptr, fields->key, key.len) != 0) {
        ocn_json_scan_doubt(scan);
    }
    return fields;
}

static void read_member(struct ocn_json_scan *scan, const struct ocn_bind *row, void *target)
{
    if (row->check != NULL || row->nullable || readers[row->type] == NULL) {
        ocn_json_scan_doubt(scan);
    } else if (ocn_json_scan_peek(scan) == 'n') {
        ocn_json_scan_word(scan, "null");
    } else {
        readers[row->type](scan, row, (char *)target + row->offset);
    }
}

static void read_object(struct ocn_json_scan *scan, const struct ocn_bind *row, void *target)
{
    struct ocn_json_keys keys = { 0 };
    struct ocn_bytes key;

    ocn_json_scan_enter(scan, '{');
    while (ocn_json_scan_member(scan, &keys, &key)) {
        const struct ocn_bind *field = find_row(scan, row->fields, key);
        if (field->key != NULL) {
            read_member(scan, field, target);
        } else {
            ocn_json_scan_pass(scan);
        }
    }
}

static read_value *const readers[OCN_BIND_TYPES] = {
    [OCN_BIND_BOOL] = read_bool,       [OCN_BIND_U32] = read_u32,
    [OCN_BIND_NUMBER] = read_number,   [OCN_BIND_STRING] = read_string,
    [OCN_BIND_STRINGS] = read_strings, [OCN_BIND_U32S] = read_u32s,
    [OCN_BIND_PAIRS] = read_pairs,     [OCN_BIND_OBJECT] = read_object,
    [OCN_BIND_OBJECTS] = read_objects,
};

bool ocn_json_bind_text(struct ocn_bytes text, const struct ocn_bind *fields, void *target,
                        struct ocn_arena *arena)
{
    const struct ocn_bind document = { .type = OCN_BIND_OBJECT, .fields = fields };
    struct ocn_json_scan scan = { .text = text, .arena = arena };

    if (text.len > OCN_JSON_SCAN_MAX_SIZE) {
        return false;
    }
    read_object(&scan, &document, target);
    return ocn_json_scan_ends(&scan) && !arena->failed;
}
