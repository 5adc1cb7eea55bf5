/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/running/report.h"

#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "hook/judge/report.h"
#include "hook/sys/text.h"
#include "normalize/policy/rule.h"
#include "normalize/json/json.h"

#define SHORT_ID 12 /* as the engines show it */
#define USER_SIZE 32
#define CELL_SIZE 336 /* a pod's name and a container's */

/* ---- counting ----------------------------------------------------------------------------- */

static bool is_lowered(const struct ocn_running *running)
{
    uint32_t now[2];
    uint32_t then[2];

    return running->judgement.outcome != NULL && running->judgement.outcome->exempt == NULL &&
           ocn_running_user_now(running, &now[0], &now[1]) &&
           ocn_running_user_then(running, &then[0], &then[1]) &&
           (now[0] != then[0] || now[1] != then[1]);
}

struct ocn_running_count ocn_running_count(const struct ocn_runnings *runnings)
{
    struct ocn_running_count count = { .all = runnings->len };

    for (size_t i = 0; i < runnings->len; i++) {
        const struct ocn_running *running = &runnings->items[i];
        const struct ocn_outcome *outcome = running->judgement.outcome;
        count.undecided += outcome == NULL ? 1 : 0;
        count.denied += outcome != NULL && outcome->verdict == OCN_DENY ? 1 : 0;
        count.lowered += is_lowered(running) ? 1 : 0;
    }
    return count;
}

/* ---- JSON --------------------------------------------------------------------------------- */

#define POINTER(of, name, member, rows)                                                            \
    {                                                                                              \
        .key = (name), .type = OCN_BIND_POINTER, .offset = offsetof(of, member), .fields = (rows), \
        .nullable = true                                                                           \
    }

struct ids {
    uint32_t uid;
    uint32_t gid;
};

/* A container in the list: who it is, now and then; and where. */
struct listed {
    const struct ids *now; /* NULL: not known */
    const struct ids *then;
    struct ids ids[2];
};

static const struct ocn_bind ids_fields[] = {
    { .key = "uid", .type = OCN_BIND_U32, .offset = offsetof(struct ids, uid) },
    { .key = "gid", .type = OCN_BIND_U32, .offset = offsetof(struct ids, gid) },
    { .key = NULL },
};

static const struct ocn_bind user_fields[] = {
    POINTER(struct listed, "now", now, ids_fields),
    POINTER(struct listed, "then", then, ids_fields),
    { .key = NULL },
};

static const struct ocn_bind who_fields[] = {
    OCN_BIND_STRING_AT(struct ocn_running, "engine", engine),
    OCN_BIND_NULLABLE_AT(struct ocn_running, "namespace", namespace_),
    OCN_BIND_NULLABLE_AT(struct ocn_running, "name", name),
    OCN_BIND_STRING_AT(struct ocn_running, "id", id),
    { .key = "pid",
      .type = OCN_BIND_U32,
      .offset = offsetof(struct ocn_running, pid),
      .nullable = true },
    { .key = NULL },
};

static const struct ocn_bind place_fields[] = {
    OCN_BIND_NULLABLE_AT(struct ocn_running, "bundle", bundle),
    OCN_BIND_NULLABLE_AT(struct ocn_running, "problem", problem),
    { .key = NULL },
};

/* Who it is; the outcome goes below it, or around it. */
static json_t *who_json(const struct ocn_running *running)
{
    struct listed listed = { 0 };

    if (ocn_running_user_now(running, &listed.ids[0].uid, &listed.ids[0].gid)) {
        listed.now = &listed.ids[0];
    }
    if (ocn_running_user_then(running, &listed.ids[1].uid, &listed.ids[1].gid)) {
        listed.then = &listed.ids[1];
    }
    json_auto_t *ret = ocn_json_unbind(running, who_fields);
    return json_object_set_new(ret, "user", ocn_json_unbind(&listed, user_fields)) == 0
               ? json_incref(ret)
               : NULL;
}

