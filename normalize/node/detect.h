/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which platform a container runs on: profiles are data (config/profiles), each with the clues by
 * which it is known. No network is asked; the node's own files count more than what an image or a
 * pod may have put into its environment.
 */
#pragma once

#include "normalize/json/bind.h"
#include "normalize/view.h"

/* How much the clues of a profile must weigh together, for it to be more than a guess. */
#define OCN_DETECT_ENOUGH 50

#define OCN_MAX_CLUES 64
#define OCN_MAX_CLUE_WEIGHT 1000

/* Of a file of the node. More than DMI strings, os-release and one CPU of /proc/cpuinfo take. */
#define OCN_CLUE_WINDOW 4096

/* The profile that holds where none is known; there is no file of this name. */
#define OCN_PROFILE_UNKNOWN "unknown"

/* One piece of evidence, if it is there; of @file and @env one is NULL. */
struct ocn_clue {
    const char *file;   /* an absolute path on the node */
    const char *env;    /* a variable of the container's process */
    const char *key;    /* of a file with lines "KEY=VALUE" or "KEY : VALUE"; NULL: all of it */
    const char *is;     /* a glob (fnmatch) for the value; NULL: being there is enough */
    const char *is_not; /* the value is there, and this glob does not match it; or NULL */
    uint32_t weight;
};

/* Clues of the same weight are alternatives: together they weigh as much as one of them. */
struct ocn_profile {
    const char *name;
    const struct ocn_clue *clues; /* OCN_MAX_CLUES at most */
    size_t clues_len;
    const char *origin;    /* where @text was read; NULL: it is built in */
    struct ocn_bytes text; /* the policy's layer, for whoever applies it */
};

/* What of a profile the node itself shows. */
struct ocn_score {
    uint64_t found; /* a bit for each clue */
    bool out;       /* another profile is ahead, whatever a container's environment says */
};

/* A clue that was found, with the value that was, as it was; from the arena. */
struct ocn_evidence {
    const struct ocn_profile *profile;
    const struct ocn_clue *clue;
    const char *value;
};

struct ocn_evidences {
    struct ocn_evidence *items;
    size_t len;
};

/*
 * Weighs the clues that lie in the node's files, into @scores (one for each profile). A profile is
 * looked at only as long as it can still win, unless somebody wants the @evidence (may be NULL).
 * A file that cannot be read is no clue, and no error: without DMI and cloud files a node is
 * unknown. Fails only when memory is out.
 */
OCN_MUST_USE int ocn_detect_node(const struct ocn_profile *profiles, size_t count,
                                 const struct ocn_view *view, struct ocn_arena *arena,
                                 struct ocn_score *scores, struct ocn_evidences *evidence,
                                 struct ocn_error *err);

/*
 * The profile that wins once the container's environment is weighed, too; NULL: unknown. @env may
 * be NULL: the node alone. Of profiles that weigh the same the first wins.
 */
const struct ocn_profile *ocn_detect_choose(const struct ocn_profile *profiles, size_t count,
                                            const struct ocn_score *scores,
                                            const struct ocn_strings *env);

/* The clues of @profile that the container's environment has, a bit for each. */
uint64_t ocn_detect_env(const struct ocn_profile *profile, const struct ocn_strings *env);

/* What the clues @found of @profile weigh. */
uint32_t ocn_detect_weight(const struct ocn_profile *profile, uint64_t found);
