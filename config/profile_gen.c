/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile_gen FILE.json...: the profiles as C, read by the loader that reads those of a node. What
 * is wrong with one stops the build.
 */
#include <stdio.h>
#include <string.h>

#include "config/config.h"

static struct ocn_bytes read_file(const char *path, struct ocn_arena *arena)
{
    static char text[OCN_POLICY_MAX_SIZE];
    FILE *stream = fopen(path, "re");
    size_t len = stream != NULL ? fread(text, 1, sizeof(text), stream) : 0;

    if (stream == NULL || ferror(stream) != 0 || feof(stream) == 0) {
        (void)fprintf(stderr, "profile_gen: cannot read %s\n", path);
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

static void print_member(const char *member, const char *text)
{
    if (text == NULL) {
        return;
    }
    (void)printf(".%s = \"", member);
    for (; *text != '\0'; text++) {
        (void)printf("\\%03o", (unsigned char)*text);
    }
    (void)printf("\", ");
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

int main(int argc, char **argv)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    struct ocn_error err = { 0 };

    (void)printf("/* Made by config/profile_gen.c. */\n#include \"config/config.h\"\n\n");
    for (int i = 1; i < argc; i++) {
        const struct ocn_layer layer = { argv[i], read_file(argv[i], &arena),
                                         name_of(argv[i], &arena) };
        struct ocn_profile profile;
        if (ocn_profile_read(&layer, &arena, &profile, &err) < 0) {
            (void)fprintf(stderr, "profile_gen: %s: %s\n", err.where, err.msg);
            return EXIT_FAILURE;
        }
        if (profile.clues_len == 0) {
            (void)fprintf(stderr, "profile_gen: %s: has no clue\n", argv[i]);
            return EXIT_FAILURE;
        }
        print_clues((size_t)i, &profile);
    }
    (void)printf("const struct ocn_profile ocn_profiles_built_in[] = {\n");
    for (int i = 1; i < argc; i++) {
        (void)printf("    { .name = \"%s\", .clues = clues_%d, .clues_len = sizeof(clues_%d) / "
                     "sizeof(clues_%d[0]),\n      .text = { (const char *)text_%d, "
                     "sizeof(text_%d) } },\n",
                     name_of(argv[i], &arena), i, i, i, i, i);
    }
    (void)printf("};\nconst size_t ocn_profiles_built_in_len = %d;\n", argc - 1);
    return ferror(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
