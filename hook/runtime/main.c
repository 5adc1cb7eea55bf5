/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ocinorm-runtime: takes the command line of runc or crun, edits what they will read, and becomes
 * them. Environment, working directory, signals and inherited descriptors are the runtime's.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "hook/judge/decide.h"
#include "hook/policy/policy_files.h"
#include "hook/policy/runtimes.h"
#include "hook/running/runtime_state.h"
#include "hook/runtime/argv.h"
#include "hook/sys/io.h"
#include "hook/sys/mark.h"
#include "hook/sys/replace.h"
#include "normalize/outcome/splice.h"

OCN_MARK_PROGRAM("ocinorm-runtime");

#define EXIT_REFUSED 1
#define CONFIG_NAME "config.json"

/* The descriptor of a handed-on process stands above those that --preserve-fds can mean. */
#define HANDED_ON_MIN_FD 100

struct call {
    char **argv;
    struct ocn_argv words;
    struct ocn_log log;
    struct ocn_world world;
    struct ocn_layer *layers;
    size_t layers_len;
    struct ocn_error layers_error; /* why there are none, if so */
    const char *runtime;           /* the path of the low-level runtime */
    int bundle_fd;                 /* O_PATH, once it is known */
    struct ocn_decision decision;  /* the runtime that we become frees it in one go */
    struct ocn_arena arena;
};

static void finish_call(struct call *call)
{
    ocn_decide_done(&call->decision);
    ocn_closep(&call->bundle_fd);
    ocn_arena_done(&call->arena);
}

/* ---- the low-level runtime ---------------------------------------------------------------- */

static bool is_runc(const char *runtime)
{
    return strstr(ocn_strings_base_name(runtime), "runc") != NULL;
}

static int find_runtime(struct call *call, struct ocn_error *err)
{
    return ocn_runtimes_find(call->layers, call->layers_len, &call->arena, &call->runtime, err);
}

/* ---- create, run -------------------------------------------------------------------------- */

/* @text with the outcome's edits; empty if there is nothing to change or to start. */
static int edit(const struct ocn_outcome *outcome, const char *root, struct ocn_bytes text,
                struct ocn_buf *ret, struct ocn_error *err)
{
    if (outcome->verdict == OCN_DENY || outcome->edits_len == 0) {
        return 0;
    }
    return ocn_splice_edits(text, root, outcome->edits, outcome->edits_len, ret, err);
}

/* crun: the name config.json means the one in the bundle, any other is relative to the cwd. */
static const char *other_config(const struct call *call)
{
    const char *config = call->words.config;

    return config != NULL && strcmp(config, "config.json") != 0 ? config : NULL;
}

