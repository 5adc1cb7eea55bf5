/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_gen DEFAULT.json PROFILE.json...: the built-in policies as C, read by the loader that
 * reads those of a node. What is wrong with one stops the build.
 */
#include <stdio.h>
#include <string.h>

#include "config/policy_fields.h"
#include "normalize/json/load.h"

/* What the loader is linked with otherwise, and what is made here. */
const struct ocn_policy ocn_policy_built_in;
const struct ocn_profile ocn_profiles_built_in[1];
const size_t ocn_profiles_built_in_len;

void ocn_config_bind_profile(size_t at, struct ocn_policy *policy)
{
    (void)at;
    (void)policy;
}

static struct ocn_bytes read_file(const char *path, struct ocn_arena *arena)
{
    static char text[OCN_POLICY_MAX_SIZE];
    FILE *stream = fopen(path, "re");
    size_t len = stream != NULL ? fread(text, 1, sizeof(text), stream) : 0;

    if (stream == NULL || ferror(stream) != 0 || feof(stream) == 0) {
        (void)fprintf(stderr, "policy_gen: cannot read %s\n", path);
        exit(EXIT_FAILURE);
    }
    (void)fclose(stream);
    return (struct ocn_bytes){ ocn_arena_copy(arena, text, len), len };
}

/* "dir/aws-ec2.json" is "aws-ec2". */
static const char *name_of(const char *path, struct ocn_arena *arena)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash != NULL ? slash + 1 : path;

    return ocn_arena_printf(arena, "%.*s", (int)strcspn(base, "."), base);
}

static void print_string(const char *text)
{
    (void)printf("\"");
    for (; *text != '\0'; text++) {
        bool plain = *text >= ' ' && *text <= '~' && strchr("\"\\?", *text) == NULL;
        (void)printf(plain ? "%c" : "\\%03o", (unsigned char)*text);
    }
    (void)printf("\"");
}

static void print_member(const char *member, const char *text)
{
    if (text != NULL) {
        (void)printf(".%s = ", member);
        print_string(text);
        (void)printf(", ");
    }
}

static void print_strings(const struct ocn_strings *strings)
{
    for (size_t i = 0; i < strings->len; i++) {
        print_string(strings->items[i]);
        (void)printf(", ");
    }
}

static void print_pairs(const struct ocn_pairs *pairs)
{
    for (size_t i = 0; i < pairs->len; i++) {
        (void)printf("{ ");
        print_string(pairs->items[i].name);
        (void)printf(", ");
        print_string(pairs->items[i].value);
        (void)printf(" }, ");
    }
}

/* How C writes a list: its type, that of an item, and that of an item that nobody changes. */
static const struct {
    const char *list;
    const char *item;
    const char *kept;
} lists[OCN_BIND_TYPES] = {
    [OCN_BIND_STRINGS] = { "struct ocn_strings", "const char *", "const char *const" },
    [OCN_BIND_PAIRS] = { "struct ocn_pairs", "struct ocn_pair", "const struct ocn_pair" },
};

static void print_items(const struct ocn_bind *row, const void *field)
{
    row->type == OCN_BIND_STRINGS ? print_strings(field) : print_pairs(field);
}

/* "(TYPE){ ITEMS, LENGTH }"; where @items is not NULL, it is the name of those. */
static void print_list(const struct ocn_bind *row, const void *field, const char *items)
{
    const struct ocn_strings *list = field; /* all lists begin alike: items, len */

    (void)printf("{ (%s *)", lists[row->type].item);
    if (items != NULL) {
        (void)printf("%s", items);
    } else {
        (void)printf("(%s[]){ ", lists[row->type].kept);
        print_items(row, field);
        (void)printf("}");
    }
    (void)printf(", %zu }", list->len);
}

