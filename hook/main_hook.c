/* SPDX-License-Identifier: Apache-2.0 */
/* ocinorm-hook: the OCI hook. Takes nothing from its environment but stdin and the words it got. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "hook/apply_entry.h"
#include "hook/io.h"
#include "hook/judge.h"
#include "hook/log.h"
#include "hook/mark.h"
#include "hook/node_policy.h"
#include "hook/policy_files.h"
#include "hook/report.h"
#include "hook/state.h"
#include "normalize/entry_mouth.h"
#include "normalize/json_splice.h"

OCN_MARK_PROGRAM("ocinorm-hook");

enum { EXIT_GO_ON, EXIT_DENIED, EXIT_UNDECIDED };

#define INPUT_MAX_SIZE OCN_CONFIG_MAX_SIZE /* precreate reads a config.json */
#define FIRST_INHERITED 3
#define SENTENCE_SIZE 900

struct request {
    const char *cwd; /* where the runtime started us: the bundle, mostly */
    struct ocn_world world;
    struct ocn_buf input; /* all of stdin */
    struct ocn_arena arena;
};

/* One container being judged: the policy, what came of it, and config.json's new text. */
struct trial {
    struct ocn_node_policy policy;
    struct ocn_judgement judgement;
    struct ocn_buf output;
    bool unsafe; /* the container must not start, whatever onError says */
};

static const struct ocn_log log_here = { 0 };

static void finish_request(struct request *request)
{
    ocn_buf_done(&request->input);
    ocn_arena_done(&request->arena);
}

static void finish_trial(struct trial *trial)
{
    ocn_judgement_done(&trial->judgement);
    ocn_node_policy_done(&trial->policy);
    ocn_buf_done(&trial->output);
}

static void report_error(enum ocn_log_level level, const struct ocn_error *err)
{
    ocn_log(&log_here, level, "error: %s%s%s", err->where, err->where[0] != '\0' ? ": " : "",
            err->msg);
}

/* ---- stages ------------------------------------------------------------------------------- */

/* The one place that says what entry gets to know of a container. */
static int describe_site(const struct ocn_state *state, const struct ocn_container *container,
                         struct ocn_arena *arena, struct ocn_entry_site *ret, struct ocn_error *err)
{
    const char *rootfs = container->root.path != NULL ? container->root.path : "";

    *ret = (struct ocn_entry_site){
        .pid = state->pid,
        .rootfs =
            rootfs[0] == '/' ? rootfs : ocn_arena_printf(arena, "%s/%s", state->bundle, rootfs),
        .user = container->process.user,
        .no_new_privileges = container->process.no_new_privileges,
        .mount_label = container->linux_.mount_label,
        .masked = container->linux_.masked_paths,
    };
    return ret->rootfs != NULL ? 0 : ocn_fail_nomem(err);
}

/* What the runtime has been told already takes effect through a program before the entrypoint. */
static int apply(struct request *request, const struct ocn_state *state, struct trial *trial,
                 struct ocn_error *err)
{
    struct ocn_judgement *judgement = &trial->judgement;
    struct ocn_outcome *outcome = judgement->outcome;
    struct ocn_entry_site site;

    if (judgement->policy.hook.apply != OCN_APPLY_ENTRY) {
        return ocn_outcome_verify_only(outcome, err);
    }
    if (outcome->verdict == OCN_DENY || outcome->edits_len == 0) {
        return 0;
    }
    if (ocn_entry_mouth_judge(judgement->container, outcome, err) < 0 ||
        describe_site(state, judgement->container, &request->arena, &site, err) < 0) {
        return -1;
    }
    return outcome->verdict == OCN_DENY ? 0 : ocn_apply_entry(&site, outcome, &trial->unsafe, err);
}

