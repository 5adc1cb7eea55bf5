/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the core needs to be told: the node's policy as plain data. config/ fills it from JSON;
 * its keys, defaults and meaning for people are there (config/policy_fields.c).
 */
#pragma once

#include "normalize/json/bind.h"
#include "normalize/policy/rule.h"

enum ocn_on_error { OCN_ON_ERROR_DENY, OCN_ON_ERROR_WARN };
enum ocn_when { OCN_WHEN_ROOT, OCN_WHEN_ALWAYS, OCN_WHEN_NEVER };
enum ocn_groups { OCN_GROUPS_DROP_ROOT, OCN_GROUPS_KEEP, OCN_GROUPS_CLEAR };
enum ocn_exec { OCN_EXEC_FOLLOW, OCN_EXEC_KEEP, OCN_EXEC_STRICT };
enum ocn_round { OCN_ROUND_UP, OCN_ROUND_DOWN, OCN_ROUND_NEAREST };
enum ocn_env_when { OCN_ENV_WHEN_AUTO, OCN_ENV_WHEN_ALWAYS };
enum ocn_duration { OCN_DURATION_GO, OCN_DURATION_SECONDS, OCN_DURATION_MILLISECONDS };
enum ocn_apply { OCN_APPLY_ENTRY, OCN_APPLY_VERIFY };

struct ocn_policy_user {
    uint32_t uid;
    uint32_t gid;
    enum ocn_when when;
    enum ocn_groups groups;
    const char *home; /* "auto", "keep" or an absolute path */
    bool low_ports;
    enum ocn_exec exec;
};

struct ocn_policy_timeout {
    uint32_t seconds; /* 0: the variable is not set */
    const char *why;  /* where the number comes from */
};

struct ocn_policy_env {
    struct {
        enum ocn_round round;
        uint32_t min; /* processors */
        bool from_shares;
    } maxprocs;
    struct {
        double ratio;     /* of the memory limit, (0, 1] */
        double min_limit; /* bytes; a smaller limit gets no variable */
    } memlimit;
    struct {
        const char *client_idle; /* names of variables; NULL: not set */
        const char *server_idle;
        const char *tls_handshake;
        const char *expect_continue;
        enum ocn_duration format;
    } http;
    struct {
        struct ocn_policy_timeout client_idle;
        struct ocn_policy_timeout server_idle;
        struct ocn_policy_timeout tls_handshake;
        struct ocn_policy_timeout expect_continue;
    } timeouts;
    struct ocn_pairs resource; /* OpenTelemetry resource attributes of the platform */
    struct ocn_pairs set;
    bool override; /* the policy's value wins over the container's */
    enum ocn_env_when when;
    bool otel_probe;
};

struct ocn_policy_exempt {
    bool sandbox;
    bool privileged;
    bool host_namespaces;
    struct ocn_strings namespaces; /* globs (fnmatch) of Kubernetes namespaces */
    struct ocn_pairs annotations;  /* key and glob of its value */
};

/* Keys that must be there, and what the values of some may be: a glob, or ^a pattern$. */
struct ocn_policy_keys {
    struct ocn_strings required;
    struct ocn_pairs allowed; /* key and pattern (pattern.h) */
};

/* What only a cluster's gate asks for; the programs of a node do nothing with it. */
struct ocn_policy_admission {
    enum ocn_level level[OCN_GATE_RULE_COUNT];
    struct ocn_policy_keys labels;
    struct ocn_policy_keys annotations;
    struct ocn_strings registries; /* "ghcr.io/shop", "*.example.com": where images come from */
    const char *runtime_class;
};

struct ocn_policy_when {
    struct ocn_strings namespaces;
    struct ocn_strings images;
    struct ocn_pairs annotations;
};

struct ocn_policy_match {
    struct ocn_policy_when when;
    json_t *policy; /* the overlay, bound by config/ once it applies */
};

struct ocn_policy {
    uint32_t version;
    const char *profile;    /* by name, once it is known which */
    struct ocn_list detect; /* struct ocn_clue (detect.h): what a profile is known by */
    enum ocn_on_error on_error;
    enum ocn_level level[OCN_RULE_COUNT];
    struct ocn_policy_user user;
    struct ocn_policy_env env;
    struct ocn_policy_exempt exempt;
    struct ocn_list match; /* struct ocn_policy_match */
    struct {
        enum ocn_apply apply;
    } hook;
    struct {
        struct ocn_strings allow; /* where user.volumes may map: patterns (policy/places.h) */
    } volumes;
    struct ocn_policy_admission admission;
    struct ocn_strings runtimes;
};
