/* SPDX-License-Identifier: Apache-2.0 */
/* The policy's keys below "admission": what a cluster's gate asks for. */
#include <string.h>

#include "config/policy_fields.h"
#include "normalize/policy/pattern.h"

#define AT(path) .offset = offsetof(struct ocn_policy, admission.path), .member = "admission." #path

#define MAX_NAME 63    /* of a key, and of a value of a label (apimachinery validation.go) */
#define MAX_PREFIX 253 /* of a key, before the slash */
#define MAX_REGISTRY 100

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* ---- what a type cannot say ------------------------------------------------------------- */

static const char wrong_key[] =
    "the key of a label or annotation is NAME or PREFIX/NAME: letters, digits and \"-_.\", at most "
    "63 of them, behind a domain in lower case";

/* @len bytes of @all, the first and the last a letter or digit. */
static bool is_word(const char *text, size_t len, const char *all)
{
    return len != 0 && strspn(text, all) >= len && strchr("-_.", text[0]) == NULL &&
           strchr("-_.", text[len - 1]) == NULL;
}

static bool is_key(const char *key)
{
    const char *slash = strchr(key, '/');
    size_t prefix = slash != NULL ? (size_t)(slash - key) : 0;
    const char *name = slash != NULL ? slash + 1 : key;

    return strlen(name) <= MAX_NAME && is_word(name, strlen(name), LOWER UPPER DIGITS "-_.") &&
           (slash == NULL || (prefix <= MAX_PREFIX && is_word(key, prefix, LOWER DIGITS "-.")));
}

static const char *check_required(const char *name, const json_t *value)
{
    size_t i;
    json_t *key;

    (void)name;
    json_array_foreach (value, i, key) {
        if (json_is_string(key) && !is_key(json_string_value(key))) {
            return wrong_key;
        }
    }
    return NULL;
}

static const char *check_allowed(const char *name, const json_t *value)
{
    const char *pattern = json_string_value(value);

    if (!is_key(name)) {
        return wrong_key;
    }
    return pattern != NULL ? ocn_pattern_check(pattern) : NULL;
}

/* HOST[:PORT][/PATH], with "*" for any part of a name. */
static bool is_registry(const char *text)
{
    size_t len = strlen(text);
    const char *port = text + strcspn(text, ":/");
    size_t digits = *port == ':' ? strspn(port + 1, DIGITS) : 0;
    const char *path = *port == ':' ? port + 1 + digits : port;

    return len != 0 && len <= MAX_REGISTRY && port != text && (*port != ':' || digits != 0) &&
           (*path == '\0' || *path == '/') && text[len - 1] != '/' && strstr(text, "//") == NULL &&
           text[strspn(text, LOWER UPPER DIGITS ".-_:/*")] == '\0' && strchr(path, ':') == NULL;
}

static const char *check_registries(const char *name, const json_t *value)
{
    size_t i;
    json_t *item;

    (void)name;
    json_array_foreach (value, i, item) {
        if (json_is_string(item) && !is_registry(json_string_value(item))) {
            return "a registry is written ghcr.io, ghcr.io/shop or *.example.com:5000, at most 100 "
                   "characters: no scheme, no tag, no slash at the end";
        }
    }
    return NULL;
}

static const char *check_runtime_class(const char *name, const json_t *value)
{
    const char *text = json_string_value(value);

    (void)name;
    return text == NULL ||
                   (strlen(text) <= MAX_PREFIX && is_word(text, strlen(text), LOWER DIGITS "-."))
               ? NULL
               : "the name of a runtime class is made of lower case letters, digits, \"-\" and "
                 "\".\"";
}

/* ---- the tables ------------------------------------------------------------------------- */

static const char *const levels[] = { "off", "warn", "deny", NULL };

static const struct ocn_bind rules_fields[] = {
#define OCN_GATE_RULE(symbol, name, level_, summary)                                               \
    { name,                                                                                        \
      OCN_BIND_ENUM,                                                                               \
      .offset = OCN_BIND_ENUM_AT(struct ocn_policy, admission.level[OCN_GATE_##symbol]),           \
      .member = "admission.level[OCN_GATE_" #symbol "]",                                           \
      .names = levels,                                                                             \
      .doc = summary "." },
#include "normalize/policy/gate_rules.def"
#undef OCN_GATE_RULE
    { 0 },
};

static const char required_doc[] = "Keys that must be there, with a value.";
static const char allowed_doc[] =
    "Key, and what its value may be: a glob, or a pattern as ^[a-z]+$.";

static const struct ocn_bind labels_fields[] = {
    { "required", OCN_BIND_STRINGS, AT(labels.required), .check = check_required,
      .doc = required_doc },
    { "allowed", OCN_BIND_PAIRS, AT(labels.allowed), .check = check_allowed, .doc = allowed_doc },
    { 0 },
};

static const struct ocn_bind annotations_fields[] = {
    { "required", OCN_BIND_STRINGS, AT(annotations.required), .check = check_required,
      .doc = required_doc },
    { "allowed", OCN_BIND_PAIRS, AT(annotations.allowed), .check = check_allowed,
      .doc = allowed_doc },
    { 0 },
};

const struct ocn_bind ocn_policy_admission_fields[] = {
    { "rules", OCN_BIND_OBJECT, .fields = rules_fields,
      .doc = "The level of each rule that only the gate has: off, warn or deny." },
    { "labels", OCN_BIND_OBJECT, .fields = labels_fields, .doc = "Labels of pods." },
    { "annotations", OCN_BIND_OBJECT, .fields = annotations_fields, .doc = "Annotations of pods." },
    { "registries", OCN_BIND_STRINGS, AT(registries), .check = check_registries,
      .doc = "Where images may come from: a registry, or a path in it; * is any part of a name." },
    { "runtimeClass", OCN_BIND_STRING, AT(runtime_class), .check = check_runtime_class,
      .doc = "The runtimeClassName that pods have." },
    { 0 },
};
