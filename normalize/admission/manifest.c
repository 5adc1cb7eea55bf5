/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/admission/manifest.h"

#include <string.h>

#include "normalize/admission/cel.h"
#include "normalize/admission/exempt.h"
#include "normalize/json/json.h"
#include "normalize/json/yaml_print.h"

#define GROUP "admissionregistration.k8s.io/v1"

/* All that one call holds. */
struct maker {
    const struct ocn_manifest_source *source;
    const struct ocn_manifest_options *options;
    struct ocn_cel_policies policies;
    bool same_namespaces; /* exempt.namespaces is no matter of match: its names go to the binding */
    struct ocn_arena arena;
};

static void maker_done(struct maker *maker)
{
    ocn_arena_done(&maker->arena);
}

/* ---- what can be said -------------------------------------------------------------------- */

static int check_glob(const char *glob, const char *where, struct ocn_error *err)
{
    const char *why = ocn_admission_glob_check(glob);

    return why == NULL
               ? 0
               : ocn_fail(err, OCN_E_UNSUPPORTED, where, "CEL cannot say \"%s\": %s", glob, why);
}

static int check_policy(const struct ocn_policy *policy, struct ocn_error *err)
{
    const struct ocn_policy_exempt *exempt = &policy->exempt;

    for (size_t i = 0; i < exempt->namespaces.len; i++) {
        if (check_glob(exempt->namespaces.items[i], "/exempt/namespaces", err) < 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < exempt->annotations.len; i++) {
        if (check_glob(exempt->annotations.items[i].value, "/exempt/annotations", err) < 0) {
            return -1;
        }
    }
    return ocn_gate_check(policy, err);
}

/* ---- every policy that match can make ---------------------------------------------------- */

static int find_rows(struct maker *maker, struct ocn_error *err)
{
    const struct ocn_policy_match *rows = maker->source->base->match.items;
    struct ocn_cel_policies *policies = &maker->policies;

    for (size_t i = 0; i < maker->source->base->match.len; i++) {
        if (!ocn_gate_reads(rows[i].policy)) {
            continue;
        }
        if (policies->rows_len == OCN_CEL_MAX_ROWS) {
            return ocn_fail(err, OCN_E_UNSUPPORTED, "/match",
                            "more than %zu rows change what the gate asks; join some",
                            OCN_CEL_MAX_ROWS);
        }
        if (ocn_admission_match_check(&rows[i], i, err) < 0) {
            return -1;
        }
        policies->rows[policies->rows_len++] = (uint32_t)i;
    }
    return 0;
}

static bool has_same_namespaces(const struct ocn_strings *a, const struct ocn_strings *b)
{
    bool same = a->len == b->len;

    for (size_t i = 0; same && i < a->len; i++) {
        same = strcmp(a->items[i], b->items[i]) == 0;
    }
    return same;
}

static int make_policies(struct maker *maker, struct ocn_error *err)
{
    struct ocn_cel_policies *policies = &maker->policies;
    size_t count = (size_t)1 << policies->rows_len;
    struct ocn_policy *items = ocn_arena_alloc(&maker->arena, count * sizeof(*items));

    if (items == NULL) {
        return ocn_fail_nomem(err);
    }
    maker->same_namespaces = true;
    for (size_t set = 0; set < count; set++) {
        uint32_t rows[OCN_CEL_MAX_ROWS];
        struct ocn_u32s held = { rows, 0 };
        for (size_t bit = 0; bit < policies->rows_len; bit++) {
            if ((set >> bit & 1) != 0) {
                rows[held.len++] = policies->rows[bit];
            }
        }
        if (maker->source->overlay(maker->source->ctx, &held, &maker->arena, &items[set], err) <
                0 ||
            check_policy(&items[set], err) < 0) {
            return -1;
        }
        maker->same_namespaces =
            maker->same_namespaces &&
            has_same_namespaces(&items[0].exempt.namespaces, &items[set].exempt.namespaces);
    }
    policies->items = items;
    return 0;
}

/* ---- texts ------------------------------------------------------------------------------- */

/* A row at one level: what it asks, or nothing. */
struct asked {
    const struct ocn_gate_row *row;
    enum ocn_level level;
};

static void render_row(const void *what, const struct ocn_policy *policy, struct ocn_buf *out)
{
    const struct asked *asked = what;

    if (ocn_gate_level(asked->row, policy) == asked->level) {
        ocn_cel_row(asked->row, policy, out);
    } else {
        ocn_buf_puts(out, "[]");
    }
}

static void render_exempt(const void *what, const struct ocn_policy *policy, struct ocn_buf *out)
{
    const bool *exact = what;

    ocn_cel_exempt(policy, *exact, out);
}

static void render_judged(const void *what, const struct ocn_policy *policy, struct ocn_buf *out)
{
    (void)what;
    ocn_cel_judged(policy, out);
}

/* ---- variables --------------------------------------------------------------------------- */

#define MAX_VARIABLES (OCN_ROW_COUNT + OCN_CEL_MAX_ROWS + 10)

struct variables {
    struct {
        const char *name;
        const char *text;
    } items[MAX_VARIABLES];
    size_t len;
};

static void add_variable(struct variables *variables, const char *name, const char *text)
{
    variables->items[variables->len].name = name;
    variables->items[variables->len++].text = text;
}

static const char *pod_text(struct maker *maker)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };

    ocn_cel_pod("object", &out);
    return ocn_buf_copy(&out, &maker->arena);
}

