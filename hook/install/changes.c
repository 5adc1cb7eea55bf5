/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/install/changes.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "hook/install/record.h"
#include "hook/install/unified_diff.h"
#include "hook/sys/replace.h"

static const struct ocn_bytes no_file = { 0 };

static bool is_same(struct ocn_bytes a, struct ocn_bytes b)
{
    if (a.ptr == NULL || b.ptr == NULL) {
        return a.ptr == b.ptr;
    }
    return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

void ocn_changes_done(struct ocn_changes *changes)
{
    json_decref(changes->record);
    ocn_arena_done(&changes->arena);
    *changes = (struct ocn_changes){ 0 };
}

static int keep(struct ocn_changes *changes, struct ocn_bytes bytes, struct ocn_bytes *ret,
                struct ocn_error *err)
{
    const struct ocn_bytes copy = ocn_arena_keep(&changes->arena, bytes);

    if (ocn_arena_check(&changes->arena, err) < 0) {
        return -1;
    }
    *ret = copy;
    return 0;
}

static int read_now(struct ocn_changes *changes, const char *path, struct ocn_bytes *ret,
                    struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf buf = { 0 };
    struct ocn_error failed = { 0 };

    if (ocn_node_read(changes->node, path, &buf, &failed) < 0) {
        if (failed.code == OCN_E_NOENT) {
            *ret = no_file;
            return 0;
        }
        if (err != NULL && err->code == OCN_OK) {
            *err = failed;
        }
        return -1;
    }
    return keep(changes, ocn_buf_bytes(&buf), ret, err);
}

static int look_up(struct ocn_changes *changes, const char *path, struct ocn_change *ret,
                   struct ocn_error *err)
{
    struct ocn_change change = { .mode = 0644 };

    change.path = ocn_arena_copy(&changes->arena, path, strlen(path));
    if (ocn_node_real(changes->node, &changes->arena, path, &change.real, err) < 0 ||
        read_now(changes, path, &change.now, err) < 0) {
        return -1;
    }
    *ret = change;
    return 0;
}

static struct ocn_change *append(struct ocn_changes *changes, const struct ocn_change *change,
                                 struct ocn_error *err)
{
    struct ocn_change *list =
        ocn_arena_grow(&changes->arena, changes->list, changes->count, sizeof(*list));

    if (list == NULL) {
        (void)ocn_fail_nomem(err);
        return NULL;
    }
    changes->list = list;
    list[changes->count] = *change;
    return &list[changes->count++];
}

static struct ocn_change *find(const struct ocn_changes *changes, const char *path)
{
    for (size_t i = 0; i < changes->count; i++) {
        if (strcmp(changes->list[i].path, path) == 0) {
            return &changes->list[i];
        }
    }
    return NULL;
}

/* The one place where @piece stands in @text, or NULL. */
static const char *only_place(struct ocn_bytes text, struct ocn_bytes piece)
{
    const char *place = text.ptr != NULL ? memmem(text.ptr, text.len, piece.ptr, piece.len) : NULL;

    if (place == NULL || piece.len == 0) {
        return NULL;
    }
    size_t left = text.len - (size_t)(place + 1 - text.ptr);
    return memmem(place + 1, left, piece.ptr, piece.len) == NULL ? place : NULL;
}

/* Our @len bytes at @place in a file of somebody else's become what was there before. */
static int take_back(struct ocn_changes *changes, struct ocn_change *change, const char *place,
                     size_t len, struct ocn_bytes before, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf buf = { 0 };
    size_t at = (size_t)(place - change->now.ptr);

    ocn_buf_add(&buf, change->now.ptr, at);
    ocn_buf_add(&buf, before.ptr, before.len);
    ocn_buf_add(&buf, place + len, change->now.len - at - len);
    if (ocn_buf_check(&buf, err) < 0) {
        return -1;
    }
    return keep(changes, ocn_buf_bytes(&buf), &change->pristine, err);
}

static int refuse(const struct ocn_change *change, struct ocn_bytes written, struct ocn_buf *told,
                  struct ocn_error *err)
{
    ocn_unified_diff(told, change->path, written, change->now);
    return ocn_fail(err, OCN_E_FORMAT, change->path,
                    "changed since ocinorm wrote it, nothing was done; %s",
                    change->owner == OCN_OURS
                        ? "the diff is from what ocinorm wrote to what is there: take the change "
                          "back, or --force to lose it"
                        : "take out what the diff shows with a minus, then --force leaves the "
                          "file as it is");
}

/* What @change would be without what @entry says. */
static int undo_entry(struct ocn_changes *changes, struct ocn_change *change, const json_t *entry,
                      struct ocn_buf *told, struct ocn_error *err)
{
    struct ocn_bytes content = ocn_record_text(entry, "content");
    struct ocn_bytes after = ocn_record_text(entry, "after");

    change->pristine = no_file;
    if (content.ptr != NULL) {
        change->owner = json_is_true(json_object_get(entry, "shared")) ? OCN_SHARED : OCN_OURS;
        /* A file that is gone, or was never reached, has nothing to be undone. */
        if (change->now.ptr == NULL || is_same(change->now, content)) {
            return 0;
        }
        if (!changes->force) {
            return refuse(change, content, told, err);
        }
        change->pristine = change->owner == OCN_SHARED ? change->now : no_file;
        return 0;
    }
    change->owner = OCN_SHARED;
    if (change->now.ptr == NULL) {
        return 0;
    }
    const char *place = only_place(change->now, after);
    if (place != NULL) {
        return take_back(changes, change, place, after.len, ocn_record_text(entry, "before"), err);
    }
    if (!changes->force) {
        return refuse(change, after, told, err);
    }
    change->pristine = change->now;
    return 0;
}

static int load_entries(struct ocn_changes *changes, struct ocn_buf *told, struct ocn_error *err)
{
    const json_t *entry;
    size_t i;

    json_array_foreach (ocn_record_entries(changes->record, changes->engine), i, entry) {
        struct ocn_change change = { 0 };
        if (look_up(changes, json_string_value(json_object_get(entry, "path")), &change, err) < 0 ||
            undo_entry(changes, &change, entry, told, err) < 0) {
            return -1;
        }
        change.wanted = change.pristine;
        if (append(changes, &change, err) == NULL) {
            return -1;
        }
    }
    return 0;
}

int ocn_changes_begin(struct ocn_changes *ret, const struct ocn_node *node, const char *engine,
                      bool force, struct ocn_buf *told, struct ocn_error *err)
{
    *ret = (struct ocn_changes){ .node = node, .engine = engine, .force = force };
    if (look_up(ret, OCN_RECORD_PATH, &ret->book, err) < 0 ||
        ocn_record_parse(ret->book.now, &ret->record, err) < 0) {
        return -1;
    }
    return load_entries(ret, told, err);
}

bool ocn_changes_installed(const struct ocn_changes *changes)
{
    return ocn_record_entries(changes->record, changes->engine) != NULL;
}

int ocn_changes_pristine(struct ocn_changes *changes, const char *path, struct ocn_bytes *ret,
                         struct ocn_error *err)
{
    const struct ocn_change *change = find(changes, path);

    if (change != NULL) {
        *ret = change->pristine;
        return 0;
    }
    return read_now(changes, path, ret, err);
}

int ocn_changes_want(struct ocn_changes *changes, const char *path, enum ocn_owner owner,
                     mode_t mode, struct ocn_bytes bytes, struct ocn_error *err)
{
    struct ocn_change *change = find(changes, path);
    struct ocn_bytes copy;

    if (keep(changes, bytes, &copy, err) < 0) {
        return -1;
    }
    if (change == NULL) {
        struct ocn_change fresh = { 0 };
        if (look_up(changes, path, &fresh, err) < 0) {
            return -1;
        }
        fresh.owner = owner;
        fresh.pristine = fresh.now;
        change = append(changes, &fresh, err);
        if (change == NULL) {
            return -1;
        }
    }
    if (owner == OCN_OURS && change->pristine.ptr != NULL) {
        return ocn_fail(
            err, OCN_E_FORMAT, path,
            "is there already and not ocinorm's; move it away, ocinorm needs this name");
    }
    change->wanted = copy;
    change->mode = mode;
    return 0;
}

size_t ocn_changes_pending(const struct ocn_changes *changes)
{
    size_t count = 0;

    for (size_t i = 0; i < changes->count; i++) {
        count += !is_same(changes->list[i].now, changes->list[i].wanted);
    }
    return count;
}

void ocn_changes_print(const struct ocn_changes *changes, bool dry_run, struct ocn_buf *out)
{
    for (size_t i = 0; i < changes->count; i++) {
        const struct ocn_change *change = &changes->list[i];
        if (is_same(change->now, change->wanted)) {
            ocn_buf_printf(out, "unchanged %s\n", change->path);
        } else if (dry_run) {
            ocn_buf_printf(out, "would %s %s\n", change->wanted.ptr != NULL ? "write" : "remove",
                           change->path);
            ocn_unified_diff(out, change->path, change->now, change->wanted);
        } else {
            ocn_buf_printf(out, "%s %s\n", change->wanted.ptr != NULL ? "wrote" : "removed",
                           change->path);
        }
    }
}

/* What is left of the record: the entries of this engine are those whose files are not pristine. */
static int set_entries(struct ocn_changes *changes, struct ocn_error *err)
{
    json_t *engines = json_object_get(changes->record, "engines");
    json_auto_t *entries = json_array();

    for (size_t i = 0; i < changes->count; i++) {
        const struct ocn_change *change = &changes->list[i];
        if (is_same(change->pristine, change->wanted)) {
            continue;
        }
        json_t *entry = ocn_record_entry(change->path, change->owner == OCN_SHARED,
                                         change->pristine, change->wanted);
        if (entry == NULL || json_array_append_new(entries, entry) < 0) {
            return ocn_fail(err, OCN_E_FORMAT, change->path,
                            "cannot be kept in the record; is it UTF-8?");
        }
    }
    if (json_array_size(entries) == 0) {
        (void)json_object_del(engines, changes->engine);
        return 0;
    }
    return json_object_set(engines, changes->engine, entries) < 0 ? ocn_fail_nomem(err) : 0;
}

static json_t *directories(const struct ocn_changes *changes)
{
    return json_object_get(changes->record, "directories");
}

/* The directories above @path that are not there, outermost first, go into the record. */
static int note_directories(struct ocn_changes *changes, const char *path, struct ocn_error *err)
{
    for (const char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        const char *directory = ocn_arena_copy(&changes->arena, path, (size_t)(slash - path));
        const json_t *known;
        size_t i;
        bool noted = false;
        json_array_foreach (directories(changes), i, known) {
            noted = noted || strcmp(json_string_value(known), directory) == 0;
        }
        if (!noted && !ocn_node_has(changes->node, directory) &&
            json_array_append_new(directories(changes), json_string(directory)) < 0) {
            return ocn_fail_nomem(err);
        }
    }
    return 0;
}

static int make_record(struct ocn_changes *changes, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };

    for (size_t i = 0; i < changes->count; i++) {
        const struct ocn_change *change = &changes->list[i];
        if (change->wanted.ptr != NULL && note_directories(changes, change->path, err) < 0) {
            return -1;
        }
    }
    if (set_entries(changes, err) < 0) {
        return -1;
    }
    if (json_object_size(json_object_get(changes->record, "engines")) == 0) {
        changes->book.wanted = no_file;
        return 0;
    }
    if (note_directories(changes, OCN_RECORD_PATH, err) < 0 ||
        ocn_record_print(changes->record, &text, err) < 0) {
        return -1;
    }
    /* It quotes other people's configuration. */
    changes->book.mode = 0600;
    return keep(changes, ocn_buf_bytes(&text), &changes->book.wanted, err);
}

