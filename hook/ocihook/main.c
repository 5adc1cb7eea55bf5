/* SPDX-License-Identifier: Apache-2.0 */
/* ocinorm-hook: the OCI hook. Takes nothing from its environment but stdin and the words it got. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "hook/entry/apply.h"
#include "hook/judge/decide.h"
#include "hook/ocihook/state.h"
#include "hook/policy/policy_files.h"
#include "hook/sys/io.h"
#include "hook/sys/mark.h"
#include "normalize/outcome/splice.h"
#include "normalize/rules/entry_mode.h"

OCN_MARK_PROGRAM("ocinorm-hook");

enum { EXIT_GO_ON, EXIT_DENIED, EXIT_UNDECIDED };

#define INPUT_MAX_SIZE OCN_CONFIG_MAX_SIZE /* precreate reads a config.json */
#define FIRST_INHERITED 3

struct stage;

struct request {
    const char *cwd; /* where the runtime started us: the bundle, mostly */
    struct ocn_world world;
    struct ocn_log log; /* with what is known of the container */
    const struct stage *stage;
    struct ocn_buf input;  /* all of stdin */
    struct ocn_buf output; /* precreate: config.json's new text; empty: it stays */
    struct ocn_arena arena;
};

static void finish_request(struct request *request)
{
    ocn_buf_done(&request->input);
    ocn_buf_done(&request->output);
    ocn_arena_done(&request->arena);
}

/* ---- stages ------------------------------------------------------------------------------- */

/* The one place that says what entry gets to know of a container. */
static int describe_site(const struct ocn_state *state, const struct ocn_decision *decision,
                         struct ocn_arena *arena, struct ocn_entry_site *ret, struct ocn_error *err)
{
    const struct ocn_container *container = decision->judgement.container;
    const struct ocn_outcome *outcome = decision->judgement.outcome;
    const char *rootfs = container->root.path != NULL ? container->root.path : "";

    *ret = (struct ocn_entry_site){
        .pid = state->pid,
        .rootfs =
            rootfs[0] == '/' ? rootfs : ocn_arena_printf(arena, "%s/%s", state->bundle, rootfs),
        .user = container->process.user,
        .mount_label = container->linux_.mount_label,
        .start_hooks = container->start_hooks,
        .targets = { { outcome->facts.entry.real, outcome->facts.entry.dev,
                       outcome->facts.entry.ino } },
        .grants = &decision->judgement.grants,
        .targets_len = outcome->facts.entry.real != NULL ? 1 : 0,
    };
    return ocn_arena_check(arena, err);
}

/* All that is on the heap. */
struct belongings {
    struct request *request;
    struct ocn_decision *decision;
};

static void forget(void *ctx)
{
    struct belongings *all = ctx;

    ocn_decide_done(all->decision);
    finish_request(all->request);
}

/* What the runtime has been told already takes effect through a program before the entrypoint. */
static int apply(struct request *request, const struct ocn_state *state,
                 struct ocn_decision *decision, struct ocn_error *err)
{
    struct ocn_judgement *judgement = &decision->judgement;
    struct ocn_outcome *outcome = judgement->outcome;
    struct ocn_entry_site site;

    if (judgement->policy.hook.apply != OCN_APPLY_ENTRY) {
        return ocn_outcome_verify_only(outcome, err);
    }
    if (outcome->verdict == OCN_DENY || outcome->edits_len == 0) {
        return 0;
    }
    if (ocn_entry_mode_judge(judgement->container, outcome, err) < 0 ||
        describe_site(state, decision, &request->arena, &site, err) < 0) {
        return -1;
    }
    request->log.about.engine = outcome->facts.who.engine;
    site.about = &request->log.about;
    site.forget = forget;
    site.ctx = &(struct belongings){ request, decision };
    return outcome->verdict == OCN_DENY ? 0
                                        : ocn_apply_entry(&site, outcome, &decision->decided, err);
}

/* prestart, createRuntime: the container's process is configured already. */
static int intervene(struct request *request, struct ocn_decision *decision, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf config = { 0 };
    struct ocn_state state;

    if (ocn_state_read(ocn_buf_bytes(&request->input), request->cwd, &request->arena, &state, err) <
        0) {
        return -1;
    }
    request->log.about = (struct ocn_about){ .container = state.id, .bundle = state.bundle };
    const char *path = ocn_arena_printf(&request->arena, "%s/config.json", state.bundle);
    if (ocn_arena_check(&request->arena, err) < 0 ||
        ocn_io_read_file(path, OCN_CONFIG_MAX_SIZE, &config, err) < 0) {
        return -1;
    }
    const struct ocn_subject subject = { .event = OCN_ON_CREATE,
                                         .bundle = state.bundle,
                                         .id = state.id,
                                         .unedited = true,
                                         .config = ocn_buf_bytes(&config) };
    if (ocn_judge_container(&request->world, &decision->policy, &subject, &decision->judgement,
                            err) < 0) {
        return -1;
    }
    return apply(request, &state, decision, err);
}

/* precreate: config.json comes in and goes out. */
static int filter(struct request *request, struct ocn_decision *decision, struct ocn_error *err)
{
    struct ocn_bytes config = ocn_buf_bytes(&request->input);

    if (request->cwd == NULL) {
        return ocn_fail(err, OCN_E_NOENT, NULL, "there is no working directory to find rootfs in");
    }
    const struct ocn_subject subject = { .event = OCN_ON_CREATE,
                                         .bundle = request->cwd,
                                         .placeless = true, /* Podman 4: where it was called */
                                         .config = config };
    if (ocn_judge_container(&request->world, &decision->policy, &subject, &decision->judgement,
                            err) < 0) {
        return -1;
    }
    const struct ocn_outcome *outcome = decision->judgement.outcome;
    if (outcome->verdict == OCN_DENY || outcome->edits_len == 0) {
        return 0;
    }
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf edited = { 0 };
    if (ocn_splice_edits(config, "", outcome->edits, outcome->edits_len, &edited, err) < 0) {
        return -1;
    }
    request->output = edited;
    edited = (struct ocn_buf){ 0 };
    return 0;
}

