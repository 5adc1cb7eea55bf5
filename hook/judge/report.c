/* SPDX-License-Identifier: Apache-2.0 */
/* The report of `ocinorm explain` as tables: its JSON is written by them, and so is their schema.
 */
#include "hook/judge/report.h"

#include "config/config.h"
#include "normalize/json/json.h"
#include "normalize/policy/rule.h"

#define NAME(of, name, member, list)                                                               \
    {                                                                                              \
        .key = (name), .type = OCN_BIND_ENUM, .offset = OCN_BIND_ENUM_AT(of, member),              \
        .names = (list)                                                                            \
    }
#define VALUE(of, name, member)                                                                    \
    {                                                                                              \
        .key = (name), .type = OCN_BIND_TEXT, .offset = offsetof(of, member)                       \
    }
#define LIST(of, name, member, item, rows)                                                         \
    {                                                                                              \
        .key = (name), .type = OCN_BIND_OBJECTS, .offset = offsetof(of, member), .fields = (rows), \
        .size = sizeof(item)                                                                       \
    }
#define LIMIT(of, name, member)                                                                    \
    {                                                                                              \
        .key = (name), .type = OCN_BIND_NUMBER, .offset = offsetof(of, member), .nullable = true   \
    }
#define END                                                                                        \
    {                                                                                              \
        .key = NULL                                                                                \
    }

const char *const ocn_report_verdicts[] = { [OCN_ALLOW] = "allow", [OCN_DENY] = "deny", NULL };

const char *const ocn_report_kinds[] = {
    [OCN_ENTRY_UNKNOWN] = "",      [OCN_ENTRY_MISSING] = "missing", [OCN_ENTRY_ELF] = "elf",
    [OCN_ENTRY_SCRIPT] = "script", [OCN_ENTRY_OTHER] = "other",     NULL,
};

const char *const ocn_report_levels[] = {
    [OCN_LEVEL_OFF] = "",
    [OCN_LEVEL_WARN] = "warn",
    [OCN_LEVEL_DENY] = "deny",
    NULL,
};

static const char *const rule_names[] = {
#define OCN_RULE(symbol, name, level, changes, event, needs, function, summary) name,
#include "normalize/policy/rules.def"
#undef OCN_RULE
    NULL,
};

/* ---- facts -------------------------------------------------------------------------------- */

static const struct ocn_bind go_fields[] = {
    OCN_BIND_NULLABLE_AT(struct ocn_go_facts, "version", version),
    OCN_BIND_NULLABLE_AT(struct ocn_go_facts, "module", module),
    OCN_BIND_NULLABLE_AT(struct ocn_go_facts, "buildId", build_id),
    { .key = "settings",
      .type = OCN_BIND_PAIRS,
      .offset = offsetof(struct ocn_go_facts, settings) },
    END,
};

/* Of an embedded struct without a name: its rows count from where all facts begin. */
static const struct ocn_bind host_fields[] = {
    OCN_BIND_STRING_AT(struct ocn_facts, "os", host.os),
    OCN_BIND_NULLABLE_AT(struct ocn_facts, "arch", host.arch),
    OCN_BIND_NULLABLE_AT(struct ocn_facts, "variant", host.variant),
    { .key = "cpus",
      .type = OCN_BIND_U32,
      .offset = offsetof(struct ocn_facts, host.cpus),
      .nullable = true },
    END,
};

static const struct ocn_bind entry_fields[] = {
    OCN_BIND_NULLABLE_AT(struct ocn_facts, "path", entry.path),
    { .key = "kind",
      .type = OCN_BIND_ENUM,
      .offset = OCN_BIND_ENUM_AT(struct ocn_facts, entry.kind),
      .names = ocn_report_kinds,
      .nullable = true },
    OCN_BIND_NULLABLE_AT(struct ocn_facts, "arch", entry.arch),
    OCN_BIND_NULLABLE_AT(struct ocn_facts, "variant", entry.variant),
    OCN_BIND_NULLABLE_AT(struct ocn_facts, "interpreter", entry.interpreter),
    OCN_BIND_NULLABLE_AT(struct ocn_facts, "program", entry.program),
    { .key = "go",
      .type = OCN_BIND_POINTER,
      .offset = offsetof(struct ocn_facts, entry.go),
      .fields = go_fields,
      .nullable = true },
    END,
};

static const struct ocn_bind volume_fields[] = {
    OCN_BIND_STRING_AT(struct ocn_volume_facts, "destination", destination),
    OCN_BIND_STRING_AT(struct ocn_volume_facts, "source", source),
    OCN_BIND_STRING_AT(struct ocn_volume_facts, "owner", owner),
    OCN_BIND_STRING_AT(struct ocn_volume_facts, "mode", mode),
    OCN_BIND_STRING_AT(struct ocn_volume_facts, "inContainer", shown),
    { .key = "mapped", .type = OCN_BIND_BOOL, .offset = offsetof(struct ocn_volume_facts, mapped) },
    END,
};