static void print_value(const struct ocn_bind *row, const void *field)
{
    const char *const *text = field;

    switch (row->type) {
    case OCN_BIND_BOOL:
        (void)printf("%d", *(const bool *)field);
        break;
    case OCN_BIND_U32:
        (void)printf("%u", *(const uint32_t *)field);
        break;
    case OCN_BIND_NUMBER:
        (void)printf("%.17g", *(const double *)field);
        break;
    case OCN_BIND_ENUM:
        (void)printf("%u", *(const unsigned *)field);
        break;
    case OCN_BIND_STRING:
        *text != NULL ? print_string(*text) : (void)printf("NULL");
        break;
    case OCN_BIND_STRINGS:
    case OCN_BIND_PAIRS:
    case OCN_BIND_U32S:
    case OCN_BIND_OBJECT:
    case OCN_BIND_OBJECTS:
    case OCN_BIND_JSON:
    case OCN_BIND_TEXT:
    case OCN_BIND_POINTER:
    case OCN_BIND_TYPES:
    default:
        (void)fprintf(stderr, "policy_gen: cannot print %s\n", row->key);
        exit(EXIT_FAILURE);
    }
}

static bool is_empty(const struct ocn_bind *row, const void *field)
{
    bool list = lists[row->type].list != NULL || row->type == OCN_BIND_OBJECTS;

    return list && ((const struct ocn_strings *)field)->len == 0;
}

/* What a static object does not have anyway, as its initialisers. */
static void print_fields(const struct ocn_bind *fields, const struct ocn_policy *policy)
{
    for (const struct ocn_bind *row = fields; row->key != NULL; row++) {
        const void *field = (const char *)policy + row->offset;
        if (row->type == OCN_BIND_OBJECT) {
            print_fields(row->fields, policy);
        } else if (!is_empty(row, field)) {
            (void)printf("        .%s = ", row->member);
            lists[row->type].list != NULL ? print_list(row, field, NULL) : print_value(row, field);
            (void)printf(",\n");
        }
    }
}

/* A statement that puts a value into *policy. */
static void print_put(const struct ocn_bind *row, const void *field)
{
    const char *type = lists[row->type].list;

    if (type != NULL && !is_empty(row, field)) {
        (void)printf("    {\n        static %s items[] = { ", lists[row->type].kept);
        print_items(row, field);
        (void)printf("};\n        policy->%s = (%s)", row->member, type);
        print_list(row, field, "items");
        (void)printf(";\n    }\n");
        return;
    }
    (void)printf("    policy->%s = ", row->member);
    type != NULL ? (void)printf("(%s){ 0 }", type) : print_value(row, field);
    (void)printf(";\n");
}

/* Statements for what @policy, which began as a copy of @base, has got since. */
static void print_puts(const struct ocn_bind *fields, const struct ocn_policy *policy,
                       const struct ocn_policy *base)
{
    static const size_t sizes[OCN_BIND_TYPES] = {
        [OCN_BIND_BOOL] = sizeof(bool),
        [OCN_BIND_U32] = sizeof(uint32_t),
        [OCN_BIND_NUMBER] = sizeof(double),
        [OCN_BIND_ENUM] = sizeof(unsigned),
        [OCN_BIND_STRING] = sizeof(const char *),
        [OCN_BIND_STRINGS] = sizeof(struct ocn_strings),
        [OCN_BIND_PAIRS] = sizeof(struct ocn_pairs),
        [OCN_BIND_OBJECTS] = sizeof(struct ocn_list),
    };

    for (const struct ocn_bind *row = fields; row->key != NULL; row++) {
        const char *field = (const char *)policy + row->offset;
        if (row->type == OCN_BIND_OBJECT) {
            print_puts(row->fields, policy, base);
        } else if (memcmp(field, (const char *)base + row->offset, sizes[row->type]) != 0) {
            print_put(row, field);
        }
    }
}

/* Binds @text above what @policy is, which borrows its strings from what is added to @kept. */
static void bind(const char *path, struct ocn_bytes text, json_t *kept, struct ocn_arena *arena,
                 struct ocn_policy *policy)
{
    struct ocn_error err = { 0 };
    json_auto_t *json = NULL;

