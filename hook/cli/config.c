/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "hook/policy/node_policy.h"
#include "hook/policy/policy_files.h"
#include "hook/sys/io.h"
#include "normalize/base/nearest.h"
#include "normalize/json/json.h"
#include "normalize/json/pointer.h"

/* What a decimal keeps in a double: 0.9 stays 0.9. */
#define REAL_DIGITS 15

enum { EXIT_FINE = 0, EXIT_WRONG = 1, EXIT_TROUBLE = 2 };

struct request {
    const char *file; /* of check */
    struct ocn_world world;
    const char *format;
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
    return ocn_io_write_fd(STDOUT_FILENO, "standard output", ocn_buf_bytes(out), err);
}

static int write_json(const json_t *json, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };

    if (ocn_json_dump(json, JSON_INDENT(2) | JSON_REAL_PRECISION(REAL_DIGITS), &out, err) < 0) {
        return -1;
    }
    ocn_buf_puts(&out, "\n");
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
        ocn_node_policy_profiles(world, &policy.arena, &profiles, &count, err) < 0) {
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

    if (ocn_io_read_file(path, OCN_POLICY_MAX_SIZE, &text, err) < 0) {
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
        ocn_buf_printf(&out, "%s = ", pointer);
        if (ocn_json_dump(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(REAL_DIGITS), &out, err) <
            0) {
            return -1;
        }
        ocn_buf_printf(&out, "   (%s)\n", json_string_value(layer));
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
    return ocn_cli_is_json(request->format) ? write_json(json, err) : print_leaves(json, err);
}

static int print_schema(const struct request *request, struct ocn_error *err)
{
    json_auto_t *schema = ocn_config_schema();

    (void)request;
    return schema != NULL ? write_json(schema, err) : ocn_fail_nomem(err);
}

/* ---- the command line ------------------------------------------------------------------- */

#define POLICY OCN_CLI_POLICY(struct request, "the policy, in place of " OCN_CONFIG_PATH)
#define ROOT OCN_CLI_ROOT(struct request, world.root, "look up every file below DIR")

static const struct ocn_command_option check_options[] = { POLICY, ROOT };
static const struct ocn_command_option show_options[] = {
    POLICY,
    ROOT,
    OCN_CLI_FORMAT(struct request, "text (default) or json"),
};

static const char *const check_synopsis[] = { "[--config FILE] [--root DIR] [FILE]", NULL };
static const char *const show_synopsis[] = { "[--config FILE] [--root DIR] [--format text|json]",
                                             NULL };
static const char *const schema_synopsis[] = { "", NULL };

static const char exit_status[] = "0 fine, 1 the policy is wrong, 2 it could not be read.";

static int run(const struct ocn_command *command, int argc, char **argv,
               int (*act)(const struct request *request, struct ocn_error *err))
{
    struct ocn_error err = { 0 };
    struct request request = { 0 };
    bool helped = false;
    int status = ocn_command_read(command, argc, argv, &request, &helped, &err);

    if (helped) {
        return EXIT_FINE;
    }
    request.world.any_owner = request.world.config != NULL;
    if (status == 0 && request.file != NULL &&
        (request.world.config != NULL || request.world.root != NULL)) {
        status = ocn_fail(&err, OCN_E_USAGE, request.file,
                          "a FILE is checked alone; --config and --root are for the node's policy");
    }
    return status < 0 || act(&request, &err) < 0 ? complain(&err) : EXIT_FINE;
}

static int run_check(int argc, char **argv);
static int run_show(int argc, char **argv);
static int run_schema(int argc, char **argv);

static const struct ocn_command check_command = {
    .name = "config check",
    .summary = "whether the policy of this node, or FILE alone, is right",
    .synopsis = check_synopsis,
    .about = "Says whether the policy of this node is right, with every file that it is made of; "
             "or FILE alone.",
    .options = check_options,
    .options_len = OCN_COUNT(check_options),
    .operand = { .takes = OCN_COMMAND_TAKES_FILE,
                 .argument = "FILE",
                 .offset = offsetof(struct request, file) },
    .exit_status = exit_status,
    .run = run_check,
};

static const struct ocn_command show_command = {
    .name = "config show",
    .summary = "the policy of this node, and which file set each key",
    .synopsis = show_synopsis,
    .about = "Prints the policy of this node, and which file set each key.",
    .options = show_options,
    .options_len = OCN_COUNT(show_options),
    .exit_status = exit_status,
    .run = run_show,
};

static const struct ocn_command schema_command = {
    .name = "config schema",
    .summary = "the JSON Schema of a policy file",
    .synopsis = schema_synopsis,
    .about = "Prints the JSON Schema of a policy file.",
    .exit_status = exit_status,
    .run = run_schema,
};

static const struct ocn_command *const commands[] = { &check_command, &show_command,
                                                      &schema_command, NULL };

static int run_check(int argc, char **argv)
{
    return run(&check_command, argc, argv, check);
}

static int run_show(int argc, char **argv)
{
    return run(&show_command, argc, argv, show);
}

static int run_schema(int argc, char **argv)
{
    return run(&schema_command, argc, argv, print_schema);
}

static const char *name_of(const struct ocn_command *command)
{
    return command->name + sizeof("config ") - 1;
}

static int run_config(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    struct ocn_nearest nearest = ocn_nearest_to(name);
    struct ocn_error err = { 0 };
    bool helped = false;

    for (size_t i = 0; commands[i] != NULL; i++) {
        if (strcmp(name, name_of(commands[i])) == 0) {
            return commands[i]->run(argc - 1, argv + 1);
        }
        ocn_nearest_offer(&nearest, name_of(commands[i]));
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        int status = ocn_command_read(&ocn_cli_config, argc, argv, NULL, &helped, &err);
        return status < 0 ? ocn_cli_complain(&err) : EXIT_FINE;
    }
    if (nearest.best != NULL) {
        (void)ocn_fail(&err, OCN_E_USAGE, "config", "%s: no such command; did you mean %s?", name,
                       nearest.best);
    } else {
        (void)ocn_fail(&err, OCN_E_USAGE, "config",
                       "name check, show or schema first (ocinorm config --help)");
    }
    return ocn_cli_complain(&err);
}

const struct ocn_command ocn_cli_config = {
    .name = "config",
    .summary = "check or show the policy, or print its JSON Schema",
    .about = "Checks the policy, shows it, or prints its JSON Schema.",
    .exit_status = exit_status,
    .commands = commands,
    .run = run_config,
};
