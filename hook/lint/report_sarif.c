/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SARIF 2.1.0 as GitHub's code scanning insists on it: a location with a region for every result, a
 * URI relative to the repository, a fingerprint, texts that are not empty.
 */
#include <string.h>

#include "hook/lint/report_formats.h"

#define SCHEMA "https://json.schemastore.org/sarif-2.1.0.json"
#define MAX_RULES (OCN_RULE_COUNT + OCN_LINT_RULE_COUNT)

/* The rules that something was found of, in the order of their finding. */
struct rules {
    const char *names[MAX_RULES];
    size_t len;
};

static size_t index_of(struct rules *rules, const char *name)
{
    size_t i = 0;

    while (i < rules->len && strcmp(rules->names[i], name) != 0) {
        i++;
    }
    if (i == rules->len && i < MAX_RULES) {
        rules->names[rules->len++] = name;
    }
    return i;
}

static const char *level_word(enum ocn_level level)
{
    return level == OCN_LEVEL_DENY ? "error" : "warning";
}

/* A path as a relative reference: what is not unreserved (RFC 3986) is escaped. */
static void print_uri(const char *path, struct ocn_buf *out)
{
    static const char kept[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";

    for (const char *c = path; *c != '\0'; c++) {
        if (strchr(kept, *c) != NULL) {
            ocn_buf_add(out, c, 1);
        } else {
            ocn_buf_printf(out, "%%%02X", (unsigned)(unsigned char)*c);
        }
    }
}

static json_t *make_location(const struct ocn_lint_report *report,
                             const struct ocn_lint_input *input,
                             const struct ocn_lint_finding *finding)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf uri = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf name = { 0 };
    int line = finding->line > 0 && finding->file != NULL ? (int)finding->line : 1;
    int column = finding->column > 0 && finding->file != NULL ? (int)finding->column : 1;

    print_uri(ocn_lint_report_file(report, input, finding), &uri);
    ocn_buf_printf(&name, "%s%s%s%s%s", input->name, input->platform != NULL ? " " : "",
                   input->platform != NULL ? input->platform : "",
                   finding->object != NULL ? " " : "",
                   finding->object != NULL ? finding->object : "");
    if (uri.failed || name.failed) {
        return NULL;
    }
    return json_pack("{s:{s:{s:s,s:s},s:{s:i,s:i,s:i,s:i}},s:[{s:s}]}", "physicalLocation",
                     "artifactLocation", "uri", uri.ptr, "uriBaseId", "%SRCROOT%", "region",
                     "startLine", line, "startColumn", column, "endLine", line, "endColumn",
                     column + 1, "logicalLocations", "fullyQualifiedName", name.ptr);
}

static json_t *make_result(const struct ocn_lint_report *report, const struct ocn_lint_input *input,
                           const struct ocn_lint_finding *finding, struct rules *rules)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    json_t *location = make_location(report, input, finding);

    ocn_lint_report_sentence(finding, &text);
    if (finding->hint != NULL) {
        ocn_buf_printf(&text, "; fix: %s", finding->hint);
    }
    if (location == NULL || text.failed) {
        json_decref(location);
        return NULL;
    }
    return json_pack("{s:s,s:i,s:s,s:{s:s},s:[o],s:{s:s}}", "ruleId", finding->rule, "ruleIndex",
                     (int)index_of(rules, finding->rule), "level", level_word(finding->level),
                     "message", "text", text.ptr, "locations", location, "partialFingerprints",
                     "primaryLocationLineHash", finding->fingerprint);
}

/* What is ignored is left out: GitHub would show it. */
static json_t *make_results(const struct ocn_lint_report *report, struct rules *rules)
{
    const struct ocn_lint_input *inputs = report->lint->inputs.items;
    json_t *results = json_array();

    for (size_t i = 0; i < report->lint->inputs.len; i++) {
        const struct ocn_lint_finding *findings = inputs[i].findings.items;
        for (size_t k = 0; k < inputs[i].findings.len; k++) {
            if (findings[k].ignored == NULL &&
                json_array_append_new(results,
                                      make_result(report, &inputs[i], &findings[k], rules)) < 0) {
                json_decref(results);
                return NULL;
            }
        }
    }
    return results;
}

/* The built-in level, of either table; a result has its own beside it. */
static enum ocn_level built_in(const char *name)
{
    enum ocn_lint_rule_id id = ocn_lint_find(name);
    enum ocn_level level = id != OCN_LINT_RULE_COUNT ? ocn_lint_rules[id].level : OCN_LEVEL_DENY;

    for (size_t i = 0; i < OCN_RULE_COUNT; i++) {
        level = strcmp(ocn_rules[i].name, name) == 0 ? ocn_rules[i].level : level;
    }
    return level == OCN_LEVEL_EDIT ? OCN_LEVEL_DENY : level;
}

static json_t *make_rules(const struct rules *rules)
{
    json_t *list = json_array();

    for (size_t i = 0; i < rules->len; i++) {
        OCN_CLEANUP(ocn_buf_done) struct ocn_buf help = { 0 };
        const char *name = rules->names[i];
        const char *summary = ocn_lint_summary(name);
        ocn_buf_printf(&help, "%s: %s. Its page is rules/%s.md in ocinorm's documentation.", name,
                       summary, name);
        if (help.failed ||
            json_array_append_new(list, json_pack("{s:s,s:{s:s},s:{s:s},s:{s:s},s:{s:s}}", "id",
                                                  name, "shortDescription", "text", summary,
                                                  "fullDescription", "text", summary, "help",
                                                  "text", help.ptr, "defaultConfiguration", "level",
                                                  level_word(built_in(name)))) < 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *make_invocation(const struct ocn_lint_report *report)
{
    const struct ocn_lint_problem *problems = report->problems->items;
    json_auto_t *notes = json_array();

    for (size_t i = 0; i < report->problems->len; i++) {
        if (json_array_append_new(notes, json_pack("{s:s,s:{s:s}}", "level", "error", "message",
                                                   "text", problems[i].message)) < 0) {
            return NULL;
        }
    }
    return json_pack("{s:b,s:O}", "executionSuccessful", report->problems->len == 0,
                     "toolExecutionNotifications", notes);
}

int ocn_lint_report_sarif(const struct ocn_lint_report *report, struct ocn_buf *out,
                          struct ocn_error *err)
{
    struct rules rules = { .len = 0 };
    json_auto_t *results = make_results(report, &rules);
    json_auto_t *list = make_rules(&rules);
    json_auto_t *invocation = make_invocation(report);

    if (results == NULL || list == NULL || invocation == NULL) {
        return ocn_fail_nomem(err);
    }
    json_t *sarif = json_pack(
        "{s:s,s:s,s:[{s:{s:{s:s,s:s,s:s,s:O}},s:{s:s},s:s,s:[O],s:O}]}", "$schema", SCHEMA,
        "version", "2.1.0", "runs", "tool", "driver", "name", "ocinorm", "version", OCN_VERSION,
        "semanticVersion", OCN_VERSION, "rules", list, "automationDetails", "id", "ocinorm-lint/",
        "columnKind", "unicodeCodePoints", "invocations", invocation, "results", results);
    return ocn_lint_report_dump(sarif, out, err);
}
