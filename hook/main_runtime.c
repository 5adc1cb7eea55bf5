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

#include "hook/argv.h"
#include "hook/io.h"
#include "hook/judge.h"
#include "hook/log.h"
#include "hook/mark.h"
#include "hook/node_policy.h"
#include "hook/policy_files.h"
#include "hook/replace.h"
#include "hook/report.h"
#include "hook/runtime_state.h"
#include "normalize/json_splice.h"

OCN_MARK_PROGRAM("ocinorm-runtime");

#define EXIT_REFUSED 1

/* As the shells have it where PATH is unset. */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* The descriptor of a handed-on process stands above those that --preserve-fds can mean. */
#define HANDED_ON_MIN_FD 100

#define SENTENCE_SIZE 900

struct call {
    char **argv;
    struct ocn_argv words;
    struct ocn_log log;
    struct ocn_world world;
    struct ocn_layer *layers;
    size_t layers_len;
    struct ocn_error layers_error; /* why there are none, if so */
    const char *runtime;           /* the path of the low-level runtime */
    struct ocn_arena arena;
};

/* One container being judged: the policy, and what came of it. */
struct trial {
    struct ocn_node_policy policy;
    struct ocn_judgement judgement;
    bool decided; /* what fails from here on is no doubt: onError does not excuse it */
};

static void finish_trial(struct trial *trial)
{
    ocn_judgement_done(&trial->judgement);
    ocn_node_policy_done(&trial->policy);
}

static void finish_call(struct call *call)
{
    ocn_arena_done(&call->arena);
}

static void report_error(const struct call *call, enum ocn_log_level level,
                         const struct ocn_error *err)
{
    ocn_log(&call->log, level, "error: %s%s%s", err->where, err->where[0] != '\0' ? ": " : "",
            err->msg);
}

/* ---- the low-level runtime ---------------------------------------------------------------- */

static bool is_runtime(const char *path, const struct stat *self)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0 &&
           (st.st_dev != self->st_dev || st.st_ino != self->st_ino);
}

/* The first directory of PATH that holds @name; relative ones would be the bundle's, so they are
 * passed over. */
static int search_path(struct call *call, const char *name, const struct stat *self)
{
    const char *path = getenv("PATH");

    for (const char *at = path != NULL ? path : DEFAULT_PATH; *at != '\0'; at += *at == ':') {
        size_t len = strcspn(at, ":");
        char candidate[PATH_MAX];
        int full = snprintf(candidate, sizeof(candidate), "%.*s/%s", (int)len, at, name);
        if (*at == '/' && full > 0 && (size_t)full < sizeof(candidate) &&
            is_runtime(candidate, self)) {
            call->runtime = ocn_arena_copy(&call->arena, candidate, (size_t)full);
            return call->runtime != NULL;
        }
        at += len;
    }
    return 0;
}

