/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/workload/task_container.h"

#include <string.h>
#include <strings.h>

#include "normalize/base/nearest.h"
#include "normalize/workload/field.h"
#include "normalize/workload/go_limits.h"
#include "normalize/workload/platforms.h"

#define UNITS_PER_CPU 1024.0
#define MIB 1048576.0

static const struct ocn_lint_image *image_of(const struct ocn_task_container *container)
{
    return ocn_workload_image(container->task->check, ocn_field_string(container->json, "image"));
}

static int tell(const struct ocn_task_container *container, enum ocn_lint_rule_id rule,
                const char *path, const char *what, const char *hint, struct ocn_error *err)
{
    struct ocn_arena *arena = container->task->check->arena;

    return ocn_workload_found(container->task->check, rule,
                              ocn_field_pointer(arena, container->pointer, path),
                              ocn_arena_printf(arena, "%s: %s", container->noun, what), hint, err);
}

/* ---- user, root file system ------------------------------------------------------------- */

/* "root", "0:1001", "00": what is before the colon. */
static bool is_root(const char *user)
{
    size_t len = strcspn(user, ":");

    return strspn(user, "0") == len || (len == strlen("root") && strncmp(user, "root", len) == 0);
}

static int check_user(const struct ocn_task_container *container, struct ocn_error *err)
{
    static const char hint[] = "write user: \"1001:1001\"";
    const char *user = ocn_field_string(container->json, "user");
    const struct ocn_lint_image *image = image_of(container);

    if (user != NULL && user[0] != '\0') {
        return is_root(user)
                   ? tell(container, OCN_LINT_TASK_USER, "user", "the user is root", hint, err)
                   : 0;
    }
    if (image == NULL || image->user == NULL) {
        return tell(container, OCN_LINT_TASK_USER, "user",
                    "no user is named: it is the image's, else root", hint, err);
    }
    return is_root(image->user)
               ? tell(container, OCN_LINT_TASK_USER, "user",
                      "no user is named, neither here nor in the image: it is root", hint, err)
               : 0;
}

static int check_root(const struct ocn_task_container *container, struct ocn_error *err)
{
    static const char path[] = "readonlyRootFilesystem";

    return json_is_true(ocn_field_get(container->json, path))
               ? 0
               : tell(container, OCN_LINT_TASK_READ_ONLY_ROOT, path,
                      "readonlyRootFilesystem is not true",
                      "write readonlyRootFilesystem: true, and a volume where it writes; ECS Exec "
                      "then does not work",
                      err);
}

/* ---- secrets ---------------------------------------------------------------------------- */

/* What the name of a secret ends with. */
static const char *const endings[] = { "PASSWORD",   "PASSWD",      "SECRET",
                                       "SECRET_KEY", "TOKEN",       "API_KEY",
                                       "ACCESS_KEY", "PRIVATE_KEY", "CREDENTIALS" };

static bool ends_with(const char *name, const char *ending)
{
    size_t len = strlen(name);
    size_t end = strlen(ending);

    if (len < end || (len > end && name[len - end - 1] != '_')) {
        return false;
    }
    for (size_t i = 0; i < end; i++) {
        if (ocn_lower(name[len - end + i]) != ocn_lower(ending[i])) {
            return false;
        }
    }
    return true;
}

static bool is_secret(const struct ocn_workload_check *check, const char *name)
{
    if (check->target != NULL &&
        ocn_strings_hold(&check->target->want[OCN_LINT_TASK_SECRETS].values, name)) {
        return true;
    }
    for (size_t i = 0; i < OCN_COUNT(endings); i++) {
        if (ends_with(name, endings[i])) {
            return true;
        }
    }
    return false;
}

