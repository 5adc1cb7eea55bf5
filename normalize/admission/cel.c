/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/admission/cel.h"

#include <string.h>

#include "normalize/admission/exempt.h"
#include "normalize/admission/gate_judge.h"
#include "normalize/policy/pattern.h"

void ocn_cel_quote(const char *text, struct ocn_buf *out)
{
    ocn_buf_puts(out, "'");
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\\' || *c == '\'') {
            ocn_buf_puts(out, "\\");
        }
        ocn_buf_add(out, c, 1);
    }
    ocn_buf_puts(out, "'");
}

static void quote_regex(const char *pattern, struct ocn_buf *out)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf regex = { 0 };

    ocn_pattern_regex(pattern, &regex);
    ocn_buf_puts(&regex, "");
    ocn_cel_quote(regex.ptr != NULL ? regex.ptr : "", out);
    out->failed |= regex.failed;
}

/* ---- values of the policy ---------------------------------------------------------------- */

static void add_strings(const struct ocn_strings *strings, struct ocn_buf *out)
{
    ocn_buf_puts(out, "[");
    for (size_t i = 0; i < strings->len; i++) {
        ocn_buf_puts(out, i != 0 ? ", " : "");
        ocn_cel_quote(strings->items[i], out);
    }
    ocn_buf_puts(out, "]");
}

static void add_allowed(const struct ocn_pairs *pairs, struct ocn_buf *out)
{
    ocn_buf_puts(out, "[");
    for (size_t i = 0; i < pairs->len; i++) {
        ocn_buf_puts(out, i != 0 ? ", {'key': " : "{'key': ");
        ocn_cel_quote(pairs->items[i].name, out);
        ocn_buf_puts(out, ", 'is': ");
        quote_regex(pairs->items[i].value, out);
        ocn_buf_puts(out, "}");
    }
    ocn_buf_puts(out, "]");
}

static void add_labels_required(const struct ocn_policy *policy, struct ocn_buf *out)
{
    add_strings(&policy->admission.labels.required, out);
}

static void add_labels_allowed(const struct ocn_policy *policy, struct ocn_buf *out)
{
    add_allowed(&policy->admission.labels.allowed, out);
}

static void add_annotations_required(const struct ocn_policy *policy, struct ocn_buf *out)
{
    add_strings(&policy->admission.annotations.required, out);
}

static void add_annotations_allowed(const struct ocn_policy *policy, struct ocn_buf *out)
{
    add_allowed(&policy->admission.annotations.allowed, out);
}

static void add_digest(const struct ocn_policy *policy, struct ocn_buf *out)
{
    (void)policy;
    quote_regex(OCN_GATE_DIGEST, out);
}

static void add_has_host(const struct ocn_policy *policy, struct ocn_buf *out)
{
    (void)policy;
    quote_regex(OCN_GATE_HAS_HOST, out);
}

static void add_registries(const struct ocn_policy *policy, struct ocn_buf *out)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf regex = { 0 };
    const struct ocn_strings *registries = &policy->admission.registries;

    for (size_t i = 0; i < registries->len; i++) {
        ocn_buf_puts(&regex, i != 0 ? "|" : "");
        ocn_pattern_regex(ocn_gate_judge_registry(&arena, registries->items[i]), &regex);
    }
    ocn_buf_puts(&regex, "");
    ocn_cel_quote(regex.ptr != NULL ? regex.ptr : "", out);
    out->failed |= regex.failed | arena.failed;
}

static void add_runtime_class(const struct ocn_policy *policy, struct ocn_buf *out)
{
    const char *name = policy->admission.runtime_class;

    ocn_cel_quote(name != NULL ? name : "", out);
}

static void add_capabilities(const struct ocn_policy *policy, struct ocn_buf *out)
{
    ocn_buf_puts(out, policy->user.low_ports ? "['NET_BIND_SERVICE']" : "[]");
}

static void add_least_procs(const struct ocn_policy *policy, struct ocn_buf *out)
{
    ocn_buf_printf(out, "%u.0", policy->env.maxprocs.min);
}

