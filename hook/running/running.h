/* SPDX-License-Identifier: Apache-2.0 */
/* The containers that run on a node, each with what the policy would make of it. */
#pragma once

#include "hook/judge/judge.h"

/* All text is printable. */
struct ocn_running {
    const char *engine; /* "containerd", "cri-o", "docker", "podman"; else the low-level runtime */
    const char *namespace_; /* NULL: none */
    const char *name;       /* POD/CONTAINER, or as the engine lists it; NULL: it has only an id */
    const char *id;
    const char *bundle; /* NULL: not known */
    uint32_t pid;       /* 0: not known */
    bool has_user;      /* the user that its first process has now */
    uint32_t uid;
    uint32_t gid;
    const char *problem; /* why nothing was judged; NULL: judgement.outcome is there */
    struct ocn_judgement judgement;
};

/* Zero-initialise; release with ocn_running_done(). */
struct ocn_runnings {
    struct ocn_running *items; /* by engine, namespace, name and id */
    size_t len;
    const char **problems; /* a line each: where containers may be that nobody has seen */
    size_t problems_len;
    struct ocn_arena arena;
};

/*
 * Finds and judges them, by the policy of @world. @who: only the one of that id or name, or whose
 * id begins with it (more than one: OCN_E_USAGE, none: OCN_E_NOENT); NULL: all. What cannot be read
 * of one is its problem, and what cannot be listed is one of @ret's.
 */
OCN_MUST_USE int ocn_running_read(const struct ocn_world *world, const char *who,
                                  struct ocn_runnings *ret, struct ocn_error *err);

void ocn_running_done(struct ocn_runnings *runnings);

/* The user that it has now: its process's, else config.json's. false: not known. */
bool ocn_running_user_now(const struct ocn_running *running, uint32_t *ret_uid, uint32_t *ret_gid);

/* The user that it would be started with; false: it would not be started, or nobody can tell. */
bool ocn_running_user_then(const struct ocn_running *running, uint32_t *ret_uid, uint32_t *ret_gid);
