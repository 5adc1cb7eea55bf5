/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/image/lint_bundle.h"

#include "hook/judge/judge.h"
#include "hook/policy/node_policy.h"
#include "hook/sys/io.h"
#include "normalize/json/json.h"
#include "normalize/outcome/outcome.h"

static int read_config(const char *path, struct ocn_arena *arena, struct ocn_buf *ret,
                       const char **ret_file, struct ocn_error *err)
{
    *ret_file = ocn_arena_printf(arena, "%s/config.json", path);
    return ocn_arena_check(arena, err) < 0
               ? -1
               : ocn_io_read_file(*ret_file, OCN_CONFIG_MAX_SIZE, ret, err);
}

bool ocn_lint_bundle_is(const char *path)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    const char *file = NULL;

    return read_config(path, &arena, &text, &file, NULL) == 0 &&
           ocn_json_may_have(ocn_buf_bytes(&text), "ociVersion");
}

static int add_findings(const struct ocn_outcome *outcome, const char *file, struct ocn_lint *lint,
                        struct ocn_error *err)
{
    for (size_t i = 0; i < outcome->findings_len; i++) {
        const struct ocn_finding *found = &outcome->findings[i];
        const struct ocn_lint_finding finding = {
            .rule = ocn_rules[found->rule].name,
            .level = found->level,
            .message = found->message,
            .hint = found->hint,
            .file = file,
            .line = 1,
            .column = 1,
        };
        if (ocn_lint_add(lint, &finding, err) < 0) {
            return -1;
        }
    }
    return 0;
}

int ocn_lint_bundle(const char *path, const struct ocn_world *world, struct ocn_lint *lint,
                    struct ocn_error *err)
{
    OCN_CLEANUP(ocn_node_policy_done) struct ocn_node_policy policy = { 0 };
    OCN_CLEANUP(ocn_judge_done) struct ocn_judgement judgement = { 0 };
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    const struct ocn_lint_input input = { .name = path, .kind = "bundle" };
    const char *file = NULL;

    if (ocn_node_policy_read(world, &policy, err) < 0 ||
        read_config(path, &arena, &text, &file, err) < 0) {
        return -1;
    }
    const struct ocn_subject subject = { .event = OCN_ON_CREATE,
                                         .bundle = path,
                                         .config = ocn_buf_bytes(&text) };
    return ocn_judge_container(world, &policy, &subject, &judgement, err) < 0 ||
                   ocn_lint_begin(lint, &input, err) < 0
               ? -1
               : add_findings(judgement.outcome, file, lint, err);
}
