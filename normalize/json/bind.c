/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/json/bind.h"

#include <stdio.h>
#include <string.h>

#include "normalize/base/nearest.h"
#include "normalize/json/json.h"
#include "normalize/json/pointer.h"

#define MAX_RANGE 96 /* of a sentence with two numbers */

/* What one call of ocn_json_bind() carries through. */
struct binder {
    enum ocn_bind_mode mode;
    struct ocn_arena *arena;
    struct ocn_error *err;
    struct ocn_bind_faults *faults; /* NULL: the first one ends it */
};

/* The way down to a value; written out as a JSON pointer only when something is wrong there. */
struct spot {
    const struct binder *binder;
    const struct spot *up; /* NULL: the document itself */
    const char *key;       /* NULL: an element of a list, see index */
    size_t index;
    unsigned part; /* of the row, or of what holds it */
};

struct shape {
    const char *expected;
    int (*bind)(const struct spot *spot, const struct ocn_bind *row, json_t *json, void *field);
    json_t *(*unbind)(const struct ocn_bind *row, const void *field);
};

static const struct shape shapes[OCN_BIND_TYPES];

static void print_pointer(const struct spot *spot, struct ocn_buf *out)
{
    if (spot->up == NULL) {
        return;
    }
    print_pointer(spot->up, out);
    if (spot->key != NULL) {
        ocn_json_pointer_add(out, spot->key);
    } else {
        ocn_buf_printf(out, "/%zu", spot->index);
    }
}

/* Records @msg for the value at @spot. */
static int refuse(const struct spot *spot, const char *msg)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf pointer = { 0 };

    print_pointer(spot, &pointer);
    if (pointer.failed) {
        return ocn_fail_nomem(spot->binder->err);
    }
    return ocn_fail(spot->binder->err, OCN_E_FORMAT, ocn_buf_bytes(&pointer).ptr, "%s", msg);
}

/* What was refused at @spot is left out, if the binder may do without; -1 if not. */
static int put_off(const struct spot *spot)
{
    const struct binder *binder = spot->binder;

    if (binder->faults == NULL || binder->err->code == OCN_E_NOMEM) {
        return -1;
    }
    struct ocn_error **fault = &binder->faults->of[spot->part];
    if (*fault == NULL) {
        *fault = ocn_arena_alloc(binder->arena, sizeof(**fault));
        if (*fault == NULL) {
            return ocn_fail_nomem(binder->err);
        }
        **fault = *binder->err;
    }
    *binder->err = (struct ocn_error){ 0 };
    return 0;
}

static int expected(const struct spot *spot, const char *what, const json_t *json)
{
    char found[OCN_JSON_DESCRIBED];
    char msg[sizeof(((struct ocn_error *)0)->msg)];

    (void)snprintf(msg, sizeof(msg), "expected %s, found %s", what,
                   ocn_json_describe(json, found, sizeof(found)));
    return refuse(spot, msg);
}

static int mismatch(const struct spot *spot, enum ocn_bind_type type, const json_t *json)
{
    return expected(spot, shapes[type].expected, json);
}

static int ask(const struct spot *spot, const struct ocn_bind *row, const char *name,
               const json_t *value)
{
    const char *why = row->check != NULL ? row->check(name, value) : NULL;

    return why != NULL ? refuse(spot, why) : 0;
}

/* The word for row @i of whatever list is searched, NULL behind its end. */
struct words {
    const struct ocn_bind *fields; /* the keys of a table, or */
    const char *const *names;      /* the names of an enum */
};

static const char *word_at(struct words words, size_t i)
{
    if (words.fields != NULL) {
        return words.fields[i].key;
    }
    return words.names != NULL ? words.names[i] : NULL;
}

/* Ends the sentence in @msg with the word that was probably meant, else with all known ones. */
static void suggest(struct words words, const char *word, char *msg, size_t size)
{
    struct ocn_nearest nearest = ocn_nearest_to(word);
    size_t used = strlen(msg);

    for (size_t i = 0; word_at(words, i) != NULL; i++) {
        ocn_nearest_offer(&nearest, word_at(words, i));
    }
    if (nearest.best != NULL) {
        (void)snprintf(msg + used, size - used, "; did you mean \"%s\"?", nearest.best);
        return;
    }
    const char *gap = "; known here: ";
    for (size_t i = 0; word_at(words, i) != NULL; i++) {
        const char *known = word_at(words, i);
        if (known[0] == '\0') {
            continue;
        }
        if (used + strlen(gap) + strlen(known) + sizeof(", ...") > size) {
            (void)snprintf(msg + used, size - used, ", ...");
            return;
        }
        (void)snprintf(msg + used, size - used, "%s%s", gap, known);
        used = strlen(msg);
        gap = ", ";
    }
}