static json_t *running_json(const struct ocn_running *running)
{
    const struct ocn_outcome *outcome = running->judgement.outcome;
    json_auto_t *ret = who_json(running);
    json_auto_t *place = ocn_json_unbind(running, place_fields);
    json_t *report = outcome != NULL ? ocn_report_value(outcome, running->bundle) : json_null();

    return json_object_update(ret, place) == 0 && json_object_set_new(ret, "outcome", report) == 0
               ? json_incref(ret)
               : NULL;
}

/* @schema of an object with one more member, which the @required list names if there is one. */
static int add_member(json_t *schema, const char *name, json_t *member, bool required)
{
    json_t *list = json_object_get(schema, "required");

    return json_object_set_new(json_object_get(schema, "properties"), name, member) < 0 ||
                   (required && json_array_append_new(list, json_string(name)) < 0)
               ? -1
               : 0;
}

/* The schema of @fields as a part of another one. */
static json_t *describe(const struct ocn_bind *fields)
{
    json_auto_t *schema = ocn_config_describe("", fields, NULL);

    return json_object_del(schema, "$schema") == 0 && json_object_del(schema, "title") == 0
               ? json_incref(schema)
               : NULL;
}

static json_t *describe_who(void)
{
    json_auto_t *schema = describe(who_fields);

    return add_member(schema, "user", describe(user_fields), true) == 0 ? json_incref(schema)
                                                                        : NULL;
}

/* An entry of "containers". */
static json_t *describe_listed(void)
{
    static const char *const names[] = { "bundle", "problem" };
    json_auto_t *schema = describe_who();
    json_auto_t *place = describe(place_fields);
    const json_t *members = json_object_get(place, "properties");

    for (size_t i = 0; i < OCN_COUNT(names); i++) {
        json_t *member = json_deep_copy(json_object_get(members, names[i]));
        if (add_member(schema, names[i], member, true) < 0) {
            return NULL;
        }
    }
    json_t *outcome =
        json_pack("{s:[{s:s}, {s:s}]}", "anyOf", "$ref", "#/$defs/report", "type", "null");
    return add_member(schema, "outcome", outcome, true) == 0 ? json_incref(schema) : NULL;
}

/* What --running prints. */
static json_t *describe_list(void)
{
    return json_pack("{s:s, s:b, s:[s,s,s], s:{s:{s:s}, s:{s:s, s:o}, s:{s:s, s:{s:s}}}}", "type",
                     "object", "additionalProperties", 0, "required", "version", "containers",
                     "problems", "properties", "version", "type", "integer", "containers", "type",
                     "array", "items", describe_listed(), "problems", "type", "array", "items",
                     "type", "string");
}

json_t *ocn_running_schema(void)
{
    json_auto_t *report = ocn_report_schema();

    if (add_member(report, "container", describe_who(), false) < 0 ||
        json_object_del(report, "$schema") < 0) {
        return NULL;
    }
    return json_pack("{s:s, s:s, s:[{s:s}, {s:s}], s:{s:O, s:o}}", "$schema",
                     "https://json-schema.org/draft/2020-12/schema", "title",
                     "What ocinorm explain --format json prints", "anyOf", "$ref", "#/$defs/report",
                     "$ref", "#/$defs/running", "$defs", "report", report, "running",
                     describe_list());
}

int ocn_running_json(const struct ocn_runnings *runnings, struct ocn_buf *out,
                     struct ocn_error *err)
{
    json_auto_t *containers = json_array();
    json_auto_t *problems = json_array();
    int status = 0;

    for (size_t i = 0; i < runnings->len; i++) {
        status |= json_array_append_new(containers, running_json(&runnings->items[i]));
    }
    for (size_t i = 0; i < runnings->problems_len; i++) {
        status |= json_array_append_new(problems, json_string(runnings->problems[i]));
    }
    json_auto_t *json = status == 0 ? json_pack("{s:i, s:O, s:O}", "version", 1, "containers",
                                                containers, "problems", problems)
                                    : NULL;
    return ocn_json_print(json, out, err);
}

