/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/rules/go_env.h"

#include <string.h>

#include "normalize/program/gobuild.h"
#include "normalize/rules/entry.h"
#include "normalize/rules/image.h"
#include "normalize/rules/judge.h"

/* ---- who would read them ---------------------------------------------------------------- */

/*
 * Whoever starts a shell starts something else in the end; it may well be a Go program. These are
 * the shells that are no row of launchers.def, which makes the others unknown programs.
 */
static const char *const shells[] = { "busybox", "ksh", "zsh" };

static bool is_shell(const char *path)
{
    const char *name = ocn_strings_base_name(path);

    for (size_t i = 0; i < OCN_COUNT(shells); i++) {
        if (strcmp(name, shells[i]) == 0) {
            return true;
        }
    }
    return false;
}

/*
 * *ret_reads is false for a program that is known not to be Go's: an ELF file with sections but
 * without build info (a packed one has no sections). *ret is its build info, NULL where there is
 * none or nobody asked.
 */
static int ask_program(struct ocn_judge *judge, bool *ret_reads, const struct ocn_gobuild **ret,
                       struct ocn_error *err)
{
    struct ocn_image *image = NULL;

    *ret_reads = true;
    *ret = NULL;
    if (judge->policy->env.when == OCN_ENV_WHEN_ALWAYS) {
        return 0;
    }
    if (ocn_entry_read_program(judge, &image, err) < 0) {
        return -1;
    }
    if (image == NULL) {
        return 0;
    }
    if (image->build->version != NULL) {
        *ret = image->build;
    } else {
        *ret_reads = image->elf.shnum == 0 || is_shell(image->path);
    }
    return 0;
}

int ocn_go_env_reads(struct ocn_judge *judge, bool *ret, struct ocn_error *err)
{
    const struct ocn_gobuild *build = NULL;

    return ask_program(judge, ret, &build, err);
}

int ocn_go_env_leave(struct ocn_judge *judge, const struct ocn_go_variable *variable,
                     const char *why, struct ocn_error *err)
{
    const char *given = ocn_oci_env_get(&judge->container->process.env, variable->name);

    return ocn_judge_keep(judge, variable->rule, variable->name, given, why, err);
}

/* ---- what the container or the policy brings -------------------------------------------- */

/* Says what such a value does to a program that reads it. */
static int warn_of_own(struct ocn_judge *judge, const struct ocn_go_variable *variable,
                       const char *value, struct ocn_error *err)
{
    const struct ocn_gobuild *build = NULL;
    const char *wrong = NULL;
    const char *fix = NULL;
    bool reads = true;

    if (variable->judge(judge, value, &wrong, &fix, err) < 0) {
        return -1;
    }
    if (fix == NULL) {
        return 0;
    }
    if (ask_program(judge, &reads, &build, err) < 0) {
        return -1;
    }
    int minor = build != NULL ? ocn_gobuild_minor(build) : -1;
    return !reads || (minor >= 0 && minor < variable->first)
               ? 0
               : ocn_judge_warn(judge, variable->rule, wrong, fix, err);
}

int ocn_go_env_may_set(struct ocn_judge *judge, const struct ocn_go_variable *variable,
                       bool *ret_may, const struct ocn_gobuild **ret, struct ocn_error *err)
{
    const char *given = ocn_oci_env_get(&judge->container->process.env, variable->name);
    const char *set = ocn_judge_env(judge, variable->name);
    bool reads = true;

    *ret_may = false;
    if (set != NULL && set != given && warn_of_own(judge, variable, set, err) < 0) {
        return -1; /* env.set of the policy */
    }
    if (given != NULL && !judge->policy->env.override) {
        return warn_of_own(judge, variable, given, err) < 0
                   ? -1
                   : ocn_go_env_leave(judge, variable, "the container sets it", err);
    }
    if (ask_program(judge, &reads, ret, err) < 0) {
        return -1;
    }
    if (!reads) {
        return ocn_go_env_leave(judge, variable, "no Go program", err);
    }
    int minor = *ret != NULL ? ocn_gobuild_minor(*ret) : -1;
    if (minor >= 0 && minor < variable->first) {
        const char *why =
            ocn_arena_printf(&judge->outcome->arena, "%s does not know it", (*ret)->version);
        return ocn_go_env_leave(judge, variable, why, err);
    }
    *ret_may = true;
    return 0;
}
