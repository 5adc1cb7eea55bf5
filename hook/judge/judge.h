/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From files to an outcome: the one way in which every mode asks the core. What others wrote is
 * parsed in a confined child; its answer is checked before anybody sees it.
 */
#pragma once

#include "hook/confine/child.h"
#include "hook/judge/subject.h"
#include "hook/mounts/grant.h"
#include "hook/policy/world.h"
#include "normalize/normalize.h"

struct ocn_node_policy;

/*
 * Seeds the JSON library's hash tables from the random bytes that the kernel gave this process:
 * unpredictable for whoever wrote the keys, without opening /dev/urandom. Once, first in main().
 */
void ocn_judge_seed(void);

/* One judged container; zero-initialise, release with ocn_judge_done(). */
struct ocn_judgement {
    struct ocn_policy policy; /* the container's own, once it is known which; the base until then */
    struct ocn_outcome *outcome;
    struct ocn_container *container; /* of a subject that is `unedited`, where there are
                                        edits: only the members that hook/judge/answer.h names */
    struct ocn_grants grants;        /* what of its mounts may be mapped, if somebody asked */
    struct ocn_config *config;       /* what policy borrows from, if not from the node's */
    struct ocn_arena arena;          /* and its lists */
    struct ocn_child child;          /* prepared; or of a subject that `lingers`, not reaped yet */
    bool has_child;
};

void ocn_judge_done(struct ocn_judgement *judgement);

/*
 * For whoever knows that there will be something to judge, and not yet what: the confined child is
 * born, and gives up its power, while the caller reads the policy. It sees nothing of what this
 * process opens from here on. What is in the way, ocn_judge_container() tells.
 */
void ocn_judge_prepare(struct ocn_judgement *judgement);

/* Reaps the child, if there still is one; before the process becomes another program. */
void ocn_judge_reap(struct ocn_judgement *judgement);

/*
 * Judges a container. On failure @ret holds what was reached; release it all the same. A child that
 * crashed, was stopped, took too long or answered what it may not is such a failure.
 */
OCN_MUST_USE int ocn_judge_container(const struct ocn_world *world,
                                     const struct ocn_node_policy *policy,
                                     const struct ocn_subject *subject, struct ocn_judgement *ret,
                                     struct ocn_error *err);
