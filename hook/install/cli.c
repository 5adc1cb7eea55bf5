/* SPDX-License-Identifier: Apache-2.0 */
/* ocinorm install, ocinorm uninstall: into a container engine of the node, and out again. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "hook/cli.h"
#include "hook/install/install.h"
#include "hook/install/record.h"
#include "hook/install/tool.h"

#define RESTART_SECONDS 120

enum { EXIT_FINE = 0, EXIT_TROUBLE = 2 };

static const char install_usage[] =
    "usage: ocinorm install ENGINE [OPTION...]\n"
    "\n"
    "Puts ocinorm into a container engine of this node: containerd, k3s, rke2, crio, podman, "
    "docker.\n"
    "What others have configured stays as it is; ocinorm uninstall restores it to the byte.\n"
    "\n"
    "      --mode MODE           runtime (default): ocinorm-runtime, as a runtime of its own;\n"
    "                            hook: ocinorm-hook, as an OCI hook\n"
    "      --runtime-class NAME  the runtime's name (default: ocinorm)\n"
    "      --set-default         make it the runtime of containers that name none\n"
    "      --program PATH        where ocinorm-runtime or ocinorm-hook lies on the node\n"
    "      --stage STAGE         Podman's hook: precreate (default) or createRuntime\n"
    "      --merge               write Docker's daemon.json instead of printing what to add\n"
    "      --dry-run             show what would be written, as a diff\n"
    "      --restart             restart the engine if something was written\n"
    "      --root DIR            a node's root file system that is mounted at DIR\n"
    "      --force               lose what somebody has changed in ocinorm's own files\n"
    "\n"
    "Exit status: 0 fine, 2 could not do it.\n";

static const char uninstall_usage[] =
    "usage: ocinorm uninstall ENGINE|--all [OPTION...]\n"
    "\n"
    "Takes ocinorm out of a container engine: every file is what it was before ocinorm install.\n"
    "\n"
    "      --all                 out of every engine that it was put into\n"
    "      --dry-run             show what would be removed, as a diff\n"
    "      --restart             restart the engine if something was removed\n"
    "      --root DIR            a node's root file system that is mounted at DIR\n"
    "      --force               also where somebody has changed what ocinorm wrote\n"
    "\n"
    "Exit status: 0 fine, 2 could not do it.\n";

struct request {
    const char *engine;
    const char *root;
    const char *program;
    const char *stage;
    const char *handler;
    enum ocn_engine_mode mode;
    int all;
    int set_default;
    int merge;
    int dry_run;
    int restart;
    int force;
    int help;
};

/* What differs between the kinds of engines. */
static const struct kind {
    ocn_install_plan_fn plan;
    const char *verb; /* systemctl's, that makes it read its configuration */
    const char *keeps;
} kinds[] = {
    [OCN_ENGINE_CONTAINERD] = { ocn_install_containerd, "restart",
                                "; running containers are not touched" },
    [OCN_ENGINE_CRIO] = { ocn_install_crio, "restart", "; running containers are not touched" },
    [OCN_ENGINE_PODMAN] = { ocn_install_podman, NULL, "" },
    [OCN_ENGINE_DOCKER] = { ocn_install_docker, "reload", "; running containers are not touched" },
};

static const struct mode {
    const char *name;
    enum ocn_engine_mode mode;
    const char *program;
} modes[] = {
    { "runtime", OCN_MODE_RUNTIME, OCN_RUNTIME_PROGRAM },
    { "hook", OCN_MODE_HOOK, OCN_HOOK_PROGRAM },
};

static int complain(const char *command, const struct ocn_error *err)
{
    const char *gap = err->where[0] != '\0' ? ": " : "";

    (void)fflush(stdout);
    (void)fprintf(stderr, "ocinorm: error: %s%s%s\n", err->where, gap, err->msg);
    if (err->code == OCN_E_USAGE) {
        (void)fprintf(stderr, "ocinorm %s --help says more\n", command);
    }
    return EXIT_TROUBLE;
}

static const struct mode *find_mode(enum ocn_engine_mode mode)
{
    return mode == modes[0].mode ? &modes[0] : &modes[1];
}

static int read_mode(struct request *request, const char *name, struct ocn_error *err)
{
    for (size_t i = 0; i < OCN_COUNT(modes); i++) {
        if (strcmp(modes[i].name, name) == 0) {
            request->mode = modes[i].mode;
            return 0;
        }
    }
    return ocn_fail(err, OCN_E_USAGE, "--mode", "no such mode: %s; use runtime or hook", name);
}