/* prestart, createRuntime: the container's process is configured already. */
static int intervene(struct request *request, struct trial *trial, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf config = { 0 };
    struct ocn_state state;

    if (ocn_state_read(ocn_buf_bytes(&request->input), request->cwd, &request->arena, &state, err) <
        0) {
        return -1;
    }
    const char *path = ocn_arena_printf(&request->arena, "%s/config.json", state.bundle);
    if (path == NULL) {
        return ocn_fail_nomem(err);
    }
    if (ocn_read_file(path, OCN_CONFIG_MAX_SIZE, &config, err) < 0 ||
        ocn_judge_create(&request->world, &trial->policy, state.bundle, state.id,
                         ocn_buf_bytes(&config), &trial->judgement, err) < 0) {
        return -1;
    }
    return apply(request, &state, trial, err);
}

/* precreate: config.json comes in and goes out. */
static int filter(struct request *request, struct trial *trial, struct ocn_error *err)
{
    struct ocn_bytes config = ocn_buf_bytes(&request->input);

    if (request->cwd == NULL) {
        return ocn_fail(err, OCN_E_NOENT, NULL, "there is no working directory to find rootfs in");
    }
    if (ocn_judge_create(&request->world, &trial->policy, request->cwd, NULL, config,
                         &trial->judgement, err) < 0) {
        return -1;
    }
    const struct ocn_outcome *outcome = trial->judgement.outcome;
    if (outcome->verdict == OCN_DENY || outcome->edits_len == 0) {
        return 0;
    }
    return ocn_json_splice(config, "", outcome->edits, outcome->edits_len, &trial->output, err);
}

static const struct stage {
    const char *name;
    int (*judge)(struct request *request, struct trial *trial, struct ocn_error *err);
    bool answers; /* with config.json on stdout */
} stages[] = {
    { "prestart", intervene, false }, /* first: the default */
    { "createRuntime", intervene, false },
    { "precreate", filter, true },
    { "poststop", NULL, false }, /* nothing is left on the host, so nothing is cleaned up */
};

/* ---- the decision ------------------------------------------------------------------------- */

/* Whoever reads stderr sees the reason first, and with it what else was found. */
static int report_findings(const struct ocn_outcome *outcome)
{
    const struct ocn_finding *denial = ocn_outcome_denial(outcome);
    char sentence[SENTENCE_SIZE];

    if (denial != NULL) {
        ocn_report_denial(denial, sentence, sizeof(sentence));
        ocn_log(&log_here, OCN_LOG_ERROR, "%s", sentence);
    }
    for (size_t i = 0; i < outcome->findings_len; i++) {
        const struct ocn_finding *finding = &outcome->findings[i];
        if (finding == denial) {
            continue;
        }
        ocn_report_denial(finding, sentence, sizeof(sentence));
        ocn_log(&log_here, denial != NULL ? OCN_LOG_ERROR : OCN_LOG_WARNING, "%s", sentence);
    }
    return denial != NULL ? EXIT_DENIED : EXIT_GO_ON;
}

static int answer(const struct stage *stage, const struct request *request,
                  const struct trial *trial)
{
    struct ocn_error err = { 0 };

    if (stage->answers &&
        ocn_write_fd(STDOUT_FILENO, "stdout",
                     ocn_buf_bytes(trial->output.len != 0 ? &trial->output : &request->input),
                     &err) < 0) {
        report_error(OCN_LOG_ERROR, &err);
        return EXIT_UNDECIDED;
    }
    return EXIT_GO_ON;
}

static int decide(const struct stage *stage, struct request *request)
{
    OCN_CLEANUP(finish_trial) struct trial trial = { 0 };
    struct ocn_error err = { 0 };

    /* Also where nobody needs it: a runtime takes a state that is not read for a failure. */
    if (ocn_read_fd(STDIN_FILENO, "stdin", INPUT_MAX_SIZE, &request->input, &err) < 0) {
        report_error(OCN_LOG_ERROR, &err);
        return EXIT_UNDECIDED;
    }
    if (stage->judge == NULL || ocn_policy_is_disabled(&request->world)) {
        return answer(stage, request, &trial);
    }
    if (ocn_node_policy_read(&request->world, &trial.policy, &err) < 0) {
        report_error(OCN_LOG_ERROR, &err);
        return EXIT_UNDECIDED;
    }
    trial.judgement.policy = *ocn_config_base(trial.policy.config);
    if (stage->judge(request, &trial, &err) < 0) {
        bool tolerated = trial.judgement.policy.on_error == OCN_ON_ERROR_WARN && !trial.unsafe;
        report_error(tolerated ? OCN_LOG_WARNING : OCN_LOG_ERROR, &err);
        ocn_buf_done(&trial.output);
        return tolerated ? answer(stage, request, &trial) : EXIT_UNDECIDED;
    }
    int status = report_findings(trial.judgement.outcome);
    return status == EXIT_GO_ON ? answer(stage, request, &trial) : status;
}

