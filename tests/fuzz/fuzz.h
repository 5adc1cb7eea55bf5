/* SPDX-License-Identifier: Apache-2.0 */
/* What the fuzz targets share; a target is one file with one LLVMFuzzerTestOneInput(). */
#pragma once

#include "config/config.h"
#include "normalize/normalize.h"

/* libFuzzer's doors; without it tests/fuzz/replay.c is who calls. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process where a promise is broken, so that the fuzzer keeps the input. */
#define ocn_fuzz_require(promise) ocn_fuzz_check(promise, #promise, __FILE__, __LINE__)
void ocn_fuzz_check(int holds, const char *promise, const char *file, int line);

static inline struct ocn_bytes ocn_fuzz_bytes(const uint8_t *data, size_t size)
{
    return (struct ocn_bytes){ size != 0 ? (const char *)data : "", size };
}

/* One container judged in a fixed world; zero-initialise, release with ocn_fuzz_trial_done(). */
struct ocn_fuzz_trial {
    const struct ocn_container *container; /* borrowed */
    const struct ocn_container *joined;    /* borrowed; exec only */
    struct ocn_bytes text;                 /* of the container, or with exec of the process */
    struct ocn_bytes joined_text;          /* exec only */
    struct ocn_bytes app;                  /* what /app of the world holds; none: an ELF file */
    struct ocn_policy policy;
    struct ocn_outcome *outcome;
    struct ocn_arena arena;
};

void ocn_fuzz_trial_done(struct ocn_fuzz_trial *trial);

/* Judges trial->container by a policy that changes all it can. */
OCN_MUST_USE int ocn_fuzz_judge(struct ocn_fuzz_trial *trial, struct ocn_error *err);

/* @text with the edits of @trial; that edits fit the text that they were made for is required. */
void ocn_fuzz_splice(const struct ocn_fuzz_trial *trial, struct ocn_bytes text, const char *root,
                     struct ocn_buf *out);

/*
 * Appends to @out what the confined child would answer (hook/judge/answer.h). That the parent
 * accepts it, whatever the container was, is required.
 */
void ocn_fuzz_answer(const struct ocn_fuzz_trial *trial, struct ocn_buf *out);
