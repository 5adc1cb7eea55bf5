/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/judge/judge.h"

#include <string.h>
#include <sys/auxv.h>

#include "hook/confine/child.h"
#include "hook/judge/answer.h"
#include "hook/judge/confined.h"
#include "hook/judge/edits.h"
#include "hook/judge/question.h"
#include "hook/sys/prefault.h"
#include "hook/view/try_32bit.h"

/* Pages that a decision takes. */
#define HEAP_PAGES 8
#define STACK_PAGES 3

/* Of one child; more is an attack. */
#define MAX_MESSAGES 64

void ocn_judge_seed(void)
{
    const unsigned char *random = (const unsigned char *)getauxval(AT_RANDOM);
    size_t seed = 1; /* 0 would make the library look for a seed itself */

    if (random != NULL) {
        /* The second half of the 16 bytes; libc makes its stack canary of the first. */
        memcpy(&seed, random + 8, sizeof(seed));
    }
    json_object_seed(seed | 1);
}

void ocn_judge_reap(struct ocn_judgement *judgement)
{
    if (judgement->has_child) {
        ocn_child_end(&judgement->child);
    }
    judgement->has_child = false;
}

void ocn_judge_done(struct ocn_judgement *judgement)
{
    ocn_judge_reap(judgement);
    ocn_outcome_free(judgement->outcome);
    ocn_container_free(judgement->container);
    ocn_config_free(judgement->config);
    ocn_arena_done(&judgement->arena);
    *judgement = (struct ocn_judgement){ 0 };
}

/* ---- what the child says ------------------------------------------------------------------ */

static int fail_garbage(struct ocn_error *err)
{
    return ocn_fail(err, OCN_E_FORMAT, NULL, "malformed message from the confined parser");
}

/* Whether the child has told which policy holds. */
static bool has_policy(const struct ocn_judgement *judgement)
{
    return judgement->arena.head != NULL;
}

static int take_answer(const struct ocn_question *question, struct ocn_bytes bytes,
                       struct ocn_judgement *ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_answer_done) struct ocn_answer answer = { 0 };
    bool exec = question->subject.event == OCN_ON_EXEC;
    const struct ocn_edits_bounds bounds = { .policy = &ret->policy,
                                             .event = question->subject.event,
                                             .text = exec ? question->subject.process
                                                          : question->subject.config,
                                             .joined = question->subject.config,
                                             .grants = &ret->grants };

    if (ocn_answer_read(bytes, &answer, err) < 0) {
        return -1;
    }
    if (answer.outcome == NULL) {
        if (err != NULL) {
            *err = answer.error;
        }
        return -1;
    }
    if (!has_policy(ret)) {
        return fail_garbage(err);
    }
    if (ocn_edits_check(&bounds, answer.outcome, err) < 0) {
        return -1;
    }
    if (question->subject.unedited && answer.outcome->edits_len != 0) {
        if (ocn_edits_check_container(&bounds, answer.container, err) < 0) {
            return -1;
        }
        ret->container = answer.container;
        answer.container = NULL;
    }
    ret->outcome = answer.outcome;
    answer.outcome = NULL;
    return 0;
}

/* Once: a second choice could only be an attacker's. */
static int take_policy(const struct ocn_question *question, struct ocn_bytes bytes,
                       struct ocn_judgement *ret, struct ocn_error *err)
{
    const struct ocn_node_policy *node = question->policy;
    struct ocn_u32s held = { .len = bytes.len / sizeof(uint32_t) };
    uint32_t profile;

    if (held.len-- == 0 || bytes.len % sizeof(uint32_t) != 0 || has_policy(ret)) {
        return fail_garbage(err);
    }
    held.items = ocn_arena_alloc(&ret->arena, bytes.len);
    if (held.items == NULL) {
        return ocn_fail_nomem(err);
    }
    memcpy(&profile, bytes.ptr, sizeof(profile));
    memcpy(held.items, bytes.ptr + sizeof(profile), held.len * sizeof(*held.items));
    if (ocn_node_policy_under(node, profile, &ret->config, err) < 0) {
        return -1;
    }
    return ocn_config_overlay(ret->config != NULL ? ret->config : node->config, &held, &ret->arena,
                              &ret->policy, err);
}

static int tell_namespace(const struct ocn_child *child, struct ocn_bytes path,
                          struct ocn_error *err)
{
    char text[OCN_NAMESPACES_PATH_SIZE] = "";

    if (path.len >= sizeof(text)) {
        return fail_garbage(err);
    }
    memcpy(text, path.ptr, path.len);
    if (strlen(text) != path.len || !ocn_namespaces_has_form(text)) {
        return fail_garbage(err);
    }
    const struct ocn_namespace reply = ocn_namespaces_look_at(text);
    ocn_child_reply(child, &reply, sizeof(reply));
    return 0;
}

static int tell_32bit(const struct ocn_child *child)
{
    const enum ocn_runs reply = ocn_try_32bit(child->left);

    ocn_child_reply(child, &reply, sizeof(reply));
    return 0;
}

