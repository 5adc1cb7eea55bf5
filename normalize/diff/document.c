/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/diff/document.h"

#include <stdio.h>
#include <string.h>

#include "normalize/base/buf.h"
#include "normalize/image/object.h"
#include "normalize/json/json.h"
#include "normalize/json/pointer.h"

enum how { BY_VALUE, SKIP, LEVEL, NOISE, TYPE, VARIANT, ROOT, ENV, HISTORY, SECRET };

struct row {
    enum ocn_diff_document document;
    const char *pointer;
    enum how how;
    unsigned argument; /* a level, or a kind of noise */
};

static const struct row rows[] = {
#define OCN_DIFF_ROW(document, pointer, how, argument)                                             \
    { OCN_DIFF_OF_##document, pointer, how, argument },
#include "normalize/diff/rows.def"
#undef OCN_DIFF_ROW
};

static const enum ocn_diff_level levels[] = {
    [OCN_DIFF_OF_INDEX] = OCN_DIFF_INDEX,       [OCN_DIFF_OF_DESCRIPTOR] = OCN_DIFF_INDEX,
    [OCN_DIFF_OF_MANIFEST] = OCN_DIFF_MANIFEST, [OCN_DIFF_OF_CONFIG] = OCN_DIFF_CONFIG,
    [OCN_DIFF_OF_LAYER] = OCN_DIFF_LAYERS,      [OCN_DIFF_OF_PROGRAM] = OCN_DIFF_PROGRAM,
};

/* Where the walk is: the same pointer in both documents. */
struct walk {
    struct ocn_diff *diff;
    enum ocn_diff_document document;
    enum ocn_diff_level level;
    struct ocn_buf path;
    size_t root; /* where the document begins in .path */
    bool twins;  /* one is OCI's, and the other its twin of Docker's, which has no annotations */
};

/* Both values of one member; NULL: it is not there. */
struct pair {
    const json_t *a;
    const json_t *b;
};

static void walk_pair(struct walk *walk, struct pair pair, struct pair parent);

static const char *path_of(const struct walk *walk)
{
    return walk->path.len != 0 ? walk->path.ptr : "";
}

static void add(struct walk *walk, struct pair pair, enum ocn_diff_noise noise)
{
    const struct ocn_diff_item item = {
        .level = walk->level, .noise = noise, .path = path_of(walk), .a = pair.a, .b = pair.b
    };

    ocn_diff_add(walk->diff, &item);
}

/* Goes to the member @key. Returns where it was before. */
static size_t enter(struct walk *walk, const char *key)
{
    size_t was = walk->path.len;

    ocn_json_pointer_add(&walk->path, key);
    return was;
}

static void leave(struct walk *walk, size_t was)
{
    if (!walk->path.failed) {
        walk->path.len = was;
        walk->path.ptr[was] = '\0';
    }
}

/* ---- values ---------------------------------------------------------------------------------- */

/* What Go leaves out when it writes (omitempty), and what others write in its place. */
static bool is_empty(const json_t *value)
{
    return value == NULL || json_is_null(value) || json_is_false(value) ||
           (json_is_string(value) && json_string_length(value) == 0) ||
           (json_is_array(value) && json_array_size(value) == 0) ||
           (json_is_object(value) && json_object_size(value) == 0) ||
           (json_is_number(value) && json_number_value(value) == 0.0);
}

static bool is_equal(struct pair pair)
{
    return pair.a == pair.b ||
           (pair.a != NULL && pair.b != NULL && json_equal(pair.a, pair.b) == 1);
}

static void compare_value(struct walk *walk, struct pair pair, enum ocn_diff_noise noise)
{
    if (!is_equal(pair)) {
        add(walk, pair, is_empty(pair.a) && is_empty(pair.b) ? OCN_DIFF_EMPTY : noise);
    }
}

static void walk_member(struct walk *walk, const char *key, struct pair member, struct pair parent)
{
    enum ocn_diff_level level = walk->level;
    size_t was = enter(walk, key);

    walk_pair(walk, member, parent);
    leave(walk, was);
    walk->level = level;
}

/* Each member of either; one of them may be no object. */
static void walk_members(struct walk *walk, struct pair pair)
{
    const char *key;
    json_t *value;

    json_object_foreach ((json_t *)pair.a, key, value) {
        walk_member(walk, key, (struct pair){ value, json_object_get(pair.b, key) }, pair);
    }
    json_object_foreach ((json_t *)pair.b, key, value) {
        if (json_object_get(pair.a, key) == NULL) {
            walk_member(walk, key, (struct pair){ NULL, value }, pair);
        }
    }
}

/* Objects member by member, also where one side has none; all else is one value. */
static void compare(struct walk *walk, struct pair pair, enum ocn_diff_noise noise)
{
    bool objects = (json_is_object(pair.a) && (is_empty(pair.b) || json_is_object(pair.b))) ||
                   (json_is_object(pair.b) && is_empty(pair.a));

    if (objects && noise == OCN_DIFF_NO_NOISE && !(is_empty(pair.a) && is_empty(pair.b))) {
        walk_members(walk, pair);
    } else {
        compare_value(walk, pair, noise);
    }
}

/* ---- members with rows ----------------------------------------------------------------------- */

static void compare_type(struct walk *walk, struct pair pair)
{
    enum ocn_object_kind kinds[] = { ocn_object_kind_of(json_string_value(pair.a)),
                                     ocn_object_kind_of(json_string_value(pair.b)) };
    bool twins = kinds[0] == kinds[1] && kinds[0] != OCN_OBJECT_UNKNOWN;
    bool one = (pair.a == NULL && kinds[1] != OCN_OBJECT_UNKNOWN) ||
               (pair.b == NULL && kinds[0] != OCN_OBJECT_UNKNOWN);

    compare_value(walk, pair, twins || one ? OCN_DIFF_MEDIA_TYPES : OCN_DIFF_NO_NOISE);
}

static void compare_variant(struct walk *walk, struct pair pair, struct pair parent)
{
    const char *arch[] = { json_string_value(json_object_get(parent.a, "architecture")),
                           json_string_value(json_object_get(parent.b, "architecture")) };
    const struct ocn_object_platform a = { "", arch[0], json_string_value(pair.a), NULL };
    const struct ocn_object_platform b = { "", arch[1], json_string_value(pair.b), NULL };
    bool same = arch[0] != NULL && arch[1] != NULL && ocn_object_same_platform(&a, &b);

    compare_value(walk, pair, same ? OCN_DIFF_VARIANTS : OCN_DIFF_NO_NOISE);
}

static bool is_root(const json_t *value)
{
    return is_empty(value) || (json_is_string(value) && strcmp(json_string_value(value), "/") == 0);
}

/* NAME=VALUE as members; the last of a name counts, as it does for execve's readers. */
static json_t *map_of(const json_t *list, struct ocn_arena *arena)
{
    json_t *map = json_object();
    const json_t *item;
    size_t i;

    json_array_foreach (list, i, item) {
        const char *text = json_string_value(item);
        const char *equals = text != NULL ? strchr(text, '=') : NULL;
        if (text == NULL) {
            continue;
        }
        const char *name =
            equals != NULL ? ocn_arena_copy(arena, text, (size_t)(equals - text)) : text;
        if (json_object_set_new(map, name, equals != NULL ? json_string(equals + 1) : json_true()) <
            0) {
            json_decref(map);
            return NULL;
        }
    }
    return map;
}

/* A variable that is empty is another than one that is not there. */
static void compare_variable(struct walk *walk, const char *name, struct pair pair)
{
    size_t was = enter(walk, name);

    if (!is_equal(pair)) {
        add(walk, pair, OCN_DIFF_NO_NOISE);
    }
    leave(walk, was);
}

static void compare_variables(struct walk *walk, struct pair maps)
{
    const char *name;
    json_t *value;

    json_object_foreach ((json_t *)maps.a, name, value) {
        compare_variable(walk, name, (struct pair){ value, json_object_get(maps.b, name) });
    }
    json_object_foreach ((json_t *)maps.b, name, value) {
        if (json_object_get(maps.a, name) == NULL) {
            compare_variable(walk, name, (struct pair){ NULL, value });
        }
    }
}

static bool is_list(const json_t *value)
{
    return value == NULL || json_is_null(value) || json_is_array(value);
}

static void compare_env(struct walk *walk, struct pair pair)
{
    if (is_equal(pair) || !is_list(pair.a) || !is_list(pair.b)) {
        compare_value(walk, pair, OCN_DIFF_NO_NOISE);
        return;
    }
    json_auto_t *a = map_of(pair.a, &walk->diff->arena);
    json_auto_t *b = map_of(pair.b, &walk->diff->arena);
    const struct pair maps = { a, b };

    if (a == NULL || b == NULL) {
        (void)ocn_arena_fail(&walk->diff->arena);
    } else if (is_equal(maps)) {
        compare_value(walk, pair, OCN_DIFF_ORDER);
    } else {
        compare_variables(walk, maps);
    }
}

/* A step without its time; NULL: there is none. */
static json_t *untimed(const json_t *step, struct ocn_arena *arena)
{
    json_t *copy = json_copy((json_t *)step);

    if (copy == NULL && step != NULL) {
        (void)ocn_arena_fail(arena);
    }
    (void)json_object_del(copy, "created");
    return copy;
}

/* Adds how the step differs, but for its time, if @told. true: it does. */
static bool compare_step(struct walk *walk, struct pair step, bool told)
{
    json_auto_t *a = untimed(step.a, &walk->diff->arena);
    json_auto_t *b = untimed(step.b, &walk->diff->arena);

    if (step.a != NULL && step.b != NULL) {
        size_t was = enter(walk, "created");
        compare_value(
            walk,
            (struct pair){ json_object_get(step.a, "created"), json_object_get(step.b, "created") },
            OCN_DIFF_HISTORY_TIMES);
        leave(walk, was);
    }
    const struct pair rest = { a, b };
    if (is_equal(rest)) {
        return false;
    }
    if (told) {
        compare(walk, rest, OCN_DIFF_NO_NOISE);
    }
    return true;
}

static size_t enter_step(struct walk *walk, size_t step)
{
    char name[24];

    (void)snprintf(name, sizeof(name), "%zu", step);
    return enter(walk, name);
}

/* The first step that differs stands for all of them, unless all are wanted. */
static void compare_history(struct walk *walk, struct pair pair)
{
    size_t lens[] = { json_array_size(pair.a), json_array_size(pair.b) };
    size_t len = lens[0] > lens[1] ? lens[0] : lens[1];
    size_t differ = 0;
    size_t first = 0;

    if (!is_list(pair.a) || !is_list(pair.b)) {
        compare_value(walk, pair, OCN_DIFF_NO_NOISE);
        return;
    }
    for (size_t i = 0; i < len; i++) {
        const struct pair step = { json_array_get(pair.a, i), json_array_get(pair.b, i) };
        size_t was = enter_step(walk, i);
        if (compare_step(walk, step, walk->diff->history)) {
            first = differ++ == 0 ? i : first;
        }
        leave(walk, was);
    }
    if (differ != 0 && !walk->diff->history) {
        size_t was = enter_step(walk, first);
        const struct ocn_diff_item item = { .level = walk->level,
                                            .path = path_of(walk),
                                            .a = json_array_get(pair.a, first),
                                            .b = json_array_get(pair.b, first),
                                            .more = differ - 1 };
        ocn_diff_add(walk->diff, &item);
        leave(walk, was);
    }
}

static void compare_secret(struct walk *walk, struct pair pair)
{
    json_auto_t *hidden = json_string("(not shown: flags may hold secrets)");

    if (hidden == NULL) {
        (void)ocn_arena_fail(&walk->diff->arena);
    } else if (!is_equal(pair)) {
        add(walk, (struct pair){ pair.a != NULL ? hidden : NULL, pair.b != NULL ? hidden : NULL },
            OCN_DIFF_NO_NOISE);
    }
}

/* ---- the walk -------------------------------------------------------------------------------- */

static const struct row *row_of(const struct walk *walk)
{
    static const struct row none = { .how = BY_VALUE };
    const char *pointer = path_of(walk) + walk->root;

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        if (rows[i].document == walk->document && strcmp(rows[i].pointer, pointer) == 0) {
            return &rows[i];
        }
    }
    return &none;
}

