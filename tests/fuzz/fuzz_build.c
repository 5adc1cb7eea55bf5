/* SPDX-License-Identifier: Apache-2.0 */
/* A tree that is built without the library is the one that the library would have made. */
#include <string.h>

#include "normalize/json/build.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct ocn_bytes text = ocn_fuzz_bytes(data, size);
    json_auto_t *ours = ocn_json_build(text);

    const size_t flags = JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL | JSON_REJECT_DUPLICATES;

    if (ours != NULL) {
        json_auto_t *theirs = json_loadb(text.ptr, text.len, flags, NULL);
        ocn_fuzz_require(json_equal(ours, theirs));
    }
    return 0;
}
