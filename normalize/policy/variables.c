/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/policy/variables.h"

#include <stddef.h>
#include <string.h>

#define DIGITS "0123456789"
#define MAX_DIGITS 20 /* of 64 bits */

static bool is_number(const char *value)
{
    size_t len = strspn(value, DIGITS);

    return len != 0 && len <= MAX_DIGITS && value[len] == '\0';
}

static bool is_count(const struct ocn_policy *policy, const char *value)
{
    (void)policy;
    return is_number(value) && value[0] != '0';
}

/* As env.http.format says. */
static bool is_duration(const struct ocn_policy *policy, const char *value)
{
    size_t len = strspn(value, DIGITS);
    const char *suffix = policy->env.http.format == OCN_DURATION_GO ? "s" : "";

    return len != 0 && len <= MAX_DIGITS && strcmp(value + len, suffix) == 0;
}

/* env.otel checks what it is made of; here it is one line. */
static bool is_attributes(const struct ocn_policy *policy, const char *value)
{
    (void)policy;
    return strchr(value, '=') != NULL && strpbrk(value, "\r\n") == NULL;
}

static bool is_true(const struct ocn_policy *policy, const char *value)
{
    return policy->env.otel_probe && strcmp(value, "true") == 0;
}

/* The policy's own, or a plain path of the image's /etc/passwd. */
static bool is_home(const struct ocn_policy *policy, const char *value)
{
    for (const char *c = value; *c != '\0' && policy->user.home[0] != '/'; c++) {
        if (*c < 0x20 || *c > 0x7e) {
            return false;
        }
    }
    return policy->user.home[0] == '/' ? strcmp(value, policy->user.home) == 0 : value[0] == '/';
}

/* What a rule sets beside env.set, which has names and values of its own. */
static const struct variable {
    enum ocn_rule_id rule;
    const char *name; /* NULL: the policy gives it, at .offset */
    size_t offset;
    bool (*fits)(const struct ocn_policy *policy, const char *value);
} variables[] = {
    { OCN_RULE_USER_HOME, "HOME", 0, is_home },
    { OCN_RULE_ENV_GOMAXPROCS, "GOMAXPROCS", 0, is_count },
    { OCN_RULE_ENV_GOMEMLIMIT, "GOMEMLIMIT", 0, is_count },
    { OCN_RULE_ENV_HTTP, NULL, offsetof(struct ocn_policy, env.http.client_idle), is_duration },
    { OCN_RULE_ENV_HTTP, NULL, offsetof(struct ocn_policy, env.http.server_idle), is_duration },
    { OCN_RULE_ENV_HTTP, NULL, offsetof(struct ocn_policy, env.http.tls_handshake), is_duration },
    { OCN_RULE_ENV_HTTP, NULL, offsetof(struct ocn_policy, env.http.expect_continue), is_duration },
    { OCN_RULE_ENV_OTEL, "OTEL_RESOURCE_ATTRIBUTES", 0, is_attributes },
    { OCN_RULE_ENV_OTEL, "OTEL_GO_AUTO_INSTRUMENTATION_ENABLED", 0, is_true },
};

static const char *name_of(const struct ocn_policy *policy, const struct variable *variable)
{
    return variable->name != NULL
               ? variable->name
               : *(const char *const *)(const void *)((const char *)policy + variable->offset);
}

static const struct variable *find(const struct ocn_policy *policy, const char *name)
{
    for (size_t i = 0; i < OCN_COUNT(variables); i++) {
        const char *own = name_of(policy, &variables[i]);
        if (own != NULL && strcmp(own, name) == 0) {
            return &variables[i];
        }
    }
    return NULL;
}

bool ocn_variables_is_fixed(const char *name)
{
    for (size_t i = 0; i < OCN_COUNT(variables); i++) {
        if (variables[i].name != NULL && strcmp(variables[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* The value that env.set has for @name, or NULL. */
static const char *find_set(const struct ocn_policy *policy, const char *name)
{
    const struct ocn_pairs *set = &policy->env.set;

    for (size_t i = 0; i < set->len; i++) {
        if (strcmp(set->items[i].name, name) == 0) {
            return set->items[i].value;
        }
    }
    return NULL;
}

enum ocn_rule_id ocn_variables_rule(const struct ocn_policy *policy, const char *name)
{
    const struct variable *variable = find(policy, name);

    return find_set(policy, name) != NULL ? OCN_RULE_ENV_SET
           : variable != NULL             ? variable->rule
                                          : OCN_RULE_COUNT;
}

bool ocn_variables_may_be(const struct ocn_policy *policy, enum ocn_rule_id rule, const char *name,
                          const char *value)
{
    if (rule == OCN_RULE_ENV_SET) {
        const char *set = find_set(policy, name);
        return set != NULL && strcmp(set, value) == 0;
    }
    const struct variable *variable = find(policy, name);
    return variable != NULL && variable->rule == rule && variable->fits(policy, value);
}
