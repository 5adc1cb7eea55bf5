/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/cli.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "hook/io.h"
#include "hook/node_policy.h"
#include "hook/policy_files.h"
#include "normalize/json_text.h"

/* What a decimal keeps in a double: 0.9 stays 0.9. */
#define REAL_DIGITS 15

enum { EXIT_FINE = 0, EXIT_WRONG = 1, EXIT_TROUBLE = 2 };

static const char usage[] =
    "usage: ocinorm config check [--config FILE] [--root DIR] [FILE]\n"
    "       ocinorm config show [--config FILE] [--root DIR] [--format text|json]\n"
    "       ocinorm config schema\n"
    "\n"
    "  check   whether the policy of this node, or FILE alone, is right\n"
    "  show    the policy of this node, and which file set each key\n"
    "  schema  the JSON Schema of a policy file\n"
    "\n"
    "      --config FILE   the policy, in place of " OCN_CONFIG_PATH "\n"
    "      --root DIR      look up every file below DIR\n"
    "      --format FORMAT of show: text (default) or json\n"
    "\n"
    "Exit status: 0 fine, 1 the policy is wrong, 2 it could not be read.\n";

struct request {
    const char *file; /* of check */
    struct ocn_world world;
    bool json;
};

static int complain(const struct ocn_error *err)
{
    (void)ocn_cli_complain(err);
    return err->code == OCN_E_FORMAT || err->code == OCN_E_LIMIT ? EXIT_WRONG : EXIT_TROUBLE;
}

static int write_out(const struct ocn_buf *out, struct ocn_error *err)
{
    if (ocn_buf_check(out, err) < 0) {
        return -1;
    }
    return ocn_write_fd(STDOUT_FILENO, "standard output", ocn_buf_bytes(out), err);
}

static int write_json(const json_t *json, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    char *text = json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(REAL_DIGITS));

    if (text == NULL) {
        return ocn_fail_nomem(err);
    }
    ocn_buf_puts(&out, text);
    ocn_buf_puts(&out, "\n");
    free(text);
    return write_out(&out, err);
}

/* ---- check ------------------------------------------------------------------------------ */

static bool is_in_profiles(const char *path)
{
    OCN_CLEANUP(ocn_freep) char *real = realpath(path, NULL);
    static const char dir[] = "/profiles";
    const char *slash = real != NULL ? strrchr(real, '/') : NULL;
    size_t len = slash != NULL ? (size_t)(slash - real) : 0;

    return len >= sizeof(dir) - 1 && memcmp(slash - (sizeof(dir) - 1), dir, sizeof(dir) - 1) == 0;
}

/* With the profile, and every profile that another node or container would be judged by. */
static int check_node(const struct ocn_world *world, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_node_policy_done) struct ocn_node_policy policy = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    struct ocn_profile *profiles;
    size_t count;

    if (ocn_node_policy_read(world, &policy, err) < 0 ||
        ocn_node_profiles(world, &policy.arena, &profiles, &count, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (profiles[i].origin != NULL) {
            ocn_buf_printf(&out, "%s: ok\n", profiles[i].origin);
        }
    }
    for (size_t i = 1; i < policy.layers_len; i++) {
        ocn_buf_printf(&out, "%s: ok\n", policy.layers[i].name);
    }
    if (policy.layers_len == 1) {
        ocn_buf_puts(&out, "no policy file: the built-in default holds\n");
    }
    return write_out(&out, err);
}

/* One file: a profile, if it lies in a directory of that name. */
static int check_file(const char *path, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_config_freep) struct ocn_config *config = NULL;
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    struct ocn_profile profile;

    if (ocn_read_file(path, OCN_POLICY_MAX_SIZE, &text, err) < 0) {
        return -1;
    }
    struct ocn_layer layer = { path, ocn_buf_bytes(&text), NULL };
    if (is_in_profiles(path)) {
        layer.profile = path;
        if (ocn_profile_read(&layer, &arena, &profile, err) < 0) {
            return -1;
        }
    }
    if (ocn_config_load(&layer, 1, &config, err) < 0) {
        return -1;
    }
    ocn_buf_printf(&out, "%s: ok\n", path);
    return write_out(&out, err);
}

static int check(const struct request *request, struct ocn_error *err)
{
    return request->file != NULL ? check_file(request->file, err)
                                 : check_node(&request->world, err);
}

/* ---- show ------------------------------------------------------------------------------- */

