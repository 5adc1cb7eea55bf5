/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/judge/report.h"

#include <stdio.h>
#include <string.h>

#include "normalize/policy/rule.h"

/* Of a cell in the table; the JSON report holds all of a value. */
#define MAX_PATH 48
#define MAX_VALUE 20

/* A page is a file of packaging/doc/rules/. */
static const char pages[] = OCN_DOCDIR "/rules/RULE.md";

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
                       ocn_report_levels[finding->level], style->off,
                       ocn_rules[finding->rule].name);
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

/* "volume    /data: 0:0 0700 on the node (/srv/data), 1001:1001 in the container (idmapped)" */
static void add_volumes(struct ocn_buf *out, const struct ocn_list *list)
{
    const struct ocn_volume_facts *volumes = list->items;

    for (size_t i = 0; i < list->len; i++) {
        add_line(out, "volume", volumes[i].destination);
        ocn_buf_puts(out, ": ");
        add_clean(out, volumes[i].owner);
        ocn_buf_puts(out, " ");
        add_clean(out, volumes[i].mode);
        ocn_buf_puts(out, " on the node (");
        add_clean(out, volumes[i].source);
        ocn_buf_puts(out, "), ");
        add_clean(out, volumes[i].shown);
        ocn_buf_printf(out, " in the container%s\n", volumes[i].mapped ? " (idmapped)" : "");
    }
}

static void add_facts(struct ocn_buf *out, const struct ocn_facts *facts, const char *profile)
{
    const char *kind = ocn_report_kinds[facts->entry.kind];

    ocn_buf_printf(out, "\n%-9s %s/%s", "host", shown(facts->host.os), shown(facts->host.arch));
    add_variant(out, facts->host.variant);
    ocn_buf_printf(out, ", %u CPUs\n", facts->host.cpus);
    add_line(out, "profile", shown(profile));
    ocn_buf_puts(out, "\n");
    add_line(out, "entry", shown(facts->entry.path));
    if (kind[0] != '\0') {
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
    add_volumes(out, &facts->volumes);
}

int ocn_report_text(const struct ocn_outcome *outcome, const char *bundle, bool colour,
                    struct ocn_buf *out, struct ocn_error *err)
{
    const struct style *style = colour ? &coloured : &plain;
    bool deny = outcome->verdict == OCN_DENY;

    add_line(out, "bundle", bundle);
    add_facts(out, &outcome->facts, outcome->profile);
    ocn_buf_printf(out, "%-9s %s%s%s%s", "verdict", style->bold, deny ? style->bad : style->good,
                   ocn_report_verdicts[outcome->verdict], style->off);
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
