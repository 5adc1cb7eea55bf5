/* SPDX-License-Identifier: Apache-2.0 */
/* ocinorm install, ocinorm uninstall: into a container engine of the node, and out again. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "hook/cli/cli.h"
#include "hook/install/due.h"
#include "hook/install/install.h"
#include "hook/install/record.h"
#include "hook/install/tool.h"
#include "hook/running/report.h"
#include "hook/sys/mark.h"

#define RESTART_SECONDS 120

enum { EXIT_FINE = 0, EXIT_TROUBLE = 2 };

struct request {
    const char *engine;
    const char *root;
    const char *program;
    const char *stage;
    const char *handler;
    const char *mode;
    bool all;
    bool set_default;
    bool merge;
    bool dry_run;
    bool restart;
    bool force;
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
    const char *file; /* what the program is called, wherever it lies */
} modes[] = {
    { "runtime", OCN_MODE_RUNTIME, OCN_RUNTIME_PROGRAM, "ocinorm-runtime" },
    { "hook", OCN_MODE_HOOK, OCN_HOOK_PROGRAM, "ocinorm-hook" },
};

static int complain(const struct ocn_error *err)
{
    (void)fflush(stdout);
    return ocn_cli_complain(err);
}

/* The first is what holds where none is named. */
static const struct mode *find_mode(const char *name)
{
    for (size_t i = 0; name != NULL && i < OCN_COUNT(modes); i++) {
        if (strcmp(modes[i].name, name) == 0) {
            return &modes[i];
        }
    }
    return &modes[0];
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

#define DRY_RUN(sentence) OCN_CLI_FLAG("dry-run", struct request, dry_run, sentence)
#define RESTART(sentence) OCN_CLI_FLAG("restart", struct request, restart, sentence)
#define FORCE(sentence) OCN_CLI_FLAG("force", struct request, force, sentence)
#define ROOT OCN_CLI_ROOT(struct request, root, "a node's root file system that is mounted at DIR")
#define ENGINE                                                                                     \
    {                                                                                              \
        .takes = OCN_COMMAND_TAKES_WORD, .argument = "ENGINE", .words = ocn_engine_names,          \
        .offset = offsetof(struct request, engine)                                                 \
    }

static const char *const mode_names[] = { "runtime", "hook", NULL };
static const char *const stage_names[] = { "precreate", "createRuntime", NULL };

static const struct ocn_command_option install_options[] = {
    { .name = "mode",
      .takes = OCN_COMMAND_TAKES_WORD,
      .argument = "MODE",
      .words = mode_names,
      .offset = offsetof(struct request, mode),
      .text = "runtime (default): ocinorm-runtime, as a runtime of its own; hook: ocinorm-hook, as "
              "an OCI hook" },
    { .name = "runtime-class",
      .takes = OCN_COMMAND_TAKES_TEXT,
      .argument = "NAME",
      .offset = offsetof(struct request, handler),
      .text = "the runtime's name (default: ocinorm)" },
    OCN_CLI_FLAG("set-default", struct request, set_default,
                 "make it the runtime of containers that name none"),
    { .name = "program",
      .takes = OCN_COMMAND_TAKES_FILE,
      .argument = "PATH",
      .offset = offsetof(struct request, program),
      .text = "where ocinorm-runtime or ocinorm-hook lies on the node" },
    { .name = "stage",
      .takes = OCN_COMMAND_TAKES_WORD,
      .argument = "STAGE",
      .words = stage_names,
      .offset = offsetof(struct request, stage),
      .text = "Podman's hook: precreate (default) or createRuntime" },
    OCN_CLI_FLAG("merge", struct request, merge,
                 "write Docker's daemon.json instead of printing what to add"),
    DRY_RUN("show what would be written, as a diff"),
    RESTART("restart the engine if something was written"),
    ROOT,
    FORCE("overwrite ocinorm's own files even where they were changed"),
};

static const struct ocn_command_option uninstall_options[] = {
    OCN_CLI_FLAG("all", struct request, all, "out of every engine that it was put into"),
    DRY_RUN("show what would be removed, as a diff"),
    RESTART("restart the engine if something was removed"),
    ROOT,
    FORCE("also where somebody has changed what ocinorm wrote"),
};

static const char *const install_synopsis[] = { "ENGINE [OPTION...]", NULL };
static const char *const uninstall_synopsis[] = { "ENGINE|--all [OPTION...]", NULL };

/* What the tables cannot say. */
static int check_words(const struct request *request, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf names = { 0 };

    if ((request->handler != NULL && check_handler(request->handler, err) < 0) ||
        (request->program != NULL && check_program(request->program, err) < 0)) {
        return -1;
    }
    if ((request->engine == NULL) == request->all) {
        return 0;
    }
    if (request->all) {
        return ocn_fail(err, OCN_E_USAGE, "--all", "leave %s out, or name it without --all",
                        request->engine);
    }
    ocn_command_words(ocn_engine_names, &names);
    return ocn_buf_check(&names, err) < 0
               ? -1
               : ocn_fail(err, OCN_E_USAGE, "", "name an engine: %s (ocinorm install --help)",
                          names.ptr);
}

static bool is_there(const struct ocn_node *node, const struct ocn_engine *engine)
{
    return ocn_node_has(node, engine->home);
}

/* "containerd" is also that of k3s or rke2, on a node that has no other. */
static const struct ocn_engine *find_engine(const struct ocn_node *node, const char *name)
{
    const struct ocn_engine *engine = ocn_engine_find(name);

    for (size_t i = 0; i < ocn_engine_count && !is_there(node, engine); i++) {
        if (ocn_engines[i].kind == engine->kind && ocn_engines[i].is_generated &&
            is_there(node, &ocn_engines[i])) {
            engine = &ocn_engines[i];
        }
    }
    return engine;
}

const char *ocn_install_program(const struct ocn_engine *engine, struct ocn_changes *changes,
                                const char *program)
{
    for (const char *const *bin = engine->bin; *bin != NULL; bin++) {
        const char *path = ocn_arena_printf(&changes->arena, "%s/%s", *bin, program);
        struct stat st;
        if (ocn_node_stat(changes->node, path, &st, NULL) == 0 && S_ISREG(st.st_mode) &&
            (st.st_mode & 0111) != 0) {
            return path;
        }
    }
    return NULL;
}

/* Which of ocinorm's programs lies at @path: by what its file says, else by its name; or NULL. */
static const char *which_program(const struct ocn_node *node, const char *path)
{
    static const char *const names[] = { "ocinorm-runtime", "ocinorm-hook", "ocinorm-entry",
                                         "ocinorm" };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf file = { 0 };
    char version[OCN_MARK_VERSION_SIZE];
    const char *base = strrchr(path, '/') + 1;
    const char *found = ocn_node_read(node, path, &file, NULL) == 0
                            ? ocn_mark_which(ocn_buf_bytes(&file), version)
                            : NULL;

    for (size_t i = 0; found == NULL && i < OCN_COUNT(names); i++) {
        found = strcmp(base, names[i]) == 0 ? names[i] : NULL;
    }
    return found;
}

/* The wrapper in the place of the hook, or the other way round, would fail every container. */
static int check_kind(const struct ocn_install *install, struct ocn_error *err)
{
    const struct mode *mode = &modes[install->mode == modes[0].mode ? 0 : 1];
    const char *found = which_program(install->changes->node, install->program);

    if (found == NULL || strcmp(found, mode->file) == 0) {
        return 0;
    }
    return ocn_fail(err, OCN_E_USAGE, "--program",
                    "%s is %s, but --mode %s needs %s, so no container would start; name the "
                    "path of %s",
                    install->program, found, mode->name, mode->file, mode->file);
}

/* What would be started for every container must be there. */
static int find_program(const struct ocn_install *install, struct ocn_error *err)
{
    struct stat st;

    if (ocn_node_stat(install->changes->node, install->program, &st, NULL) < 0 ||
        !S_ISREG(st.st_mode) || (st.st_mode & 0111) == 0) {
        return ocn_fail(
            err, OCN_E_NOENT, install->program,
            "does not exist or cannot be executed, so no container would start; install ocinorm "
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
    if (check_kind(install, err) < 0) {
        return -1;
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
                        "cannot be restarted from here: there is no systemctl; the change takes "
                        "effect at its next start");
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
    ocn_due_done(engine);
    (void)printf("%sed %.*s\n", verb, base_len(unit), unit);
    return 0;
}

/* Remembers why not, where it fails. */
static int restart_or_note(struct ocn_changes *changes, const struct ocn_engine *engine,
                           struct ocn_error *err)
{
    struct ocn_error worse = { 0 };

    if (restart(changes, engine, kinds[engine->kind].verb, err) == 0) {
        return 0;
    }
    if (ocn_due_note(engine, err->msg, &worse) < 0) {
        (void)complain(&worse);
    }
    return -1;
}

/* Before anything is written: who is killed in between must not leave it undone. */
static int note_restart(const struct request *request, const struct ocn_engine *engine, bool reread,
                        struct ocn_error *err)
{
    bool wanted = request->restart && !request->dry_run && !reread;

    return wanted && kinds[engine->kind].verb != NULL
               ? ocn_due_note(engine, "it was interrupted before that", err)
               : 0;
}

/* Where nothing is to be written. *ret_done: an earlier --restart had failed, and was done now. */
static int restart_overdue(const struct request *request, struct ocn_changes *changes,
                           const struct ocn_engine *engine, bool *ret_done, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf reason = { 0 };

    if (!request->restart || request->dry_run || !ocn_due_find(engine, &reason)) {
        *ret_done = false;
        return 0;
    }
    struct ocn_bytes text = ocn_buf_bytes(&reason);
    (void)printf("%s was not restarted the last time: %.*s\n", engine->name, (int)text.len,
                 text.ptr);
    if (restart_or_note(changes, engine, err) < 0) {
        return -1;
    }
    *ret_done = true;
    return 0;
}

/* What takes effect when. */
static int finish(const struct request *request, struct ocn_changes *changes,
                  const struct ocn_engine *engine, bool reread, struct ocn_error *err)
{
    const struct kind *kind = &kinds[engine->kind];

    if (kind->verb == NULL || reread) {
        (void)puts("takes effect with the next container; nothing needs a restart");
        return 0;
    }
    if (request->restart && !request->dry_run) {
        return restart_or_note(changes, engine, err);
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
    bool again = ocn_changes_installed(install->changes);
    bool checks = install->engine->kind == OCN_ENGINE_CONTAINERD && !install->is_deferred;
    bool asked = false;

    if (checks && ocn_install_containerd_dump(install, &before, &asked, err) < 0) {
        return -1;
    }
    if (ocn_changes_apply(install->changes, err) < 0) {
        return -1;
    }
    if (!asked) {
        if (checks) {
            ocn_buf_printf(install->notes,
                           "there is no %s that can be asked here, so the result is unchecked\n",
                           install->engine->program);
        }
        return 0;
    }
    /* What an earlier install had changed is no measure of what others have configured. */
    struct ocn_bytes measure = again ? (struct ocn_bytes){ "", 0 } : ocn_buf_bytes(&before);
    if (ocn_install_containerd_dump(install, &after, &asked, err) < 0 || !asked ||
        ocn_install_containerd_check(install, measure, ocn_buf_bytes(&after), err) < 0) {
        struct ocn_error worse = { 0 };
        if (ocn_changes_revert(install->changes, &worse) < 0) {
            (void)complain(&worse);
        } else {
            (void)puts("everything was put back as it was");
        }
        return -1;
    }
    return 0;
}

static int write_changes(const struct request *request, struct ocn_install *install,
                         struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf reason = { 0 };
    bool due = ocn_due_find(install->engine, &reason);

    if (note_restart(request, install->engine, install->is_reread, err) < 0) {
        return -1;
    }
    int status = carry_out(install, err);
    if (status < 0 && request->restart && !due) {
        ocn_due_done(install->engine);
    }
    return status;
}

static int print_told(const struct ocn_buf *told)
{
    (void)fwrite(ocn_buf_bytes(told).ptr, 1, told->len, stdout);
    return 0;
}

/*
 * What runs on the node, and what each container would be started as by the policy that is there:
 * who makes ocinorm the default must have seen it. It only informs, so nothing fails over it.
 */
static void print_running(const struct ocn_node *node)
{
    OCN_CLEANUP(ocn_running_done) struct ocn_runnings runnings = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    /* A tree that is this machine's is no tree: its processes can be asked. */
    const struct ocn_world world = { .root = ocn_node_is_this_machine(node) ? NULL : node->root,
                                     .all_facts = true };
    struct ocn_error err = { 0 };

    if (ocn_running_read(&world, NULL, &runnings, &err) < 0 ||
        ocn_running_text(&runnings, ocn_cli_wants_colour(), &text, &err) < 0) {
        (void)printf("note: the running containers could not be looked at: "
                     "%s%s%s\n",
                     err.where, err.where[0] != '\0' ? ": " : "", err.msg);
        return;
    }
    if (runnings.len != 0 || runnings.problems_len != 0) {
        (void)puts("these containers run now; they stay as they are, and would be started again "
                   "like this:");
        (void)print_told(&text);
        (void)puts("");
    }
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
    if (pending != 0 && request->set_default) {
        print_running(install->changes->node);
    }
    if (pending != 0 && !install->dry_run && write_changes(request, install, err) < 0) {
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
        bool restarted = false;
        if (restart_overdue(request, install->changes, install->engine, &restarted, err) < 0) {
            return -1;
        }
        if (!restarted) {
            (void)puts("nothing to do: it is already installed this way");
        }
        return 0;
    }
    if (finish(request, install->changes, install->engine, install->is_reread, err) < 0) {
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
        .mode = find_mode(request->mode)->mode,
        .handler = request->handler != NULL ? request->handler : OCN_DEFAULT_HANDLER,
        .program = request->program != NULL ? request->program : find_mode(request->mode)->program,
        .stage = request->stage != NULL ? request->stage : "precreate",
        .set_default = request->set_default,
        .dry_run = request->dry_run,
        .merge = request->merge,
        .changes = &changes,
        .notes = &notes,
    };

    if (check_restart(request, node, err) < 0) {
        return -1;
    }
    install.engine = find_engine(node, request->engine);
    if (ocn_changes_begin(&changes, node, install.engine->name, request->force, &told, err) < 0) {
        (void)print_told(&told);
        return -1;
    }
    return run_install(request, &install, err);
}

/* *ret_done: false where it was not installed. */
static int take_out(const struct request *request, const struct ocn_node *node,
                    const struct ocn_engine *engine, bool *ret_done, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_changes_done) struct ocn_changes changes = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf told = { 0 };
    int failed = ocn_changes_begin(&changes, node, engine->name, request->force, &told, err);

    (void)print_told(&told);
    if (failed < 0) {
        return -1;
    }
    if (!ocn_changes_installed(&changes)) {
        return restart_overdue(request, &changes, engine, ret_done, err);
    }
    size_t pending = ocn_changes_pending(&changes);
    if (pending != 0 && note_restart(request, engine, false, err) < 0) {
        return -1;
    }
    if (!request->dry_run && ocn_changes_apply(&changes, err) < 0) {
        return -1;
    }
    told.len = 0;
    ocn_changes_print(&changes, request->dry_run, &told);
    if (ocn_buf_check(&told, err) < 0) {
        return -1;
    }
    (void)print_told(&told);
    if (pending != 0 && finish(request, &changes, engine, false, err) < 0) {
        return -1;
    }
    *ret_done = true;
    return 0;
}

static int uninstall_all(const struct request *request, const struct ocn_node *node,
                         struct ocn_error *err)
{
    bool any = false;

    for (size_t i = 0; i < ocn_engine_count; i++) {
        bool done = false;
        if (take_out(request, node, &ocn_engines[i], &done, err) < 0) {
            return -1;
        }
        any = any || done;
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
    bool done = false;

    if (check_restart(request, node, err) < 0) {
        return -1;
    }
    if (request->all) {
        return uninstall_all(request, node, err);
    }
    engine = find_engine(node, request->engine);
    if (take_out(request, node, engine, &done, err) < 0) {
        return -1;
    }
    if (!done) {
        (void)printf("nothing to do: ocinorm is not in %s\n", engine->name);
    }
    return 0;
}

static int run(const struct ocn_command *command, int argc, char **argv,
               int (*act)(const struct request *request, const struct ocn_node *node,
                          struct ocn_error *err))
{
    struct request request = { 0 };
    struct ocn_error err = { 0 };
    OCN_CLEANUP(ocn_node_done) struct ocn_node node = { 0 };
    bool helped = false;
    int status = ocn_command_read(command, argc, argv, &request, &helped, &err);

    if (helped) {
        return EXIT_FINE;
    }
    if (status < 0 || check_words(&request, &err) < 0 ||
        ocn_node_open(request.root, &node, &err) < 0 || act(&request, &node, &err) < 0) {
        return complain(&err);
    }
    if (fflush(stdout) != 0) {
        (void)ocn_fail_sys(&err, errno, "standard output", "cannot print");
        return complain(&err);
    }
    return EXIT_FINE;
}

static int run_install_command(int argc, char **argv)
{
    return run(&ocn_cli_install, argc, argv, install_into);
}

static int run_uninstall(int argc, char **argv)
{
    return run(&ocn_cli_uninstall, argc, argv, uninstall_from);
}

const struct ocn_command ocn_cli_install = {
    .name = "install",
    .summary = "put ocinorm into a container engine of this node",
    .synopsis = install_synopsis,
    .about = "Puts ocinorm into a container engine of this node: containerd, k3s, rke2, crio, "
             "podman, docker. What others have configured stays as it is; ocinorm uninstall "
             "restores it to the byte.",
    .options = install_options,
    .options_len = OCN_COUNT(install_options),
    .operand = ENGINE,
    .exit_status = "0 fine, 2 could not do it.",
    .run = run_install_command,
};

const struct ocn_command ocn_cli_uninstall = {
    .name = "uninstall",
    .summary = "take it out again, to the byte",
    .synopsis = uninstall_synopsis,
    .about = "Takes ocinorm out of a container engine: every file is what it was before ocinorm "
             "install.",
    .options = uninstall_options,
    .options_len = OCN_COUNT(uninstall_options),
    .operand = ENGINE,
    .exit_status = "0 fine, 2 could not do it.",
    .run = run_uninstall,
};