/* As ocn_go_memory_parse() has it. */
static void add_go_memory(const struct ocn_policy *policy, struct ocn_buf *out)
{
    (void)policy;
    quote_regex("^[0-9]+(B|[KMGT]iB)?$", out);
}

/* What is no larger than Go takes, but as a floating-point number is 2^63 all the same. */
static void add_go_largest(const struct ocn_policy *policy, struct ocn_buf *out)
{
    (void)policy;
    quote_regex("^0*9223372036854775([0-7][0-9][0-9]|80[0-7])B?$", out);
}

static const struct {
    const char *name;
    void (*add)(const struct ocn_policy *policy, struct ocn_buf *out);
} values[] = {
    { "LABELS_REQUIRED", add_labels_required },
    { "LABELS_ALLOWED", add_labels_allowed },
    { "ANNOTATIONS_REQUIRED", add_annotations_required },
    { "ANNOTATIONS_ALLOWED", add_annotations_allowed },
    { "DIGEST", add_digest },
    { "HAS_HOST", add_has_host },
    { "REGISTRIES", add_registries },
    { "RUNTIME_CLASS", add_runtime_class },
    { "CAPABILITIES", add_capabilities },
    { "LEAST_PROCS", add_least_procs },
    { "GO_MEMORY", add_go_memory },
    { "GO_LARGEST", add_go_largest },
};

/* Adds the value that is named at @at, behind a "$"; how long its name is, 0: it is no name. */
static size_t add_value(const char *at, const struct ocn_policy *policy, struct ocn_buf *out)
{
    size_t len = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");

    for (size_t i = 0; i < OCN_COUNT(values); i++) {
        if (strlen(values[i].name) == len && strncmp(values[i].name, at, len) == 0) {
            values[i].add(policy, out);
            return len;
        }
    }
    return 0;
}

void ocn_cel_row(const struct ocn_gate_row *row, const struct ocn_policy *policy,
                 struct ocn_buf *out)
{
    bool windows = row->spares == OCN_GATE_SPARES_WINDOWS;

    ocn_buf_puts(out, windows ? "variables.windows ? [] : (" : "");
    for (const char *c = row->cel; *c != '\0';) {
        size_t len = *c == '$' ? add_value(c + 1, policy, out) : 0;
        if (len == 0) {
            ocn_buf_add(out, c, 1);
        }
        c += len + 1;
    }
    ocn_buf_puts(out, windows ? ")" : "");
}

/* ---- who is judged ----------------------------------------------------------------------- */

bool ocn_cel_is_exact(const char *glob)
{
    return strpbrk(glob, "*?[\\") == NULL;
}

static void add_or(struct ocn_buf *out, size_t begun)
{
    ocn_buf_puts(out, out->len != begun ? " || " : "");
}

static void add_namespace(const char *glob, struct ocn_buf *out)
{
    if (ocn_cel_is_exact(glob)) {
        ocn_buf_puts(out, "request.namespace == ");
        ocn_cel_quote(glob, out);
    } else {
        ocn_buf_puts(out, "request.namespace.matches(");
        quote_regex(glob, out);
        ocn_buf_puts(out, ")");
    }
}

static void add_annotation(const struct ocn_pair *pair, struct ocn_buf *out)
{
    ocn_buf_puts(out, "(");
    ocn_cel_quote(pair->name, out);
    ocn_buf_puts(out, " in variables.annotations && variables.annotations[");
    ocn_cel_quote(pair->name, out);
    ocn_buf_puts(out, "].matches(");
    quote_regex(pair->value, out);
    ocn_buf_puts(out, "))");
}

void ocn_cel_exempt(const struct ocn_policy *policy, bool exact, struct ocn_buf *out)
{
    const struct ocn_policy_exempt *exempt = &policy->exempt;
    size_t begun = out->len;

    for (size_t i = 0; i < exempt->namespaces.len; i++) {
        if (exact || !ocn_cel_is_exact(exempt->namespaces.items[i])) {
            add_or(out, begun);
            add_namespace(exempt->namespaces.items[i], out);
        }
    }
    for (size_t i = 0; i < exempt->annotations.len; i++) {
        add_or(out, begun);
        add_annotation(&exempt->annotations.items[i], out);
    }
    ocn_buf_puts(out, out->len == begun ? "false" : "");
}