/* Opens the bundle of create, run and restore; *ret is its path, without links. */
static int open_bundle(struct call *call, const char **ret, struct ocn_error *err)
{
    const char *given = call->words.bundle != NULL ? call->words.bundle : ".";
    char place[PATH_MAX];

    call->bundle_fd = ocn_io_open_plain(given, O_PATH | O_DIRECTORY);
    if (call->bundle_fd >= 0) {
        *ret = given;
        return 0;
    }
    call->bundle_fd = openat(AT_FDCWD, given, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (call->bundle_fd < 0) {
        return ocn_fail_sys(err, errno, given, "cannot find the bundle");
    }
    /* Not from /proc where there is none; and it may be detached, or mounted over. */
    bool told = ocn_io_path_of(call->bundle_fd, place) == 0;
    OCN_CLEANUP(ocn_freep) char *real = told ? NULL : realpath(given, NULL);
    const char *path = told ? place : real;
    if (path == NULL || !ocn_io_leads_to(path, call->bundle_fd)) {
        return ocn_fail_sys(err, ENOENT, given, "cannot find the bundle");
    }
    *ret = ocn_arena_copy(&call->arena, path, strlen(path));
    return ocn_arena_check(&call->arena, err);
}

/* The bundle, the path of its config.json, and the text of that. */
static int read_bundle(struct call *call, const char **ret_bundle, const char **ret_path,
                       struct ocn_buf *ret, struct ocn_error *err)
{
    const char *other = other_config(call);

    if (open_bundle(call, ret_bundle, err) < 0) {
        return -1;
    }
    call->log.about.bundle = *ret_bundle;
    *ret_path =
        other != NULL ? other : ocn_arena_printf(&call->arena, "%s/" CONFIG_NAME, *ret_bundle);
    if (ocn_arena_check(&call->arena, err) < 0) {
        return -1;
    }
    return other != NULL ? ocn_io_read_file(other, OCN_CONFIG_MAX_SIZE, ret, err)
                         : ocn_io_read_in(call->bundle_fd, CONFIG_NAME, *ret_path,
                                          OCN_CONFIG_MAX_SIZE, ret, err);
}

static int write_config(const struct call *call, const char *path, struct ocn_bytes text,
                        struct ocn_error *err)
{
    return other_config(call) != NULL
               ? ocn_replace_file(path, text, err)
               : ocn_replace_in(call->bundle_fd, CONFIG_NAME, path, text, err);
}

static int judge(struct call *call, struct ocn_decision *decision, enum ocn_event event,
                 const char *bundle, struct ocn_bytes config, struct ocn_error *err)
{
    const struct ocn_subject subject = { .event = event,
                                         .bundle = bundle,
                                         .id = call->words.id,
                                         .runtime = call->runtime,
                                         .untold = true,
                                         .lingers = true,
                                         .config = config };

    return ocn_judge_container(&call->world, &decision->policy, &subject, &decision->judgement,
                               err);
}

static int judge_create(struct call *call, struct ocn_decision *decision, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf config = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf edited = { 0 };
    const char *bundle = NULL;
    const char *path;

    if (read_bundle(call, &bundle, &path, &config, err) < 0 ||
        judge(call, decision, OCN_ON_CREATE, bundle, ocn_buf_bytes(&config), err) < 0 ||
        edit(decision->judgement.outcome, "", ocn_buf_bytes(&config), &edited, err) < 0) {
        return -1;
    }
    decision->decided = true;
    return edited.len != 0 ? write_config(call, path, ocn_buf_bytes(&edited), err) : 0;
}

/* ---- restore ------------------------------------------------------------------------------ */

static int judge_restore(struct call *call, struct ocn_decision *decision, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf config = { 0 };
    const char *bundle = NULL;
    const char *path;

    return read_bundle(call, &bundle, &path, &config, err) < 0
               ? -1
               : judge(call, decision, OCN_ON_RESTORE, bundle, ocn_buf_bytes(&config), err);
}

/* ---- exec --------------------------------------------------------------------------------- */

/* A pipe is consumed by reading it. */
static int read_process(const char *path, struct ocn_buf *ret, bool *ret_regular,
                        struct ocn_error *err)
{
    struct stat st;

    if (stat(path, &st) < 0) {
        return ocn_fail_sys(err, errno, path, "cannot read the process to start");
    }
    if (S_ISREG(st.st_mode)) {
        *ret_regular = true;
        return ocn_io_read_file(path, OCN_PROCESS_MAX_SIZE, ret, err);
    }
    ocn_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        return ocn_fail_sys(err, errno, path, "cannot read the process to start");
    }
    *ret_regular = false;
    return ocn_io_read_fd(fd, path, OCN_PROCESS_MAX_SIZE, ret, err);
}

/* Puts @text where the runtime will read the process: the only descriptor that we leave to it. */
static int hand_on(struct call *call, struct ocn_bytes text, struct ocn_error *err)
{
    static const char name[] = "ocinorm-process";
    char **argument = &call->argv[call->words.process_index];
    int before = (int)(call->words.process - *argument); /* "--process=", "-p" or nothing */

    ocn_autoclose int fd = memfd_create(name, MFD_CLOEXEC);
    if (fd < 0) {
        return ocn_fail_sys(err, errno, NULL, "cannot copy the process to start");
    }
    if (ocn_io_write_fd(fd, name, text, err) < 0) {
        return -1;
    }
    int kept = fcntl(fd, F_DUPFD, HANDED_ON_MIN_FD);
    if (kept < 0 && errno == EINVAL) {
        kept = fcntl(fd, F_DUPFD, 0); /* RLIMIT_NOFILE is lower than that */
    }
    if (kept < 0) {
        return ocn_fail_sys(err, errno, NULL, "cannot copy the process to start");
    }
    char *changed = ocn_arena_printf(&call->arena, "%.*s/proc/self/fd/%d", before, *argument, kept);
    if (ocn_arena_check(&call->arena, err) < 0) {
        return -1;
    }
    *argument = changed;
    return 0;
}