/* ---- the command line --------------------------------------------------------------------- */

static const char usage[] =
    "usage: ocinorm-hook [--config FILE] [prestart|createRuntime|precreate|poststop]\n"
    "\n"
    "The OCI hook of ocinorm; runtimes run it, people have ocinorm(1). prestart (the default) and\n"
    "createRuntime read the state from stdin and put ocinorm-entry before the entrypoint, which\n"
    "changes the process as the policy wants (or, by policy, refuse a container to be changed);\n"
    "precreate (Podman) reads config.json from stdin and writes it, edited, to stdout.\n"
    "\n"
    "  --config FILE  the policy, in place of " OCN_CONFIG_PATH "\n"
    "  --version      print the version\n"
    "  --help         print this text\n"
    "\n"
    "Exit status: 0 go on, 1 denied, 2 could not decide.\n";

static int complain(const char *what, const char *word)
{
    ocn_log(&log_here, OCN_LOG_ERROR, "error: %s \"%s\"; see ocinorm-hook --help", what, word);
    return EXIT_UNDECIDED;
}

static int print(const char *text)
{
    struct ocn_error err = { 0 };

    if (ocn_write_fd(STDOUT_FILENO, "stdout", (struct ocn_bytes){ text, strlen(text) }, &err) < 0) {
        report_error(OCN_LOG_ERROR, &err);
        return EXIT_UNDECIDED;
    }
    return EXIT_GO_ON;
}

static int run_stage(struct request *request, const char *name)
{
    for (size_t i = 0; i < OCN_COUNT(stages); i++) {
        if (strcmp(name, stages[i].name) == 0) {
            return decide(&stages[i], request);
        }
    }
    return complain("unknown stage", name);
}

/* A relative --config is meant where the runtime started us, not in "/". */
static int set_config(struct request *request, const char *path)
{
    if (path[0] != '/' && request->cwd != NULL) {
        path = ocn_arena_printf(&request->arena, "%s/%s", request->cwd, path);
    }
    request->world.config = path;
    return path != NULL ? 0 : -1;
}

static int run(struct request *request, int argc, char **argv)
{
    static const char config[] = "--config=";
    const char *stage = NULL;

    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        const char *file = NULL;
        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            return print(usage);
        }
        if (strcmp(word, "--version") == 0) {
            return print("ocinorm-hook " OCN_VERSION "\n");
        }
        if (strcmp(word, "--config") == 0 && i + 1 < argc) {
            file = argv[++i];
        } else if (strncmp(word, config, sizeof(config) - 1) == 0) {
            file = word + sizeof(config) - 1;
        } else if (word[0] == '-' || stage != NULL) {
            return complain("unexpected argument", word);
        } else {
            stage = word;
        }
        if (file != NULL && set_config(request, file) < 0) {
            return complain("out of memory at", file);
        }
    }
    return run_stage(request, stage != NULL ? stage : stages[0].name);
}

int main(int argc, char **argv)
{
    OCN_CLEANUP(finish_request) struct request request = { 0 };
    struct ocn_error err = { 0 };

    (void)clearenv();
    /* The runtime's descriptors are none of our business, and must not be anybody's through us. */
    ocn_close_range(FIRST_INHERITED, ~0U);
    ocn_judge_seed();
    char *cwd = getcwd(NULL, 0);
    if (cwd != NULL) {
        request.cwd = ocn_arena_copy(&request.arena, cwd, strlen(cwd));
        free(cwd);
    }
    if (chdir("/") < 0) {
        (void)ocn_fail_sys(&err, errno, "/", "cannot change the working directory");
        report_error(OCN_LOG_ERROR, &err);
        return EXIT_UNDECIDED;
    }
    return run(&request, argc, argv);
}