    if (ocn_json_load(text, OCN_POLICY_MAX_SIZE, &json, &err) < 0 ||
        json_array_append(kept, json) < 0 ||
        ocn_json_bind(json, ocn_policy_fields, OCN_BIND_STRICT, policy, arena, &err) < 0) {
        (void)fprintf(stderr, "policy_gen: %s: %s: %s\n", path, err.where, err.msg);
        exit(EXIT_FAILURE);
    }
    policy->detect = (struct ocn_list){ 0 }; /* struct ocn_profile has the clues */
}

static void print_clues(size_t at, const struct ocn_profile *profile)
{
    (void)printf("static const struct ocn_clue clues_%zu[] = { /* %s */\n", at, profile->name);
    for (size_t i = 0; i < profile->clues_len; i++) {
        const struct ocn_clue *clue = &profile->clues[i];
        (void)printf("    { ");
        print_member("file", clue->file);
        print_member("env", clue->env);
        print_member("key", clue->key);
        print_member("is", clue->is);
        print_member("is_not", clue->is_not);
        (void)printf(".weight = %u },\n", clue->weight);
    }
    (void)printf("};\n\nstatic const unsigned char text_%zu[] = {", at);
    for (size_t i = 0; i < profile->text.len; i++) {
        (void)printf("%s%d,", i % 24 == 0 ? "\n    " : " ", (unsigned char)profile->text.ptr[i]);
    }
    (void)printf("\n};\n\n");
}

static struct ocn_profile read_profile(const char *path, struct ocn_arena *arena)
{
    const struct ocn_layer layer = { path, read_file(path, arena), name_of(path, arena) };
    struct ocn_profile profile;
    struct ocn_error err = { 0 };

    if (ocn_profile_read(&layer, arena, &profile, &err) < 0) {
        (void)fprintf(stderr, "policy_gen: %s: %s\n", err.where, err.msg);
        exit(EXIT_FAILURE);
    }
    if (profile.clues_len == 0) {
        (void)fprintf(stderr, "policy_gen: %s: has no clue\n", path);
        exit(EXIT_FAILURE);
    }
    return profile;
}

int main(int argc, char **argv)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    json_auto_t *kept = json_array();
    struct ocn_policy built_in = { 0 };
    size_t count = argc > 2 ? (size_t)argc - 2 : 0;
    struct ocn_profile *profiles = ocn_arena_alloc(&arena, count * sizeof(*profiles));

    if (count == 0 || profiles == NULL) {
        (void)fprintf(stderr, "usage: policy_gen DEFAULT.json PROFILE.json...\n");
        return EXIT_FAILURE;
    }
    bind(argv[1], read_file(argv[1], &arena), kept, &arena, &built_in);
    (void)printf("/* Made by config/policy_gen.c. */\n#include \"config/policy_fields.h\"\n\n"
                 "const struct ocn_policy ocn_policy_built_in = {\n");
    print_fields(ocn_policy_fields, &built_in);
    (void)printf("};\n\n");
    for (size_t i = 0; i < count; i++) {
        profiles[i] = read_profile(argv[i + 2], &arena);
        print_clues(i, &profiles[i]);
    }
    (void)printf("const struct ocn_profile ocn_profiles_built_in[] = {\n");
    for (size_t i = 0; i < count; i++) {
        (void)printf("    { .name = \"%s\", .clues = clues_%zu, .clues_len = %zu,\n"
                     "      .text = { (const char *)text_%zu, sizeof(text_%zu) } },\n",
                     profiles[i].name, i, profiles[i].clues_len, i, i);
    }
    (void)printf("};\n\nconst size_t ocn_profiles_built_in_len = %zu;\n\n"
                 "void ocn_config_bind_profile(size_t at, struct ocn_policy *policy)\n{\n"
                 "    switch (at) {\n",
                 count);
    for (size_t i = 0; i < count; i++) {
        struct ocn_policy policy = built_in;
        bind(argv[i + 2], profiles[i].text, kept, &arena, &policy);
        (void)printf("    case %zu: /* %s */\n", i, profiles[i].name);
        print_puts(ocn_policy_fields, &policy, &built_in);
        (void)printf("    break;\n");
    }
    (void)printf("    default:\n    break;\n    }\n}\n");
    return ferror(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
