/* SPDX-License-Identifier: Apache-2.0 */
/* ocinorm detect: what this node is and has, and what says so. */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "hook/cli/cli.h"
#include "hook/confine/confine.h"
#include "hook/policy/node_policy.h"
#include "hook/view/cpu.h"
#include "hook/view/dir_view.h"
#include "normalize/program/arch.h"

enum { EXIT_FINE = 0, EXIT_TROUBLE = 2 };

struct request {
    struct ocn_world world;
    struct ocn_command_texts env;
    const char *format;
};

struct finding {
    struct ocn_dir_view dir;
    uint32_t cpus;
    const char *arch;
    const char *variant;
    struct ocn_confinement confinement;
    struct ocn_profile *profiles;
    size_t profiles_len;
    struct ocn_score *scores;
    struct ocn_evidences evidence;
    const struct ocn_profile *profile; /* NULL: unknown */
    struct ocn_arena arena;
};

static void release(struct finding *finding)
{
    ocn_dir_view_done(&finding->dir);
    ocn_arena_done(&finding->arena);
}

/* ---- looking ---------------------------------------------------------------------------- */

/* What the variables of --env add to what the files say. */
static int add_env_evidence(const struct request *request, struct finding *finding,
                            struct ocn_error *err)
{
    const struct ocn_strings env = { (const char **)(uintptr_t)request->env.items,
                                     request->env.len };

    for (size_t i = 0; i < finding->profiles_len; i++) {
        uint64_t found = ocn_detect_env(&finding->profiles[i], &env);
        for (size_t j = 0; j < finding->profiles[i].clues_len; j++) {
            const struct ocn_clue *clue = &finding->profiles[i].clues[j];
            if ((found >> j & 1) == 0) {
                continue;
            }
            struct ocn_evidence *items = ocn_arena_grow(&finding->arena, finding->evidence.items,
                                                        finding->evidence.len, sizeof(*items));
            if (items == NULL) {
                return ocn_fail_nomem(err);
            }
            finding->evidence.items = items;
            items[finding->evidence.len++] =
                (struct ocn_evidence){ &finding->profiles[i], clue,
                                       ocn_oci_env_get(&env, clue->env) };
        }
        finding->scores[i].found |= found;
    }
    return 0;
}

/* Terminals and JSON get printable ASCII only. */
static void clean_values(struct finding *finding)
{
    for (size_t i = 0; i < finding->evidence.len; i++) {
        const char *value = finding->evidence.items[i].value;
        char *copy = ocn_arena_copy(&finding->arena, value, strlen(value));
        for (char *c = copy; *c != '\0'; c++) {
            *c = *c >= ' ' && *c <= '~' ? *c : '?';
        }
        finding->evidence.items[i].value = copy;
    }
}

static int look(const struct request *request, struct finding *ret, struct ocn_error *err)
{
    if (ocn_dir_view_open(&ret->dir, NULL, request->world.root, err) < 0 ||
        ocn_node_policy_profiles(&request->world, &ret->arena, &ret->profiles, &ret->profiles_len,
                                 err) < 0) {
        return -1;
    }
    const struct ocn_view view = ocn_dir_view_as_view(&ret->dir);
    ret->scores = ocn_arena_alloc(&ret->arena, ret->profiles_len * sizeof(*ret->scores));
    if (ret->scores == NULL) {
        return ocn_fail_nomem(err);
    }
    if (ocn_detect_node(ret->profiles, ret->profiles_len, &view, &ret->arena, ret->scores,
                        &ret->evidence, err) < 0 ||
        add_env_evidence(request, ret, err) < 0) {
        return -1;
    }
    clean_values(ret);
    if (ocn_arena_check(&ret->arena, err) < 0) {
        return -1;
    }
    ret->profile = ocn_detect_choose(ret->profiles, ret->profiles_len, ret->scores, NULL);
    ret->cpus = ocn_cpu_count();
    ret->arch = ocn_arch_of_machine(view.machine);
    ret->variant = view.variant(view.ctx);
    ocn_confine_probe(&ret->confinement);
    return 0;
}

static const char *name_profile(const struct finding *finding)
{
    return finding->profile != NULL ? finding->profile->name : OCN_PROFILE_UNKNOWN;
}

/* ---- telling ---------------------------------------------------------------------------- */

static json_t *tell_clue(const struct ocn_evidence *evidence)
{
    const struct ocn_clue *clue = evidence->clue;

    return json_pack("{s:s*, s:s*, s:s*, s:s, s:i}", "file", clue->file, "env", clue->env, "key",
                     clue->key, "value", evidence->value, "weight", (int)clue->weight);
}

static json_t *tell_candidate(const struct finding *finding, size_t at)
{
    const struct ocn_profile *profile = &finding->profiles[at];
    json_t *list = json_array();

    for (size_t i = 0; i < finding->evidence.len; i++) {
        if (finding->evidence.items[i].profile == profile) {
            (void)json_array_append_new(list, tell_clue(&finding->evidence.items[i]));
        }
    }
    return json_pack("{s:s, s:s*, s:i, s:o}", "profile", profile->name, "file", profile->origin,
                     "weight", (int)ocn_detect_weight(profile, finding->scores[at].found),
                     "evidence", list);
}

