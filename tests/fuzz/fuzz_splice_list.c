/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any JSON text with a list of descriptors: entries dropped, pointed elsewhere, appended. What
 * comes out is JSON with as many entries as there must be, each as it was or as it was made; doing
 * the same again changes nothing. The input is TEXT [NUL MASKS]: a byte for each entry.
 */
#include <string.h>

#include "normalize/json/load.h"
#include "normalize/outcome/splice_list.h"
#include "tests/fuzz/fuzz.h"

#define MAX_ENTRIES 64
#define POINTER "/manifests"

static const struct ocn_edit edits[] = {
    { .path = "/digest", .to = "\"sha256:00\"" },
    { .path = "/size", .to = "7" },
    { .path = "/annotations/a~1b", .to = "\"\\\"x\"" },
};

static bool is_dropped(struct ocn_bytes masks, size_t i)
{
    return masks.len != 0 && (masks.ptr[i % masks.len] & 1) != 0;
}

static bool is_edited(struct ocn_bytes masks, size_t i)
{
    return masks.len != 0 && (masks.ptr[i % masks.len] & 2) != 0;
}

/* The list of what came out, entry by entry. */
static void compare(const json_t *before, const json_t *after, struct ocn_bytes masks)
{
    const json_t *entry;
    size_t i;
    size_t at = 0;

    json_array_foreach (before, i, entry) {
        const json_t *made = json_array_get(after, at);
        if (is_dropped(masks, i)) {
            continue;
        }
        at++;
        if (is_edited(masks, i)) {
            ocn_fuzz_require(
                strcmp(json_string_value(json_object_get(made, "digest")), "sha256:00") == 0);
        } else {
            ocn_fuzz_require(json_equal(entry, made) != 0);
        }
    }
    ocn_fuzz_require(json_array_size(after) == at);
}

static void append(struct ocn_bytes text, size_t count)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    const struct ocn_bytes entry = { "{\"digest\":1}", 12 };
    json_auto_t *json = NULL;

    ocn_fuzz_require(ocn_splice_list_append(text, POINTER, entry, &out, NULL) == 0);
    ocn_fuzz_require(ocn_json_load(ocn_buf_bytes(&out), SIZE_MAX, &json, NULL) == 0);
    ocn_fuzz_require(json_array_size(json_object_get(json, "manifests")) == count + 1);
}

static void splice(struct ocn_bytes text, const json_t *json, struct ocn_bytes masks)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf once = { 0 };
    struct ocn_splice_entry entries[MAX_ENTRIES];
    const json_t *list = json_object_get(json, "manifests");
    size_t count = json_array_size(list);
    json_auto_t *after = NULL;
    struct ocn_error err = { 0 };

    for (size_t i = 0; i < count && i < MAX_ENTRIES; i++) {
        entries[i] = (struct ocn_splice_entry){ is_dropped(masks, i), edits,
                                                is_edited(masks, i) ? OCN_COUNT(edits) : 0 };
    }
    if (count > MAX_ENTRIES || ocn_splice_list(text, POINTER, entries, count, &once, &err) < 0) {
        ocn_fuzz_require(count > MAX_ENTRIES || err.code == OCN_E_FORMAT);
        return;
    }
    ocn_fuzz_require(ocn_json_load(ocn_buf_bytes(&once), SIZE_MAX, &after, &err) == 0);
    compare(list, json_object_get(after, "manifests"), masks);
    ocn_fuzz_require(masks.len != 0 ||
                     (once.len == text.len && memcmp(once.ptr, text.ptr, text.len) == 0));
    append(text, count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct ocn_bytes all = ocn_fuzz_bytes(data, size);
    const size_t len = strnlen(all.ptr, all.len);
    const struct ocn_bytes text = { all.ptr, len };
    const size_t behind = len < all.len ? len + 1 : all.len;
    json_auto_t *json = NULL;
    struct ocn_error err = { 0 };

    if (ocn_json_load(text, SIZE_MAX, &json, &err) == 0 &&
        json_is_array(json_object_get(json, "manifests"))) {
        splice(text, json, (struct ocn_bytes){ all.ptr + behind, all.len - behind });
    }
    return 0;
}