static const char *when_text(struct maker *maker, size_t row)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    const struct ocn_policy_match *rows = maker->source->base->match.items;

    ocn_cel_when(&rows[row].when, &out);
    return ocn_buf_copy(&out, &maker->arena);
}

static const char *symbol_name(struct maker *maker, const struct ocn_gate_row *row)
{
    char *name = ocn_arena_printf(&maker->arena, "%s", row->symbol);

    for (char *c = name; *c != '\0'; c++) {
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
    }
    return name;
}

static void add_common(struct maker *maker, struct variables *variables)
{
    const bool exact = !maker->same_namespaces;

    add_variable(variables, "pod", pod_text(maker));
    add_variable(variables, "spec", "variables.pod.spec");
    add_variable(variables, "labels", "variables.pod.?metadata.?labels.orValue({})");
    add_variable(variables, "annotations", "variables.pod.?metadata.?annotations.orValue({})");
    add_variable(variables, "windows", "variables.spec.?os.?name.orValue('linux') == 'windows'");
    add_variable(variables, "containers",
                 "variables.spec.?containers.orValue([]) + "
                 "variables.spec.?initContainers.orValue([]) + "
                 "variables.spec.?ephemeralContainers.orValue([])");
    for (size_t i = 0; i < maker->policies.rows_len; i++) {
        uint32_t row = maker->policies.rows[i];
        add_variable(variables, ocn_arena_printf(&maker->arena, "match_%u", row),
                     when_text(maker, row));
    }
    add_variable(variables, "exempt",
                 ocn_cel_tree(&maker->policies, render_exempt, &exact, &maker->arena));
    add_variable(variables, "judged",
                 ocn_cel_tree(&maker->policies, render_judged, NULL, &maker->arena));
}

static bool uses(const char *text, const char *name)
{
    static const char prefix[] = "variables.";
    size_t len = strlen(name);

    for (const char *at = strstr(text, prefix); at != NULL; at = strstr(at + 1, prefix)) {
        const char *end = at + sizeof(prefix) - 1 + len;
        if (strncmp(end - len, name, len) == 0 && *end != '_' && (*end < '0' || *end > '9') &&
            (*end < 'a' || *end > 'z')) {
            return true;
        }
    }
    return false;
}

/* Those that a later one, or a validation, reads. @own: the first that a validation reads itself.
 */
