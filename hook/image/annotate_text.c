/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/image/annotate_text.h"

#include <string.h>

#include "hook/sys/text.h"
#include "normalize/base/arena.h"

/* Text of an image for a terminal; "-" where there is none. */
static const char *text_of(const json_t *object, const char *key, struct ocn_arena *arena)
{
    const char *text = json_string_value(json_object_get(object, key));
    char *clean = text != NULL ? ocn_arena_copy(arena, text, strlen(text)) : NULL;

    if (clean == NULL) {
        return "-";
    }
    ocn_text_defuse(clean);
    return clean;
}

/* true: an earlier row says the same of another place. */
static bool is_said(const json_t *rows, size_t at, const char *const keys[3])
{
    const json_t *row = json_array_get(rows, at);

    for (size_t i = 0; i < at; i++) {
        const json_t *other = json_array_get(rows, i);
        bool same = true;
        for (size_t k = 0; k < 3; k++) {
            same = same &&
                   json_equal(json_object_get(row, keys[k]), json_object_get(other, keys[k])) != 0;
        }
        if (same) {
            return true;
        }
    }
    return false;
}

static void put_changed(const json_t *report, struct ocn_arena *arena, struct ocn_buf *out)
{
    static const char *const keys[] = { "platform", "key", "to" };
    const json_t *rows = json_object_get(report, "changed");
    const json_t *row;
    size_t i;

    json_array_foreach (rows, i, row) {
        const char *from = json_string_value(json_object_get(row, "from"));
        if (is_said(rows, i, keys)) {
            continue;
        }
        ocn_buf_printf(out, "%s  %s = %s", text_of(row, "platform", arena),
                       text_of(row, "key", arena), text_of(row, "to", arena));
        if (from != NULL) {
            ocn_buf_printf(out, "  (was %s)", text_of(row, "from", arena));
        }
        ocn_buf_puts(out, "\n");
    }
}

static void put_kept(const json_t *report, struct ocn_arena *arena, struct ocn_buf *out)
{
    static const char *const keys[] = { "platform", "key", "value" };
    const json_t *rows = json_object_get(report, "kept");
    const json_t *row;
    size_t i;

    json_array_foreach (rows, i, row) {
        if (!is_said(rows, i, keys)) {
            ocn_buf_printf(out, "%s  %s: %s is kept, not %s (--overwrite)\n",
                           text_of(row, "platform", arena), text_of(row, "key", arena),
                           text_of(row, "value", arena), text_of(row, "instead", arena));
        }
    }
}

static void put_images(const json_t *report, struct ocn_arena *arena, struct ocn_buf *out)
{
    const json_t *row;
    size_t i;

    json_array_foreach (json_object_get(report, "images"), i, row) {
        if (json_is_true(json_object_get(row, "converted"))) {
            ocn_buf_printf(out, "%s  Docker's manifest becomes OCI's, which has annotations\n",
                           text_of(row, "platform", arena));
        }
    }
}

int ocn_annotate_text(const json_t *report, struct ocn_buf *out, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    const json_t *from = json_object_get(report, "from");
    const json_t *to = json_object_get(report, "to");
    const json_t *warning;
    size_t i;

    put_images(report, &arena, out);
    put_changed(report, &arena, out);
    put_kept(report, &arena, out);
    json_array_foreach (json_object_get(report, "warnings"), i, warning) {
        char *text =
            ocn_arena_copy(&arena, json_string_value(warning), json_string_length(warning));
        ocn_text_defuse(text);
        ocn_buf_printf(out, "warning: %s\n", text);
    }
    if (json_equal(from, to)) {
        ocn_buf_printf(out, "%s: nothing changes\n", text_of(report, "to", &arena));
    } else {
        ocn_buf_printf(out, "%s -> %s\n", text_of(report, "from", &arena),
                       text_of(report, "to", &arena));
    }
    return ocn_arena_check(&arena, err) < 0 ? -1 : ocn_buf_check(out, err);
}
