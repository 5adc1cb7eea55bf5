/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two JSON documents, apart by a line with "---", compared as each kind: nothing is left out
 * without a count, one document differs from itself in nothing, and both ways find as much.
 */
#include <string.h>

#include "normalize/diff/document.h"
#include "normalize/json/load.h"
#include "tests/fuzz/fuzz.h"

#define APART "\n---\n"
#define MAX_DOCUMENT ((size_t)1 << 20)

static size_t count_of(const struct ocn_diff *diff)
{
    return json_array_size(diff->differences) + diff->left_out;
}

static size_t compare(enum ocn_diff_document of, bool exact, const json_t *a, const json_t *b)
{
    struct ocn_diff diff = { .exact = exact };
    json_t *report = NULL;
    size_t count = 0;

    ocn_diff_document(&diff, of, "", a, b);
    ocn_fuzz_require(ocn_diff_report(&diff, &report, NULL) == 0);
    ocn_fuzz_require(json_is_true(json_object_get(report, "same")) == (count_of(&diff) == 0));
    count = count_of(&diff);
    /* What is no difference to --exact either is the same, as far as this document goes. */
    ocn_fuzz_require(!exact || json_integer_value(json_object_get(report, "noise")) == 0);
    json_decref(report);
    ocn_diff_done(&diff);
    return count;
}

static void compare_as(enum ocn_diff_document of, const json_t *a, const json_t *b)
{
    for (int exact = 0; exact < 2; exact++) {
        ocn_fuzz_require(compare(of, exact != 0, a, a) == 0);
        ocn_fuzz_require(compare(of, exact != 0, b, b) == 0);
        ocn_fuzz_require((compare(of, exact != 0, a, b) == 0) ==
                         (compare(of, exact != 0, b, a) == 0));
    }
    ocn_fuzz_require(compare(of, true, a, b) >= compare(of, false, a, b));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct ocn_bytes text = ocn_fuzz_bytes(data, size);
    const char *apart = memmem(text.ptr, text.len, APART, strlen(APART));
    json_auto_t *a = NULL;
    json_auto_t *b = NULL;

    if (apart == NULL) {
        return 0;
    }
    const struct ocn_bytes first = { text.ptr, (size_t)(apart - text.ptr) };
    const struct ocn_bytes second = { apart + strlen(APART), text.len - first.len - strlen(APART) };
    if (ocn_json_load(first, MAX_DOCUMENT, &a, NULL) < 0 ||
        ocn_json_load(second, MAX_DOCUMENT, &b, NULL) < 0) {
        return 0;
    }
    for (int of = OCN_DIFF_OF_INDEX; of <= OCN_DIFF_OF_PROGRAM; of++) {
        compare_as((enum ocn_diff_document)of, a, b);
    }
    return 0;
}
