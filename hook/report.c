/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/report.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "normalize/rules.h"

/* Of a cell in the table; the JSON report holds all of a value. */
#define MAX_PATH 48
#define MAX_VALUE 20

#define MAX_ENV_PATH 300 /* a variable's name has 255 bytes at most (hook/answer.c) */

static const char *const verdict_names[] = { [OCN_ALLOW] = "allow", [OCN_DENY] = "deny" };

/* NULL where it was not looked at, or cannot be seen from here. */
static const char *const kind_names[] = {
    [OCN_ENTRY_UNKNOWN] = NULL,    [OCN_ENTRY_MISSING] = "missing", [OCN_ENTRY_ELF] = "elf",
    [OCN_ENTRY_SCRIPT] = "script", [OCN_ENTRY_OTHER] = "other",
};

/* A page is a file of packaging/doc/rules/. */
static const char pages[] = OCN_DOCDIR "/rules/RULE.md";

static const char *const level_names[] = {
    [OCN_LEVEL_OFF] = "off",
    [OCN_LEVEL_WARN] = "warn",
    [OCN_LEVEL_DENY] = "deny",
    [OCN_LEVEL_EDIT] = "edit",
};

/* ---- JSON ---- */

/* Passes @object on if every member went in, else releases it: 0 and -1 are what the setters give.
 */
static json_t *whole(json_t *object, int status)
{
    if (status != 0) {
        json_decref(object);
        return NULL;
    }
    return object;
}

/* The core lets only printable text through (ocn_judge_printable). */
static json_t *text_or_null(const char *text)
{
    return text != NULL ? json_string(text) : json_null();
}

static json_t *limit_or_null(double value)
{
    if (value <= 0) {
        return json_null();
    }
    if (value < 9007199254740992.0 && value == (double)(json_int_t)value) {
        return json_integer((json_int_t)value);
    }
    return json_real(value);
}

/* A value of an edit is JSON text. */
static json_t *value_or_null(const char *text)
{
    json_error_t problem;

    return text != NULL ? json_loadb(text, strlen(text), JSON_DECODE_ANY, &problem) : json_null();
}

static json_t *host_json(const struct ocn_facts *facts)
{
    json_t *ret = json_object();
    int status = 0;

    status |= json_object_set_new(ret, "os", text_or_null(facts->host.os));
    status |= json_object_set_new(ret, "arch", text_or_null(facts->host.arch));
    status |= json_object_set_new(ret, "variant", text_or_null(facts->host.variant));
    status |= json_object_set_new(ret, "cpus", limit_or_null(facts->host.cpus));
    return whole(ret, status);
}

static json_t *go_json(const struct ocn_go_facts *go)
{
    if (go == NULL) {
        return json_null();
    }
    json_t *settings = json_object();
    json_t *ret = json_object();
    int status = 0;

    for (size_t i = 0; i < go->settings.len; i++) {
        status |= json_object_set_new(settings, go->settings.items[i].name,
                                      json_string(go->settings.items[i].value));
    }
    status |= json_object_set_new(ret, "version", text_or_null(go->version));
    status |= json_object_set_new(ret, "module", text_or_null(go->module));
    status |= json_object_set_new(ret, "buildId", text_or_null(go->build_id));
    status |= json_object_set_new(ret, "settings", settings);
    return whole(ret, status);
}

static json_t *entry_json(const struct ocn_facts *facts)
{
    json_t *ret = json_object();
    int status = 0;

    status |= json_object_set_new(ret, "path", text_or_null(facts->entry.path));
    status |= json_object_set_new(ret, "kind", text_or_null(kind_names[facts->entry.kind]));
    status |= json_object_set_new(ret, "arch", text_or_null(facts->entry.arch));
    status |= json_object_set_new(ret, "variant", text_or_null(facts->entry.variant));
    status |= json_object_set_new(ret, "interpreter", text_or_null(facts->entry.interpreter));
    status |= json_object_set_new(ret, "program", text_or_null(facts->entry.program));
    status |= json_object_set_new(ret, "go", go_json(facts->entry.go));
    return whole(ret, status);
}

static json_t *facts_json(const struct ocn_facts *facts)
{
    json_t *ret = json_object();
    int status = 0;

    status |= json_object_set_new(ret, "host", host_json(facts));
    status |= json_object_set_new(ret, "entry", entry_json(facts));
    status |= json_object_set_new(ret, "cpuLimit", limit_or_null(facts->cpu_limit));
    status |= json_object_set_new(ret, "memoryLimit", limit_or_null(facts->memory_limit));
    return whole(ret, status);
}

