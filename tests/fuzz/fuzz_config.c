/* SPDX-License-Identifier: Apache-2.0 */
/* config.json: read, judged, edited; what came of it is read again and needs nothing more. */
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OCN_CLEANUP(ocn_container_freep) struct ocn_container *before = NULL;
    OCN_CLEANUP(ocn_container_freep) struct ocn_container *edited = NULL;
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf answer = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf after = { 0 };
    OCN_CLEANUP(ocn_fuzz_trial_done) struct ocn_fuzz_trial first = { 0 };
    OCN_CLEANUP(ocn_fuzz_trial_done) struct ocn_fuzz_trial second = { 0 };
    const struct ocn_bytes config = ocn_fuzz_bytes(data, size);
    struct ocn_error err = { 0 };

    int result = ocn_container_parse(config, &before, &err);
    first.container = before;
    first.text = config;
    if (result < 0 || ocn_fuzz_judge(&first, &err) < 0) {
        ocn_fuzz_require(err.code != OCN_OK && err.msg[0] != '\0');
        return 0;
    }
    ocn_fuzz_answer(&first, &answer);
    ocn_fuzz_splice(&first, config, "", &after);
    ocn_fuzz_require(ocn_container_parse(ocn_buf_bytes(&after), &edited, &err) == 0);
    second.container = edited;
    if (first.outcome->verdict == OCN_ALLOW) {
        ocn_fuzz_require(ocn_fuzz_judge(&second, &err) == 0);
        ocn_fuzz_require(second.outcome->edits_len == 0);
    }
    return 0;
}
