/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/entry/plan.h"

/* No libc here, so these few lines stand in for it. */

static size_t length(const char *text)
{
    size_t len = 0;

    while (text[len] != '\0') {
        len++;
    }
    return len;
}

/* The value of variable @var ("NAME=VALUE") if its name is that of "NAME=..." @like, else NULL. */
static const char *value_if_named(const char *var, const char *like)
{
    while (*var != '\0' && *var == *like && *like != '=') {
        var++;
        like++;
    }
    return *var == '=' && *like == '=' ? var + 1 : NULL;
}

/* ---- the plan ----------------------------------------------------------------------------- */

/* The string at *at, which moves behind its NUL; NULL if it does not end before @end. */
static const char *take_string(const char **at, const char *end)
{
    const char *text = *at;

    for (const char *c = text; c < end; c++) {
        if (*c == '\0') {
            *at = c + 1;
            return text;
        }
    }
    return NULL;
}

static bool has_magic(const struct ocn_entry_head *head)
{
    for (size_t i = 0; i < sizeof(head->magic); i++) {
        if (head->magic[i] != OCN_ENTRY_MAGIC[i]) {
            return false;
        }
    }
    return true;
}

static bool are_variables(const char *at, const char *end, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const char *var = take_string(&at, end);
        if (var == NULL || value_if_named(var, var) == NULL || var[0] == '=') {
            return false;
        }
    }
    return at == end;
}

bool ocn_entry_plan_read(const void *bytes, size_t size, struct ocn_entry_plan *ret)
{
    const struct ocn_entry_head *head = bytes;
    const char *end = (const char *)bytes + size;

    if (size < sizeof(*head) || size > OCN_ENTRY_PLAN_MAX || !has_magic(head) ||
        head->size != size || head->groups_len > OCN_ENTRY_GROUPS_MAX ||
        head->vars_len > OCN_ENTRY_VARS_MAX || head->files_len > OCN_ENTRY_FILES_MAX ||
        head->groups_len > (size - sizeof(*head)) / sizeof(uint32_t)) {
        return false;
    }
    struct ocn_entry_plan plan = {
        .head = head,
        .groups = (const uint32_t *)(const void *)(head + 1),
    };
    plan.vars = (const char *)(plan.groups + head->groups_len);
    if (!are_variables(plan.vars, end, head->vars_len)) {
        return false;
    }
    *ret = plan;
    return true;
}

bool ocn_entry_plan_has(const struct ocn_entry_plan *plan, uint64_t dev, uint64_t ino)
{
    for (uint32_t i = 0; i < plan->head->files_len; i++) {
        if (plan->head->files[i].dev == dev && plan->head->files[i].ino == ino) {
            return true;
        }
    }
    return false;
}

/* ---- the environment ---------------------------------------------------------------------- */

size_t ocn_entry_env_count(char *const *env)
{
    size_t count = 0;

    while (env[count] != NULL) {
        count++;
    }
    return count;
}

/* Takes the variables that are named as @var out of @env. */
static void remove_named(char **env, const char *var)
{
    char **keep = env;

    for (; *env != NULL; env++) {
        if (value_if_named(*env, var) == NULL) {
            *keep++ = *env;
        }
    }
    *keep = NULL;
}

void ocn_entry_env_merge(char *const *env, const struct ocn_entry_plan *plan, char **ret)
{
    const char *var = plan->vars;
    size_t count = ocn_entry_env_count(env);

    for (size_t i = 0; i <= count; i++) {
        ret[i] = env[i];
    }
    for (uint32_t i = 0; i < plan->head->vars_len; i++) {
        remove_named(ret, var);
        count = ocn_entry_env_count(ret);
        /* execve takes pointers to writable strings for history's sake, and writes to none. */
        ret[count] = (char *)(uintptr_t)var;
        ret[count + 1] = NULL;
        var += length(var) + 1;
    }
}