static int bind_bool(const struct spot *spot, const struct ocn_bind *row, json_t *json, void *field)
{
    if (!json_is_boolean(json)) {
        return mismatch(spot, row->type, json);
    }
    *(bool *)field = json_is_true(json);
    return 0;
}

static int out_of_range(const struct spot *spot, const struct ocn_bind *row, double max,
                        const json_t *json)
{
    char range[MAX_RANGE];

    (void)snprintf(range, sizeof(range), "%s from %.16g to %.16g", shapes[row->type].expected,
                   row->min, max);
    return expected(spot, range, json);
}

static int bind_u32(const struct spot *spot, const struct ocn_bind *row, json_t *json, void *field)
{
    double max = row->max > 0 ? row->max : UINT32_MAX;
    double value = json_number_value(json);

    if (!json_is_number(json) || value < row->min || value > max ||
        (double)(uint32_t)value != value) {
        return out_of_range(spot, row, max, json);
    }
    *(uint32_t *)field = (uint32_t)value;
    return 0;
}

static int bind_number(const struct spot *spot, const struct ocn_bind *row, json_t *json,
                       void *field)
{
    double value = json_number_value(json);

    if (row->max > 0 && (!json_is_number(json) || value < row->min || value > row->max)) {
        return out_of_range(spot, row, row->max, json);
    }
    if (!json_is_number(json)) {
        return mismatch(spot, row->type, json);
    }
    *(double *)field = value;
    return 0;
}

static bool holds_nul(const json_t *json)
{
    return json_is_string(json) && strlen(json_string_value(json)) != json_string_length(json);
}

static int bind_string(const struct spot *spot, const struct ocn_bind *row, json_t *json,
                       void *field)
{
    if (!json_is_string(json) && !(row->nullable && json_is_null(json))) {
        return mismatch(spot, row->type, json);
    }
    if (holds_nul(json)) {
        return refuse(spot, "a string holds NUL (\\u0000), or half of a surrogate pair");
    }
    *(const char **)field = json_string_value(json);
    return 0;
}

/*
 * All three kinds of list look alike: a pointer, which @items points to, and a length. Every
 * element, of @size bytes, is bound as @element says.
 */
static int bind_list(const struct spot *spot, const struct ocn_bind *row,
                     const struct ocn_bind *element, json_t *json, size_t size, void *items,
                     size_t *len)
{
    size_t i;
    json_t *value;

    if (!json_is_array(json)) {
        return mismatch(spot, row->type, json);
    }
    char *place = ocn_arena_alloc(spot->binder->arena, json_array_size(json) * size);
    if (place == NULL) {
        return ocn_fail_nomem(spot->binder->err);
    }
    json_array_foreach (json, i, value) {
        struct spot here = { .binder = spot->binder, .up = spot, .index = i, .part = spot->part };
        if (shapes[element->type].bind(&here, element, value, place + i * size) < 0 ||
            ask(&here, element, row->key, value) < 0) {
            return -1;
        }
    }
    memcpy(items, &place, sizeof(place));
    *len = json_array_size(json);
    return 0;
}

static int bind_strings(const struct spot *spot, const struct ocn_bind *row, json_t *json,
                        void *field)
{
    static const struct ocn_bind element = { .type = OCN_BIND_STRING };
    struct ocn_strings *list = field;

    return bind_list(spot, row, &element, json, sizeof(*list->items), &list->items, &list->len);
}

static int bind_u32s(const struct spot *spot, const struct ocn_bind *row, json_t *json, void *field)
{
    static const struct ocn_bind element = { .type = OCN_BIND_U32 };
    struct ocn_u32s *list = field;

    return bind_list(spot, row, &element, json, sizeof(*list->items), &list->items, &list->len);
}

static int bind_objects(const struct spot *spot, const struct ocn_bind *row, json_t *json,
                        void *field)
{
    const struct ocn_bind element = { .type = OCN_BIND_OBJECT,
                                      .fields = row->fields,
                                      .check = row->check };
    struct ocn_list *list = field;

    return bind_list(spot, row, &element, json, row->size, &list->items, &list->len);
}

/* Keys of one object differ, so only the first @before pairs, from earlier layers, are searched. */
static void merge_pair(struct ocn_pairs *pairs, size_t before, const char *name, const char *value)
{
    size_t i = 0;

    while (i < before && strcmp(pairs->items[i].name, name) != 0) {
        i++;
    }
    if (i == before) {
        i = pairs->len++;
    }
    pairs->items[i] = (struct ocn_pair){ name, value };
}

