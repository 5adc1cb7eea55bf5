/* SPDX-License-Identifier: Apache-2.0 */
/*
 * env.http: idle and other timeouts that fit the platform's network, for programs that read them
 * (integration/go shows how). No such names are standard, so the policy chooses them.
 */
#include "normalize/rules/judge.h"
#include "normalize/rules/rules.h"

/* A variable is a row. */
static const struct {
    char what[16];
    size_t name;    /* offset in struct ocn_policy_env of the variable's name */
    size_t timeout; /* of its struct ocn_policy_timeout */
} rows[] = {
#define ROW(what, member)                                                                          \
    {                                                                                              \
        what, offsetof(struct ocn_policy_env, http.member),                                        \
            offsetof(struct ocn_policy_env, timeouts.member)                                       \
    }
    ROW("client idle", client_idle),
    ROW("server idle", server_idle),
    ROW("TLS handshake", tls_handshake),
    ROW("expect-continue", expect_continue),
#undef ROW
};

/* How one second is written: a number and what stands behind it. */
static const struct {
    uint64_t unit;
    char suffix[4];
} formats[] = {
    [OCN_DURATION_GO] = { 1, "s" }, /* time.ParseDuration */
    [OCN_DURATION_SECONDS] = { 1, "" },
    [OCN_DURATION_MILLISECONDS] = { 1000, "" },
};

int ocn_rule_env_http(struct ocn_judge *judge, struct ocn_error *err)
{
    const struct ocn_policy_env *env = &judge->policy->env;
    struct ocn_arena *arena = &judge->outcome->arena;

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        const char *name = *(const char *const *)((const char *)env + rows[i].name);
        const struct ocn_policy_timeout *timeout =
            (const struct ocn_policy_timeout *)((const char *)env + rows[i].timeout);
        if (name == NULL) {
            continue;
        }
        if (timeout->seconds == 0) {
            if (ocn_judge_keep(judge, OCN_RULE_ENV_HTTP, name, NULL, timeout->why, err) < 0) {
                return -1;
            }
            continue;
        }
        const char *value = ocn_arena_printf(
            arena, "%llu%s", (unsigned long long)timeout->seconds * formats[env->http.format].unit,
            formats[env->http.format].suffix);
        const char *why = ocn_arena_printf(arena, "%s: %s", rows[i].what, timeout->why);
        if (ocn_judge_set_env(judge, OCN_RULE_ENV_HTTP, name, value, why, err) < 0) {
            return -1;
        }
    }
    return 0;
}