static int judge_process(struct call *call, struct ocn_decision *decision,
                         const struct ocn_runtime_state *state, struct ocn_bytes process,
                         struct ocn_buf *ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf config = { 0 };

    call->log.about.bundle = state->bundle;
    const char *path = state->config != NULL
                           ? state->config
                           : ocn_arena_printf(&call->arena, "%s/config.json", state->bundle);
    if (ocn_arena_check(&call->arena, err) < 0 ||
        ocn_io_read_file(path, OCN_CONFIG_MAX_SIZE, &config, err) < 0) {
        return -1;
    }
    const struct ocn_subject subject = { .event = OCN_ON_EXEC,
                                         .bundle = state->bundle,
                                         .id = call->words.id,
                                         .runtime = call->runtime,
                                         .untold = true,
                                         .lingers = true,
                                         .config = ocn_buf_bytes(&config),
                                         .process = process };
    if (ocn_runtime_state_check(state, ocn_buf_bytes(&config), &call->arena, err) < 0 ||
        ocn_judge_container(&call->world, &decision->policy, &subject, &decision->judgement, err) <
            0) {
        return -1;
    }
    return edit(decision->judgement.outcome, "/process", process, ret, err);
}

/*
 * The state of the container that a process joins. crun before 1.22 takes --rootless for --root:
 * where both have the container, nobody here can tell whose it is.
 */
static int find_state(struct call *call, struct ocn_runtime_state *ret, struct ocn_error *err)
{
    const struct ocn_argv *words = &call->words;
    struct ocn_error elsewhere = { 0 };
    struct ocn_runtime_state other;

    int found =
        ocn_runtime_state_find(call->runtime, words->root, words->id, &call->arena, ret, err);
    if (words->rootless == NULL || is_runc(call->runtime) ||
        (found < 0 && err->code != OCN_E_NOENT)) {
        return found;
    }
    if (ocn_runtime_state_find(call->runtime, words->rootless, words->id, &call->arena, &other,
                               &elsewhere) < 0) {
        return found;
    }
    if (found == 0) {
        return ocn_fail(
            err, OCN_E_USAGE, NULL,
            "container \"%s\" is below --rootless, too, which crun before 1.22 takes for "
            "--root; take that flag away",
            words->id);
    }
    *ret = other;
    return 0;
}

static int judge_exec(struct call *call, struct ocn_decision *decision, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf process = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf edited = { 0 };
    struct ocn_error absent = { 0 };
    const char *path = call->words.process;
    struct ocn_runtime_state state;
    bool regular = true;

    if (find_state(call, &state, &absent) < 0) {
        if (absent.code == OCN_E_NOENT && ocn_runtime_state_is_known(call->runtime) &&
            !call->words.guessed) {
            return 0; /* the runtime says it better, and starts nothing */
        }
        *err = absent;
        return -1;
    }
    if (read_process(path, &process, &regular, err) < 0) {
        return -1;
    }
    int result = judge_process(call, decision, &state, ocn_buf_bytes(&process), &edited, err);
    struct ocn_bytes text = ocn_buf_bytes(edited.len != 0 && result == 0 ? &edited : &process);
    if (regular && text.ptr == process.ptr) {
        return result;
    }
    /* An engine writes the file for this one call; one that cannot be replaced is copied. */
    if (regular && ocn_replace_file(path, text, NULL) == 0) {
        return result;
    }
    decision->decided = result == 0;
    return hand_on(call, text, err) < 0 ? -1 : result;
}

/* ---- the decision ------------------------------------------------------------------------- */

/*
 * What is left where ocinorm is switched off, whatever the node's policy says: a container that was
 * lowered stays so for exec, with what create added. It changes nobody else, and refuses nothing.
 */
static const char switched_off[] =
    "{\"profile\": \"unknown\", \"onError\": \"warn\","
    " \"exempt\": {\"sandbox\": false, \"privileged\": false, \"hostNamespaces\": false, "
    "\"namespaces\": []},"
    " \"rules\": {\"user.escalation\": \"off\", \"user.mapped\": \"off\"}}";

static int load_policy(void *ctx, struct ocn_node_policy *ret, bool *ret_nothing,
                       struct ocn_error *err)
{
    const struct ocn_layer off = { "switched off",
                                   { switched_off, sizeof(switched_off) - 1 },
                                   NULL };
    struct call *call = ctx;
    const bool disabled = ocn_policy_is_disabled(&call->world);

