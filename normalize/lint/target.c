/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/lint/target.h"

#include <string.h>

#include "normalize/json/json.h"
#include "normalize/json/load.h"

#define MAX_SIZE ((size_t)1 << 20)

static const char *const level_names[] = {
    [OCN_LEVEL_OFF] = "off", [OCN_LEVEL_WARN] = "warn", [OCN_LEVEL_DENY] = "deny", NULL
};

static const struct ocn_bind want_fields[] = {
    { .key = "level",
      .type = OCN_BIND_ENUM,
      .offset = OCN_BIND_ENUM_AT(struct ocn_lint_want, level),
      .names = level_names },
    OCN_BIND_STRING_AT(struct ocn_lint_want, "reason", reason),
    OCN_BIND_STRING_AT(struct ocn_lint_want, "source", source),
    { .key = "values", .type = OCN_BIND_STRINGS, .offset = offsetof(struct ocn_lint_want, values) },
    { 0 },
};

/* A target says why: a level without a reason is folklore. */
static const char *check_want(const char *name, const json_t *value)
{
    static const char *const required[] = { "level", "reason", "source" };

    (void)name;
    for (size_t i = 0; i < OCN_COUNT(required); i++) {
        const json_t *member = json_object_get(value, required[i]);
        if (json_is_object(value) && (member == NULL || json_string_length(member) == 0)) {
            return "a rule of a target needs \"level\", \"reason\" and \"source\"";
        }
    }
    return NULL;
}

static const struct ocn_bind rule_fields[] = {
#define OCN_LINT_RULE(symbol, name, level, holds, summary)                                         \
    { .key = (name),                                                                               \
      .type = OCN_BIND_OBJECT,                                                                     \
      .offset = offsetof(struct ocn_lint_target, want[OCN_LINT_##symbol]),                         \
      .fields = want_fields,                                                                       \
      .doc = (summary),                                                                            \
      .check = check_want },
#include "normalize/lint/lint_rules.def"
#undef OCN_LINT_RULE
    { 0 },
};

static const char *check_version(const char *name, const json_t *value)
{
    (void)name;
    return json_is_number(value) && json_number_value(value) != 1
               ? "this ocinorm reads targets of version 1"
               : NULL;
}

static const struct ocn_bind fields[] = {
    { .key = "version",
      .type = OCN_BIND_U32,
      .offset = offsetof(struct ocn_lint_target, version),
      .check = check_version },
    OCN_BIND_STRING_AT(struct ocn_lint_target, "name", name),
    OCN_BIND_STRING_AT(struct ocn_lint_target, "summary", summary),
    OCN_BIND_STRING_AT(struct ocn_lint_target, "kubernetes", kubernetes),
    { .key = "rules", .type = OCN_BIND_OBJECT, .offset = 0, .fields = rule_fields },
    { 0 },
};

/* Letters that need no quoting anywhere, for the name stands in every report. */
static bool is_name(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";

    return name != NULL && name[0] != '\0' && strspn(name, letters) == strlen(name);
}

static int read_target(const json_t *json, struct ocn_arena *arena, struct ocn_lint_target *ret,
                       struct ocn_error *err)
{
    struct ocn_lint_target target = { 0 };

    if (ocn_json_bind(json, fields, OCN_BIND_STRICT, &target, arena, err) < 0) {
        return -1;
    }
    if (target.version != 1) {
        return ocn_fail(err, OCN_E_FORMAT, "/version", "missing: write \"version\": 1");
    }
    if (!is_name(target.name)) {
        return ocn_fail(err, OCN_E_FORMAT, "/name",
                        "a target has a name of small letters, digits, '-' and '.'");
    }
    *ret = target;
    return 0;
}

int ocn_lint_target_read(const char *file, struct ocn_bytes text, struct ocn_arena *arena,
                         struct ocn_lint_target *ret, json_t **ret_json, struct ocn_error *err)
{
    struct ocn_error problem = { 0 };
    json_auto_t *json = NULL;
    size_t line = 0;

    if (ocn_json_load(text, MAX_SIZE, &json, &problem) == 0) {
        if (read_target(json, arena, ret, &problem) == 0) {
            *ret_json = json_incref(json);
            return 0;
        }
        line = ocn_json_line_of(text, problem.where);
    }
    ocn_error_locate(&problem, file, line);
    return ocn_fail(err, problem.code, problem.where, "%s", problem.msg);
}

enum ocn_level ocn_lint_level_of(const struct ocn_lint_target *target, enum ocn_lint_rule_id rule)
{
    const struct ocn_lint_rule *row = &ocn_lint_rules[rule];

    if (target == NULL ||
        (target->want[rule].reason == NULL && row->holds == OCN_LINT_HOLDS_ALWAYS)) {
        return row->level;
    }
    return target->want[rule].level;
}