/* A RuntimeClass's handler is a DNS label (RFC 1123), and no TOML or JSON needs to quote that. */
static int check_handler(const char *name, struct ocn_error *err)
{
    size_t len = strlen(name);
    size_t good = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

    if (len == 0 || len > 63 || good != len || name[0] == '-' || name[len - 1] == '-') {
        return ocn_fail(err, OCN_E_USAGE, "--runtime-class",
                        "%s is no name for a runtime; use small letters, digits and -", name);
    }
    return 0;
}

static int check_program(const char *path, struct ocn_error *err)
{
    static const char good[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._+-";

    if (path[0] != '/' || path[strspn(path, good)] != '\0') {
        return ocn_fail(err, OCN_E_USAGE, "--program",
                        "%s is no absolute path of letters, digits and /._+-", path);
    }
    return 0;
}

static int read_option(int option, struct request *request, struct ocn_error *err)
{
    switch (option) {
    case 'h':
        request->help = 1;
        return 0;
    case 'm':
        return read_mode(request, optarg, err);
    case 'c':
        request->handler = optarg;
        return check_handler(optarg, err);
    case 'p':
        request->program = optarg;
        return check_program(optarg, err);
    case 's':
        request->stage = optarg;
        return strcmp(optarg, "precreate") == 0 || strcmp(optarg, "createRuntime") == 0
                   ? 0
                   : ocn_fail(err, OCN_E_USAGE, "--stage",
                              "no such stage: %s; use precreate or createRuntime", optarg);
    case 'r':
        request->root = optarg;
        return 0;
    case 0:
        return 0;
    default: /* getopt_long has said what is wrong */
        return ocn_fail(err, OCN_E_USAGE, "", "unexpected option");
    }
}

static int read_arguments(int argc, char **argv, bool install, struct request *request,
                          struct ocn_error *err)
{
    /* The first rows are common; --all ends those of uninstall. */
    const struct option options[] = {
        { "help", no_argument, NULL, 'h' },
        { "root", required_argument, NULL, 'r' },
        { "dry-run", no_argument, &request->dry_run, 1 },
        { "restart", no_argument, &request->restart, 1 },
        { "force", no_argument, &request->force, 1 },
        { install ? "merge" : "all", no_argument, install ? &request->merge : &request->all, 1 },
        { install ? "mode" : NULL, required_argument, NULL, 'm' },
        { "runtime-class", required_argument, NULL, 'c' },
        { "set-default", no_argument, &request->set_default, 1 },
        { "program", required_argument, NULL, 'p' },
        { "stage", required_argument, NULL, 's' },
        { 0 },
    };
    int option = 0;

    optind = 1;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (read_option(option, request, err) < 0) {
            return -1;
        }
    }
    request->engine = argv[optind];
    if (request->help) {
        return 0;
    }
    if ((request->engine == NULL) != (request->all != 0)) {
        return ocn_fail(err, OCN_E_USAGE, "",
                        "name an engine: containerd, k3s, rke2, crio, podman or docker");
    }
    if (request->engine != NULL && argv[optind + 1] != NULL) {
        return ocn_fail(err, OCN_E_USAGE, argv[optind + 1], "unexpected argument");
    }
    return 0;
}

static bool is_there(const struct ocn_node *node, const struct ocn_engine *engine)
{
    return ocn_node_has(node, engine->home) != 0;
}

/* "containerd" is also that of k3s or rke2, on a node that has no other. */
static int find_engine(const struct ocn_node *node, const char *name, const struct ocn_engine **ret,
                       struct ocn_error *err)
{
    const struct ocn_engine *engine = ocn_engine_find(name);

    if (engine == NULL) {
        return ocn_fail(err, OCN_E_USAGE, name,
                        "no such engine; use containerd, k3s, rke2, crio, podman or docker");
    }
    for (size_t i = 0; i < ocn_engine_count && !is_there(node, engine); i++) {
        if (ocn_engines[i].kind == engine->kind && ocn_engines[i].is_generated &&
            is_there(node, &ocn_engines[i])) {
            engine = &ocn_engines[i];
        }
    }
    *ret = engine;
    return 0;
}

const char *ocn_install_program(const struct ocn_engine *engine, struct ocn_changes *changes,
                                const char *program)
{
    for (const char *const *bin = engine->bin; *bin != NULL; bin++) {
        const char *path = ocn_arena_printf(&changes->arena, "%s/%s", *bin, program);
        struct stat st;
        if (path != NULL && ocn_node_stat(changes->node, path, &st, NULL) == 0 &&
            S_ISREG(st.st_mode) && (st.st_mode & 0111) != 0) {
            return path;
        }
    }
    return NULL;
}