static json_t *edit_json(const struct ocn_edit *edit)
{
    json_t *ret = json_object();
    int status = 0;

    status |= json_object_set_new(ret, "rule", text_or_null(ocn_rules[edit->rule].name));
    status |= json_object_set_new(ret, "path", text_or_null(edit->path));
    status |= json_object_set_new(ret, "from", value_or_null(edit->from));
    status |= json_object_set_new(ret, "to", value_or_null(edit->to));
    status |= json_object_set_new(ret, "why", text_or_null(edit->why));
    return whole(ret, status);
}

static json_t *finding_json(const struct ocn_finding *finding)
{
    json_t *ret = json_object();
    int status = 0;

    status |= json_object_set_new(ret, "rule", text_or_null(ocn_rules[finding->rule].name));
    status |= json_object_set_new(ret, "level", text_or_null(level_names[finding->level]));
    status |= json_object_set_new(ret, "message", text_or_null(finding->message));
    status |= json_object_set_new(ret, "hint", text_or_null(finding->hint));
    return whole(ret, status);
}

static json_t *edits_json(const struct ocn_outcome *outcome)
{
    json_t *ret = json_array();
    int status = 0;

    for (size_t i = 0; i < outcome->edits_len; i++) {
        status |= json_array_append_new(ret, edit_json(&outcome->edits[i]));
    }
    return whole(ret, status);
}

static json_t *findings_json(const struct ocn_outcome *outcome)
{
    json_t *ret = json_array();
    int status = 0;

    for (size_t i = 0; i < outcome->findings_len; i++) {
        status |= json_array_append_new(ret, finding_json(&outcome->findings[i]));
    }
    return whole(ret, status);
}

static json_t *kept_row_json(const struct ocn_kept *kept)
{
    char path[MAX_ENV_PATH];
    json_t *ret = json_object();
    int status = 0;

    (void)snprintf(path, sizeof(path), "/process/env/%s", kept->name);
    status |= json_object_set_new(ret, "rule", text_or_null(ocn_rules[kept->rule].name));
    status |= json_object_set_new(ret, "path", text_or_null(path));
    status |= json_object_set_new(ret, "value", text_or_null(kept->value));
    status |= json_object_set_new(ret, "why", text_or_null(kept->why));
    return whole(ret, status);
}

static json_t *kept_json(const struct ocn_outcome *outcome)
{
    json_t *ret = json_array();
    int status = 0;

    for (size_t i = 0; i < outcome->kept_len; i++) {
        status |= json_array_append_new(ret, kept_row_json(&outcome->kept[i]));
    }
    return whole(ret, status);
}

static json_t *outcome_json(const struct ocn_outcome *outcome, const char *bundle)
{
    json_t *ret = json_object();
    int status = 0;

    status |= json_object_set_new(ret, "version", json_integer(1));
    status |= json_object_set_new(ret, "bundle", text_or_null(bundle));
    status |= json_object_set_new(ret, "profile", text_or_null(outcome->profile));
    status |= json_object_set_new(ret, "exempt", text_or_null(outcome->exempt));
    status |= json_object_set_new(ret, "verdict", text_or_null(verdict_names[outcome->verdict]));
    status |= json_object_set_new(ret, "facts", facts_json(&outcome->facts));
    status |= json_object_set_new(ret, "edits", edits_json(outcome));
    status |= json_object_set_new(ret, "findings", findings_json(outcome));
    if (outcome->kept_len != 0) {
        status |= json_object_set_new(ret, "kept", kept_json(outcome));
    }
    return whole(ret, status);
}

static int append(const char *bytes, size_t len, void *out)
{
    ocn_buf_add(out, bytes, len);
    return 0;
}

int ocn_report_json(const struct ocn_outcome *outcome, const char *bundle, struct ocn_buf *out,
                    struct ocn_error *err)
{
    json_auto_t *json = outcome_json(outcome, bundle);

    if (json == NULL ||
        json_dump_callback(json, append, out, JSON_INDENT(2) | JSON_PRESERVE_ORDER) != 0) {
        return ocn_fail_nomem(err);
    }
    ocn_buf_puts(out, "\n");
    return ocn_buf_check(out, err);
}

/* ---- text ---- */

struct style {
    const char *good;
    const char *bad;
    const char *warn;
    const char *bold;
    const char *off;
};