static int print_json(const struct finding *finding, struct ocn_error *err)
{
    const struct ocn_confinement *confinement = &finding->confinement;
    json_auto_t *candidates = json_array();

    for (size_t i = 0; i < finding->profiles_len; i++) {
        if (finding->scores[i].found != 0) {
            (void)json_array_append_new(candidates, tell_candidate(finding, i));
        }
    }
    json_auto_t *json =
        json_pack("{s:i, s:{s:s, s:s?, s:s?, s:i}, s:s, s:O, s:{s:i, s:b, s:b}}", "version", 1,
                  "host", "os", "linux", "arch", finding->arch, "variant", finding->variant, "cpus",
                  (int)finding->cpus, "profile", name_profile(finding), "candidates", candidates,
                  "confinement", "landlock", confinement->landlock_abi, "seccomp",
                  confinement->seccomp, "openat2", confinement->openat2);
    if (json == NULL || json_dumpf(json, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER) != 0 ||
        puts("") < 0) {
        return ocn_fail(err, OCN_E_IO, "standard output", "cannot print");
    }
    return 0;
}

static void print_evidence(const struct ocn_evidence *evidence)
{
    const struct ocn_clue *clue = evidence->clue;
    const char *value = evidence->value;

    (void)printf("      %4u  %s%s%s", clue->weight, clue->file != NULL ? clue->file : clue->env,
                 clue->key != NULL ? " " : "", clue->key != NULL ? clue->key : "");
    if (clue->is == NULL && clue->is_not == NULL) {
        (void)puts(clue->file != NULL ? " is there" : " is set");
    } else if (clue->is != NULL) {
        (void)printf(" is \"%.60s\"%s\n", value, strlen(value) > 60 ? "..." : "");
    } else {
        (void)printf(" does not say \"%s\"\n", clue->is_not);
    }
}

static void print_candidate(const struct finding *finding, const struct ocn_profile *profile,
                            uint64_t found)
{
    (void)printf("%s %3u  %s%s%s\n",
                 strcmp(profile->name, name_profile(finding)) == 0 ? "       =>" : "         ",
                 ocn_detect_weight(profile, found), profile->name,
                 profile->origin != NULL ? ", " : "",
                 profile->origin != NULL ? profile->origin : "");
    for (size_t i = 0; i < finding->evidence.len; i++) {
        if (finding->evidence.items[i].profile == profile) {
            print_evidence(&finding->evidence.items[i]);
        }
    }
}

static int print_text(const struct finding *finding, struct ocn_error *err)
{
    const struct ocn_confinement *confinement = &finding->confinement;

    (void)printf(
        "host      linux/%s%s%s, %u CPUs\nplatform  %s\n",
        finding->arch != NULL ? finding->arch : "unknown", finding->variant != NULL ? "/" : "",
        finding->variant != NULL ? finding->variant : "", finding->cpus, name_profile(finding));
    for (size_t i = 0; i < finding->profiles_len; i++) {
        if (finding->scores[i].found != 0) {
            print_candidate(finding, &finding->profiles[i], finding->scores[i].found);
        }
    }
    if (confinement->landlock_abi != 0) {
        (void)printf("landlock  ABI %d\n", confinement->landlock_abi);
    } else {
        (void)puts("landlock  no");
    }
    (void)printf("seccomp   %s\nopenat2   %s\n", confinement->seccomp ? "yes" : "no",
                 confinement->openat2 ? "yes" : "no");
    return fflush(stdout) == 0 ? 0 : ocn_fail(err, OCN_E_IO, "standard output", "cannot print");
}

/* ---- the command line ------------------------------------------------------------------- */

static const struct ocn_command_option options[] = {
    { .name = "env",
      .takes = OCN_COMMAND_TAKES_TEXT,
      .repeats = true,
      .argument = "NAME=VALUE",
      .offset = offsetof(struct request, env),
      .text = "as for a container with this variable" },
    OCN_CLI_POLICY(struct request, "look for profiles beside this policy, too"),
    OCN_CLI_ROOT(struct request, world.root, "look up the node's files below DIR"),
    OCN_CLI_FORMAT(struct request, "text (default) or json"),
};

static const char *const synopsis[] = {
    "[--env NAME=VALUE]... [--config FILE] [--root DIR] [--format text|json]", NULL
};

static int check_env(const struct ocn_command_texts *env, struct ocn_error *err)
{
    for (size_t i = 0; i < env->len; i++) {
        if (strchr(env->items[i], '=') == NULL) {
            return ocn_fail(err, OCN_E_USAGE, "--env", "expected NAME=VALUE, not %s",
                            env->items[i]);
        }
    }
    return 0;
}

static int run(int argc, char **argv)
{
    OCN_CLEANUP(release)
    struct finding finding = { .dir = { .rootfs_fd = -1, .host_fd = -1 } };
    struct request request = { 0 };
    struct ocn_error err = { 0 };
    bool helped = false;
    int status = ocn_command_read(&ocn_cli_detect, argc, argv, &request, &helped, &err);

    if (helped) {
        return EXIT_FINE;
    }
    request.world.any_owner = request.world.config != NULL;
    if (status < 0 || check_env(&request.env, &err) < 0 || look(&request, &finding, &err) < 0 ||
        (ocn_cli_is_json(request.format) ? print_json(&finding, &err)
                                         : print_text(&finding, &err)) < 0) {
        return ocn_cli_complain(&err);
    }
    return EXIT_FINE;
}

const struct ocn_command ocn_cli_detect = {
    .name = "detect",
    .summary = "show the machine, its platform and the evidence for it",
    .synopsis = synopsis,
    .about = "Shows the machine, the platform whose profile holds where the policy says \"auto\" "
             "with the evidence for it, and what this kernel has to confine the part of ocinorm "
             "that reads images.",
    .options = options,
    .options_len = OCN_COUNT(options),
    .exit_status = "0 fine, 2 could not do it.",
    .run = run,
};
