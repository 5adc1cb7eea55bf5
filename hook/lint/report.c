/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/lint/report.h"

#include <string.h>

#include "normalize/json/json.h"

struct ocn_lint_counts ocn_lint_report_count(const struct ocn_lint *lint)
{
    struct ocn_lint_counts counts = { 0 };
    const struct ocn_lint_input *inputs = lint->inputs.items;

    for (size_t i = 0; i < lint->inputs.len; i++) {
        const struct ocn_lint_finding *findings = inputs[i].findings.items;
        for (size_t k = 0; k < inputs[i].findings.len; k++) {
            size_t *count = findings[k].ignored != NULL           ? &counts.ignored
                            : findings[k].level == OCN_LEVEL_DENY ? &counts.deny
                                                                  : &counts.warn;
            (*count)++;
        }
    }
    return counts;
}

/* A name such as "oci:app:1.0" is no file's. */
static bool is_file(const char *name)
{
    size_t letters = strspn(name, "abcdefghijklmnopqrstuvwxyz-");

    return strcmp(name, "-") != 0 && name[letters] != ':';
}

const char *ocn_lint_report_file(const struct ocn_lint_report *report,
                                 const struct ocn_lint_input *input,
                                 const struct ocn_lint_finding *finding)
{
    const char *names[] = { finding->file, report->place, input->name, "unknown" };
    const char *name = "";

    for (size_t i = 0; i < OCN_COUNT(names) && name[0] == '\0'; i++) {
        bool usable = names[i] != NULL && (is_file(names[i]) || names[i] == report->place);
        name = usable ? names[i] : "";
        while (name[0] == '/' || strncmp(name, "./", 2) == 0) {
            name += name[0] == '/' ? 1 : 2;
        }
    }
    return name;
}

int ocn_lint_report_problem(struct ocn_list *problems, const char *input,
                            const struct ocn_error *problem, struct ocn_arena *arena,
                            struct ocn_error *err)
{
    struct ocn_lint_problem *list =
        ocn_arena_grow(arena, problems->items, problems->len, sizeof(*list));
    const char *gap = problem->where[0] != '\0' ? ": " : "";
    const char *text = ocn_arena_printf(arena, "%s%s%s", problem->where, gap, problem->msg);

    if (ocn_arena_check(arena, err) < 0) {
        return -1;
    }
    list[problems->len++] = (struct ocn_lint_problem){ input, text };
    problems->items = list;
    return 0;
}

void ocn_lint_report_sentence(const struct ocn_lint_finding *finding, struct ocn_buf *out)
{
    if (finding->object != NULL) {
        ocn_buf_printf(out, "%s: ", finding->object);
    }
    ocn_buf_puts(out, finding->message);
}

int ocn_lint_report_dump(json_t *json, struct ocn_buf *out, struct ocn_error *err)
{
    int status = ocn_json_dump(json, JSON_INDENT(2), out, err);

    json_decref(json);
    ocn_buf_puts(out, "\n");
    return status < 0 ? -1 : ocn_buf_check(out, err);
}