static const struct stage {
    const char *name;
    int (*judge)(struct request *request, struct ocn_decision *decision, struct ocn_error *err);
    bool answers; /* with config.json on stdout */
} stages[] = {
    { "prestart", intervene, false }, /* first: the default */
    { "createRuntime", intervene, false },
    { "precreate", filter, true },
    { "poststop", NULL, false }, /* nothing is left on the host, so nothing is cleaned up */
};

/* ---- the decision ------------------------------------------------------------------------- */

static int load_policy(void *ctx, struct ocn_node_policy *ret, bool *ret_nothing,
                       struct ocn_error *err)
{
    struct request *request = ctx;

    if (request->stage->judge == NULL || ocn_policy_is_disabled(&request->world)) {
        *ret_nothing = true;
        return 0;
    }
    return ocn_node_policy_read(&request->world, ret, err);
}

static int judge_stage(void *ctx, struct ocn_decision *decision, struct ocn_error *err)
{
    struct request *request = ctx;

    return request->stage->judge(request, decision, err);
}

static int answer(const struct request *request)
{
    struct ocn_error err = { 0 };

    if (request->stage->answers &&
        ocn_io_write_fd(
            STDOUT_FILENO, "stdout",
            ocn_buf_bytes(request->output.len != 0 ? &request->output : &request->input),
            &err) < 0) {
        ocn_log_error(&request->log, OCN_LOG_ERROR, &err);
        return EXIT_UNDECIDED;
    }
    return EXIT_GO_ON;
}

static int decide(struct request *request)
{
    static const struct ocn_mode mode = { load_policy, judge_stage, .tells_all = true };
    static const int statuses[] = {
        [OCN_DECIDE_DENIED] = EXIT_DENIED, [OCN_DECIDE_UNDECIDED] = EXIT_UNDECIDED
    };
    OCN_CLEANUP(ocn_decide_done) struct ocn_decision decision = { 0 };
    struct ocn_error err = { 0 };

    if (request->stage->judge != NULL) {
        ocn_judge_prepare(&decision.judgement);
    }
    /* Also where nobody needs it: a runtime takes a state that is not read for a failure. */
    if (ocn_io_read_fd(STDIN_FILENO, "stdin", INPUT_MAX_SIZE, &request->input, &err) < 0 ||
        ocn_arena_check(&request->arena, &err) < 0) {
        ocn_log_error(&request->log, OCN_LOG_ERROR, &err);
        return EXIT_UNDECIDED;
    }
    enum ocn_decide_result result = ocn_decide(&mode, request, &request->log, &decision);
    return result == OCN_DECIDE_START ? answer(request) : statuses[result];
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

static int complain(const struct request *request, const char *what, const char *word)
{
    ocn_log(&request->log, OCN_LOG_ERROR, "error: %s \"%s\"; see ocinorm-hook --help", what, word);
    return EXIT_UNDECIDED;
}

static int print(const struct request *request, const char *text)
{
    struct ocn_error err = { 0 };

    if (ocn_io_write_fd(STDOUT_FILENO, "stdout", (struct ocn_bytes){ text, strlen(text) }, &err) <
        0) {
        ocn_log_error(&request->log, OCN_LOG_ERROR, &err);
        return EXIT_UNDECIDED;
    }
    return EXIT_GO_ON;
}

static int run_stage(struct request *request, const char *name)
{
    for (size_t i = 0; i < OCN_COUNT(stages); i++) {
        if (strcmp(name, stages[i].name) == 0) {
            request->stage = &stages[i];
            return decide(request);
        }
    }
    return complain(request, "unknown stage", name);
}

/* A relative --config is meant where the runtime started us, not in "/". */
static const char *place_config(struct request *request, const char *path)
{
    return path[0] != '/' && request->cwd != NULL
               ? ocn_arena_printf(&request->arena, "%s/%s", request->cwd, path)
               : path;
}

static int run(struct request *request, int argc, char **argv)
{
    static const char config[] = "--config=";
    const char *stage = NULL;

    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            return print(request, usage);
        }
        if (strcmp(word, "--version") == 0) {
            return print(request, "ocinorm-hook " OCN_VERSION "\n");
        }
        if (strcmp(word, "--config") == 0 && i + 1 < argc) {
            request->world.config = place_config(request, argv[++i]);
        } else if (strncmp(word, config, sizeof(config) - 1) == 0) {
            request->world.config = place_config(request, word + sizeof(config) - 1);
        } else if (word[0] == '-' || stage != NULL) {
            return complain(request, "unexpected argument", word);
        } else {
            stage = word;
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
    ocn_io_close_range(FIRST_INHERITED, ~0U);
    ocn_judge_seed();
    char *cwd = getcwd(NULL, 0);
    if (cwd != NULL) {
        request.cwd = ocn_arena_copy(&request.arena, cwd, strlen(cwd));
        free(cwd);
    }
    if (chdir("/") < 0) {
        (void)ocn_fail_sys(&err, errno, "/", "cannot change the working directory");
        ocn_log_error(&request.log, OCN_LOG_ERROR, &err);
        return EXIT_UNDECIDED;
    }
    return run(&request, argc, argv);
}
