/* SPDX-License-Identifier: Apache-2.0 */
/* The confined child: reads what others wrote, and says what is to become of the container. */
#pragma once

/* What it says. */
enum ocn_confined_message {
    OCN_SAYS_ANSWER = 1, /* hook/judge/answer.h; the last one */
    OCN_SAYS_POLICY,     /* numbers: a profile and rows of match; once, before the image is read */
    OCN_ASKS_FOR_NAMESPACE, /* a path; the reply is a struct ocn_namespace */
    OCN_ASKS_FOR_32BIT,     /* nothing; the reply is an enum ocn_runs: whether they run is tried */
    OCN_ASKS_FOR_MAPPING,   /* numbers of mounts, once; the reply: as many ocn_mapping_answer */
};

/*
 * Everything that the child does, for ocn_child_start(): it gives up its power, hears the question
 * (hook/judge/question.h), and answers. @ctx is not looked at.
 */
int ocn_confined_run(void *ctx);
