/* SPDX-License-Identifier: Apache-2.0 */
/* What normalising decided, as plain data: it can be printed, refused, or applied. */
#pragma once

#include "normalize/base/arena.h"
#include "normalize/outcome/edit.h"
#include "normalize/policy/policy.h"

struct ocn_finding {
    enum ocn_rule_id rule;
    enum ocn_level level; /* OCN_LEVEL_WARN or OCN_LEVEL_DENY */
    const char *message;  /* the reason, as a sentence without full stop */
    const char *hint;     /* what to do about it */
};

/* A variable that a rule considered and did not set. */
struct ocn_kept {
    enum ocn_rule_id rule;
    const char *name;
    const char *value; /* that the container gave it, cut; NULL: none, or it is not to be shown */
    const char *why;
};

enum ocn_entry_kind {
    OCN_ENTRY_UNKNOWN, /* not looked at, or it cannot be seen from here */
    OCN_ENTRY_MISSING,
    OCN_ENTRY_ELF,
    OCN_ENTRY_SCRIPT,
    OCN_ENTRY_OTHER, /* neither an ELF file nor a script */
};

/* The build info of a Go program; nothing in it is a secret, and all of it is printable. */
struct ocn_go_facts {
    const char *version;
    const char *module;        /* NULL: built outside a module */
    const char *build_id;      /* NULL: it has none */
    struct ocn_pairs settings; /* only those of an allow-list */
};

/* A bind mount of a directory or file, for whoever shows it; all of it is printable. */
struct ocn_volume_facts {
    const char *destination; /* in the container */
    const char *source;      /* on the node */
    const char *owner;       /* "UID:GID" on the disk */
    const char *mode;        /* four octal digits */
    const char *shown;       /* "UID:GID" in the container */
    bool mapped;             /* it is idmapped */
};

struct ocn_facts {
    struct {
        const char *os;
        const char *arch;    /* GOARCH name, NULL if the machine has none */
        const char *variant; /* of the CPU, NULL if it is not known or nobody asked */
        uint32_t cpus;
    } host;
    struct {
        const char *path; /* in the container, NULL if there is none */
        const char *real; /* the same byte for byte: to open, never to print */
        uint64_t dev;     /* of that file: the one that was judged is the one to start */
        uint64_t ino;
        const char *doubt; /* why nobody knows which file it is, or NULL */
        enum ocn_entry_kind kind;
        const char *arch;        /* of the ELF file that the kernel would load */
        const char *variant;     /* that it needs, NULL if it does not say */
        const char *interpreter; /* of a script, NULL otherwise */
        const char *program;     /* what a launcher (tini, env ...) starts in the end, or NULL */
        const struct ocn_go_facts *go; /* of that program; NULL: none, or not asked for */
    } entry;
    /* As its engine names it (identity.h); NULL: not told, or not asked for but .engine. */
    struct {
        const char *engine;
        const char *namespace_;
        const char *pod;
        const char *name; /* in the pod, or as the engine lists it */
        bool has_user;    /* that config.json asks for; false: it cannot be read */
        uint32_t uid;
        uint32_t gid;
    } who;
    struct ocn_list volumes; /* struct ocn_volume_facts, where a lowered user meets them */
    double cpu_limit;        /* CPUs; 0: none */
    double memory_limit;     /* bytes; 0: none */
};

enum ocn_verdict { OCN_ALLOW, OCN_DENY };

struct ocn_outcome {
    enum ocn_verdict verdict;
    const char *exempt; /* the reason, or NULL */
    const char *profile;
    struct ocn_facts facts;
    struct ocn_edit *edits;
    size_t edits_len;
    struct ocn_finding *findings;
    size_t findings_len;
    struct ocn_kept *kept; /* only for whoever shows the facts (ocn_view.all_facts) */
    size_t kept_len;
    struct ocn_arena arena; /* owns every string above but literals */
};

/* Accepts NULL. */
void ocn_outcome_free(struct ocn_outcome *outcome);
void ocn_outcome_freep(struct ocn_outcome **outcome);

/* The first finding at level deny, or NULL. */
const struct ocn_finding *ocn_outcome_denial(const struct ocn_outcome *outcome);

/*
 * For a mode that cannot edit: every pending edit becomes a finding, at the rule's level, where
 * `edit` counts as `deny`, or `warn` for an optional one; the edits are gone.
 */
OCN_MUST_USE int ocn_outcome_verify_only(struct ocn_outcome *outcome, struct ocn_error *err);