/* NULL if there is no such value, or when memory is out. */
static const json_t *find_value(const json_t *policy, const char *pointer)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    size_t size = strlen(pointer) + 1;
    char *token = ocn_arena_alloc(&arena, size);

    if (token == NULL) {
        return NULL;
    }
    while (policy != NULL && ocn_json_pointer_next(&pointer, token, size)) {
        policy = json_object_get(policy, token);
    }
    return policy;
}

/* "POINTER = VALUE   (LAYER)" for every leaf. */
static int print_leaves(json_t *shown, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    const json_t *policy = json_object_get(shown, "policy");
    const char *pointer;
    json_t *layer;

    json_object_foreach (json_object_get(shown, "layers"), pointer, layer) {
        const json_t *value = find_value(policy, pointer);
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(REAL_DIGITS));
        if (text == NULL) {
            return ocn_fail_nomem(err);
        }
        ocn_buf_printf(&out, "%s = %s   (%s)\n", pointer, text, json_string_value(layer));
        free(text);
    }
    return write_out(&out, err);
}

static int show(const struct request *request, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_node_policy_done) struct ocn_node_policy policy = { 0 };

    if (ocn_node_policy_read(&request->world, &policy, err) < 0) {
        return -1;
    }
    json_auto_t *json = ocn_config_show(policy.config);
    if (json == NULL) {
        return ocn_fail_nomem(err);
    }
    return request->json ? write_json(json, err) : print_leaves(json, err);
}

static int print_schema(const struct request *request, struct ocn_error *err)
{
    json_auto_t *schema = ocn_config_schema();

    (void)request;
    return schema != NULL ? write_json(schema, err) : ocn_fail_nomem(err);
}

/* ---- the command line ------------------------------------------------------------------- */

static const struct option options[] = {
    { "help", no_argument, NULL, 'h' },
    { "config", required_argument, NULL, 'c' },
    { "root", required_argument, NULL, 'r' },
    { "format", required_argument, NULL, 'f' },
    { 0 },
};

static const struct command {
    const char *name;
    int (*run)(const struct request *request, struct ocn_error *err);
    const char *options; /* which of the above it knows */
    int files;           /* how many arguments it takes at most */
} commands[] = {
    { "check", check, "cr", 1 },
    { "show", show, "crf", 0 },
    { "schema", print_schema, "", 0 },
};

static int read_option(const struct command *command, int option, struct request *request,
                       struct ocn_error *err)
{
    if (option == '?') { /* getopt_long has said what is wrong */
        return ocn_fail(err, OCN_E_USAGE, "config", "see ocinorm config --help");
    }
    if (strchr(command->options, option) == NULL) {
        return ocn_fail(err, OCN_E_USAGE, command->name,
                        "has no such option; see ocinorm config "
                        "--help");
    }
    if (option == 'c') {
        request->world.config = optarg;
    } else if (option == 'r') {
        request->world.root = optarg;
    } else {
        return ocn_cli_read_format(optarg, &request->json, err);
    }
    return 0;
}

/* 1: help was asked for. */
static int read_arguments(const struct command *command, int argc, char **argv,
                          struct request *request, struct ocn_error *err)
{
    int option = 0;

    optind = 1;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h') {
            return 1;
        }
        if (read_option(command, option, request, err) < 0) {
            return -1;
        }
    }
    if (argc - optind > command->files) {
        return ocn_fail(err, OCN_E_USAGE, argv[optind + command->files], "unexpected argument");
    }
    request->file = argv[optind];
    if (request->file != NULL && (request->world.config != NULL || request->world.root != NULL)) {
        return ocn_fail(err, OCN_E_USAGE, request->file,
                        "a FILE is checked alone; --config and --root are for the node's policy");
    }
    return 0;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct ocn_error err = { 0 };
    struct request request = { 0 };
    int help = read_arguments(command, argc, argv, &request, &err);

    if (help == 1) {
        (void)fputs(usage, stdout);
        return EXIT_FINE;
    }
    return help < 0 || command->run(&request, &err) < 0 ? complain(&err) : EXIT_FINE;
}

int ocn_cli_config(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";

    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        (void)fputs(usage, stdout);
        return EXIT_FINE;
    }
    for (size_t i = 0; i < OCN_COUNT(commands); i++) {
        if (strcmp(name, commands[i].name) == 0) {
            return run(&commands[i], argc - 1, argv + 1);
        }
    }
    (void)fprintf(stderr, "ocinorm: error: config: %s%sname one of check, show, schema\n", name,
                  name[0] != '\0' ? ": no such command; " : "");
    return EXIT_TROUBLE;
}
