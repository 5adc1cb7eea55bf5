/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/lint/lint.h"

#include <string.h>

#include "normalize/lint/target.h"

void ocn_lint_done(struct ocn_lint *lint)
{
    ocn_arena_done(&lint->arena);
    *lint = (struct ocn_lint){ 0 };
}

/* ---- hostile text ----------------------------------------------------------------------- */

const char *ocn_lint_printable(struct ocn_arena *arena, const char *text)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };

    for (const char *c = text; c != NULL && *c != '\0'; c++) {
        if (out.len >= OCN_LINT_MAX_TEXT) {
            ocn_buf_puts(&out, "...");
            break;
        }
        if (*c >= 0x20 && *c <= 0x7e) {
            ocn_buf_add(&out, c, 1);
        } else {
            ocn_buf_printf(&out, "\\x%02x", (unsigned)(unsigned char)*c);
        }
    }
    return text != NULL ? ocn_buf_copy(&out, arena) : NULL;
}

/* The name of a file may have any letters; only what is none of UTF-8's, or moves a cursor, goes.
 */
static const char *keep_name(struct ocn_arena *arena, const char *name)
{
    bool plain = name != NULL;

    for (const char *c = name; c != NULL && *c != '\0'; c++) {
        plain = plain && (unsigned char)*c >= 0x20 && *c != 0x7f;
    }
    json_auto_t *checked = plain ? json_string(name) : NULL; /* refuses what is not UTF-8 */
    return checked != NULL ? ocn_arena_copy(arena, name, strlen(name))
                           : ocn_lint_printable(arena, name);
}

/* ---- inputs ----------------------------------------------------------------------------- */

static struct ocn_lint_input *last_input(const struct ocn_lint *lint)
{
    struct ocn_lint_input *inputs = lint->inputs.items;

    return lint->inputs.len != 0 ? &inputs[lint->inputs.len - 1] : NULL;
}

int ocn_lint_begin(struct ocn_lint *lint, const struct ocn_lint_input *input, struct ocn_error *err)
{
    struct ocn_arena *arena = &lint->arena;

    if (lint->inputs.len >= OCN_LINT_MAX_INPUTS) {
        return ocn_fail(err, OCN_E_LIMIT, input->name, "more than %zu inputs", OCN_LINT_MAX_INPUTS);
    }
    struct ocn_lint_input *list =
        ocn_arena_grow(arena, lint->inputs.items, lint->inputs.len, sizeof(*list));
    const struct ocn_lint_input copy = {
        .name = keep_name(arena, input->name),
        .kind = ocn_lint_printable(arena, input->kind),
        .digest = ocn_lint_printable(arena, input->digest),
        .platform = ocn_lint_printable(arena, input->platform),
    };
    if (ocn_arena_check(arena, err) < 0) {
        return -1;
    }
    list[lint->inputs.len++] = copy;
    lint->inputs.items = list;
    return 0;
}

/* ---- findings --------------------------------------------------------------------------- */