static int bind_pairs(const struct spot *spot, const struct ocn_bind *row, json_t *json,
                      void *field)
{
    struct ocn_pairs *pairs = field;
    struct ocn_pairs merged = { .len = pairs->len };
    const char *name;
    json_t *value;

    if (!json_is_object(json)) {
        return mismatch(spot, row->type, json);
    }
    merged.items = ocn_arena_alloc(spot->binder->arena,
                                   (pairs->len + json_object_size(json)) * sizeof(*merged.items));
    if (merged.items == NULL) {
        return ocn_fail_nomem(spot->binder->err);
    }
    if (pairs->len != 0) {
        memcpy(merged.items, pairs->items, pairs->len * sizeof(*merged.items));
    }
    json_object_foreach (json, name, value) {
        struct spot here = { .binder = spot->binder, .up = spot, .key = name, .part = spot->part };
        bool lenient = spot->binder->mode == OCN_BIND_LENIENT;
        if (lenient && (json_is_null(value) || holds_nul(value))) {
            continue;
        }
        if (ask(&here, row, name, value) < 0) {
            return -1;
        }
        if (!json_is_string(value)) {
            return mismatch(&here, OCN_BIND_STRING, value);
        }
        merge_pair(&merged, pairs->len, name, json_string_value(value));
    }
    *pairs = merged;
    return 0;
}

static int bind_enum(const struct spot *spot, const struct ocn_bind *row, json_t *json, void *field)
{
    const char *word = json_string_value(json);
    char msg[sizeof(((struct ocn_error *)0)->msg)];

    if (word == NULL) {
        return mismatch(spot, row->type, json);
    }
    for (unsigned i = 0; row->names[i] != NULL; i++) {
        if (word[0] != '\0' && strcmp(word, row->names[i]) == 0) {
            *(unsigned *)field = i;
            return 0;
        }
    }
    (void)snprintf(msg, sizeof(msg), "unknown value \"%.*s\"", ocn_json_shown(word), word);
    suggest((struct words){ .names = row->names }, word, msg, sizeof(msg));
    return refuse(spot, msg);
}

static int bind_json(const struct spot *spot, const struct ocn_bind *row, json_t *json, void *field)
{
    if (!json_is_object(json)) {
        return mismatch(spot, row->type, json);
    }
    *(json_t **)field = json;
    return 0;
}

/*
 * The next letter of a key as Go's decoder compares it: ASCII letters without case, and the two
 * letters from elsewhere that fold into ASCII, U+017F (long s) and U+212A (the Kelvin sign).
 */
static char fold_next(const char **text)
{
    static const struct {
        const char *bytes;
        size_t len;
        char letter;
    } foreign[] = { { "\xc5\xbf", 2, 's' }, { "\xe2\x84\xaa", 3, 'k' } };

    for (size_t i = 0; i < OCN_COUNT(foreign); i++) {
        if (strncmp(*text, foreign[i].bytes, foreign[i].len) == 0) {
            *text += foreign[i].len;
            return foreign[i].letter;
        }
    }
    char c = **text;
    *text += c != '\0';
    return ocn_lower(c);
}

static bool folds_into(const char *key, const char *known)
{
    char a;
    char b;

    do {
        a = fold_next(&key);
        b = fold_next(&known);
    } while (a == b && a != '\0');
    return a == b;
}

/* The row that Go's decoder takes @key for, or the end of the table. */
static const struct ocn_bind *find_folded(const struct ocn_bind *fields, const char *key)
{
    while (fields->key != NULL && !folds_into(key, fields->key)) {
        fields++;
    }
    return fields;
}

/* @meant: the row that @spot's key is spelled like, or the end of the table. */
static int refuse_unknown(const struct spot *spot, const struct ocn_bind *fields,
                          const struct ocn_bind *meant)
{
    char msg[sizeof(((struct ocn_error *)0)->msg)];

    if (spot->binder->mode == OCN_BIND_STRICT) {
        (void)snprintf(msg, sizeof(msg), "unknown key \"%.*s\"", ocn_json_shown(spot->key),
                       spot->key);
        suggest((struct words){ .fields = fields }, spot->key, msg, sizeof(msg));
        return refuse(spot, msg);
    }
    if (meant->key == NULL) {
        return 0;
    }
    (void)snprintf(msg, sizeof(msg),
                   "the key \"%s\" is spelled otherwise: runtimes do not agree whether "
                   "letter case matters; write \"%s\"",
                   meant->key, meant->key);
    return refuse(spot, msg);
}