/* ---- text --------------------------------------------------------------------------------- */

enum column { ENGINE, NAMESPACE, NAME, USER, COLUMNS };

static const char *const heads[COLUMNS] = { "ENGINE", "NAMESPACE", "NAME", "USER" };

struct row {
    char cells[COLUMNS][CELL_SIZE];
};

static void put(struct row *row, enum column column, const char *text)
{
    (void)snprintf(row->cells[column], CELL_SIZE, "%s", text != NULL ? text : "-");
    ocn_text_defuse(row->cells[column]); /* a cut may have left half a letter */
}

/* "0:0 -> 1001:1001", or one of them where they are the same or there is no other. */
static void put_user(struct row *row, const struct ocn_running *running)
{
    char now[USER_SIZE] = "?";
    uint32_t uid;
    uint32_t gid;

    if (ocn_running_user_now(running, &uid, &gid)) {
        (void)snprintf(now, sizeof(now), "%u:%u", uid, gid);
    }
    if (is_lowered(running) && ocn_running_user_then(running, &uid, &gid)) {
        (void)snprintf(row->cells[USER], CELL_SIZE, "%s -> %u:%u", now, uid, gid);
    } else {
        put(row, USER, now);
    }
}

static void fill(struct row *row, const struct ocn_running *running)
{
    char id[SHORT_ID + 1];

    put(row, ENGINE, running->engine);
    put(row, NAMESPACE, running->namespace_);
    (void)snprintf(id, sizeof(id), "%s", running->id);
    /* An id that people chose themselves is a name. */
    put(row, NAME,
        running->name != NULL       ? running->name
        : strlen(running->id) == 64 ? id
                                    : running->id);
    put_user(row, running);
}

/* Columns of a terminal: the first bytes of UTF-8 sequences. */
static int width_of(const char *text)
{
    int width = 0;

    for (; *text != '\0'; text++) {
        width += ((unsigned char)*text & 0xc0) != 0x80 ? 1 : 0;
    }
    return width;
}

static void widen(int widths[COLUMNS], const struct row *row)
{
    for (int i = 0; i < COLUMNS; i++) {
        int width = width_of(row->cells[i]);
        widths[i] = width > widths[i] ? width : widths[i];
    }
}

static void add_row(struct ocn_buf *out, const struct row *row, const int widths[COLUMNS])
{
    for (int i = 0; i < COLUMNS; i++) {
        ocn_buf_printf(out, "%s%*s", row->cells[i], widths[i] - width_of(row->cells[i]) + 2, "");
    }
}

struct style {
    const char *bad;
    const char *warn;
    const char *off;
};

static const struct style plain = { "", "", "" };
static const struct style coloured = { "\033[31m", "\033[33m", "\033[0m" };

/* "deny [platform.arch, user.access]": each rule once, as findings come. */
static bool add_rules(struct ocn_buf *out, const struct ocn_outcome *outcome, enum ocn_level level,
                      const char *before)
{
    bool told[OCN_RULE_COUNT] = { false };
    bool any = false;

    for (size_t i = 0; i < outcome->findings_len; i++) {
        enum ocn_rule_id rule = outcome->findings[i].rule;
        if (outcome->findings[i].level == level && !told[rule]) {
            ocn_buf_printf(out, "%s%s", any ? ", " : before, ocn_rules[rule].name);
            told[rule] = true;
            any = true;
        }
    }
    ocn_buf_puts(out, any ? "]" : "");
    return any;
}

