/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any JSON text with any edits: what comes out is JSON again, and the same edits change it no
 * further. The input is TEXT [NUL MASK [TOKEN]]: MASK picks edits, TOKEN names a member of its own.
 */
#include <string.h>

#include "normalize/json/json.h"
#include "normalize/json/load.h"
#include "normalize/outcome/splice.h"
#include "tests/fuzz/fuzz.h"

#define MAX_TOKEN_SIZE 200 /* paths of ours have no longer ones (see splice.c, MAX_TOKEN) */

static const struct ocn_edit rows[] = {
    { .path = "/process/user/uid", .to = "1001" },
    { .path = "/process/user/gid", .to = "1001" },
    { .path = "/process/env/HOME", .to = "\"/\"" },
    { .path = "/process/env/A", .to = "\"\\u0041\\\\\\\"\"" },
    { .path = "/process/capabilities/ambient", .to = "[]" },
    { .path = "/process/user", .to = "{\"uid\":7}" },
    { .path = "/annotations/a~1b~0c", .to = "\"x\"" },
};

/* The edits that @choice speaks of; returns their number. */
static size_t choose(struct ocn_bytes choice, char path[MAX_TOKEN_SIZE + 2],
                     struct ocn_edit edits[OCN_COUNT(rows) + 1])
{
    unsigned mask = choice.len != 0 ? (unsigned char)choice.ptr[0] : 0xff;
    size_t len = choice.len != 0 ? strnlen(choice.ptr + 1, choice.len - 1) : 0;
    size_t count = 0;

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        if ((mask >> i & 1) != 0) {
            edits[count++] = rows[i];
        }
    }
    json_auto_t *text = json_stringn(choice.ptr + 1, len); /* NULL for what is no UTF-8 */
    if (text != NULL && len != 0 && len < MAX_TOKEN_SIZE && (mask & 0x80) != 0) {
        path[0] = '/';
        memcpy(path + 1, choice.ptr + 1, len);
        path[len + 1] = '\0';
        edits[count++] = (struct ocn_edit){ .path = path, .to = "\"y\"" };
    }
    return count;
}

static void splice(struct ocn_bytes text, const struct ocn_edit *edits, size_t count)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf once = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf twice = { 0 };
    json_auto_t *json = NULL;
    struct ocn_error err = { 0 };

    if (ocn_splice_edits(text, "", edits, count, &once, &err) < 0) {
        ocn_fuzz_require(err.code == OCN_E_FORMAT);
        return;
    }
    ocn_fuzz_require(count != 0 ||
                     (once.len == text.len && memcmp(once.ptr, text.ptr, text.len) == 0));
    ocn_fuzz_require(ocn_json_load(ocn_buf_bytes(&once), SIZE_MAX, &json, &err) == 0);
    ocn_fuzz_require(ocn_splice_edits(ocn_buf_bytes(&once), "", edits, count, &twice, &err) == 0);
    ocn_fuzz_require(once.len == twice.len && memcmp(once.ptr, twice.ptr, once.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct ocn_bytes all = ocn_fuzz_bytes(data, size);
    const size_t text_len = strnlen(all.ptr, all.len);
    const struct ocn_bytes text = { all.ptr, text_len };
    const size_t behind = text_len < all.len ? text_len + 1 : all.len;
    struct ocn_edit edits[OCN_COUNT(rows) + 1];
    char path[MAX_TOKEN_SIZE + 2] = "";
    json_auto_t *json = NULL;
    struct ocn_error err = { 0 };

    size_t count = choose((struct ocn_bytes){ all.ptr + behind, all.len - behind }, path, edits);
    (void)ocn_json_line_of(text, count != 0 ? edits[count - 1].path : ""); /* takes any text */
    if (ocn_json_load(text, SIZE_MAX, &json, &err) == 0) {
        splice(text, edits, count);
    }
    return 0;
}