static int bind_member(const struct spot *spot, const struct ocn_bind *row, json_t *value,
                       void *target)
{
    bool by_entry = row->type == OCN_BIND_PAIRS || row->type == OCN_BIND_OBJECTS;

    bool takes_null = row->nullable && row->type == OCN_BIND_STRING;

    if (json_is_null(value) && !takes_null && spot->binder->mode == OCN_BIND_LENIENT) {
        return 0;
    }
    if (!by_entry && ask(spot, row, row->key, value) < 0) {
        return -1;
    }
    return shapes[row->type].bind(spot, row, value, (char *)target + row->offset);
}

static int bind_object(const struct spot *spot, const struct ocn_bind *row, json_t *json,
                       void *target)
{
    const char *key;
    json_t *value;

    if (!json_is_object(json)) {
        return mismatch(spot, row->type, json);
    }
    json_object_foreach (json, key, value) {
        const struct ocn_bind *field = row->fields;
        while (field->key != NULL && strcmp(field->key, key) != 0) {
            field++;
        }
        const struct ocn_bind *meant = field->key != NULL ? field : find_folded(row->fields, key);
        struct spot here = { .binder = spot->binder,
                             .up = spot,
                             .key = key,
                             .part = meant->part != 0 ? meant->part : spot->part };
        int r = field->key != NULL ? bind_member(&here, field, value, target)
                                   : refuse_unknown(&here, row->fields, meant);
        if (r < 0 && put_off(&here) < 0) {
            return -1;
        }
    }
    return 0;
}

static json_t *unbind_bool(const struct ocn_bind *row, const void *field)
{
    (void)row;
    return json_boolean(*(const bool *)field);
}

static json_t *unbind_u32(const struct ocn_bind *row, const void *field)
{
    (void)row;
    return json_integer(*(const uint32_t *)field);
}

static json_t *unbind_number(const struct ocn_bind *row, const void *field)
{
    const double exact = 9007199254740992; /* 2^53: whole numbers up to here are exact */
    double value = *(const double *)field;

    (void)row;
    if (value >= -exact && value <= exact && (double)(json_int_t)value == value) {
        return json_integer((json_int_t)value);
    }
    return json_real(value);
}

static json_t *unbind_string(const struct ocn_bind *row, const void *field)
{
    const char *text = *(const char *const *)field;

    (void)row;
    return text != NULL ? json_string(text) : json_null();
}

/* Appends @value, which may be NULL, to the list @array, which may be NULL; gives the list back. */
static json_t *append(json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) < 0) {
        json_decref(array);
        return NULL;
    }
    return array;
}

static json_t *unbind_strings(const struct ocn_bind *row, const void *field)
{
    const struct ocn_strings *list = field;
    json_t *array = json_array();

    (void)row;
    for (size_t i = 0; array != NULL && i < list->len; i++) {
        array = append(array, json_string(list->items[i]));
    }
    return array;
}

static json_t *unbind_u32s(const struct ocn_bind *row, const void *field)
{
    const struct ocn_u32s *list = field;
    json_t *array = json_array();

    (void)row;
    for (size_t i = 0; array != NULL && i < list->len; i++) {
        array = append(array, json_integer(list->items[i]));
    }
    return array;
}

static json_t *unbind_objects(const struct ocn_bind *row, const void *field)
{
    const struct ocn_list *list = field;
    const char *items = list->items;
    json_t *array = json_array();

    for (size_t i = 0; array != NULL && i < list->len; i++) {
        array = append(array, ocn_json_unbind(items + i * row->size, row->fields));
    }
    return array;
}

static json_t *unbind_pairs(const struct ocn_bind *row, const void *field)
{
    const struct ocn_pairs *pairs = field;
    json_auto_t *object = json_object();

    (void)row;
    for (size_t i = 0; i < pairs->len; i++) {
        const struct ocn_pair *pair = &pairs->items[i];
        if (json_object_set_new(object, pair->name, json_string(pair->value)) < 0) {
            return NULL;
        }
    }
    return json_incref(object);
}

static json_t *unbind_enum(const struct ocn_bind *row, const void *field)
{
    return json_string(row->names[*(const unsigned *)field]);
}

static json_t *unbind_object(const struct ocn_bind *row, const void *field)
{
    return ocn_json_unbind(field, row->fields);
}