static int find_runtime(struct call *call, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf tried = { 0 };
    struct ocn_strings names = { 0 };
    struct stat self;

    if (stat("/proc/self/exe", &self) < 0) {
        return ocn_fail_sys(err, errno, "/proc/self/exe", "cannot tell which program I am");
    }
    if (ocn_config_runtimes(call->layers, call->layers_len, &call->arena, &names, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < names.len; i++) {
        const char *name = names.items[i];
        if (name[0] == '/' && is_runtime(name, &self)) {
            call->runtime = name;
            return 0;
        }
        if (strchr(name, '/') == NULL && search_path(call, name, &self)) {
            return 0;
        }
        ocn_buf_printf(&tried, "%s\"%s\"", i != 0 ? ", " : "", name);
    }
    return ocn_fail(
        err, OCN_E_NOENT, NULL,
        "no low-level runtime found (tried %s); install one, or name it in \"runtimes\" "
        "of the policy",
        tried.failed || tried.len == 0 ? "none" : tried.ptr);
}

/* ---- create, run -------------------------------------------------------------------------- */

/* @text with the outcome's edits; empty if there is nothing to change or to start. */
static int edit(const struct ocn_outcome *outcome, const char *root, struct ocn_bytes text,
                struct ocn_buf *ret, struct ocn_error *err)
{
    if (outcome->verdict == OCN_DENY || outcome->edits_len == 0) {
        return 0;
    }
    return ocn_json_splice(text, root, outcome->edits, outcome->edits_len, ret, err);
}

/* crun: the name config.json means the one in the bundle, any other is relative to the cwd. */
static const char *config_path(struct call *call, const char *bundle)
{
    const char *config = call->words.config;

    if (config != NULL && strcmp(config, "config.json") != 0) {
        return config;
    }
    return ocn_arena_printf(&call->arena, "%s/config.json", bundle);
}

static int judge_create(struct call *call, struct trial *trial, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf config = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf edited = { 0 };
    const char *given = call->words.bundle != NULL ? call->words.bundle : ".";

    OCN_CLEANUP(ocn_freep) char *bundle = realpath(given, NULL);
    if (bundle == NULL) {
        return ocn_fail_sys(err, errno, given, "cannot find the bundle");
    }
    const char *path = config_path(call, bundle);
    if (path == NULL) {
        return ocn_fail_nomem(err);
    }
    if (ocn_read_file(path, OCN_CONFIG_MAX_SIZE, &config, err) < 0 ||
        ocn_judge_create(&call->world, &trial->policy, bundle, call->words.id,
                         ocn_buf_bytes(&config), &trial->judgement, err) < 0 ||
        edit(trial->judgement.outcome, "", ocn_buf_bytes(&config), &edited, err) < 0) {
        return -1;
    }
    trial->decided = true;
    return edited.len != 0 ? ocn_replace_file(path, ocn_buf_bytes(&edited), err) : 0;
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
        return ocn_read_file(path, OCN_PROCESS_MAX_SIZE, ret, err);
    }
    ocn_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        return ocn_fail_sys(err, errno, path, "cannot read the process to start");
    }
    *ret_regular = false;
    return ocn_read_fd(fd, path, OCN_PROCESS_MAX_SIZE, ret, err);
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
    if (ocn_write_fd(fd, name, text, err) < 0) {
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
    if (changed == NULL) {
        return ocn_fail_nomem(err);
    }
    *argument = changed;
    return 0;
}

static int judge_process(struct call *call, struct trial *trial, const char *bundle,
                         struct ocn_bytes process, struct ocn_buf *ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf config = { 0 };

    const char *path = ocn_arena_printf(&call->arena, "%s/config.json", bundle);
    if (path == NULL) {
        return ocn_fail_nomem(err);
    }
    if (ocn_read_file(path, OCN_CONFIG_MAX_SIZE, &config, err) < 0 ||
        ocn_judge_exec(&call->world, &trial->policy, bundle, ocn_buf_bytes(&config), process,
                       &trial->judgement, err) < 0) {
        return -1;
    }
    return edit(trial->judgement.outcome, "/process", process, ret, err);
}

static int judge_exec(struct call *call, struct trial *trial, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf process = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf edited = { 0 };
    struct ocn_error absent = { 0 };
    const char *path = call->words.process;
    char *bundle = NULL;
    bool regular = true;

    if (ocn_runtime_bundle(call->runtime, call->words.root, call->words.id, &call->arena, &bundle,
                           &absent) < 0) {
        if (absent.code == OCN_E_NOENT) {
            return 0; /* the runtime says it better */
        }
        *err = absent;
        return -1;
    }
    if (read_process(path, &process, &regular, err) < 0) {
        return -1;
    }
    int result = judge_process(call, trial, bundle, ocn_buf_bytes(&process), &edited, err);
    struct ocn_bytes text = ocn_buf_bytes(edited.len != 0 && result == 0 ? &edited : &process);
    if (regular && text.ptr == process.ptr) {
        return result;
    }
    /* An engine writes the file for this one call; one that cannot be replaced is copied. */
    if (regular && ocn_replace_file(path, text, NULL) == 0) {
        return result;
    }
    trial->decided = result == 0;
    return hand_on(call, text, err) < 0 ? -1 : result;
}

/* ---- the decision ------------------------------------------------------------------------- */