/* Whether @directory is above something that is to be written. */
static bool is_needed(const struct ocn_changes *changes, const char *directory)
{
    size_t len = strlen(directory);
    bool needed = strncmp(changes->book.path, directory, len) == 0;

    for (size_t i = 0; i < changes->count && !needed; i++) {
        const struct ocn_change *change = &changes->list[i];
        needed = change->wanted.ptr != NULL && strncmp(change->path, directory, len) == 0 &&
                 change->path[len] == '/';
    }
    return needed;
}

static int make_directories(struct ocn_changes *changes, struct ocn_error *err)
{
    const json_t *directory;
    const char *real;
    size_t i;

    json_array_foreach (directories(changes), i, directory) {
        const char *path = json_string_value(directory);
        if (!is_needed(changes, path) || ocn_node_has(changes->node, path)) {
            continue;
        }
        if (ocn_node_real(changes->node, &changes->arena, path, &real, err) < 0) {
            return -1;
        }
        if (mkdir(real, 0755) < 0 || chmod(real, 0755) < 0) {
            return ocn_fail_sys(err, errno, path, "cannot make the directory");
        }
    }
    return 0;
}

/* The innermost first; one in which somebody has put something stays. */
static void remove_directories(struct ocn_changes *changes)
{
    const char *real;

    for (size_t i = json_array_size(directories(changes)); i > 0; i--) {
        const char *path = json_string_value(json_array_get(directories(changes), i - 1));
        if (ocn_node_real(changes->node, &changes->arena, path, &real, NULL) == 0) {
            (void)rmdir(real);
        }
    }
}

