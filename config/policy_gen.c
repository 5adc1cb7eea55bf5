/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_gen DEFAULT.json PROFILE.json...: the built-in policies as C, read by the loader that
 * reads those of a node. What is wrong with one stops the build.
 */
#include <stdio.h>
#include <string.h>

#include "config/policy_fields.h"
#include "normalize/json/json.h"

/* What the loader is linked with otherwise, and what is made here. */
const struct ocn_policy ocn_policy_built_in;
const struct ocn_policy ocn_profiles_bound[1];
const struct ocn_profile ocn_profiles_built_in[1];
const size_t ocn_profiles_built_in_len;

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
    (void)printf("{ (const char **)(const char *const[]){ ");
    for (size_t i = 0; i < strings->len; i++) {
        print_string(strings->items[i]);
        (void)printf(", ");
    }
    (void)printf("}, %zu }", strings->len);
}

static void print_pairs(const struct ocn_pairs *pairs)
{
    (void)printf("{ (struct ocn_pair *)(const struct ocn_pair[]){ ");
    for (size_t i = 0; i < pairs->len; i++) {
        (void)printf("{ ");
        print_string(pairs->items[i].name);
        (void)printf(", ");
        print_string(pairs->items[i].value);
        (void)printf(" }, ");
    }
    (void)printf("}, %zu }", pairs->len);
}

/* The value of one row, if it is not what a static object has anyway. */
static void print_value(const struct ocn_bind *row, const void *field)
{
    const struct ocn_strings *list = field; /* all lists begin alike: items, len */
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
        list->len != 0 ? print_strings(field) : (void)printf("{ 0 }");
        break;
    case OCN_BIND_PAIRS:
        list->len != 0 ? print_pairs(field) : (void)printf("{ 0 }");
        break;
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

static void print_fields(const struct ocn_bind *fields, const struct ocn_policy *policy)
{
    for (const struct ocn_bind *row = fields; row->key != NULL; row++) {
        const void *field = (const char *)policy + row->offset;
        if (row->type == OCN_BIND_OBJECT) {
            print_fields(row->fields, policy);
        } else if (row->type != OCN_BIND_OBJECTS || ((const struct ocn_list *)field)->len != 0) {
            (void)printf("        .%s = ", row->member);
            print_value(row, field);
            (void)printf(",\n");
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
                 "const struct ocn_policy ocn_profiles_bound[] = {\n",
                 count);
    for (size_t i = 0; i < count; i++) {
        struct ocn_policy policy = built_in;
        bind(argv[i + 2], profiles[i].text, kept, &arena, &policy);
        (void)printf("    {\n");
        print_fields(ocn_policy_fields, &policy);
        (void)printf("    },\n");
    }
    (void)printf("};\n");
    return ferror(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