/* The last column. */
static void add_verdict(struct ocn_buf *out, const struct ocn_running *running,
                        const struct style *style)
{
    const struct ocn_outcome *outcome = running->judgement.outcome;

    if (outcome == NULL) {
        ocn_buf_printf(out, "%sundecided%s: %s\n", style->warn, style->off, running->problem);
        return;
    }
    if (outcome->exempt != NULL) {
        ocn_buf_printf(out, "exempt (%s)\n", outcome->exempt);
        return;
    }
    ocn_buf_puts(out, outcome->verdict == OCN_DENY ? style->bad : "");
    bool denied = add_rules(out, outcome, OCN_LEVEL_DENY, "deny [");
    ocn_buf_puts(out, outcome->verdict == OCN_DENY ? style->off : "");
    bool warned = add_rules(out, outcome, OCN_LEVEL_WARN, denied ? ", warn [" : "warn [");
    const struct ocn_finding *denial = ocn_outcome_denial(outcome);
    if (denial != NULL) {
        ocn_buf_printf(out, " %s", denial->message);
    } else if (!warned) {
        ocn_buf_puts(out, outcome->edits_len != 0 ? "ok" : "ok, nothing to change");
    }
    ocn_buf_puts(out, "\n");
}

static void add_table(struct ocn_buf *out, const struct ocn_runnings *runnings,
                      const struct style *style)
{
    struct row head;
    struct row row;
    int widths[COLUMNS] = { 0 };

    for (int i = 0; i < COLUMNS; i++) {
        put(&head, (enum column)i, heads[i]);
    }
    widen(widths, &head);
    for (size_t i = 0; i < runnings->len; i++) {
        fill(&row, &runnings->items[i]);
        widen(widths, &row);
    }
    add_row(out, &head, widths);
    ocn_buf_puts(out, "RULES\n");
    for (size_t i = 0; i < runnings->len; i++) {
        fill(&row, &runnings->items[i]);
        add_row(out, &row, widths);
        add_verdict(out, &runnings->items[i], style);
    }
}

int ocn_running_text(const struct ocn_runnings *runnings, bool colour, struct ocn_buf *out,
                     struct ocn_error *err)
{
    const struct ocn_running_count count = ocn_running_count(runnings);

    if (runnings->len != 0) {
        add_table(out, runnings, colour ? &coloured : &plain);
    }
    for (size_t i = 0; i < runnings->problems_len; i++) {
        ocn_buf_printf(out, "not seen: %s\n", runnings->problems[i]);
    }
    if (count.all == 0) {
        ocn_buf_printf(out, "no container runs here%s\n",
                       runnings->problems_len != 0 ? " that could be seen" : "");
        return ocn_buf_check(out, err);
    }
    ocn_buf_printf(out,
                   "%zu running: %zu would be denied, %zu would get another user, %zu undecided; "
                   "ocinorm explain ID says why\n",
                   count.all, count.denied, count.lowered, count.undecided);
    return ocn_buf_check(out, err);
}

/* ---- one ---------------------------------------------------------------------------------- */

static int add_one_json(const struct ocn_running *running, struct ocn_buf *out,
                        struct ocn_error *err)
{
    json_auto_t *json = ocn_report_value(running->judgement.outcome, running->bundle);

    if (json == NULL || json_object_set_new(json, "container", who_json(running)) != 0) {
        return ocn_fail_nomem(err);
    }
    return ocn_json_print(json, out, err);
}

int ocn_running_one(const struct ocn_running *running, bool json, bool colour, struct ocn_buf *out,
                    struct ocn_error *err)
{
    struct row row;

    if (json) {
        return add_one_json(running, out, err);
    }
    fill(&row, running);
    ocn_buf_printf(out, "%-9s %s", "container", running->id);
    if (running->name != NULL) {
        ocn_buf_printf(out, " (%s)", running->name);
    }
    ocn_buf_printf(out, "\n%-9s %s", "engine", running->engine);
    if (running->namespace_ != NULL) {
        ocn_buf_printf(out, ", namespace %s", running->namespace_);
    }
    ocn_buf_printf(out, "\n%-9s %s", "user", row.cells[USER]);
    if (running->pid != 0) {
        ocn_buf_printf(out, ", process %u", running->pid);
    }
    ocn_buf_puts(out, "\n");
    return ocn_report_text(running->judgement.outcome, running->bundle, colour, out, err);
}