/* What would be started for every container must be there. */
static int find_program(const struct ocn_install *install, struct ocn_error *err)
{
    struct stat st;

    if (ocn_node_stat(install->changes->node, install->program, &st, NULL) < 0 ||
        !S_ISREG(st.st_mode) || (st.st_mode & 0111) == 0) {
        return ocn_fail(err, OCN_E_NOENT, install->program,
                        "is not there or no program, and no container would start; install ocinorm "
                        "on this node first, or say with --program where it is");
    }
    return 0;
}

static int check_request(const struct request *request, const struct ocn_install *install,
                         struct ocn_error *err)
{
    const struct ocn_engine *engine = install->engine;
    bool hook = install->mode == OCN_MODE_HOOK;

    if ((engine->modes & install->mode) == 0) {
        return ocn_fail(err, OCN_E_USAGE, "--mode",
                        "%s has no place for a hook; use --mode runtime", engine->name);
    }
    if (request->stage != NULL && (engine->kind != OCN_ENGINE_PODMAN || !hook)) {
        return ocn_fail(err, OCN_E_USAGE, "--stage", "is only for podman --mode hook");
    }
    if (request->merge && engine->kind != OCN_ENGINE_DOCKER) {
        return ocn_fail(err, OCN_E_USAGE, "--merge", "is only for docker");
    }
    if (hook && engine->kind != OCN_ENGINE_CONTAINERD &&
        (request->set_default || request->handler != NULL)) {
        return ocn_fail(
            err, OCN_E_USAGE, request->set_default ? "--set-default" : "--runtime-class",
            "a hook of %s is for all containers, there is no runtime to name", engine->name);
    }
    if (!is_there(install->changes->node, engine) && install->daemon == NULL) {
        return ocn_fail(err, OCN_E_NOENT, engine->name,
                        "is not on this node: there is neither %s nor a program %s", engine->home,
                        engine->program);
    }
    return install->dry_run ? 0 : find_program(install, err);
}

static int check_restart(const struct request *request, const struct ocn_node *node,
                         struct ocn_error *err)
{
    if (request->restart && !ocn_node_is_this_machine(node)) {
        return ocn_fail(err, OCN_E_USAGE, "--restart",
                        "is for the node that ocinorm runs on, not with --root");
    }
    return 0;
}

/* "containerd.service" without its end, as people type it. */
static int base_len(const char *unit)
{
    return (int)strcspn(unit, ".");
}

static int systemctl(struct ocn_changes *changes, const char *verb, const char *unit,
                     struct ocn_tool_result *result, struct ocn_error *err)
{
    const char *program = ocn_install_program(ocn_engine_find("containerd"), changes, "systemctl");
    const char *const argv[] = { program, verb, unit, NULL };

    if (program == NULL) {
        return ocn_fail(err, OCN_E_UNSUPPORTED, unit,
                        "cannot be restarted from here, there is no systemctl; what was written "
                        "takes effect at its next start");
    }
    return ocn_tool_run(changes->node, argv, RESTART_SECONDS, result, err);
}

/* The unit that runs, of those that the engine may have; the first where none does. */
static const char *running_unit(struct ocn_changes *changes, const struct ocn_engine *engine)
{
    for (size_t i = 0; i < OCN_ENGINE_UNITS && engine->units[i] != NULL; i++) {
        OCN_CLEANUP(ocn_tool_done) struct ocn_tool_result result = { 0 };
        if (systemctl(changes, "is-active", engine->units[i], &result, NULL) == 0 &&
            result.status == 0) {
            return engine->units[i];
        }
    }
    return engine->units[0];
}

static int restart(struct ocn_changes *changes, const struct ocn_engine *engine, const char *verb,
                   struct ocn_error *err)
{
    OCN_CLEANUP(ocn_tool_done) struct ocn_tool_result result = { 0 };
    const char *unit = running_unit(changes, engine);

    if (systemctl(changes, verb, unit, &result, err) < 0) {
        return -1;
    }
    if (result.status != 0) {
        return ocn_fail(err, OCN_E_IO, unit, "`systemctl %s %s` failed: %s", verb, unit,
                        ocn_tool_reason(&result));
    }
    (void)printf("%sed %.*s\n", verb, base_len(unit), unit);
    return 0;
}

