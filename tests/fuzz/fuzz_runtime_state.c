/* SPDX-License-Identifier: Apache-2.0 */
/* The files in which runc and crun remember a container. */
#include "hook/running/runtime_state.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    struct ocn_error err = { 0 };
    struct ocn_runtime_state state = { 0 };

    if (ocn_runtime_state_read(ocn_fuzz_bytes(data, size), "state.json", &arena, &state, &err) <
        0) {
        ocn_fuzz_require(err.code != OCN_OK && err.msg[0] != '\0' && state.bundle == NULL);
        return 0;
    }
    ocn_fuzz_require(state.bundle[0] == '/');
    return 0;
}
