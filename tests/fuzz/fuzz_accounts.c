/* SPDX-License-Identifier: Apache-2.0 */
/* The image's passwd and group: one text is read as both, as their lines differ enough. */
#include <stdio.h>
#include <string.h>

#include "normalize/base/number.h"
#include "normalize/rootfs/accounts.h"
#include "tests/fuzz/fuzz.h"

/* What is taken for a number is one that printf would have written, leading zeros apart. */
static void read_number(struct ocn_bytes text)
{
    uint64_t value = 0;
    char plain[24];

    if (ocn_number_parse(text, UINT32_MAX, &value) < 0) {
        return;
    }
    size_t zeros = 0;
    while (zeros + 1 < text.len && text.ptr[zeros] == '0') {
        zeros++;
    }
    int len = snprintf(plain, sizeof(plain), "%llu", (unsigned long long)value);
    ocn_fuzz_require(len > 0 && (size_t)len == text.len - zeros);
    ocn_fuzz_require(memcmp(plain, text.ptr + zeros, (size_t)len) == 0);
    ocn_fuzz_require(value <= UINT32_MAX);
}

static int is_field(const char *text)
{
    return text == NULL || strpbrk(text, ":\n") == NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    const struct ocn_bytes text = ocn_fuzz_bytes(data, size);
    struct ocn_accounts accounts = { 0 };
    struct ocn_error err = { 0 };

    read_number(text);
    ocn_fuzz_require(ocn_accounts_read_passwd(text, 1001, &arena, &accounts, &err) == 0);
    ocn_fuzz_require(ocn_accounts_read_group(text, &arena, &accounts, &err) == 0);
    ocn_fuzz_require(is_field(accounts.home) && is_field(accounts.root_home));
    ocn_fuzz_require((accounts.root_home != NULL) == (accounts.root_names.len != 0));
    for (size_t i = 0; i < accounts.root_names.len; i++) {
        ocn_fuzz_require(is_field(accounts.root_names.items[i]));
    }
    for (size_t i = 1; i < accounts.root_groups.len; i++) {
        ocn_fuzz_require(accounts.root_groups.items[i - 1] <= accounts.root_groups.items[i]);
    }
    return 0;
}
