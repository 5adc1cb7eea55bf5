/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy's keys, as rows: the loader, `ocinorm config show` and the JSON Schema are made from
 * them. A new key is a row here, a member in normalize/policy/policy.h and a line in default.json.
 */
#include "config/policy_fields.h"

#include <string.h>

#include "normalize/node/detect.h"
#include "normalize/policy/places.h"
#include "normalize/policy/variables.h"

#define ID_MAX 4294967294.0          /* 4294967295 is (uid_t)-1: "leave it as it is" */
#define WHOLE_MAX 9007199254740992.0 /* 2^53: up to here a JSON number is exact */

#define AT(path) .offset = offsetof(struct ocn_policy, path), .member = #path
#define AT_ENUM(path) .offset = OCN_BIND_ENUM_AT(struct ocn_policy, path), .member = #path
#define AT_MATCH(member) .offset = offsetof(struct ocn_policy_match, member)

/* ---- what a type cannot say ------------------------------------------------------------- */

static const char *check_version(const char *name, const json_t *value)
{
    (void)name;
    if (json_is_number(value) && json_number_value(value) != 1) {
        return "this ocinorm reads version 1 of the policy; write 1, or install the ocinorm that "
               "this file is for";
    }
    return NULL;
}

static const char *check_profile(const char *name, const json_t *value)
{
    const char *text = json_string_value(value);

    (void)name;
    if (text != NULL && (text[0] == '\0' || text[0] == '.' || strchr(text, '/') != NULL)) {
        return "a profile is named, not pointed to: the name of a file in profiles/, without "
               "\".json\", or \"auto\"";
    }
    return NULL;
}

static const char *check_uid(const char *name, const json_t *value)
{
    (void)name;
    if (json_is_number(value) && json_number_value(value) == 0) {
        return "0 is root, which containers are to be lowered from; name another user, or keep "
               "root by \"when\": \"never\"";
    }
    return NULL;
}

static const char *check_value(const char *name, const json_t *value)
{
    const char *text = json_string_value(value);

    (void)name;
    if (text != NULL && strpbrk(text, "\r\n") != NULL) {
        return "a line break in a variable would forge others where it is listed; write the value "
               "on one line";
    }
    return NULL;
}

static const char *check_home(const char *name, const json_t *value)
{
    const char *text = json_string_value(value);

    if (text != NULL && text[0] != '/' && strcmp(text, "auto") != 0 && strcmp(text, "keep") != 0) {
        return "expected \"auto\", \"keep\" or an absolute path";
    }
    return check_value(name, value);
}

static const char *check_ratio(const char *name, const json_t *value)
{
    (void)name;
    if (json_is_number(value) && !(json_number_value(value) > 0 && json_number_value(value) <= 1)) {
        return "a share of the memory limit lies above 0 and is at most 1, as 0.9 is";
    }
    return NULL;
}

