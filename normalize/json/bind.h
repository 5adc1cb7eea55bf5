/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON objects to C structs and back, by table: a field is a row. config.json, process.json and the
 * policy are bound by the same few lines; so are the JSON Schema and `ocinorm config show` made.
 */
#pragma once

#include <stdbool.h>
#include <jansson.h>

#include "normalize/base/arena.h"
#include "normalize/base/buf.h"
#include "normalize/base/strings.h"

#define OCN_BIND_PARTS 8

struct ocn_u32s {
    uint32_t *items;
    size_t len;
};

struct ocn_pair {
    const char *name;
    const char *value;
};

struct ocn_pairs {
    struct ocn_pair *items;
    size_t len;
};

/* A list of structs; the row that binds it knows their type. */
struct ocn_list {
    void *items;
    size_t len;
};

enum ocn_bind_type {
    OCN_BIND_BOOL,    /* bool */
    OCN_BIND_U32,     /* uint32_t within [min, max] of the row */
    OCN_BIND_NUMBER,  /* double within [min, max] of the row, if max is not 0 */
    OCN_BIND_STRING,  /* const char * */
    OCN_BIND_STRINGS, /* struct ocn_strings: an array replaces what was there */
    OCN_BIND_U32S,    /* struct ocn_u32s */
    OCN_BIND_PAIRS,   /* struct ocn_pairs: an object of strings, merged per key */
    OCN_BIND_ENUM,    /* an enum, see OCN_BIND_ENUM_AT: the index into .names */
    OCN_BIND_OBJECT,  /* the embedded struct that .fields describes */
    OCN_BIND_OBJECTS, /* struct ocn_list of structs of .size that .fields describes */
    OCN_BIND_JSON,    /* json_t *, borrowed, of JSON type object: read by somebody else */
    /* Of reports, which are only written: */
    OCN_BIND_TEXT,    /* const char *: JSON text; NULL: null */
    OCN_BIND_POINTER, /* const struct * that .fields describes; NULL: null */
    OCN_BIND_TYPES,
};

/* A start relocates what points in a table, page by page: a row is as small as it can be. */
struct ocn_bind {
    const char *key; /* NULL ends a table */
    enum ocn_bind_type type : 8;
    bool sparse : 1; /* a list, PAIRS or POINTER: left out by unbinding when it is empty */
    /* null sets a STRING to NULL; elsewhere see ocn_bind_mode. Unbinding makes null of a U32 or
     * NUMBER of 0, and of an ENUM whose name is empty. */
    bool nullable : 1;
    unsigned part : 6; /* whose fault it is, see ocn_bind_faults; 0: as what holds it */
    uint16_t offset;
    uint16_t size; /* OBJECTS: sizeof one */
    union {
        const struct ocn_bind *fields; /* OBJECT, OBJECTS, POINTER, JSON */
        const char *const *names;      /* ENUM: NULL-terminated; an empty name is never accepted */
    };
    double min, max;    /* U32 (max 0: UINT32_MAX), NUMBER */
    const char *member; /* how C names the field, where somebody prints C */
    const char *doc;    /* one sentence for people, where the table is the policy's */
    /*
     * What the type cannot say: the sentence why @value is refused, or NULL. It is asked before the
     * type is looked at; of PAIRS for every entry, of OBJECTS for every entry that is else right.
     */
    const char *(*check)(const char *name, const json_t *value);
};

/*
 * The offset of a member that ENUM may bind: an enum that the compiler makes an unsigned int of, as
 * gcc and clang do where no value is negative. Any other member does not compile.
 */
#define OCN_BIND_ENUM_AT(type, path)                                                               \
    (offsetof(type, path) + 0 * sizeof(char[_Generic(((type *)0)->path, unsigned : 1, default      \
                                                     : -1)]))

/* The row of a STRING member; of one that may be NULL, which is null in JSON. */
#define OCN_BIND_STRING_AT(type_, name, member_)                                                   \
    {                                                                                              \
        .key = (name), .type = OCN_BIND_STRING, .offset = offsetof(type_, member_)                 \
    }
#define OCN_BIND_NULLABLE_AT(type_, name, member_)                                                 \
    {                                                                                              \
        .key = (name), .type = OCN_BIND_STRING, .offset = offsetof(type_, member_),                \
        .nullable = true                                                                           \
    }

enum ocn_bind_mode {
    /* The OCI configuration: unknown keys pass, null is absent. A key that differs from a known one
     * only in case is an error: Go's decoder would read it as the known one. */
    OCN_BIND_LENIENT,
    /* The policy: unknown keys and null are errors, with the nearest known key. */
    OCN_BIND_STRICT,
};

/*
 * Binds the object @json to @target by @fields; members that are absent leave their field as it
 * was, so that binding one layer after another overlays them. Strings are borrowed from @json,
 * which must outlive @target; lists come from @arena and are never changed in place, so that a copy
 * of a target may be bound further. Errors name the JSON pointer; @target is then half bound.
 */
OCN_MUST_USE int ocn_json_bind(const json_t *json, const struct ocn_bind *fields,
                               enum ocn_bind_mode mode, void *target, struct ocn_arena *arena,
                               struct ocn_error *err);

/* What was left out, by the part of the nearest row that has one: what is wrong there, from the
 * arena. */
struct ocn_bind_faults {
    struct ocn_error *of[OCN_BIND_PARTS];
};

/*
 * The same of a text that somebody else reads otherwise: what cannot be bound is left as it was,
 * with a fault, and the rest is bound (OCN_BIND_LENIENT). A string that holds NUL is such a thing;
 * an entry of PAIRS that has one is left out without a word. -1: out of memory.
 */
OCN_MUST_USE int ocn_json_bind_most(const json_t *json, const struct ocn_bind *fields, void *target,
                                    struct ocn_arena *arena, struct ocn_bind_faults *ret,
                                    struct ocn_error *err);

/* The reverse: a new object with every field of @source, or NULL when memory is out. */
OCN_MUST_USE json_t *ocn_json_unbind(const void *source, const struct ocn_bind *fields);