static json_t *dump_variables(const struct variables *variables, size_t own, bool exempt)
{
    bool used[MAX_VARIABLES] = { false };
    json_t *list = json_array();

    for (size_t i = variables->len; i-- > 0;) {
        used[i] = i >= own || (exempt && strcmp(variables->items[i].name, "exempt") == 0);
        for (size_t k = i + 1; k < variables->len && !used[i]; k++) {
            used[i] = used[k] && uses(variables->items[k].text, variables->items[i].name);
        }
    }
    for (size_t i = 0; list != NULL && i < variables->len; i++) {
        if (used[i] &&
            json_array_append_new(list, json_pack("{s:s, s:s}", "name", variables->items[i].name,
                                                  "expression", variables->items[i].text)) < 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* ---- validations ------------------------------------------------------------------------- */

static json_t *dump_validation(struct maker *maker, const struct ocn_gate_row *row, bool exempt)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf said = { 0 };
    const char *name = symbol_name(maker, row);
    const char *head = ocn_arena_printf(&maker->arena, "[%s] %s", row->rule, row->message);

    ocn_cel_quote(ocn_arena_printf(&maker->arena, "%s: ", head), &said);
    ocn_buf_printf(&said, " + variables.%s.join(', ') + ", name);
    ocn_cel_quote(ocn_arena_printf(&maker->arena, "; %s", row->fix), &said);
    return json_pack("{s:s, s:s, s:s, s:s}", "expression",
                     ocn_arena_printf(&maker->arena, "%svariables.%s.size() == 0",
                                      exempt ? "variables.exempt || " : "", name),
                     "message", ocn_arena_printf(&maker->arena, "%s; %s", head, row->fix),
                     "messageExpression", ocn_buf_copy(&said, &maker->arena), "reason", "Invalid");
}

/* ---- objects ----------------------------------------------------------------------------- */

static const char *name_of(struct maker *maker, const char *level)
{
    return ocn_arena_printf(&maker->arena, "%s-%s%s", maker->options->name, level,
                            maker->options->is_static ? ".static.k8s.io" : "");
}

static json_t *dump_meta(const char *name)
{
    return json_pack("{s:s, s:{s:s, s:s}}", "name", name, "labels", "app.kubernetes.io/name",
                     "ocinorm", "app.kubernetes.io/managed-by", "ocinorm");
}

static json_t *dump_rules(void)
{
    return json_pack("[{s:[s], s:[s], s:[s, s], s:[s, s, s, s, s]},"
                     " {s:[s], s:[s], s:[s, s], s:[s, s, s, s]},"
                     " {s:[s], s:[s], s:[s, s], s:[s, s]}]",
                     "apiGroups", "", "apiVersions", "v1", "operations", "CREATE", "UPDATE",
                     "resources", "pods", "pods/ephemeralcontainers", "pods/resize", "podtemplates",
                     "replicationcontrollers", "apiGroups", "apps", "apiVersions", "v1",
                     "operations", "CREATE", "UPDATE", "resources", "daemonsets", "deployments",
                     "replicasets", "statefulsets", "apiGroups", "batch", "apiVersions", "v1",
                     "operations", "CREATE", "UPDATE", "resources", "cronjobs", "jobs");
}

static json_t *dump_conditions(void)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf changed = { 0 };

    ocn_cel_changed(&changed);
    return changed.failed ? NULL
                          : json_pack("[{s:s, s:s}, {s:s, s:s}]", "name", "not-being-deleted",
                                      "expression", "!has(object.metadata.deletionTimestamp)",
                                      "name", "something-changed", "expression", changed.ptr);
}

/* failurePolicy is about errors: one where a denial is meant denies, too. */
static json_t *dump_policy(const char *name, enum ocn_level level, json_t *variables,
                           json_t *validations)
{
    return json_pack("{s:s, s:s, s:o, s:{s:s, s:{s:s, s:o}, s:o, s:o, s:o}}", "apiVersion", GROUP,
                     "kind", "ValidatingAdmissionPolicy", "metadata", dump_meta(name), "spec",
                     "failurePolicy", level == OCN_LEVEL_DENY ? "Fail" : "Ignore",
                     "matchConstraints", "matchPolicy", "Equivalent", "resourceRules", dump_rules(),
                     "matchConditions", dump_conditions(), "variables", variables, "validations",
                     validations);
}

/* Namespaces that the API server need not even ask about; null: there is none. */
static json_t *dump_selector(const struct maker *maker)
{
    const struct ocn_strings *names = &maker->policies.items[0].exempt.namespaces;
    json_t *list = json_array();

    for (size_t i = 0; list != NULL && maker->same_namespaces && i < names->len; i++) {
        if (ocn_cel_is_exact(names->items[i]) &&
            json_array_append_new(list, json_string(names->items[i])) < 0) {
            json_decref(list);
            return NULL;
        }
    }
    if (list != NULL && json_array_size(list) == 0) {
        json_decref(list);
        return json_object();
    }
    return json_pack("{s:{s:{s:[{s:s, s:s, s:o}]}}}", "matchResources", "namespaceSelector",
                     "matchExpressions", "key", "kubernetes.io/metadata.name", "operator", "NotIn",
                     "values", list);
}

static json_t *dump_binding(const struct maker *maker, const char *name, enum ocn_level level)
{
    static const char *const actions[] = { "Deny", "Warn", "Audit" };
    enum ocn_manifest_action least =
        level == OCN_LEVEL_DENY ? OCN_MANIFEST_DENY : OCN_MANIFEST_WARN;
    enum ocn_manifest_action action =
        maker->options->action > least ? maker->options->action : least;
    json_auto_t *selector = dump_selector(maker);
    json_auto_t *spec =
        json_pack("{s:s, s:[s]}", "policyName", name, "validationActions", actions[action]);

    return selector == NULL || json_object_update(spec, selector) < 0
               ? NULL
               : json_pack("{s:s, s:s, s:o, s:O}", "apiVersion", GROUP, "kind",
                           "ValidatingAdmissionPolicyBinding", "metadata", dump_meta(name), "spec",
                           spec);
}

/* ---- all of it --------------------------------------------------------------------------- */

/* The policy and the binding of one level, appended to @list; nothing where no row has it. */
static int add_level(struct maker *maker, enum ocn_level level, const char *word, json_t *list,
                     struct ocn_error *err)
{
    struct variables variables = { .len = 0 };
    json_auto_t *validations = json_array();
    const char *name = name_of(maker, word);

    add_common(maker, &variables);
    size_t own = variables.len;
    bool exempt = strcmp(variables.items[own - 2].text, "false") != 0;
    for (size_t i = 0; i < OCN_ROW_COUNT; i++) {
        const struct asked asked = { &ocn_gate_rows[i], level };
        const char *text = ocn_cel_tree(&maker->policies, render_row, &asked, &maker->arena);
        if (strcmp(text, "[]") == 0) {
            continue;
        }
        add_variable(&variables, symbol_name(maker, asked.row), text);
        if (json_array_append_new(validations, dump_validation(maker, asked.row, exempt)) < 0) {
            return ocn_fail_nomem(err);
        }
    }
    if (ocn_arena_check(&maker->arena, err) < 0) {
        return -1;
    }
    if (variables.len == own) {
        return 0;
    }
    return json_array_append_new(list,
                                 dump_policy(name, level, dump_variables(&variables, own, exempt),
                                             json_incref(validations))) < 0 ||
                   json_array_append_new(list, dump_binding(maker, name, level)) < 0
               ? ocn_fail_nomem(err)
               : 0;
}

static int check_options(const struct ocn_manifest_options *options, struct ocn_error *err)
{
    static const char all[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";
    size_t len = strlen(options->name);

    if (options->kubernetes < OCN_MANIFEST_KUBERNETES) {
        return ocn_fail(err, OCN_E_UNSUPPORTED, "--kubernetes",
                        "1.%u has no ValidatingAdmissionPolicy of version v1: it is there since "
                        "1.30; use the webhook with older ones",
                        options->kubernetes);
    }
    if (len == 0 || len > OCN_MANIFEST_MAX_NAME ||
        options->name[strspn(options->name, all)] != '\0' ||
        strchr("-.", options->name[0]) != NULL || strchr("-.", options->name[len - 1]) != NULL) {
        return ocn_fail(err, OCN_E_USAGE, "--name",
                        "\"%s\" is no name of an object: lower case letters, digits, \"-\" and "
                        "\".\", at most %zu of them",
                        options->name, OCN_MANIFEST_MAX_NAME);
    }
    return 0;
}

int ocn_manifest_make(const struct ocn_manifest_source *source,
                      const struct ocn_manifest_options *options, json_t **ret,
                      struct ocn_error *err)
{
    OCN_CLEANUP(maker_done) struct maker maker = { .source = source, .options = options };
    json_auto_t *list = json_array();

    if (list == NULL) {
        return ocn_fail_nomem(err);
    }
    if (check_options(options, err) < 0 || find_rows(&maker, err) < 0 ||
        make_policies(&maker, err) < 0 ||
        add_level(&maker, OCN_LEVEL_DENY, "deny", list, err) < 0 ||
        add_level(&maker, OCN_LEVEL_WARN, "warn", list, err) < 0) {
        return -1;
    }
    if (json_array_size(list) == 0) {
        return ocn_fail(err, OCN_E_UNSUPPORTED, "/admission/rules",
                        "the policy asks nothing of a gate: every rule that a gate could ask is "
                        "off, or has an empty list");
    }
    *ret = json_incref(list);
    return 0;
}

int ocn_manifest_print(const json_t *manifests, bool as_json, struct ocn_buf *out,
                       struct ocn_error *err)
{
    size_t begun = out->len;
    size_t i;
    json_t *manifest;

    if (as_json) {
        json_auto_t *list =
            json_pack("{s:s, s:s, s:O}", "apiVersion", "v1", "kind", "List", "items", manifests);
        if (list == NULL) {
            return ocn_fail_nomem(err);
        }
        if (ocn_json_print(list, out, err) < 0) {
            return -1;
        }
    } else {
        json_array_foreach (manifests, i, manifest) {
            ocn_buf_puts(out, "---\n");
            ocn_yaml_print(manifest, out);
        }
    }
    if (out->len - begun > OCN_MANIFEST_MAX_SIZE) {
        return ocn_fail(err, OCN_E_LIMIT, NULL,
                        "the manifests have %zu bytes, more than %zu; shorten the lists below "
                        "admission, or join rows of match",
                        out->len - begun, OCN_MANIFEST_MAX_SIZE);
    }
    return ocn_buf_check(out, err);
}