static bool is_variable_name(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    static const char all[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

    return text[0] != '\0' && strchr(letters, text[0]) != NULL && text[strspn(text, all)] == '\0';
}

static const char variable_name_rule[] =
    "the name of a variable is made of letters, digits and \"_\", and does not begin with a digit";

static const char *check_variable_name(const char *name, const json_t *value)
{
    const char *text = json_string_value(value);

    (void)name;
    return text == NULL || is_variable_name(text) ? NULL : variable_name_rule;
}

/* Who judges what the confined child proposes knows one rule for each variable. */
static const char *check_http_name(const char *name, const json_t *value)
{
    const char *text = json_string_value(value);

    return text != NULL && ocn_variables_is_fixed(text)
               ? "another rule sets this variable; give the timeout a name of its own"
               : check_variable_name(name, value);
}

static const char *check_variable(const char *name, const json_t *value)
{
    return is_variable_name(name) ? check_value(name, value) : variable_name_rule;
}

static const char *check_timeout(const char *name, const json_t *value)
{
    (void)name;
    if (json_is_object(value) &&
        (json_object_get(value, "seconds") == NULL) != (json_object_get(value, "why") == NULL)) {
        return "a number and its reason go together, since explain shows both; give "
               "\"seconds\" and \"why\"";
    }
    return NULL;
}

static const char *check_attribute(const char *name, const json_t *value)
{
    static const char all[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789.-/";

    if (name[0] == '\0' || name[strspn(name, all)] != '\0') {
        return "the name of a resource attribute is made of letters, digits and any of \".-_/\", "
               "as \"cloud.provider\" is: SDKs do not decode names";
    }
    return check_value(name, value);
}

static const char *check_clue(const char *name, const json_t *value)
{
    const char *file = json_string_value(json_object_get(value, "file"));
    const char *env = json_string_value(json_object_get(value, "env"));

    (void)name;
    if ((file == NULL) == (env == NULL)) {
        return "a clue lies in a \"file\" of the node or in a variable (\"env\") of the container; "
               "name one of the two";
    }
    if (file != NULL && (file[0] != '/' || strstr(file, "/../") != NULL)) {
        return "a file of the node is named by an absolute path without \"..\"";
    }
    if (env != NULL && (!is_variable_name(env) || json_object_get(value, "key") != NULL)) {
        return "a variable is named by letters, digits and \"_\", and has no \"key\"";
    }
    if (json_object_get(value, "is") != NULL && json_object_get(value, "isNot") != NULL) {
        return "\"is\" and \"isNot\" do not go together; write two clues";
    }
    return json_object_get(value, "weight") == NULL ? "a clue needs a \"weight\"" : NULL;
}

static const char *check_judging_level(const char *name, const json_t *value)
{
    const char *text = json_string_value(value);

    (void)name;
    if (text != NULL && strcmp(text, "edit") == 0) {
        return "this rule only judges, it has nothing to edit; use \"off\", \"warn\" or \"deny\"";
    }
    return NULL;
}

static const char *check_match(const char *name, const json_t *value)
{
    json_t *when = json_object_get(value, "when");
    const char *key;
    json_t *criterion;

    (void)name;
    if (json_object_size(when) == 0) {
        return "without a criterion in \"when\" it would hold for every container; name "
               "namespaces, "
               "images or annotations, or move the policy to the top of the file";
    }
    json_object_foreach (when, key, criterion) {
        if (json_array_size(criterion) + json_object_size(criterion) == 0) {
            return "an empty criterion in \"when\" would hold for every container; leave the key "
                   "out, or say for what it is";
        }
    }
    if (json_object_get(value, "policy") == NULL) {
        return "a match without a \"policy\" changes nothing; add one, or delete the match";
    }
    return NULL;
}

static const char *check_runtimes(const char *name, const json_t *value)
{
    size_t i;
    json_t *item;

    (void)name;
    if (json_is_array(value) && json_array_size(value) == 0) {
        return "without a runtime no container could start; name at least one, as \"runc\"";
    }
    json_array_foreach (value, i, item) {
        if (json_string_length(item) == 0 && json_is_string(item)) {
            return "the name of a runtime is empty; write a name like \"runc\", or a path";
        }
    }
    return NULL;
}

static const char *check_places(const char *name, const json_t *value)
{
    size_t i;
    json_t *item;

    (void)name;
    json_array_foreach (value, i, item) {
        if (json_is_string(item) && !ocn_places_is_pattern(json_string_value(item))) {
            return "write an absolute path of the node without \"..\", whose first name is spelled "
                   "out and is not the node's own (/etc, /usr, /dev ...), as "
                   "\"/srv/volumes/*/data/**\"";
        }
    }
    return NULL;
}

/* ---- words, in the order of their enums in normalize/policy/policy.h ---------------------------
 */

static const char *const on_error_names[] = { "deny", "warn", NULL };
static const char *const when_names[] = { "root", "always", "never", NULL };
static const char *const groups_names[] = { "drop-root", "keep", "clear", NULL };
static const char *const exec_names[] = { "follow", "keep", "strict", NULL };
static const char *const round_names[] = { "up", "down", "nearest", NULL };
static const char *const env_when_names[] = { "auto", "always", NULL };
static const char *const duration_names[] = { "go", "seconds", "milliseconds", NULL };
static const char *const apply_names[] = { "entry", "verify", NULL };
static const char *const judging_levels[] = { "off", "warn", "deny", NULL };
static const char *const editing_levels[] = { "off", "warn", "deny", "edit", NULL };

/* ---- the tables ------------------------------------------------------------------------- */

static const struct ocn_bind user_fields[] = {
    { "uid", OCN_BIND_U32, AT(user.uid), .min = 1, .max = ID_MAX, .check = check_uid,
      .doc = "The user that root becomes." },
    { "gid", OCN_BIND_U32, AT(user.gid), .max = ID_MAX, .doc = "Its group." },
    { "when", OCN_BIND_ENUM, AT_ENUM(user.when), .names = when_names,
      .doc = "Whose user is changed: that of root, of every container, of none." },
    { "groups", OCN_BIND_ENUM, AT_ENUM(user.groups), .names = groups_names,
      .doc = "Additional groups: without those of root, all of them, none." },
    { "home", OCN_BIND_STRING, AT(user.home), .check = check_home,
      .doc = "HOME: \"auto\" (root's or none becomes that of the passwd entry, else \"/\"), "
             "\"keep\", or an absolute path." },
    { "lowPorts", OCN_BIND_BOOL, AT(user.low_ports),
      .doc = "Give CAP_NET_BIND_SERVICE to the lowered process, for ports below 1024." },
    { "exec", OCN_BIND_ENUM, AT_ENUM(user.exec), .names = exec_names,
      .doc = "Processes that join: those that ask for the container's original user follow its new "
             "one; keep theirs; strict: nor does anybody else join as root." },
    { 0 },
};

#define LEVEL_0(member, summary)                                                                   \
    OCN_BIND_ENUM, AT_ENUM(member), .names = judging_levels, .check = check_judging_level,         \
                                    .doc = summary "."
#define LEVEL_1(member, summary)                                                                   \
    OCN_BIND_ENUM, AT_ENUM(member), .names = editing_levels, .doc = summary "."

static const struct ocn_bind rules_fields[] = {
#define OCN_RULE(symbol, name, level_, changes, event, needs, function, summary)                   \
    { name, LEVEL_##changes(level[OCN_RULE_##symbol], summary) },
#include "normalize/policy/rules.def"
#undef OCN_RULE
    { 0 },
};

static const struct ocn_bind maxprocs_fields[] = {
    { "round", OCN_BIND_ENUM, AT_ENUM(env.maxprocs.round), .names = round_names,
      .doc = "How a CPU limit that is no whole number is rounded." },
    { "min", OCN_BIND_U32, AT(env.maxprocs.min), .min = 1, .max = 65536,
      .doc = "GOMAXPROCS is never set below this." },
    { "fromShares", OCN_BIND_BOOL, AT(env.maxprocs.from_shares),
      .doc = "Take the CPU request (shares) where there is no limit." },
    { 0 },
};

static const struct ocn_bind memlimit_fields[] = {
    { "ratio", OCN_BIND_NUMBER, AT(env.memlimit.ratio), .max = 1, .check = check_ratio,
      .doc = "GOMEMLIMIT as a share of the memory limit; above 0, at most 1." },
    { "minLimit", OCN_BIND_NUMBER, AT(env.memlimit.min_limit), .max = WHOLE_MAX,
      .doc = "Containers with a memory limit of fewer bytes get no GOMEMLIMIT." },
    { 0 },
};

#define HTTP_NAME(key, member, what)                                                               \
    {                                                                                              \
        key, OCN_BIND_STRING, AT(env.http.member),                                                 \
            .nullable = true, .check = check_http_name,                                            \
            .doc = "The variable that gets " what "; null: none."                                  \
    }

static const struct ocn_bind http_fields[] = {
    HTTP_NAME("clientIdle", client_idle, "the idle timeout of HTTP clients"),
    HTTP_NAME("serverIdle", server_idle, "the idle timeout of HTTP servers"),
    HTTP_NAME("tlsHandshake", tls_handshake, "the timeout of a TLS handshake"),
    HTTP_NAME("expectContinue", expect_continue, "the wait for \"100 Continue\""),
    { "format", OCN_BIND_ENUM, AT_ENUM(env.http.format), .names = duration_names,
      .doc = "How fifteen seconds are written: 15s, 15, 15000." },
    { 0 },
};

#define MAX_TIMEOUT 31536000 /* a year */

#define TIMEOUT_FIELDS(timeout)                                                                    \
    {                                                                                              \
        { "seconds", OCN_BIND_U32, AT(env.timeouts.timeout.seconds), .max = MAX_TIMEOUT,           \
          .doc = "Seconds; 0: the variable is not set." },                                         \
            { "why", OCN_BIND_STRING, AT(env.timeouts.timeout.why), .check = check_value,          \
              .doc = "Where the number comes from; explain shows it." },                           \
            { 0 },                                                                                 \
    }

static const struct ocn_bind client_idle_fields[] = TIMEOUT_FIELDS(client_idle);
static const struct ocn_bind server_idle_fields[] = TIMEOUT_FIELDS(server_idle);
static const struct ocn_bind tls_handshake_fields[] = TIMEOUT_FIELDS(tls_handshake);
static const struct ocn_bind expect_continue_fields[] = TIMEOUT_FIELDS(expect_continue);

static const struct ocn_bind timeouts_fields[] = {
    { "clientIdle", OCN_BIND_OBJECT, .fields = client_idle_fields, .check = check_timeout,
      .doc = "Idle connections of HTTP clients." },
    { "serverIdle", OCN_BIND_OBJECT, .fields = server_idle_fields, .check = check_timeout,
      .doc = "Idle connections of HTTP servers." },
    { "tlsHandshake", OCN_BIND_OBJECT, .fields = tls_handshake_fields, .check = check_timeout,
      .doc = "A TLS handshake." },
    { "expectContinue", OCN_BIND_OBJECT, .fields = expect_continue_fields, .check = check_timeout,
      .doc = "The wait for \"100 Continue\"." },
    { 0 },
};

static const struct ocn_bind env_fields[] = {
    { "maxprocs", OCN_BIND_OBJECT, .fields = maxprocs_fields, .doc = "GOMAXPROCS." },
    { "memlimit", OCN_BIND_OBJECT, .fields = memlimit_fields, .doc = "GOMEMLIMIT." },
    { "http", OCN_BIND_OBJECT, .fields = http_fields,
      .doc = "The names of the variables for HTTP timeouts." },
    { "timeouts", OCN_BIND_OBJECT, .fields = timeouts_fields,
      .doc = "Their values, which the profile of the platform sets." },
    { "resource", OCN_BIND_PAIRS, AT(env.resource), .check = check_attribute,
      .doc = "OpenTelemetry resource attributes, which the profile of the platform begins." },
    { "set", OCN_BIND_PAIRS, AT(env.set), .check = check_variable,
      .doc = "Variables to add, name by name." },
    { "override", OCN_BIND_BOOL, AT(env.override),
      .doc = "The policy's value wins over one that the container sets itself." },
    { "when", OCN_BIND_ENUM, AT_ENUM(env.when), .names = env_when_names,
      .doc = "Who gets the variables for Go: Go and unknown programs, or every one." },
    { "otelProbe", OCN_BIND_BOOL, AT(env.otel_probe),
      .doc = "Add OTEL_GO_AUTO_INSTRUMENTATION_ENABLED=true." },
    { 0 },
};

static const struct ocn_bind exempt_fields[] = {
    { "sandbox", OCN_BIND_BOOL, AT(exempt.sandbox), .doc = "Leave a pod's pause container alone." },
    { "privileged", OCN_BIND_BOOL, AT(exempt.privileged),
      .doc = "Leave privileged containers alone." },
    { "hostNamespaces", OCN_BIND_BOOL, AT(exempt.host_namespaces),
      .doc = "Leave containers alone that share a namespace with the node." },
    { "namespaces", OCN_BIND_STRINGS, AT(exempt.namespaces),
      .doc = "Kubernetes namespaces (globs) whose containers are left alone." },
    { "annotations", OCN_BIND_PAIRS, AT(exempt.annotations),
      .doc = "Annotations (key and a glob of the value) whose containers are left alone." },
    { 0 },
};

#define AT_CLUE(member) .offset = offsetof(struct ocn_clue, member)
#define CLUE_TEXT(key, member, text)                                                               \
    {                                                                                              \
        key, OCN_BIND_STRING, AT_CLUE(member), .check = check_value, .doc = (text)                 \
    }

static const struct ocn_bind clue_fields[] = {
    CLUE_TEXT("file", file, "A file of the node, which is there."),
    CLUE_TEXT("env", env, "A variable of the container, which is set."),
    CLUE_TEXT("key", key, "Of a file with lines \"KEY=VALUE\" or \"KEY: VALUE\": which line."),
    CLUE_TEXT("is", is, "A glob that matches the value."),
    CLUE_TEXT("isNot", is_not, "A glob that does not match the value, which is there."),
    { "weight", OCN_BIND_U32, AT_CLUE(weight), .min = 1, .max = OCN_MAX_CLUE_WEIGHT,
      .doc = "How much it counts; clues of the same weight are alternatives." },
    { 0 },
};

static const struct ocn_bind hook_fields[] = {
    { "apply", OCN_BIND_ENUM, AT_ENUM(hook.apply), .names = apply_names,
      .doc = "How a prestart hook changes a container: by ocinorm-entry, or not at all; what is "
             "left to change is then a finding." },
    { 0 },
};

static const struct ocn_bind volumes_fields[] = {
    { "allow", OCN_BIND_STRINGS, AT(volumes.allow), .check = check_places,
      .doc =
          "Where user.volumes may map a bind mount: paths of the node, each with all that is below "
          "it, * for a part of one name; what is the node's own is never mapped." },
    { 0 },
};

static const struct ocn_bind when_fields[] = {
    { "namespaces", OCN_BIND_STRINGS, AT_MATCH(when.namespaces), .sparse = true,
      .doc = "Globs; one of them is the container's Kubernetes namespace." },
    { "images", OCN_BIND_STRINGS, AT_MATCH(when.images), .sparse = true,
      .doc = "Globs; one of them is the container's image." },
    { "annotations", OCN_BIND_PAIRS, AT_MATCH(when.annotations), .sparse = true,
      .doc = "Keys and globs; all of them are annotations of the container." },
    { 0 },
};

static const struct ocn_bind match_fields[] = {
    { "when", OCN_BIND_OBJECT, .fields = when_fields,
      .doc = "For which containers: every criterion that is named holds." },
    { "policy", OCN_BIND_JSON, AT_MATCH(policy), .fields = OCN_POLICY_OVERLAY_FIELDS,
      .doc = "What is different for them." },
    { 0 },
};

const struct ocn_bind ocn_policy_fields[] = {
    { "version", OCN_BIND_U32, AT(version), .min = 1, .max = 1, .check = check_version,
      .doc = "The version of this format." },
    { "profile", OCN_BIND_STRING, AT(profile), .check = check_profile,
      .doc = "The platform's defaults: a file of profiles/, or \"auto\"." },
    { "detect", OCN_BIND_OBJECTS, AT(detect), .fields = clue_fields, .sparse = true,
      .size = sizeof(struct ocn_clue), .check = check_clue,
      .doc = "Only in a profile: by what its platform is known." },
    { "runtimes", OCN_BIND_STRINGS, AT(runtimes), .check = check_runtimes,
      .doc = "Low-level runtimes, by name or path; the first that is found is used." },
    { "match", OCN_BIND_OBJECTS, AT(match), .fields = match_fields,
      .size = sizeof(struct ocn_policy_match), .check = check_match,
      .doc = "Other policies for some containers, applied in order." },
    /* The rows above hold for a node; those below are OCN_POLICY_OVERLAY_FIELDS. */
    { "onError", OCN_BIND_ENUM, AT_ENUM(on_error), .names = on_error_names,
      .doc = "What happens to a container that cannot be judged." },
    { "user", OCN_BIND_OBJECT, .fields = user_fields, .doc = "The user of a container." },
    { "rules", OCN_BIND_OBJECT, .fields = rules_fields,
      .doc = "The level of each rule: off, warn, deny, or (where it changes something) edit." },
    { "env", OCN_BIND_OBJECT, .fields = env_fields, .doc = "Variables to add." },
    { "exempt", OCN_BIND_OBJECT, .fields = exempt_fields,
      .doc = "Containers that are left alone." },
    { "hook", OCN_BIND_OBJECT, .fields = hook_fields, .doc = "The prestart hook." },
    { "volumes", OCN_BIND_OBJECT, .fields = volumes_fields,
      .doc = "Volumes that belong to root (user.volumes)." },
    { "admission", OCN_BIND_OBJECT, .fields = ocn_policy_admission_fields,
      .doc = "What a cluster's gate asks for beside the rules of the node." },
    { 0 },
};