static const struct style plain = { "", "", "", "", "" };
static const struct style coloured = { "\033[32m", "\033[31m", "\033[33m", "\033[1m", "\033[0m" };

/*
 * Appends @text so that it stays one line on a terminal, whatever the image put into it: control
 * bytes, and the C1 controls of UTF-8, become '?'. Returns how many columns it took.
 */
static size_t add_clean(struct ocn_buf *out, const char *text)
{
    size_t columns = 0;

    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        bool control = *c < 0x20 || *c == 0x7f || (*c == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f);

        if (control) {
            c += *c == 0xc2 ? 1 : 0;
            ocn_buf_puts(out, "?");
        } else {
            ocn_buf_add(out, (const char *)c, 1);
        }
        columns += (*c & 0xc0) != 0x80 || control ? 1 : 0;
    }
    return columns;
}

/* As add_clean, cut to @max columns, and filled with blanks up to @width. */
static size_t add_cell(struct ocn_buf *out, const char *text, size_t max, size_t width)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf cut = { 0 };
    size_t columns = 0;
    size_t len = 0;

    for (; text[len] != '\0' && (columns < max || (text[len] & 0xc0) == 0x80); len++) {
        columns += ((unsigned char)text[len] & 0xc0) != 0x80 ? 1 : 0;
    }
    ocn_buf_add(&cut, text, len);
    ocn_buf_add(&cut, "...", text[len] != '\0' ? 3 : 0);
    ocn_buf_add(&cut, "", 1);
    out->failed |= cut.failed;
    if (cut.failed) {
        return 0;
    }
    columns = add_clean(out, cut.ptr);
    for (; columns < width; columns++) {
        ocn_buf_puts(out, " ");
    }
    return columns;
}

struct columns {
    size_t path, from, to;
};

static const char *shown(const char *value)
{
    return value != NULL ? value : "-";
}

/* What is measured is what is printed: the cells go into a buffer that nobody reads. */
static void widen(size_t *width, const char *text, size_t max, struct ocn_buf *out)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf scratch = { 0 };
    size_t columns = add_cell(&scratch, text, max, 0);

    out->failed |= scratch.failed;
    if (columns > *width) {
        *width = columns;
    }
}

static void add_edits(struct ocn_buf *out, const struct ocn_outcome *outcome,
                      const struct style *style)
{
    struct columns width = { 0 };

    for (size_t i = 0; i < outcome->edits_len; i++) {
        const struct ocn_edit *edit = &outcome->edits[i];

        widen(&width.path, edit->path, MAX_PATH, out);
        widen(&width.from, shown(edit->from), MAX_VALUE, out);
        widen(&width.to, shown(edit->to), MAX_VALUE, out);
    }
    for (size_t i = 0; i < outcome->edits_len; i++) {
        const struct ocn_edit *edit = &outcome->edits[i];

        ocn_buf_puts(out, "  ");
        add_cell(out, edit->path, MAX_PATH, width.path);
        ocn_buf_puts(out, "  ");
        add_cell(out, shown(edit->from), MAX_VALUE, width.from);
        ocn_buf_printf(out, " -> %s", style->good);
        add_cell(out, shown(edit->to), MAX_VALUE, width.to);
        ocn_buf_printf(out, "%s  [%s] ", style->off, ocn_rules[edit->rule].name);
        add_clean(out, edit->why);
        ocn_buf_puts(out, "\n");
    }
}

/* Below the edits, in no columns of theirs: NAME=VALUE stays, or NAME is not set. */
static void add_kept(struct ocn_buf *out, const struct ocn_outcome *outcome)
{
    for (size_t i = 0; i < outcome->kept_len; i++) {
        const struct ocn_kept *kept = &outcome->kept[i];

        ocn_buf_puts(out, "  left alone: ");
        add_cell(out, kept->name, MAX_PATH, 0);
        if (kept->value != NULL) {
            ocn_buf_puts(out, "=");
            add_cell(out, kept->value, MAX_VALUE, 0);
        }
        ocn_buf_printf(out, "  [%s] ", ocn_rules[kept->rule].name);
        add_clean(out, kept->why);
        ocn_buf_puts(out, "\n");
    }
}