/* What takes effect when. */
static int finish(const struct request *request, struct ocn_changes *changes,
                  const struct ocn_engine *engine, bool reread, struct ocn_error *err)
{
    const struct kind *kind = &kinds[engine->kind];

    if (kind->verb == NULL || reread) {
        (void)puts("takes effect with the next container, nothing is to be restarted");
        return 0;
    }
    if (request->restart && !request->dry_run) {
        return restart(changes, engine, kind->verb, err);
    }
    const char *unit = ocn_node_is_this_machine(changes->node) && engine->units[1] != NULL
                           ? running_unit(changes, engine)
                           : engine->units[0];
    (void)printf("%s %s to take effect: systemctl %s %.*s%s\n", kind->verb, engine->name,
                 kind->verb, base_len(unit), unit, kind->keeps);
    return 0;
}

static void print_use(const struct ocn_install *install)
{
    enum ocn_engine_kind kind = install->engine->kind;

    if (kind == OCN_ENGINE_PODMAN || kind == OCN_ENGINE_DOCKER) {
        if (install->mode == OCN_MODE_RUNTIME && !install->set_default) {
            (void)printf("to use it: %s run --runtime %s ...\n",
                         kind == OCN_ENGINE_PODMAN ? "podman" : "docker", install->handler);
        }
        return;
    }
    if (kind == OCN_ENGINE_CRIO && install->mode == OCN_MODE_HOOK) {
        return;
    }
    (void)printf("for Kubernetes, create this once per cluster, and give pods "
                 "runtimeClassName: %s\n"
                 "  apiVersion: node.k8s.io/v1\n"
                 "  kind: RuntimeClass\n"
                 "  metadata:\n"
                 "    name: %s\n"
                 "  handler: %s\n",
                 install->handler, install->handler, install->handler);
}

static void print_notes(const struct ocn_buf *notes)
{
    const char *text = ocn_buf_bytes(notes).ptr;

    for (const char *end = strchr(text, '\n'); end != NULL; end = strchr(text, '\n')) {
        (void)printf("%s%.*s\n", text[0] == ' ' ? "" : "note: ", (int)(end - text), text);
        text = end + 1;
    }
}

/* Writes what is planned; for containerd, between two looks at what it makes of its configuration.
 */
static int carry_out(struct ocn_install *install, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf before = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf after = { 0 };
    bool again = ocn_changes_installed(install->changes) != 0;
    bool checks = install->engine->kind == OCN_ENGINE_CONTAINERD && !install->is_deferred;
    int asked = 0;

    if (checks) {
        asked = ocn_containerd_dump(install, &before, err);
        if (asked < 0) {
            return -1;
        }
    }
    if (ocn_changes_apply(install->changes, err) < 0) {
        return -1;
    }
    if (asked == 0) {
        if (checks) {
            ocn_buf_printf(install->notes,
                           "there is no %s that can be asked here: nobody has checked the result\n",
                           install->engine->program);
        }
        return 0;
    }
    /* What an earlier install had changed is no measure of what others have configured. */
    struct ocn_bytes measure = again ? (struct ocn_bytes){ "", 0 } : ocn_buf_bytes(&before);
    if (ocn_containerd_dump(install, &after, err) <= 0 ||
        ocn_containerd_check(install, measure, ocn_buf_bytes(&after), err) < 0) {
        struct ocn_error worse = { 0 };
        if (ocn_changes_revert(install->changes, &worse) < 0) {
            (void)complain("install", &worse);
        } else {
            (void)puts("everything was put back as it was");
        }
        return -1;
    }
    return 0;
}

static int print_told(const struct ocn_buf *told)
{
    (void)fwrite(ocn_buf_bytes(told).ptr, 1, told->len, stdout);
    return 0;
}

static int run_install(const struct request *request, struct ocn_install *install,
                       struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf told = { 0 };

    install->daemon =
        ocn_install_program(install->engine, install->changes, install->engine->program);
    if (check_request(request, install, err) < 0 ||
        kinds[install->engine->kind].plan(install, err) < 0) {
        return -1;
    }
    size_t pending = ocn_changes_pending(install->changes);
    if (pending != 0 && !install->dry_run && carry_out(install, err) < 0) {
        return -1;
    }
    ocn_changes_print(install->changes, install->dry_run, &told);
    if (ocn_buf_check(&told, err) < 0 || ocn_buf_check(install->notes, err) < 0) {
        return -1;
    }
    (void)print_told(&told);
    print_notes(install->notes);
    if (install->changes->count == 0) {
        return 0;
    }
    if (pending == 0) {
        (void)puts("nothing to do: it is installed like this already");
        return 0;
    }
    if (finish(request, install->changes, install->engine, install->is_reread != 0, err) < 0) {
        return -1;
    }
    print_use(install);
    return 0;
}

