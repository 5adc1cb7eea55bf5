/* SPDX-License-Identifier: Apache-2.0 */
/* An image's shell script: it is read to its end, and what is found lies within it. */
#include <string.h>

#include "normalize/program/shell.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    const struct ocn_bytes text = ocn_fuzz_bytes(data, size);
    struct ocn_shell_call call = { 0 };
    struct ocn_error err = { 0 };
    size_t lines = 1;

    for (size_t i = 0; i < text.len; i++) {
        lines += text.ptr[i] == '\n' ? 1 : 0;
    }
    ocn_fuzz_require(ocn_shell_find_step(text, &arena, &call, &err) == 0);
    ocn_fuzz_require(call.line <= lines && (call.line != 0) == (call.words != NULL));
    ocn_fuzz_require(call.words == NULL || strlen(call.words) <= 2 * 64 + 1);
    return 0;
}
