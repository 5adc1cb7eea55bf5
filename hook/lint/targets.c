/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/lint/targets.h"

#include <string.h>

#include "hook/sys/io.h"
#include "normalize/base/nearest.h"
#include "normalize/workload/workload.h"

#define MAX_SIZE ((size_t)1 << 20)

void ocn_targets_done(struct ocn_targets *targets)
{
    for (size_t i = 0; i < OCN_TARGETS_MAX; i++) {
        json_decref(targets->json[i]);
    }
    ocn_arena_done(&targets->arena);
    *targets = (struct ocn_targets){ 0 };
}

static bool is_file(const char *word)
{
    static const char suffix[] = ".json";
    size_t len = strlen(word);

    return strchr(word, '/') != NULL ||
           (len > sizeof(suffix) - 1 && strcmp(word + len - (sizeof(suffix) - 1), suffix) == 0);
}

/* What --for may be, for whoever wrote something else. */
static int refuse(const char *word, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf known = { 0 };
    struct ocn_nearest nearest = ocn_nearest_to(word);

    for (size_t i = 0; i < ocn_target_texts_len; i++) {
        ocn_nearest_offer(&nearest, ocn_target_texts[i].name);
        ocn_buf_printf(&known, "%s%s", i == 0 ? "" : ", ", ocn_target_texts[i].name);
    }
    if (nearest.best != NULL) {
        return ocn_fail(err, OCN_E_USAGE, "--for", "no target \"%s\"; did you mean %s?", word,
                        nearest.best);
    }
    return ocn_fail(err, OCN_E_USAGE, "--for", "no target \"%s\": one of %s, or a file (./FILE)",
                    word, ocn_buf_bytes(&known).ptr);
}

/* What the loader cannot tell: that two are one, and that a version is none. */
static int check_target(const struct ocn_targets *targets, const struct ocn_lint_target *target,
                        const char *word, struct ocn_error *err)
{
    uint32_t version = 0;

    for (size_t i = 0; i < targets->len; i++) {
        if (strcmp(targets->items[i].name, target->name) == 0) {
            return ocn_fail(err, OCN_E_USAGE, "--for", "the target %s is there twice",
                            target->name);
        }
    }
    if (ocn_workload_version(target->kubernetes, &version, err) < 0) {
        ocn_error_locate(err, word, 0);
        return -1;
    }
    return 0;
}

static int add(struct ocn_targets *targets, const char *word, struct ocn_bytes text,
               struct ocn_error *err)
{
    struct ocn_lint_target target = { 0 };
    json_auto_t *json = NULL;

    if (targets->len == OCN_TARGETS_MAX) {
        return ocn_fail(err, OCN_E_LIMIT, "--for", "more than %d targets", OCN_TARGETS_MAX);
    }
    if (ocn_lint_target_read(word, text, &targets->arena, &target, &json, err) < 0 ||
        check_target(targets, &target, word, err) < 0) {
        return -1;
    }
    targets->items[targets->len] = target;
    targets->json[targets->len++] = json_incref(json);
    return 0;
}

int ocn_targets_add(struct ocn_targets *targets, const char *word, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };

    for (size_t i = 0; i < ocn_target_texts_len; i++) {
        if (strcmp(ocn_target_texts[i].name, word) == 0) {
            return add(targets, word, ocn_target_texts[i].text, err);
        }
    }
    if (!is_file(word)) {
        return refuse(word, err);
    }
    return ocn_io_read_file(word, MAX_SIZE, &text, err) < 0
               ? -1
               : add(targets, word, ocn_buf_bytes(&text), err);
}
