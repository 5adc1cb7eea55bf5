/* SPDX-License-Identifier: Apache-2.0 */
/* A text that is bound without a tree of it says what the tree would have said. */
#include "tests/fuzz/fuzz.h"
#include "tests/lib/bind_both.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct ocn_bytes text = ocn_fuzz_bytes(data, size);

    ocn_fuzz_require(ocn_bind_both(text, text, ocn_container_fields,
                                   sizeof(struct ocn_container)) != OCN_BOTH_DIFFER);
    ocn_fuzz_require(ocn_bind_both(text, text, ocn_container_process_fields,
                                   sizeof(struct ocn_oci_process)) != OCN_BOTH_DIFFER);
    return 0;
}
