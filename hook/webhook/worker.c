/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/webhook/worker.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "hook/confine/confine.h"
#include "hook/confine/seccomp_filter.h"
#include "hook/judge/judge.h"
#include "hook/sys/io.h"
#include "hook/webhook/policy_text.h"
#include "hook/webhook/review.h"

/*
 * Of CPU for all that it will ever do: the parent counts the time of each request and replaces a
 * worker long before this.
 */
#define CPU_SECONDS 3600
#define MEMORY ((size_t)256 << 20) /* 8 MiB of JSON, 20 times */

/* ---- the socket -------------------------------------------------------------------------- */

/* 0: it is closed. */
static int receive(void *bytes, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t got = recv(OCN_CHILD_FD, (char *)bytes + done, len - done, 0);
        if (got == 0 || (got < 0 && errno != EINTR)) {
            return 0;
        }
        done += got > 0 ? (size_t)got : 0;
    }
    return 1;
}

static int send_all(struct ocn_bytes bytes)
{
    for (size_t done = 0; done < bytes.len;) {
        ssize_t sent = send(OCN_CHILD_FD, bytes.ptr + done, bytes.len - done, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) {
            return -1;
        }
        done += sent > 0 ? (size_t)sent : 0;
    }
    return 0;
}

static int send_answer(const struct ocn_review *review)
{
    struct ocn_bytes body = ocn_buf_bytes(&review->body);
    struct ocn_bytes note = ocn_buf_bytes(&review->note);

    note.len = note.len < OCN_REVIEW_MAX_NOTE ? note.len : OCN_REVIEW_MAX_NOTE;
    const struct ocn_worker_answer answer = { review->status, review->verdict, (uint32_t)body.len,
                                              (uint32_t)note.len };
    const struct ocn_bytes head = { (const char *)&answer, sizeof(answer) };

    return body.len > OCN_WORKER_MAX_ANSWER || send_all(head) < 0 || send_all(body) < 0
               ? -1
               : send_all(note);
}

/* ---- the work ---------------------------------------------------------------------------- */

static int send_error(const struct ocn_error *err)
{
    OCN_CLEANUP(ocn_review_done)
    struct ocn_review review = { .status = 500, .verdict = OCN_REVIEW_FAILED };

    ocn_buf_printf(&review.body, "%s%s%s\n", err->where, err->where[0] != '\0' ? ": " : "",
                   err->msg);
    return send_answer(&review);
}

static int load(struct ocn_bytes text, struct ocn_config **config)
{
    OCN_CLEANUP(ocn_review_done) struct ocn_review review = { .status = 200 };
    struct ocn_error err = { 0 };

    ocn_config_free(*config);
    *config = NULL;
    return ocn_policy_text_load(text, config, &err) < 0 || ocn_review_check(*config, &err) < 0
               ? send_error(&err)
               : send_answer(&review);
}

static int answer(const struct ocn_config *config, enum ocn_review_kind kind, struct ocn_bytes body)
{
    OCN_CLEANUP(ocn_review_done) struct ocn_review review = { 0 };
    struct ocn_error err = { 0 };

    if (config == NULL) {
        (void)ocn_fail(&err, OCN_E_USAGE, NULL, "there is no policy yet");
        return send_error(&err);
    }
    return ocn_review_answer(config, kind, body, &review, &err) < 0 ? send_error(&err)
                                                                    : send_answer(&review);
}

/* 0: go on. */
static int serve(struct ocn_config **config)
{
    struct ocn_worker_question question;
    OCN_CLEANUP(ocn_freep) char *text = NULL;

    if (!receive(&question, sizeof(question))) {
        return -1;
    }
    size_t most = question.order == OCN_WORKER_POLICY ? OCN_POLICY_TEXT_MAX : OCN_REVIEW_MAX_BODY;
    text = question.len <= most ? malloc((size_t)question.len + 1) : NULL;
    if (text == NULL || !receive(text, question.len)) {
        return -1;
    }
    const struct ocn_bytes bytes = { text, question.len };
    switch (question.order) {
    case OCN_WORKER_POLICY:
        return load(bytes, config);
    case OCN_WORKER_VALIDATE:
        return answer(*config, OCN_REVIEW_VALIDATE, bytes);
    case OCN_WORKER_MUTATE:
        return answer(*config, OCN_REVIEW_MUTATE, bytes);
    default:
        return -1;
    }
}

/* Nothing is opened, and nothing could be. */
static int confine(struct ocn_error *err)
{
    static const struct ocn_confine_limits limits = { CPU_SECONDS, MEMORY };
    struct ocn_confinement confinement;
    int rules = -1;

    return ocn_confine_within(&limits, &confinement, err) < 0 ||
                   ocn_confine_reads_begin(&confinement, &rules, err) < 0
               ? -1
               : ocn_confine_reads_end(&rules, err);
}

int ocn_worker_main(void)
{
    OCN_CLEANUP(ocn_config_freep) struct ocn_config *config = NULL;
    struct ocn_error err = { 0 };

    (void)prctl(PR_SET_NAME, (unsigned long)"ocinorm-worker", 0L, 0L, 0L);
    (void)signal(SIGINT, SIG_IGN); /* of a terminal, to all of us: the parent says when to end */
    ocn_judge_seed();
    if (confine(&err) < 0) {
        (void)send_error(&err);
        return EXIT_FAILURE;
    }
    while (serve(&config) == 0) {
    }
    return EXIT_SUCCESS;
}
