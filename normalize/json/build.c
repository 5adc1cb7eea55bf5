/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/json/build.h"

#include "normalize/json/scan.h"

static json_t *build_value(struct ocn_json_scan *scan);

static json_t *build_string(struct ocn_json_scan *scan)
{
    const char *text = ocn_json_scan_text(scan);

    return text != NULL ? json_string_nocheck(text) : NULL;
}

static json_t *build_word(struct ocn_json_scan *scan, const char *word, json_t *value)
{
    ocn_json_scan_word(scan, word);
    return value;
}

static json_t *build_list(struct ocn_json_scan *scan)
{
    json_t *list = json_array();

    ocn_json_scan_enter(scan, '[');
    for (bool first = true; ocn_json_scan_element(scan, first); first = false) {
        if (json_array_append_new(list, build_value(scan)) < 0) {
            ocn_json_scan_doubt(scan);
        }
    }
    return list;
}

static json_t *build_object(struct ocn_json_scan *scan)
{
    json_t *object = json_object();
    struct ocn_json_keys keys = { 0 };
    struct ocn_bytes key;

    ocn_json_scan_enter(scan, '{');
    while (ocn_json_scan_member(scan, &keys, &key)) {
        const char *name = ocn_arena_copy(scan->arena, key.ptr, key.len);
        if (json_object_set_new_nocheck(object, name, build_value(scan)) < 0) {
            ocn_json_scan_doubt(scan);
        }
    }
    return object;
}

/* What was read of it, where there is doubt, too; NULL: nothing, or memory is out. */
static json_t *build_value(struct ocn_json_scan *scan)
{
    switch (ocn_json_scan_peek(scan)) {
    case '"':
        return build_string(scan);
    case '{':
        return build_object(scan);
    case '[':
        return build_list(scan);
    case 't':
        return build_word(scan, "true", json_true());
    case 'f':
        return build_word(scan, "false", json_false());
    case 'n':
        return build_word(scan, "null", json_null());
    default:
        return json_real(ocn_json_scan_number(scan)); /* as JSON_DECODE_INT_AS_REAL has it */
    }
}

json_t *ocn_json_build(struct ocn_bytes text)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    struct ocn_json_scan scan = { .text = text, .arena = &arena };

    if (text.len > OCN_JSON_SCAN_MAX_SIZE) {
        return NULL;
    }
    json_auto_t *value = build_value(&scan);
    return ocn_json_scan_ends(&scan) && !arena.failed ? json_incref(value) : NULL;
}
