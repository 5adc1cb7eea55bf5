/* SPDX-License-Identifier: Apache-2.0 */
/* Other people's TOML: rows stay within the text, and what is made of them is TOML again. */
#include <string.h>

#include "hook/install/toml.h"
#include "tests/fuzz/fuzz.h"

static void check_within(struct ocn_bytes part, struct ocn_bytes text)
{
    ocn_fuzz_require(part.ptr >= text.ptr && part.len <= text.len &&
                     (size_t)(part.ptr - text.ptr) <= text.len - part.len);
}

/* The list with one more is a list again, with the same strings and one more. */
static void check_list(struct ocn_arena *arena, struct ocn_bytes list)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf grown = { 0 };
    const char *text = NULL;
    const char *last = NULL;
    size_t had = 0;
    size_t has = 0;
    size_t pos = 0;
    enum ocn_toml_next next;

    while ((next = ocn_toml_next_string(arena, list, &pos, &text)) == OCN_TOML_NEXT) {
        had++;
    }
    if (next == OCN_TOML_NO_LIST) {
        return;
    }
    ocn_toml_list_add(&grown, list, "x.*");
    pos = 0;
    while (ocn_toml_next_string(arena, ocn_buf_bytes(&grown), &pos, &last) == OCN_TOML_NEXT) {
        has++;
    }
    ocn_fuzz_require(has == had + 1 && strcmp(last, "x.*") == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ocn_bytes text = ocn_fuzz_bytes(data, size);
    struct ocn_toml toml = { 0 };
    struct ocn_error err = { 0 };

    if (ocn_toml_scan(text, &toml, &err) < 0) {
        ocn_fuzz_require(err.code != OCN_OK && err.where[0] != '\0' && toml.count == 0);
        return 0;
    }
    for (size_t i = 0; i < toml.count; i++) {
        const struct ocn_toml_row *row = &toml.rows[i];
        OCN_CLEANUP(ocn_buf_done) struct ocn_buf key = { 0 };
        check_within(row->text, text);
        ocn_toml_key(&key, row->path);
        ocn_fuzz_require(key.len != 0);
        if (row->kind == OCN_TOML_VALUE) {
            check_within(row->value, row->text);
            ocn_fuzz_require(ocn_toml_find(&toml, row->path) != NULL);
            check_list(&toml.arena, row->value);
        }
    }
    ocn_arena_done(&toml.arena);
    return 0;
}