/* 0 if nothing that was found forbids the start. */
static int report_findings(const struct call *call, const struct ocn_outcome *outcome)
{
    char sentence[SENTENCE_SIZE];

    for (size_t i = 0; i < outcome->findings_len; i++) {
        if (outcome->findings[i].level != OCN_LEVEL_DENY) {
            ocn_report_denial(&outcome->findings[i], sentence, sizeof(sentence));
            ocn_log(&call->log, OCN_LOG_WARNING, "%s", sentence);
        }
    }
    const struct ocn_finding *denial = ocn_outcome_denial(outcome);
    if (denial == NULL) {
        return 0;
    }
    ocn_report_denial(denial, sentence, sizeof(sentence));
    ocn_log(&call->log, OCN_LOG_ERROR, "%s", sentence);
    return -1;
}

/* 0: the runtime may start; -1: it may not, and the reason was told. */
static int decide(struct call *call,
                  int (*judge)(struct call *call, struct trial *trial, struct ocn_error *err))
{
    OCN_CLEANUP(finish_trial) struct trial trial = { 0 };
    struct ocn_error err = call->layers_error;

    if (ocn_policy_is_disabled(&call->world)) {
        return 0;
    }
    if (err.code != OCN_OK || ocn_node_policy_load(&call->world, call->layers, call->layers_len,
                                                   &trial.policy, &err) < 0) {
        report_error(call, OCN_LOG_ERROR, &err);
        return -1;
    }
    trial.judgement.policy = *ocn_config_base(trial.policy.config);
    if (judge(call, &trial, &err) < 0) {
        bool tolerated = !trial.decided && trial.judgement.policy.on_error == OCN_ON_ERROR_WARN;
        report_error(call, tolerated ? OCN_LOG_WARNING : OCN_LOG_ERROR, &err);
        return tolerated ? 0 : -1;
    }
    return trial.judgement.outcome != NULL ? report_findings(call, trial.judgement.outcome) : 0;
}

static int decide_create(struct call *call)
{
    return decide(call, judge_create);
}

static int decide_exec(struct call *call)
{
    return decide(call, judge_exec);
}

static int print_version(struct call *call)
{
    static const char line[] = "ocinorm-runtime " OCN_VERSION "\n";
    struct ocn_bytes text = { line, sizeof(line) - 1 };
    struct ocn_error err = { 0 };

    if (ocn_write_fd(STDOUT_FILENO, "stdout", text, &err) < 0) {
        report_error(call, OCN_LOG_ERROR, &err);
        return -1;
    }
    return 0;
}

static int pass_through(struct call *call)
{
    (void)call;
    return 0;
}

int main(int argc, char **argv)
{
    static int (*const prepare[])(struct call * call) = {
        [OCN_COMMAND_OTHER] = pass_through,
        [OCN_COMMAND_CREATE] = decide_create,
        [OCN_COMMAND_EXEC] = decide_exec,
        [OCN_COMMAND_VERSION] = print_version,
    };
    OCN_CLEANUP(finish_call)
    struct call call = { .argv = argv, .world = { .config = getenv("OCINORM_CONFIG") } };
    struct ocn_error err = { 0 };

    if (argc < 1) {
        return EXIT_REFUSED;
    }
    ocn_judge_seed();
    ocn_argv_parse(argc, argv, &call.words);
    call.log = (struct ocn_log){ .file = call.words.log, .json = call.words.log_json };
    if (ocn_policy_layers(&call.world, &call.arena, &call.layers, &call.layers_len,
                          &call.layers_error) < 0) {
        /* A broken policy stops what starts processes, not `kill` and `delete`. */
        call.layers_len = 0;
    }
    if (find_runtime(&call, &err) < 0) {
        report_error(&call, OCN_LOG_ERROR, &err);
        return EXIT_REFUSED;
    }
    if (prepare[call.words.command](&call) < 0) {
        return EXIT_REFUSED;
    }
    argv[0] = (char *)(uintptr_t)call.runtime;
    (void)execv(call.runtime, argv);
    (void)ocn_fail_sys(&err, errno, call.runtime, "cannot execute the runtime");
    report_error(&call, OCN_LOG_ERROR, &err);
    return EXIT_REFUSED;
}
