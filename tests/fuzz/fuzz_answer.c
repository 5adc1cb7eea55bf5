/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parent reads from the confined child. Three kinds of input: a config.json, whose judging
 * must come through whole; patches to a true answer; an answer from its first byte on.
 */
#include <string.h>

#include "hook/judge/answer.h"
#include "tests/fuzz/fuzz.h"

static const char config_text[] =
    "{\"process\":{\"user\":{\"uid\":0,\"additionalGids\":[0,7]},\"args\":[\"/bin/arm\"],"
    "\"env\":[\"HOME=/root\"],\"capabilities\":{\"bounding\":[\"CAP_SETUID\"],"
    "\"ambient\":[\"CAP_CHOWN\"]}},\"root\":{\"path\":\"rootfs\"},"
    "\"mounts\":[{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"options\":[\"nosuid\"]}],"
    "\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"}]}}";

/* What is accepted can be told on, and is accepted again. */
static void read_answer(struct ocn_bytes bytes)
{
    OCN_CLEANUP(ocn_answer_done) struct ocn_answer answer = { 0 };
    OCN_CLEANUP(ocn_answer_done) struct ocn_answer again = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf told = { 0 };
    struct ocn_error err = { 0 };

    if (ocn_answer_read(bytes, &answer, &err) < 0) {
        ocn_fuzz_require(err.code != OCN_OK && err.msg[0] != '\0' && answer.outcome == NULL);
        return;
    }
    ocn_fuzz_require(answer.outcome != NULL || answer.error.code != OCN_OK);
    ocn_fuzz_require(ocn_answer_write(&answer, &told, &err) == 0);
    ocn_fuzz_require(ocn_answer_read(ocn_buf_bytes(&told), &again, &err) == 0);
}

/* Appends the answer to a config.json, if it can be judged. */
static void answer_to(struct ocn_bytes config, struct ocn_buf *out)
{
    OCN_CLEANUP(ocn_container_freep) struct ocn_container *container = NULL;
    OCN_CLEANUP(ocn_fuzz_trial_done) struct ocn_fuzz_trial trial = { 0 };
    struct ocn_error err = { 0 };

    if (ocn_container_parse(config, &container, &err) < 0) {
        return;
    }
    trial.container = container;
    trial.text = config;
    if (ocn_fuzz_judge(&trial, &err) == 0) {
        ocn_fuzz_answer(&trial, out);
    }
}

/* Each patch is OFFSET (two bytes), LENGTH (one) and that many bytes; none cut the answer there. */
static void patch(struct ocn_buf *answer, struct ocn_bytes patches)
{
    while (patches.len >= 3 && answer->len != 0) {
        const unsigned char *head = (const unsigned char *)patches.ptr;
        size_t offset = ((size_t)head[0] << 8 | head[1]) % answer->len;
        size_t len = head[2] < patches.len - 3 ? head[2] : patches.len - 3;
        if (len == 0) {
            answer->len = offset;
            return;
        }
        if (len > answer->len - offset) {
            len = answer->len - offset;
        }
        memcpy(answer->ptr + offset, patches.ptr + 3, len);
        patches = (struct ocn_bytes){ patches.ptr + 3 + len, patches.len - 3 - len };
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ocn_buf usual; /* made once */
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf answer = { 0 };
    const struct ocn_bytes input = ocn_fuzz_bytes(data, size);

    if (usual.len == 0) {
        answer_to((struct ocn_bytes){ config_text, sizeof(config_text) - 1 }, &usual);
    }
    if (size != 0 && data[0] == '{') {
        answer_to(input, &answer);
    } else if (size != 0 && data[0] == 'O') { /* as the answer's own first word */
        read_answer(input);
    } else {
        ocn_buf_add(&answer, usual.ptr, usual.len);
        patch(&answer, input);
        read_answer(ocn_buf_bytes(&answer));
    }
    return 0;
}
