/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/lint/manifest_child.h"

#include <string.h>

#include "hook/confine/child.h"
#include "hook/confine/confine.h"
#include "normalize/lint/wire.h"

enum message { SAYS_RESULT = 1, SAYS_OTHER, SAYS_ERROR };

/* 16 MiB of YAML take some 3 s on a slow machine: a stream of small values is the worst. */
#define CPU_SECONDS 10
#define WALL_SECONDS 60
#define MEMORY ((size_t)768 << 20)

struct task {
    const struct ocn_manifest *manifest;
    const struct ocn_lint *lint;
};

/* ---- the child -------------------------------------------------------------------------- */

static int send_error(const struct ocn_error *err)
{
    const struct ocn_bytes bytes = { (const char *)err, sizeof(*err) };

    return ocn_child_send(SAYS_ERROR, bytes, NULL);
}

static int confine(struct ocn_error *err)
{
    const struct ocn_confine_limits limits = { CPU_SECONDS, MEMORY };
    struct ocn_confinement confinement;
    int rules = -1;

    /* It has its text, and needs no file. */
    return ocn_confine_within(&limits, &confinement, err) < 0 ||
                   ocn_confine_reads_begin(&confinement, &rules, err) < 0
               ? -1
               : ocn_confine_reads_end(&rules, err);
}

static int run(void *ctx)
{
    OCN_CLEANUP(ocn_lint_done) struct ocn_lint lint = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    const struct task *task = ctx;
    struct ocn_error err = { 0 };
    const char *other = NULL;

    lint.targets = task->lint->targets;
    lint.targets_len = task->lint->targets_len;
    if (confine(&err) < 0 || ocn_manifest_judge(task->manifest, &lint, &other, &err) < 0) {
        return send_error(&err);
    }
    if (other != NULL) {
        return ocn_child_send(SAYS_OTHER, (struct ocn_bytes){ other, strlen(other) }, NULL);
    }
    return ocn_lint_dump(&lint, &out, &err) < 0
               ? send_error(&err)
               : ocn_child_send(SAYS_RESULT, ocn_buf_bytes(&out), &err);
}

/* ---- the parent ------------------------------------------------------------------------- */

/* What a hostile child says is a struct, with two texts that end. */
static int take_error(struct ocn_bytes bytes, struct ocn_error *err)
{
    struct ocn_error said;

    if (bytes.len != sizeof(said)) {
        return ocn_fail(err, OCN_E_FORMAT, NULL, "malformed message from the confined parser");
    }
    memcpy(&said, bytes.ptr, sizeof(said));
    said.where[sizeof(said.where) - 1] = '\0';
    said.msg[sizeof(said.msg) - 1] = '\0';
    return ocn_fail(err, said.code != OCN_OK ? said.code : OCN_E_FORMAT, said.where, "%s",
                    said.msg);
}

static int take_message(uint32_t kind, struct ocn_bytes bytes, struct ocn_lint *lint,
                        const char **ret_other, struct ocn_error *err)
{
    switch (kind) {
    case SAYS_RESULT:
        *ret_other = NULL;
        return ocn_lint_load(lint, bytes, err);
    case SAYS_OTHER:
        *ret_other =
            ocn_lint_printable(&lint->arena, ocn_arena_copy(&lint->arena, bytes.ptr, bytes.len));
        return ocn_arena_check(&lint->arena, err);
    default:
        return take_error(bytes, err);
    }
}

int ocn_manifest_child_judge(const struct ocn_manifest *manifest, struct ocn_lint *lint,
                             const char **ret_other, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_child_end) struct ocn_child child = { .pid = -1, .fd = -1 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf bytes = { 0 };
    const struct ocn_child_options options = { .seconds = WALL_SECONDS };
    struct task task = { manifest, lint };
    uint32_t kind = 0;

    if (ocn_child_start_with(&child, &options, run, &task, err) < 0 ||
        ocn_child_receive(&child, &kind, &bytes, err) < 0 ||
        take_message(kind, ocn_buf_bytes(&bytes), lint, ret_other, err) < 0) {
        ocn_error_locate(err, manifest->name, 0);
        return -1;
    }
    return 0;
}
