/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From files to an outcome: the one way in which every mouth asks the core. What others wrote is
 * parsed in a confined child; its answer is checked before anybody sees it.
 */
#pragma once

#include "normalize/normalize.h"

struct ocn_node_policy;

/* Where the world is. Zero-initialised members mean the node itself. */
struct ocn_world {
    const char *root;   /* --root DIR: the tree in which HOST paths are looked up; NULL: "/" */
    const char *config; /* --config FILE or OCINORM_CONFIG; NULL: /etc/ocinorm/config.json */
    bool all_facts;     /* as in struct ocn_view */
};

/*
 * Seeds the JSON library's hash tables from the random bytes that the kernel gave this process:
 * unpredictable for whoever wrote the keys, without opening /dev/urandom. Once, first in main().
 */
void ocn_judge_seed(void);

/* One judged container; zero-initialise, release with ocn_judgement_done(). */
struct ocn_judgement {
    struct ocn_policy policy; /* the base; on_error and hook are the container's own */
    struct ocn_outcome *outcome;
    struct ocn_container *container; /* only the members that hook/answer.h names */
};

void ocn_judgement_done(struct ocn_judgement *judgement);

/*
 * Judges config.json text @config of the bundle at @bundle (a directory; root.path is relative to
 * it). @id is the container's, NULL where nobody knows it. On failure @ret holds what was reached;
 * release it all the same. A child that crashed, was stopped, took too long or answered what it may
 * not is such a failure.
 */
OCN_MUST_USE int ocn_judge_create(const struct ocn_world *world,
                                  const struct ocn_node_policy *policy, const char *bundle,
                                  const char *id, struct ocn_bytes config,
                                  struct ocn_judgement *ret, struct ocn_error *err);

/* Judges process.json text @process that joins the container of that bundle. */
OCN_MUST_USE int ocn_judge_exec(const struct ocn_world *world, const struct ocn_node_policy *policy,
                                const char *bundle, struct ocn_bytes config,
                                struct ocn_bytes process, struct ocn_judgement *ret,
                                struct ocn_error *err);