    if (disabled && (call->words.command != OCN_COMMAND_EXEC || call->words.unclear != NULL)) {
        *ret_nothing = true;
        return 0;
    }
    if (!disabled && call->layers_error.code != OCN_OK) {
        *err = call->layers_error;
        return -1;
    }
    return ocn_node_policy_load(&call->world, disabled ? &off : call->layers,
                                disabled ? 1 : call->layers_len, ret, err);
}

static int judge_command(void *ctx, struct ocn_decision *decision, struct ocn_error *err)
{
    static int (*const judges[])(struct call * call, struct ocn_decision * decision,
                                 struct ocn_error * err) = {
        [OCN_COMMAND_CREATE] = judge_create,
        [OCN_COMMAND_EXEC] = judge_exec,
        [OCN_COMMAND_RESTORE] = judge_restore,
    };
    struct call *call = ctx;

    if (call->words.unclear != NULL && !is_runc(call->runtime)) {
        decision->decided = true;
        return ocn_fail(err, OCN_E_USAGE, NULL,
                        "runc and crun read \"%s\" differently; put a space in place of the \"=\"",
                        call->words.unclear);
    }
    return judges[call->words.command](call, decision, err);
}

/* 0: the runtime may start; -1: it may not, and the reason was told. */
static int decide(struct call *call)
{
    static const struct ocn_mode mode = { .load = load_policy, .judge = judge_command };

    return ocn_decide(&mode, call, &call->log, &call->decision) == OCN_DECIDE_START ? 0 : -1;
}

/*
 * The runtime's lines come first: engines and test suites read the first one. Nothing else of ours
 * outlives the runtime. Does not return where the runtime could be asked.
 */
static int print_version(struct call *call)
{
    static const char line[] = "ocinorm-runtime " OCN_VERSION "\n";
    struct ocn_bytes text = { line, sizeof(line) - 1 };
    struct ocn_error err = { 0 };
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        return 0; /* and becomes the runtime */
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (pid < 0) {
        (void)ocn_fail_sys(&err, errno, NULL, "cannot ask the runtime for its version");
    } else if (ocn_io_write_fd(STDOUT_FILENO, "stdout", text, &err) == 0) {
        exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_REFUSED);
    }
    ocn_log_error(&call->log, OCN_LOG_ERROR, &err);
    return -1;
}

static int pass_through(struct call *call)
{
    (void)call;
    return 0;
}

int main(int argc, char **argv)
{
    static int (*const prepare[])(struct call * call) = {
        [OCN_COMMAND_OTHER] = pass_through,    [OCN_COMMAND_CREATE] = decide,
        [OCN_COMMAND_EXEC] = decide,           [OCN_COMMAND_RESTORE] = decide,
        [OCN_COMMAND_VERSION] = print_version,
    };
    OCN_CLEANUP(finish_call)
    struct call call = { .argv = argv,
                         .bundle_fd = -1,
                         .world = { .config = getenv("OCINORM_CONFIG") } };
    struct ocn_error err = { 0 };

    if (argc < 1) {
        return EXIT_REFUSED;
    }
    ocn_judge_seed();
    ocn_argv_parse(argc, argv, &call.words);
    call.log = (struct ocn_log){ .file = call.words.log,
                                 .json = call.words.log_json,
                                 .about = { .container = call.words.id } };
    if (prepare[call.words.command] == decide) {
        ocn_judge_prepare(&call.decision.judgement);
    }
    if (ocn_policy_layers(&call.world, &call.arena, &call.layers, &call.layers_len,
                          &call.layers_error) < 0) {
        /* A broken policy stops what starts processes, not `kill` and `delete`. */
        call.layers_len = 0;
        ocn_arena_done(&call.arena); /* memory that was out there may do for the rest */
    }
    if (find_runtime(&call, &err) < 0) {
        ocn_log_error(&call.log, OCN_LOG_ERROR, &err);
        return EXIT_REFUSED;
    }
    if (prepare[call.words.command](&call) < 0) {
        return EXIT_REFUSED;
    }
    ocn_judge_reap(&call.decision.judgement);
    argv[0] = (char *)(uintptr_t)call.runtime;
    (void)execv(call.runtime, argv);
    (void)ocn_fail_sys(&err, errno, call.runtime, "cannot execute the runtime");
    ocn_log_error(&call.log, OCN_LOG_ERROR, &err);
    return EXIT_REFUSED;
}
