/* SPDX-License-Identifier: Apache-2.0 */
/* The state that a runtime hands to the hook. */
#include "hook/ocihook/state.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    const char *cwd = size % 2 == 0 ? "/bundle" : NULL;
    struct ocn_state state = { 0 };
    struct ocn_error err = { 0 };

    if (ocn_state_read(ocn_fuzz_bytes(data, size), cwd, &arena, &state, &err) < 0) {
        ocn_fuzz_require(err.code != OCN_OK && err.msg[0] != '\0' && state.bundle == NULL);
        return 0;
    }
    ocn_fuzz_require(state.bundle[0] == '/');
    ocn_fuzz_require(state.pid < 1 << 22);
    return 0;
}
