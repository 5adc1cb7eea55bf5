/* SPDX-License-Identifier: Apache-2.0 */
/* process.json of an exec into a container that was normalised, as fuzz_config does config.json. */
#include "tests/fuzz/fuzz.h"

static const char joined[] =
    "{\"process\":{\"user\":{\"uid\":1001,\"gid\":1001,\"additionalGids\":[2000]},"
    "\"args\":[\"/app\"],\"env\":[\"PATH=/bin\",\"HOME=/\",\"GOMAXPROCS=2\",\"A=\\\"\","
    "\"b-c=1\",\"1=1\",\"NL=\\n\"],"
    "\"cwd\":\"/\",\"noNewPrivileges\":true},\"root\":{\"path\":\"rootfs\"},"
    "\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"}]},"
    "\"annotations\":{\"io.ocinorm.original-user\":\"0:0\","
    "\"io.ocinorm.added-env\":\"HOME,GOMAXPROCS,A,,b-c,1,NL,ABSENT\"}}";

static struct ocn_container *read_joined(void)
{
    const struct ocn_bytes config = { joined, sizeof(joined) - 1 };
    struct ocn_container *container = NULL;
    struct ocn_error err = { 0 };

    ocn_fuzz_require(ocn_container_parse(config, &container, &err) == 0);
    return container;
}

/* *container is the joined one with this process. */
static int join(struct ocn_bytes process, struct ocn_container **container,
                struct ocn_fuzz_trial *trial, struct ocn_error *err)
{
    static struct ocn_container *running; /* read once */

    running = running != NULL ? running : read_joined();
    int result = ocn_container_join(running, process, container, err);
    trial->joined = running;
    trial->container = *container;
    trial->text = process;
    trial->joined_text = (struct ocn_bytes){ joined, sizeof(joined) - 1 };
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OCN_CLEANUP(ocn_container_freep) struct ocn_container *before = NULL;
    OCN_CLEANUP(ocn_container_freep) struct ocn_container *edited = NULL;
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf answer = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf after = { 0 };
    OCN_CLEANUP(ocn_fuzz_trial_done) struct ocn_fuzz_trial first = { 0 };
    OCN_CLEANUP(ocn_fuzz_trial_done) struct ocn_fuzz_trial second = { 0 };
    const struct ocn_bytes process = ocn_fuzz_bytes(data, size);
    struct ocn_error err = { 0 };

    if (join(process, &before, &first, &err) < 0 || ocn_fuzz_judge(&first, &err) < 0) {
        ocn_fuzz_require(err.code != OCN_OK && err.msg[0] != '\0');
        return 0;
    }
    ocn_fuzz_answer(&first, &answer);
    ocn_fuzz_splice(&first, process, "/process", &after);
    ocn_fuzz_require(join(ocn_buf_bytes(&after), &edited, &second, &err) == 0);
    if (first.outcome->verdict == OCN_ALLOW) {
        ocn_fuzz_require(ocn_fuzz_judge(&second, &err) == 0);
        ocn_fuzz_require(second.outcome->edits_len == 0);
    }
    return 0;
}