static bool equal(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_place(const struct ocn_lint_finding *a, const struct ocn_lint_finding *b)
{
    return equal(a->rule, b->rule) && equal(a->file, b->file) && equal(a->object, b->object) &&
           equal(a->path, b->path);
}

/* FNV-1a, of @text and the NUL that ends it. */
static uint64_t mix(uint64_t hash, const char *text)
{
    const unsigned char *c = (const unsigned char *)(text != NULL ? text : "");

    do {
        hash = (hash ^ *c) * UINT64_C(0x100000001b3);
    } while (*c++ != '\0');
    return hash;
}

/*
 * Which finding it is, whatever lines have moved and words have changed. For reports to tell
 * findings apart; who lets one pass for it has looked at the parts (hook/lint/baseline.c), for a
 * hash like this can be forged.
 */
static const char *fingerprint(struct ocn_lint *lint, const struct ocn_lint_input *input,
                               const struct ocn_lint_finding *finding)
{
    const struct ocn_lint_finding *before = input->findings.items;
    const char *parts[] = { finding->rule, finding->file != NULL ? finding->file : input->name,
                            input->platform, finding->object, finding->path };
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    size_t twins = 0;

    for (size_t i = 0; i < OCN_COUNT(parts); i++) {
        hash = mix(hash, parts[i]);
    }
    for (size_t i = 0; i < input->findings.len; i++) {
        twins += same_place(&before[i], finding);
    }
    return ocn_arena_printf(&lint->arena, "%016llx-%zu", (unsigned long long)hash, twins + 1);
}

static struct ocn_lint_finding defused(struct ocn_lint *lint, const struct ocn_lint_finding *raw)
{
    struct ocn_arena *arena = &lint->arena;

    return (struct ocn_lint_finding){
        .rule = ocn_lint_printable(arena, raw->rule),
        .level = raw->level,
        .message = ocn_lint_printable(arena, raw->message),
        .hint = ocn_lint_printable(arena, raw->hint),
        .target = ocn_lint_printable(arena, raw->target),
        .file = keep_name(arena, raw->file),
        .line = raw->line,
        .column = raw->column,
        .object = ocn_lint_printable(arena, raw->object),
        .path = ocn_lint_printable(arena, raw->path),
        .origin = ocn_lint_printable(arena, raw->origin),
        .ignored = ocn_lint_printable(arena, raw->ignored),
    };
}

bool ocn_lint_names(const char *list, const char *target)
{
    size_t len = strlen(target);

    for (const char *at = list != NULL ? strstr(list, target) : NULL; at != NULL;
         at = strstr(at + 1, target)) {
        if ((at == list || at[-1] == ' ') && (at[len] == '\0' || at[len] == ',')) {
            return true;
        }
    }
    return false;
}

/* The stricter level, and both targets. */
static void join(struct ocn_lint *lint, struct ocn_lint_finding *known,
                 const struct ocn_lint_finding *more)
{
    if (more->level > known->level) {
        known->level = more->level;
    }
    if (known->target == NULL) {
        known->target = more->target;
    } else if (more->target != NULL && !ocn_lint_names(known->target, more->target)) {
        known->target = ocn_arena_printf(&lint->arena, "%s, %s", known->target, more->target);
    }
}

static bool is_behind(const struct ocn_lint_finding *a, const struct ocn_lint_finding *b)
{
    return a->line != b->line ? a->line > b->line : a->column > b->column;
}

/* In the order of the text; what is at one place, in the order of its finding. */
static void insert(struct ocn_lint_finding *list, size_t len,
                   const struct ocn_lint_finding *finding)
{
    while (len > 0 && is_behind(&list[len - 1], finding)) {
        list[len] = list[len - 1];
        len--;
    }
    list[len] = *finding;
}

static int append(struct ocn_lint *lint, const struct ocn_lint_finding *raw, struct ocn_error *err)
{
    struct ocn_lint_input *input = last_input(lint);
    struct ocn_lint_finding *list = input->findings.items;
    size_t len = input->findings.len;
    struct ocn_lint_finding finding = defused(lint, raw);

    if (ocn_arena_check(&lint->arena, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < len; i++) {
        if (same_place(&list[i], &finding) && equal(list[i].message, finding.message)) {
            join(lint, &list[i], &finding);
            return ocn_arena_check(&lint->arena, err);
        }
    }
    if (len >= OCN_LINT_MAX_FINDINGS) {
        return ocn_fail(err, OCN_E_LIMIT, input->name,
                        "more than %zu findings: split it, or turn rules off (--disable)",
                        OCN_LINT_MAX_FINDINGS);
    }
    finding.fingerprint = fingerprint(lint, input, &finding);
    list = ocn_arena_grow(&lint->arena, list, len, sizeof(*list));
    if (ocn_arena_check(&lint->arena, err) < 0) {
        return -1;
    }
    insert(list, len, &finding);
    input->findings = (struct ocn_list){ list, len + 1 };
    return 0;
}

int ocn_lint_add_for(struct ocn_lint *lint, const struct ocn_lint_target *target,
                     const struct ocn_lint_finding *finding, struct ocn_error *err)
{
    struct ocn_lint_finding copy = *finding;
    enum ocn_lint_rule_id id = ocn_lint_find(finding->rule);

    bool named = target != NULL && id != OCN_LINT_RULE_COUNT && target->want[id].reason != NULL;

    if (copy.level == OCN_LEVEL_OFF && id != OCN_LINT_RULE_COUNT) {
        copy.level = ocn_lint_level_of(target, id);
    }
    if (copy.level == OCN_LEVEL_OFF ||
        (target != NULL && named && target->want[id].level == OCN_LEVEL_OFF)) {
        return 0;
    }
    if (named) {
        copy.target = target->name;
    }
    return append(lint, &copy, err);
}

int ocn_lint_add(struct ocn_lint *lint, const struct ocn_lint_finding *finding,
                 struct ocn_error *err)
{
    if (lint->targets_len == 0 || finding->level != OCN_LEVEL_OFF) {
        return ocn_lint_add_for(lint, NULL, finding, err);
    }
    for (size_t i = 0; i < lint->targets_len; i++) {
        if (ocn_lint_add_for(lint, &lint->targets[i], finding, err) < 0) {
            return -1;
        }
    }
    return 0;
}