static int put(const struct ocn_change *change, struct ocn_bytes from, struct ocn_bytes to,
               struct ocn_error *err)
{
    if (is_same(from, to)) {
        return 0;
    }
    if (to.ptr == NULL) {
        return unlink(change->real) < 0 && errno != ENOENT
                   ? ocn_fail_sys(err, errno, change->real, "cannot remove it")
                   : 0;
    }
    if (from.ptr == NULL) {
        return ocn_replace_new_file(change->real, to, change->mode, err);
    }
    /* Before the new text, if that is to be read by fewer. */
    if (change->owner == OCN_OURS && chmod(change->real, change->mode) < 0) {
        return ocn_fail_sys(err, errno, change->real, "cannot set its mode");
    }
    return ocn_replace_file(change->real, to, err);
}

static bool leaves(const struct ocn_changes *changes)
{
    return ocn_record_entries(changes->record, changes->engine) == NULL;
}

/* In the order in which they are to happen; the record comes first, or last where ocinorm goes. */
static const struct ocn_change *nth(const struct ocn_changes *changes, size_t i)
{
    if (leaves(changes)) {
        return i == changes->count ? &changes->book : &changes->list[changes->count - 1 - i];
    }
    return i == 0 ? &changes->book : &changes->list[i - 1];
}

int ocn_changes_apply(struct ocn_changes *changes, struct ocn_error *err)
{
    int made = make_record(changes, err);
    if (ocn_arena_check(&changes->arena, err) < 0 || made < 0) {
        return -1;
    }
    int failed = leaves(changes) ? 0 : make_directories(changes, err);
    size_t done = 0;
    for (; failed == 0 && done <= changes->count; done++) {
        const struct ocn_change *change = nth(changes, done);
        failed = put(change, change->now, change->wanted, err);
        if (failed < 0) {
            break;
        }
    }
    if (failed < 0) {
        for (; done > 0; done--) {
            const struct ocn_change *change = nth(changes, done - 1);
            (void)put(change, change->wanted, change->now, NULL);
        }
    }
    if (failed < 0 || leaves(changes)) {
        remove_directories(changes);
    }
    return failed;
}

int ocn_changes_revert(struct ocn_changes *changes, struct ocn_error *err)
{
    int failed = 0;

    for (size_t i = changes->count + 1; i > 0; i--) {
        const struct ocn_change *change = nth(changes, i - 1);
        failed |= put(change, change->wanted, change->now, err);
    }
    remove_directories(changes);
    return failed;
}