static void walk_pair(struct walk *walk, struct pair pair, struct pair parent)
{
    const struct row *row = row_of(walk);

    switch (row->how) {
    case SKIP:
        break;
    case LEVEL:
        walk->level = (enum ocn_diff_level)row->argument;
        compare(walk, pair,
                walk->twins && (pair.a == NULL || pair.b == NULL) ? OCN_DIFF_DROPPED
                                                                  : OCN_DIFF_NO_NOISE);
        break;
    case NOISE:
        compare(walk, pair, (enum ocn_diff_noise)row->argument);
        break;
    case TYPE:
        compare_type(walk, pair);
        break;
    case VARIANT:
        compare_variant(walk, pair, parent);
        break;
    case ROOT:
        compare_value(walk, pair,
                      is_root(pair.a) && is_root(pair.b) ? OCN_DIFF_EMPTY : OCN_DIFF_NO_NOISE);
        break;
    case ENV:
        compare_env(walk, pair);
        break;
    case HISTORY:
        compare_history(walk, pair);
        break;
    case SECRET:
        compare_secret(walk, pair);
        break;
    case BY_VALUE:
    default:
        compare(walk, pair, OCN_DIFF_NO_NOISE);
        break;
    }
}

static bool is_docker(const json_t *document)
{
    return ocn_object_is_docker(json_string_value(json_object_get(document, "mediaType")));
}

void ocn_diff_document(struct ocn_diff *diff, enum ocn_diff_document of, const char *at,
                       const json_t *a, const json_t *b)
{
    struct walk walk = { .diff = diff,
                         .document = of,
                         .level = levels[of],
                         .root = strlen(at),
                         .twins = is_docker(a) != is_docker(b) };

    ocn_buf_puts(&walk.path, at);
    if (!walk.path.failed) {
        compare(&walk, (struct pair){ a, b }, OCN_DIFF_NO_NOISE);
    }
    if (walk.path.failed) {
        (void)ocn_arena_fail(&diff->arena);
    }
    ocn_buf_done(&walk.path);
}