static int install_into(const struct request *request, const struct ocn_node *node,
                        struct ocn_error *err)
{
    OCN_CLEANUP(ocn_changes_done) struct ocn_changes changes = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf notes = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf told = { 0 };
    struct ocn_install install = {
        .engine = ocn_engines,
        .mode = request->mode,
        .handler = request->handler != NULL ? request->handler : OCN_DEFAULT_HANDLER,
        .program = request->program != NULL ? request->program : find_mode(request->mode)->program,
        .stage = request->stage != NULL ? request->stage : "precreate",
        .set_default = request->set_default,
        .dry_run = request->dry_run,
        .merge = request->merge,
        .changes = &changes,
        .notes = &notes,
    };

    if (check_restart(request, node, err) < 0 ||
        find_engine(node, request->engine, &install.engine, err) < 0) {
        return -1;
    }
    if (ocn_changes_begin(&changes, node, install.engine->name, request->force, &told, err) < 0) {
        (void)print_told(&told);
        return -1;
    }
    return run_install(request, &install, err);
}

/* 1: it was not installed. */
static int take_out(const struct request *request, const struct ocn_node *node,
                    const struct ocn_engine *engine, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_changes_done) struct ocn_changes changes = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf told = { 0 };
    int failed = ocn_changes_begin(&changes, node, engine->name, request->force, &told, err);

    (void)print_told(&told);
    if (failed < 0) {
        return -1;
    }
    if (!ocn_changes_installed(&changes)) {
        return 1;
    }
    size_t pending = ocn_changes_pending(&changes);
    if (!request->dry_run && ocn_changes_apply(&changes, err) < 0) {
        return -1;
    }
    told.len = 0;
    ocn_changes_print(&changes, request->dry_run, &told);
    if (ocn_buf_check(&told, err) < 0) {
        return -1;
    }
    (void)print_told(&told);
    return pending != 0 ? finish(request, &changes, engine, false, err) : 0;
}

static int uninstall_all(const struct request *request, const struct ocn_node *node,
                         struct ocn_error *err)
{
    bool any = false;

    for (size_t i = 0; i < ocn_engine_count; i++) {
        int none = take_out(request, node, &ocn_engines[i], err);
        if (none < 0) {
            return -1;
        }
        any = any || none == 0;
    }
    if (!any) {
        (void)puts("nothing to do: ocinorm is in no engine");
    }
    return 0;
}

static int uninstall_from(const struct request *request, const struct ocn_node *node,
                          struct ocn_error *err)
{
    const struct ocn_engine *engine = ocn_engines;

    if (check_restart(request, node, err) < 0) {
        return -1;
    }
    if (request->all) {
        return uninstall_all(request, node, err);
    }
    if (find_engine(node, request->engine, &engine, err) < 0) {
        return -1;
    }
    int none = take_out(request, node, engine, err);
    if (none > 0) {
        (void)printf("nothing to do: ocinorm is not in %s\n", engine->name);
    }
    return none < 0 ? -1 : 0;
}

static int run(int argc, char **argv, bool install, const char *usage)
{
    struct request request = { .mode = OCN_MODE_RUNTIME };
    struct ocn_error err = { 0 };
    OCN_CLEANUP(ocn_node_done) struct ocn_node node = { 0 };

    if (read_arguments(argc, argv, install, &request, &err) < 0) {
        return complain(argv[0], &err);
    }
    if (request.help) {
        (void)fputs(usage, stdout);
        return EXIT_FINE;
    }
    if (ocn_node_open(request.root, &node, &err) < 0 ||
        (install ? install_into(&request, &node, &err) : uninstall_from(&request, &node, &err)) <
            0) {
        return complain(argv[0], &err);
    }
    if (fflush(stdout) != 0) {
        return complain(argv[0], &(struct ocn_error){ .code = OCN_E_IO, .msg = "cannot print" });
    }
    return EXIT_FINE;
}

int ocn_cli_install(int argc, char **argv)
{
    return run(argc, argv, true, install_usage);
}

int ocn_cli_uninstall(int argc, char **argv)
{
    return run(argc, argv, false, uninstall_usage);
}