/* Once, of a container that is created: what is granted bounds what the child may propose. */
static int tell_mapping(const struct ocn_question *question, const struct ocn_child *child,
                        struct ocn_bytes bytes, struct ocn_judgement *ret, struct ocn_error *err)
{
    const struct ocn_subject *subject = &question->subject;
    const struct ocn_grant_site site = { .policy = &ret->policy,
                                         .config = subject->config,
                                         .bundle = subject->bundle,
                                         .runtime = subject->follower != NULL ? subject->follower
                                                                              : subject->runtime,
                                         .by_us = subject->unedited };
    struct ocn_mapping_answer answers[OCN_GRANTS_MAX] = { { .mapping = OCN_MAPPING_YES } };
    uint32_t mounts[OCN_GRANTS_MAX];
    const size_t len = bytes.len / sizeof(*mounts);

    if (bytes.len == 0 || bytes.len % sizeof(*mounts) != 0 || len > OCN_GRANTS_MAX ||
        ret->grants.asked || !has_policy(ret) || subject->event != OCN_ON_CREATE ||
        ret->policy.level[OCN_RULE_USER_VOLUMES] != OCN_LEVEL_EDIT) {
        return fail_garbage(err);
    }
    memcpy(mounts, bytes.ptr, bytes.len);
    if (ocn_grant_look(&site, mounts, len, answers, &ret->arena, &ret->grants, err) < 0) {
        return -1;
    }
    ocn_child_reply(child, answers, len * sizeof(*answers));
    return 0;
}

static int converse(const struct ocn_question *question, struct ocn_child *child,
                    struct ocn_judgement *ret, struct ocn_error *err)
{
    for (int i = 0; i < MAX_MESSAGES; i++) {
        OCN_CLEANUP(ocn_buf_done) struct ocn_buf bytes = { 0 };
        uint32_t kind = 0;
        if (ocn_child_receive(child, &kind, &bytes, err) < 0) {
            return -1;
        }
        int status = 0;
        switch (kind) {
        case OCN_SAYS_ANSWER:
            return take_answer(question, ocn_buf_bytes(&bytes), ret, err);
        case OCN_SAYS_POLICY:
            status = take_policy(question, ocn_buf_bytes(&bytes), ret, err);
            break;
        case OCN_ASKS_FOR_NAMESPACE:
            status = tell_namespace(child, ocn_buf_bytes(&bytes), err);
            break;
        case OCN_ASKS_FOR_32BIT:
            status = tell_32bit(child);
            break;
        case OCN_ASKS_FOR_MAPPING:
            status = tell_mapping(question, child, ocn_buf_bytes(&bytes), ret, err);
            break;
        default:
            return fail_garbage(err);
        }
        if (status < 0) {
            return -1;
        }
    }
    return fail_garbage(err);
}

/* ---- the child ---------------------------------------------------------------------------- */

/* Asks the child, and goes by what it says. */
static int ask(struct ocn_question *question, struct ocn_child *child, struct ocn_judgement *ret,
               struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf head = { 0 };

    ocn_namespaces_see(&question->seen, question->subject.config);
    if (ocn_question_write(question, &head, err) < 0) {
        return -1;
    }
    const struct ocn_bytes pieces[] = { ocn_buf_bytes(&head), question->subject.config,
                                        question->subject.process };
    if (ocn_child_tell(child, pieces, OCN_COUNT(pieces), err) < 0) {
        return -1;
    }
    return converse(question, child, ret, err);
}

/* The child that waits for a question, or a new one. */
static int take_child(struct ocn_judgement *judgement, struct ocn_child *ret, struct ocn_error *err)
{
    if (!judgement->has_child) {
        return ocn_child_start(ret, ocn_confined_run, NULL, err);
    }
    *ret = judgement->child;
    judgement->has_child = false;
    return 0;
}

static void keep_child(struct ocn_judgement *judgement, struct ocn_child *child)
{
    judgement->child = *child;
    judgement->has_child = true;
    *child = (struct ocn_child){ .pid = -1, .fd = -1 };
}

void ocn_judge_prepare(struct ocn_judgement *judgement)
{
    struct ocn_child child;

    if (ocn_child_start(&child, ocn_confined_run, NULL, NULL) == 0) {
        keep_child(judgement, &child);
    }
    ocn_prefault(HEAP_PAGES, STACK_PAGES);
}

int ocn_judge_container(const struct ocn_world *world, const struct ocn_node_policy *policy,
                        const struct ocn_subject *subject, struct ocn_judgement *ret,
                        struct ocn_error *err)
{
    OCN_CLEANUP(ocn_child_end) struct ocn_child child = { .pid = -1, .fd = -1 };
    struct ocn_node_policy node = *policy;
    struct ocn_question question = { .world = *world, .subject = *subject, .policy = &node };

    ret->policy = *ocn_config_base(policy->config);
    if (take_child(ret, &child, err) < 0 || ask(&question, &child, ret, err) < 0) {
        return -1;
    }
    if (subject->lingers) {
        keep_child(ret, &child);
    }
    return 0;
}