void ocn_cel_when(const struct ocn_policy_when *when, struct ocn_buf *out)
{
    size_t begun = out->len;

    if (when->namespaces.len != 0) {
        ocn_buf_puts(out, "(");
        for (size_t i = 0; i < when->namespaces.len; i++) {
            add_or(out, begun + 1);
            add_namespace(when->namespaces.items[i], out);
        }
        ocn_buf_puts(out, ")");
    }
    for (size_t i = 0; i < when->annotations.len; i++) {
        ocn_buf_puts(out, out->len != begun ? " && " : "");
        add_annotation(&when->annotations.items[i], out);
    }
}

void ocn_cel_judged(const struct ocn_policy *policy, struct ocn_buf *out)
{
    ocn_buf_puts(out, "variables.windows");
    if (policy->exempt.host_namespaces) {
        ocn_buf_puts(out, " || variables.spec.?hostNetwork.orValue(false) || "
                          "variables.spec.?hostPID.orValue(false) || "
                          "variables.spec.?hostIPC.orValue(false)");
    }
    ocn_buf_puts(out, " ? [] : variables.containers");
    if (policy->exempt.privileged) {
        ocn_buf_puts(out, ".filter(c, !c.?securityContext.?privileged.orValue(false))");
    }
}

/* ---- objects ----------------------------------------------------------------------------- */

void ocn_cel_pod(const char *name, struct ocn_buf *out)
{
    ocn_buf_printf(out,
                   "%s.kind == 'CronJob' ? %s.spec.jobTemplate.spec.template : "
                   "%s.kind == 'PodTemplate' ? %s.template : %s.kind == 'Pod' ? %s : "
                   "%s.spec.template",
                   name, name, name, name, name, name, name);
}

void ocn_cel_changed(struct ocn_buf *out)
{
    ocn_buf_puts(out, "request.operation == 'CREATE' || [[object, oldObject].map(o, ");
    ocn_cel_pod("o", out);
    ocn_buf_puts(out, ").map(p, [");
    for (const struct ocn_admission_part *part = ocn_admission_parts; part->path != NULL; part++) {
        int head = (int)strcspn(part->path, ".");
        ocn_buf_printf(out, "%sdyn(p.?%.*s.?%s.orValue(%s))",
                       part == ocn_admission_parts ? "" : ", ", head, part->path,
                       part->path + head + 1, part->empty);
    }
    ocn_buf_puts(out, "])].exists(x, x[0] != x[1])");
}

/* ---- match ------------------------------------------------------------------------------- */

struct tree {
    const struct ocn_cel_policies *policies;
    void (*render)(const void *what, const struct ocn_policy *policy, struct ocn_buf *out);
    const void *what;
    struct ocn_arena *arena;
};

/* Of all policies whose bits from @bit on are those of @set. */
static const char *make_tree(const struct tree *tree, size_t bit, size_t set)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };

    if (bit == 0) {
        tree->render(tree->what, &tree->policies->items[set], &out);
        return ocn_buf_copy(&out, tree->arena);
    }
    const char *with = make_tree(tree, bit - 1, set | (size_t)1 << (bit - 1));
    const char *without = make_tree(tree, bit - 1, set);
    return strcmp(with, without) == 0
               ? with
               : ocn_arena_printf(tree->arena, "(variables.match_%u ? (%s) : (%s))",
                                  tree->policies->rows[bit - 1], with, without);
}

const char *ocn_cel_tree(const struct ocn_cel_policies *policies,
                         void (*render)(const void *what, const struct ocn_policy *policy,
                                        struct ocn_buf *out),
                         const void *what, struct ocn_arena *arena)
{
    const struct tree tree = { policies, render, what, arena };

    return make_tree(&tree, policies->rows_len, 0);
}
