/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/image/annotate_values.h"

#include <string.h>

#include "normalize/json/json.h"
#include "normalize/json/pointer.h"

const char *ocn_annotate_values_pair(const struct ocn_pairs *pairs, const char *key)
{
    for (size_t i = 0; i < pairs->len; i++) {
        if (strcmp(pairs->items[i].name, key) == 0) {
            return pairs->items[i].value;
        }
    }
    return NULL;
}

/* By insertion: there are few. */
static void insert(struct ocn_pairs *pairs, const struct ocn_pair *pair)
{
    size_t at = pairs->len;

    while (at > 0 && strcmp(pairs->items[at - 1].name, pair->name) > 0) {
        pairs->items[at] = pairs->items[at - 1];
        at--;
    }
    pairs->items[at] = *pair;
    pairs->len++;
}

int ocn_annotate_values_merge(const struct ocn_pairs *derived, const struct ocn_pairs *set,
                              struct ocn_arena *arena, struct ocn_pairs *ret, struct ocn_error *err)
{
    struct ocn_pairs merged = {
        ocn_arena_alloc(arena, (derived->len + set->len + 1) * sizeof(*merged.items)), 0
    };

    if (merged.items == NULL) {
        return ocn_fail_nomem(err);
    }
    for (size_t i = 0; i < set->len; i++) {
        insert(&merged, &set->items[i]);
    }
    for (size_t i = 0; i < derived->len; i++) {
        if (ocn_annotate_values_pair(set, derived->items[i].name) == NULL) {
            insert(&merged, &derived->items[i]);
        }
    }
    *ret = merged;
    return 0;
}

/* ---- edits ----------------------------------------------------------------------------------- */

static void add_edit(struct ocn_arena *arena, struct ocn_annotate_edits *edits, const char *pointer,
                     const char *to)
{
    struct ocn_edit *items = ocn_arena_grow(arena, edits->items, edits->len, sizeof(*items));

    if (items != NULL) {
        edits->items = items;
        items[edits->len++] =
            (struct ocn_edit){ .rule = OCN_RULE_ANNOTATIONS_DERIVE,
                               .path = ocn_arena_copy(arena, pointer, strlen(pointer)),
                               .to = to };
    }
}

void ocn_annotate_values_set_text(struct ocn_arena *arena, struct ocn_annotate_edits *edits,
                                  const char *pointer, const char *value)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf literal = { 0 };

    ocn_json_quote(&literal, value, strlen(value));
    add_edit(arena, edits, pointer, ocn_buf_copy(&literal, arena));
}

void ocn_annotate_values_set_size(struct ocn_arena *arena, struct ocn_annotate_edits *edits,
                                  const char *pointer, size_t size)
{
    add_edit(arena, edits, pointer, ocn_arena_printf(arena, "%zu", size));
}

/* ---- what changes ---------------------------------------------------------------------------- */

/* A row of the report's list "changed" or "kept". */
static int note(json_t *report, const char *list, const struct ocn_annotate_place *place,
                const char *key, const char *from, const char *to, struct ocn_error *err)
{
    json_t *row = json_pack("{s:s, s:s, s:s, s:s?, s:s}", "platform", place->platform, "in",
                            place->name, "key", key, strcmp(list, "kept") == 0 ? "value" : "from",
                            from, strcmp(list, "kept") == 0 ? "instead" : "to", to);

    return json_array_append_new(json_object_get(report, list), row) < 0 ? ocn_fail_nomem(err) : 0;
}

static int decide_one(const struct ocn_annotate_place *place, const struct ocn_pair *wanted,
                      bool overwrite, json_t *report, struct ocn_arena *arena,
                      struct ocn_annotate_edits *edits, const char **ret_said,
                      struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf pointer = { 0 };
    const char *there = ocn_annotate_values_pair(place->there, wanted->name);

    *ret_said = there != NULL && !overwrite ? there : wanted->value;
    if (there != NULL && strcmp(there, wanted->value) == 0) {
        return 0;
    }
    if (there != NULL && !overwrite) {
        return note(report, "kept", place, wanted->name, there, wanted->value, err);
    }
    ocn_buf_puts(&pointer, place->pointer);
    ocn_json_pointer_add(&pointer, wanted->name);
    ocn_annotate_values_set_text(arena, edits, ocn_buf_copy(&pointer, arena), wanted->value);
    return note(report, "changed", place, wanted->name, there, wanted->value, err);
}

int ocn_annotate_values_decide(const struct ocn_annotate_place *place,
                               const struct ocn_pairs *wanted, bool overwrite, json_t *report,
                               struct ocn_arena *arena, struct ocn_annotate_edits *edits,
                               struct ocn_pairs *ret_said, struct ocn_error *err)
{
    struct ocn_pair *said = ocn_arena_alloc(arena, (wanted->len + 1) * sizeof(*said));

    if (said == NULL) {
        return ocn_fail_nomem(err);
    }
    for (size_t i = 0; i < wanted->len; i++) {
        said[i].name = wanted->items[i].name;
        if (decide_one(place, &wanted->items[i], overwrite, report, arena, edits, &said[i].value,
                       err) < 0) {
            return -1;
        }
    }
    if (ocn_arena_check(arena, err) < 0) {
        return -1;
    }
    if (ret_said != NULL) {
        *ret_said = (struct ocn_pairs){ said, wanted->len };
    }
    return 0;
}

bool ocn_annotate_values_is_reference(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "-._:@+/";
    size_t len = strlen(text);

    return len != 0 && len <= OCN_ANNOTATE_MAX_REFERENCE && strspn(text, letters) == len &&
           strspn(text, "-._:@+/") == 0;
}
