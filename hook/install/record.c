/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/install/record.h"

#include <string.h>

#include "normalize/json/json.h"
#include "normalize/json/load.h"

#define MAX_RECORD ((size_t)16 << 20)

static int fail_shape(struct ocn_error *err, const char *what)
{
    return ocn_fail(err, OCN_E_FORMAT, OCN_RECORD_PATH,
                    "%s; it was damaged, or written by a later ocinorm: put it back from a backup, "
                    "or remove it and what it lists by hand",
                    what);
}

static int check_entry(const json_t *entry, struct ocn_error *err)
{
    const json_t *path = json_object_get(entry, "path");
    bool content = json_is_string(json_object_get(entry, "content"));
    bool edit = json_is_string(json_object_get(entry, "before")) &&
                json_is_string(json_object_get(entry, "after"));

    if (!json_is_string(path) || json_string_value(path)[0] != '/' || content == edit) {
        return fail_shape(err, "an entry that is not understood");
    }
    return 0;
}

static int check(const json_t *record, struct ocn_error *err)
{
    const json_t *engines = json_object_get(record, "engines");
    const json_t *directories = json_object_get(record, "directories");
    const char *name;
    json_t *entries;
    const json_t *entry;
    size_t i;

    if (json_number_value(json_object_get(record, "version")) != 1 || !json_is_object(engines) ||
        !json_is_array(directories)) {
        return fail_shape(err, "not a record of version 1");
    }
    json_object_foreach ((json_t *)(uintptr_t)engines, name, entries) {
        if (!json_is_array(entries)) {
            return fail_shape(err, "no list of files");
        }
        json_array_foreach (entries, i, entry) {
            if (check_entry(entry, err) < 0) {
                return -1;
            }
        }
    }
    json_array_foreach (directories, i, entry) {
        if (!json_is_string(entry) || json_string_value(entry)[0] != '/') {
            return fail_shape(err, "no list of directories");
        }
    }
    return 0;
}

int ocn_record_parse(struct ocn_bytes text, json_t **ret, struct ocn_error *err)
{
    json_auto_t *record = NULL;

    if (text.ptr == NULL) {
        record = json_pack("{s:i, s:{}, s:[]}", "version", 1, "engines", "directories");
        if (record == NULL) {
            return ocn_fail_nomem(err);
        }
    } else if (ocn_json_load(text, MAX_RECORD, &record, err) < 0) {
        ocn_error_locate(err, OCN_RECORD_PATH, 0);
        return -1;
    }
    if (check(record, err) < 0) {
        return -1;
    }
    *ret = json_incref(record);
    return 0;
}

int ocn_record_print(const json_t *record, struct ocn_buf *out, struct ocn_error *err)
{
    return json_object_set_new((json_t *)(uintptr_t)record, "version", json_integer(1)) < 0
               ? ocn_fail_nomem(err)
               : ocn_json_print(record, out, err);
}

json_t *ocn_record_entries(const json_t *record, const char *engine)
{
    return json_object_get(json_object_get(record, "engines"), engine);
}

struct ocn_bytes ocn_record_text(const json_t *entry, const char *key)
{
    const json_t *text = json_object_get(entry, key);

    return (struct ocn_bytes){ json_string_value(text), json_string_length(text) };
}

/* The lines that differ: where they begin in both, and how much behind them is the same. */
static void changed_lines(struct ocn_bytes a, struct ocn_bytes b, size_t *start, size_t *end)
{
    size_t len = a.len < b.len ? a.len : b.len;
    size_t from = 0;
    size_t same = 0;

    while (from < len && a.ptr[from] == b.ptr[from]) {
        from++;
    }
    while (from > 0 && a.ptr[from - 1] != '\n') {
        from--;
    }
    while (same < len - from && a.ptr[a.len - same - 1] == b.ptr[b.len - same - 1]) {
        same++;
    }
    /* Back to behind a line's end in both, unless the text ends there. */
    while (same > 0 && ((a.len - same > from && a.ptr[a.len - same - 1] != '\n') ||
                        (b.len - same > from && b.ptr[b.len - same - 1] != '\n'))) {
        same--;
    }
    *start = from;
    *end = same;
}

json_t *ocn_record_entry(const char *path, bool shared, struct ocn_bytes pristine,
                         struct ocn_bytes wanted)
{
    if (pristine.ptr == NULL) {
        json_t *entry = json_pack("{s:s, s:s%}", "path", path, "content", wanted.ptr, wanted.len);
        if (shared && entry != NULL) {
            (void)json_object_set_new(entry, "shared", json_true());
        }
        return entry;
    }
    size_t start;
    size_t end;
    changed_lines(pristine, wanted, &start, &end);
    return json_pack("{s:s, s:s%, s:s%}", "path", path, "before", pristine.ptr + start,
                     pristine.len - start - end, "after", wanted.ptr + start,
                     wanted.len - start - end);
}