/* A document holds every number as a real; people read 2000 more easily than 2000.0. */
static json_t *copy_plain(json_t *json)
{
    const double value = json_number_value(json);
    json_auto_t *object = json_is_object(json) ? json_object() : NULL;
    json_t *array = json_is_array(json) ? json_array() : NULL;
    const char *key;
    json_t *member;
    size_t i;

    if (json_is_real(json)) {
        return unbind_number(NULL, &value);
    }
    if (!json_is_object(json) && !json_is_array(json)) {
        return json_incref(json);
    }
    json_object_foreach (json, key, member) {
        if (json_object_set_new(object, key, copy_plain(member)) < 0) {
            return NULL;
        }
    }
    json_array_foreach (json, i, member) {
        array = append(array, copy_plain(member));
    }
    return array != NULL ? array : json_incref(object);
}

static json_t *unbind_json(const struct ocn_bind *row, const void *field)
{
    json_t *json = *(json_t *const *)field;

    (void)row;
    return json != NULL ? copy_plain(json) : json_null();
}

static json_t *unbind_text(const struct ocn_bind *row, const void *field)
{
    const char *text = *(const char *const *)field;
    json_error_t problem;

    (void)row;
    return text != NULL ? json_loadb(text, strlen(text), JSON_DECODE_ANY, &problem) : json_null();
}

static json_t *unbind_pointer(const struct ocn_bind *row, const void *field)
{
    const void *target = *(const void *const *)field;

    return target != NULL ? ocn_json_unbind(target, row->fields) : json_null();
}

static const struct shape shapes[OCN_BIND_TYPES] = {
    [OCN_BIND_BOOL] = { "true or false", bind_bool, unbind_bool },
    [OCN_BIND_U32] = { "a whole number", bind_u32, unbind_u32 },
    [OCN_BIND_NUMBER] = { "a number", bind_number, unbind_number },
    [OCN_BIND_STRING] = { "a string", bind_string, unbind_string },
    [OCN_BIND_STRINGS] = { "a list of strings", bind_strings, unbind_strings },
    [OCN_BIND_U32S] = { "a list of whole numbers", bind_u32s, unbind_u32s },
    [OCN_BIND_PAIRS] = { "an object of strings", bind_pairs, unbind_pairs },
    [OCN_BIND_ENUM] = { "a string", bind_enum, unbind_enum },
    [OCN_BIND_OBJECT] = { "an object", bind_object, unbind_object },
    [OCN_BIND_OBJECTS] = { "a list of objects", bind_objects, unbind_objects },
    [OCN_BIND_JSON] = { "an object", bind_json, unbind_json },
    [OCN_BIND_TEXT] = { NULL, NULL, unbind_text },
    [OCN_BIND_POINTER] = { NULL, NULL, unbind_pointer },
};

int ocn_json_bind(const json_t *json, const struct ocn_bind *fields, enum ocn_bind_mode mode,
                  void *target, struct ocn_arena *arena, struct ocn_error *err)
{
    const struct ocn_bind document = { .type = OCN_BIND_OBJECT, .fields = fields };
    const struct binder binder = { mode, arena, err, NULL };
    const struct spot root = { .binder = &binder };

    /* The cast is for jansson, whose iterators take what they do not change. */
    return bind_object(&root, &document, (json_t *)json, target);
}

int ocn_json_bind_most(const json_t *json, const struct ocn_bind *fields, void *target,
                       struct ocn_arena *arena, struct ocn_bind_faults *ret, struct ocn_error *err)
{
    const struct ocn_bind document = { .type = OCN_BIND_OBJECT, .fields = fields };
    struct ocn_error problem = { 0 };
    const struct binder binder = { OCN_BIND_LENIENT, arena, &problem, ret };
    const struct spot root = { .binder = &binder };

    if (bind_object(&root, &document, (json_t *)json, target) < 0 && put_off(&root) < 0) {
        return ocn_fail_nomem(err);
    }
    return 0;
}

/* A number that is not known, a name that is none. */
static bool is_nothing(const struct ocn_bind *row, const json_t *value)
{
    return (json_is_number(value) && !(json_number_value(value) > 0)) ||
           (row->type == OCN_BIND_ENUM && json_string_length(value) == 0 && json_is_string(value));
}

json_t *ocn_json_unbind(const void *source, const struct ocn_bind *fields)
{
    json_auto_t *object = json_object();

    for (const struct ocn_bind *row = fields; row->key != NULL; row++) {
        const void *field = (const char *)source + row->offset;
        json_auto_t *value = shapes[row->type].unbind(row, field);
        bool empty = value != NULL && json_array_size(value) + json_object_size(value) == 0;
        if (row->nullable && is_nothing(row, value)) {
            json_decref(value);
            value = json_null();
        }
        if (!(row->sparse && empty) && json_object_set(object, row->key, value) < 0) {
            return NULL;
        }
    }
    return json_incref(object);
}