static void add_findings(struct ocn_buf *out, const struct ocn_outcome *outcome,
                         const struct style *style)
{
    for (size_t i = 0; i < outcome->findings_len; i++) {
        const struct ocn_finding *finding = &outcome->findings[i];
        bool deny = finding->level == OCN_LEVEL_DENY;

        ocn_buf_printf(out, "  %s%s%s [%s] ", deny ? style->bad : style->warn,
                       level_names[finding->level], style->off, ocn_rules[finding->rule].name);
        add_clean(out, finding->message);
        if (finding->hint != NULL) {
            ocn_buf_puts(out, "\n       fix: ");
            add_clean(out, finding->hint);
        }
        ocn_buf_puts(out, "\n");
    }
}

static void add_line(struct ocn_buf *out, const char *name, const char *text)
{
    ocn_buf_printf(out, "%-9s ", name);
    add_clean(out, text);
}

/* "/v3" behind "linux/amd64". */
static void add_variant(struct ocn_buf *out, const char *variant)
{
    if (variant != NULL) {
        ocn_buf_printf(out, "/%s", variant);
    }
}

static void add_facts(struct ocn_buf *out, const struct ocn_facts *facts, const char *profile)
{
    const char *kind = kind_names[facts->entry.kind];

    ocn_buf_printf(out, "\n%-9s %s/%s", "host", shown(facts->host.os), shown(facts->host.arch));
    add_variant(out, facts->host.variant);
    ocn_buf_printf(out, ", %u CPUs\n", facts->host.cpus);
    add_line(out, "profile", shown(profile));
    ocn_buf_puts(out, "\n");
    add_line(out, "entry", shown(facts->entry.path));
    if (kind != NULL) {
        ocn_buf_printf(out, " (%s", kind);
        if (facts->entry.arch != NULL) {
            ocn_buf_printf(out, ", %s", facts->entry.arch);
            add_variant(out, facts->entry.variant);
        }
        if (facts->entry.interpreter != NULL) {
            ocn_buf_puts(out, ", run by ");
            add_clean(out, facts->entry.interpreter);
        }
        ocn_buf_puts(out, ")");
    }
    ocn_buf_puts(out, "\n");
    if (facts->entry.program != NULL) {
        add_line(out, "starts", facts->entry.program);
        ocn_buf_puts(out, "\n");
    }
    if (facts->entry.go != NULL) {
        add_line(out, "go", facts->entry.go->version);
        ocn_buf_puts(out, " ");
        add_clean(out, facts->entry.go->module != NULL ? facts->entry.go->module : "");
        ocn_buf_puts(out, "\n");
    }
    if (facts->cpu_limit > 0) {
        ocn_buf_printf(out, "%-9s %g CPUs\n", "limit", facts->cpu_limit);
    }
    if (facts->memory_limit > 0) {
        ocn_buf_printf(out, "%-9s %.0f bytes of memory\n", "limit", facts->memory_limit);
    }
}

int ocn_report_text(const struct ocn_outcome *outcome, const char *bundle, bool colour,
                    struct ocn_buf *out, struct ocn_error *err)
{
    const struct style *style = colour ? &coloured : &plain;
    bool deny = outcome->verdict == OCN_DENY;

    add_line(out, "bundle", bundle);
    add_facts(out, &outcome->facts, outcome->profile);
    ocn_buf_printf(out, "%-9s %s%s%s%s", "verdict", style->bold, deny ? style->bad : style->good,
                   verdict_names[outcome->verdict], style->off);
    if (outcome->exempt != NULL) {
        ocn_buf_puts(out, ", nothing is changed: exempt (");
        add_clean(out, outcome->exempt);
        ocn_buf_puts(out, ")");
    } else if (outcome->edits_len == 0 && outcome->findings_len == 0) {
        ocn_buf_puts(out, ", nothing to change");
    }
    ocn_buf_puts(out, "\n");
    add_edits(out, outcome, style);
    add_kept(out, outcome);
    add_findings(out, outcome, style);
    if (outcome->findings_len != 0) {
        add_line(out, "pages", pages);
        ocn_buf_puts(out, "\n");
    }
    return ocn_buf_check(out, err);
}

void ocn_report_denial(const struct ocn_finding *finding, char *buf, size_t size)
{
    (void)snprintf(buf, size, "%s [%s]: %s%s%s",
                   finding->level == OCN_LEVEL_DENY ? "denied" : "warning",
                   ocn_rules[finding->rule].name, finding->message,
                   finding->hint != NULL ? "; " : "", finding->hint != NULL ? finding->hint : "");
    for (char *c = buf; size > 0 && *c != '\0'; c++) {
        *c = (unsigned char)*c >= 0x20 && *c != 0x7f ? *c : '?';
    }
}