/* The value is nobody's business, a report's least of all. */
static int check_secrets(const struct ocn_task_container *container, struct ocn_error *err)
{
    struct ocn_arena *arena = container->task->check->arena;
    size_t i;
    const json_t *entry;

    json_array_foreach (ocn_field_get(container->json, "environment"), i, entry) {
        const char *name = ocn_field_string(entry, "name");
        const char *value = ocn_field_string(entry, "value");
        if (name == NULL || value == NULL || value[0] == '\0' ||
            !is_secret(container->task->check, name)) {
            continue;
        }
        if (tell(container, OCN_LINT_TASK_SECRETS, ocn_arena_printf(arena, "environment.%zu", i),
                 ocn_arena_printf(arena, "the environment has %s as plain text", name),
                 "move it to secrets, with a valueFrom of Secrets Manager or Parameter Store",
                 err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- platform --------------------------------------------------------------------------- */

static const struct {
    const char *word;
    const char *arch;
} arches[] = { { "X86_64", "amd64" }, { "ARM64", "arm64" } };

/* The platform that the task asks for; NULL: none, or the instance decides. */
static const char *wanted(const struct ocn_task *task)
{
    const char *os = ocn_field_string(task->json, "runtimePlatform.operatingSystemFamily");
    const char *word = ocn_field_string(task->json, "runtimePlatform.cpuArchitecture");

    if (word == NULL && task->fargate) {
        word = arches[0].word;
    }
    for (size_t i = 0; word != NULL && i < OCN_COUNT(arches); i++) {
        if (strcmp(arches[i].word, word) == 0) {
            return ocn_arena_printf(task->check->arena, "%s/%s",
                                    os == NULL || strcmp(os, "LINUX") == 0 ? "linux" : "windows",
                                    arches[i].arch);
        }
    }
    return NULL;
}

static int check_platform(const struct ocn_task_container *container, struct ocn_error *err)
{
    const struct ocn_task *task = container->task;
    struct ocn_arena *arena = task->check->arena;
    const struct ocn_lint_image *image = image_of(container);
    const char *platform = wanted(task);

    if (image == NULL || image->platforms.len == 0 || platform == NULL ||
        ocn_platforms_have(&image->platforms, platform)) {
        return 0;
    }
    const char *message = ocn_arena_printf(
        arena, "%s: the task runs on %s, which image %s does not have: %s", container->noun,
        platform, image->name, ocn_platforms_list(arena, &image->platforms));
    return ocn_workload_found(
        task->check, OCN_LINT_TASK_PLATFORM,
        ocn_field_pointer(arena, task->pointer, "runtimePlatform.cpuArchitecture"), message,
        "build the image for it, or name the image's in runtimePlatform", err);
}

/* ---- limits ----------------------------------------------------------------------------- */

/* "1024", "1 vCPU", "0.5 GB": units of @unit, or what the word behind it makes of them; 0: none. */
static double read_amount(const json_t *value, double unit, const char *word, double word_unit)
{
    const char *text = json_string_value(value);
    char *end = NULL;

    if (text == NULL) {
        return json_number_value(value) * unit;
    }
    double number = strtod(text, &end);
    end += strspn(end, " ");
    if (number > 0 && *end == '\0') {
        return number * unit;
    }
    return number > 0 && strcasecmp(end, word) == 0 ? number * word_unit : 0;
}

/* A container's cpu is a share and no limit; the task's is one. */
static int check_limits(const struct ocn_task_container *container, struct ocn_error *err)
{
    const struct ocn_task *task = container->task;
    struct ocn_go_limits limits = {
        .rule = OCN_LINT_TASK_LIMITS,
        .noun = container->noun,
        .env = ocn_field_get(container->json, "environment"),
        .pointer = ocn_field_pointer(task->check->arena, container->pointer, "environment"),
        .cpus = read_amount(ocn_field_get(task->json, "cpu"), 1 / UNITS_PER_CPU, "vCPU", 1),
        .memory = read_amount(ocn_field_get(container->json, "memory"), MIB, "GB", 1024 * MIB),
    };

    if (!(limits.memory > 0)) {
        limits.memory = read_amount(ocn_field_get(task->json, "memory"), MIB, "GB", 1024 * MIB);
    }
    return ocn_go_limits_check(task->check, &limits, err);
}

int ocn_task_container_check(const struct ocn_task_container *container, struct ocn_error *err)
{
    static int (*const checks[])(const struct ocn_task_container *container,
                                 struct ocn_error *err) = { check_user, check_root, check_secrets,
                                                            check_platform, check_limits };

    for (size_t i = 0; i < OCN_COUNT(checks); i++) {
        if (checks[i](container, err) < 0) {
            return -1;
        }
    }
    return 0;
}