static const struct ocn_bind facts_fields[] = {
    { .key = "host", .type = OCN_BIND_OBJECT, .fields = host_fields },
    { .key = "entry", .type = OCN_BIND_OBJECT, .fields = entry_fields },
    LIMIT(struct ocn_facts, "cpuLimit", cpu_limit),
    LIMIT(struct ocn_facts, "memoryLimit", memory_limit),
    { .key = "volumes",
      .type = OCN_BIND_OBJECTS,
      .offset = offsetof(struct ocn_facts, volumes),
      .fields = volume_fields,
      .size = sizeof(struct ocn_volume_facts),
      .sparse = true },
    END,
};

/* ---- what was decided --------------------------------------------------------------------- */

/* A variable that a rule considered and did not set, with its place in config.json. */
struct kept {
    enum ocn_rule_id rule;
    const char *path;
    const char *value;
    const char *why;
};

struct ocn_report {
    uint32_t version;
    const char *bundle;
    const char *profile;
    const char *exempt;
    enum ocn_verdict verdict;
    const struct ocn_facts *facts;
    struct ocn_list edits;
    struct ocn_list findings;
    struct ocn_list kept;
};

static const struct ocn_bind edit_fields[] = {
    NAME(struct ocn_edit, "rule", rule, rule_names),
    OCN_BIND_STRING_AT(struct ocn_edit, "path", path),
    VALUE(struct ocn_edit, "from", from),
    VALUE(struct ocn_edit, "to", to),
    OCN_BIND_STRING_AT(struct ocn_edit, "why", why),
    END,
};

static const struct ocn_bind finding_fields[] = {
    NAME(struct ocn_finding, "rule", rule, rule_names),
    NAME(struct ocn_finding, "level", level, ocn_report_levels),
    OCN_BIND_STRING_AT(struct ocn_finding, "message", message),
    OCN_BIND_STRING_AT(struct ocn_finding, "hint", hint),
    END,
};

static const struct ocn_bind kept_fields[] = {
    NAME(struct kept, "rule", rule, rule_names),
    OCN_BIND_STRING_AT(struct kept, "path", path),
    OCN_BIND_NULLABLE_AT(struct kept, "value", value),
    OCN_BIND_STRING_AT(struct kept, "why", why),
    END,
};

static const struct ocn_bind report_fields[] = {
    { .key = "version", .type = OCN_BIND_U32, .offset = offsetof(struct ocn_report, version) },
    OCN_BIND_NULLABLE_AT(struct ocn_report, "bundle", bundle),
    OCN_BIND_NULLABLE_AT(struct ocn_report, "profile", profile),
    OCN_BIND_NULLABLE_AT(struct ocn_report, "exempt", exempt),
    NAME(struct ocn_report, "verdict", verdict, ocn_report_verdicts),
    { .key = "facts",
      .type = OCN_BIND_POINTER,
      .offset = offsetof(struct ocn_report, facts),
      .fields = facts_fields },
    LIST(struct ocn_report, "edits", edits, struct ocn_edit, edit_fields),
    LIST(struct ocn_report, "findings", findings, struct ocn_finding, finding_fields),
    { .key = "kept",
      .type = OCN_BIND_OBJECTS,
      .offset = offsetof(struct ocn_report, kept),
      .fields = kept_fields,
      .size = sizeof(struct kept),
      .sparse = true },
    END,
};

static struct kept *list_kept(const struct ocn_outcome *outcome, struct ocn_arena *arena)
{
    struct kept *list = ocn_arena_alloc(arena, (outcome->kept_len + 1) * sizeof(*list));

    for (size_t i = 0; list != NULL && i < outcome->kept_len; i++) {
        const struct ocn_kept *kept = &outcome->kept[i];
        const char *path = ocn_arena_printf(arena, "%s%s", ocn_edit_env_path(), kept->name);
        list[i] = (struct kept){ kept->rule, path, kept->value, kept->why };
    }
    return list;
}

json_t *ocn_report_value(const struct ocn_outcome *outcome, const char *bundle)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    struct kept *kept = list_kept(outcome, &arena);
    const struct ocn_report report = {
        .version = 1,
        .bundle = bundle,
        .profile = outcome->profile,
        .exempt = outcome->exempt,
        .verdict = outcome->verdict,
        .facts = &outcome->facts,
        .edits = { outcome->edits, outcome->edits_len },
        .findings = { outcome->findings, outcome->findings_len },
        .kept = { kept, outcome->kept_len },
    };

    return arena.failed ? NULL : ocn_json_unbind(&report, report_fields);
}

json_t *ocn_report_schema(void)
{
    return ocn_config_describe("The report of one container", report_fields, NULL);
}

int ocn_report_json(const struct ocn_outcome *outcome, const char *bundle, struct ocn_buf *out,
                    struct ocn_error *err)
{
    json_auto_t *json = ocn_report_value(outcome, bundle);

    return ocn_json_print(json, out, err);
}
