/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/image/diff_files.h"

#include <string.h>
#include <sys/stat.h>

#include "normalize/base/sort.h"
#include "normalize/json/json.h"

#define IMPLIED_MODE (S_IFDIR | 0755) /* of a directory that no layer describes */

/* A side with its layers, of which the first `low` are both sides'. */
struct stack {
    const struct ocn_diff_side *side;
    struct ocn_image_layer **layers;
    size_t len;
    size_t low; /* how many of them are shared: 0 until they are read */
    struct ocn_tree *tree;
};

struct work {
    struct stack stacks[2];
    struct ocn_image_layer *owned; /* the shared ones, and those of each side */
    size_t owned_len;
    size_t shared;
    struct ocn_arena arena;
};

/* A file as it is in one image. */
struct file {
    bool there;
    uint32_t mode;
    uint32_t uid;
    uint32_t gid;
    uint64_t size;
    const char *link;
    const struct ocn_layer_seal *seal; /* NULL: of a directory that no layer describes */
};

/* A path at which the images differ. */
struct change {
    const char *path;
    struct file files[2];
};

static void done(struct work *work)
{
    for (size_t i = 0; i < 2; i++) {
        ocn_tree_free(work->stacks[i].tree);
    }
    for (size_t i = 0; i < work->owned_len; i++) {
        ocn_image_layer_done(&work->owned[i]);
    }
    free(work->owned);
    ocn_arena_done(&work->arena);
}

/* ---- layers ---------------------------------------------------------------------------------- */

static int read_layer(struct work *work, const struct ocn_diff_side *side, size_t layer,
                      struct ocn_image_layer **ret, struct ocn_error *err)
{
    struct ocn_image_layer *to = &work->owned[work->owned_len++];

    if (ocn_image_layer_seal(side->blobs, &side->image->layers[layer], to, err) < 0) {
        ocn_error_locate(err, side->name, 0);
        return -1;
    }
    *ret = to;
    return 0;
}

static int grow_tree(struct work *work, struct stack *stack, struct ocn_error *err)
{
    struct ocn_tree_layer *tables =
        ocn_arena_alloc(&work->arena, (stack->len + 1) * sizeof(*tables));
    struct ocn_tree *tree = NULL;

    if (tables == NULL) {
        return ocn_fail_nomem(err);
    }
    for (size_t i = 0; i < stack->len; i++) {
        tables[i] = stack->layers[i]->table;
    }
    if (ocn_tree_make(tables, stack->len, stack->low == work->shared, &tree, err) < 0) {
        ocn_error_locate(err, stack->side->name, 0);
        return -1;
    }
    ocn_tree_free(stack->tree);
    stack->tree = tree;
    return 0;
}

/* Where the first image has the same layer, which has been read then; NULL: it has none. */
static struct ocn_image_layer *read_before(const struct work *work, const struct stack *stack,
                                           size_t layer)
{
    const struct stack *first = &work->stacks[0];
    const char *id = stack->side->image->layers[layer].diff_id;

    for (size_t i = 0; stack != first && id != NULL && i < first->len; i++) {
        const char *other = first->side->image->layers[work->shared + i].diff_id;
        if (other != NULL && strcmp(id, other) == 0) {
            return first->layers[i];
        }
    }
    return NULL;
}

/* The layers above those that both have. */
static int read_upper(struct work *work, struct stack *stack, struct ocn_error *err)
{
    size_t count = stack->side->image->layers_len;

    stack->layers = ocn_arena_alloc(&work->arena, (count + 1) * sizeof(struct ocn_image_layer *));
    if (stack->layers == NULL) {
        return ocn_fail_nomem(err);
    }
    for (size_t i = work->shared; i < count; i++) {
        struct ocn_image_layer *before = read_before(work, stack, i);
        if (before == NULL && read_layer(work, stack->side, i, &before, err) < 0) {
            return -1;
        }
        stack->layers[stack->len++] = before;
    }
    return grow_tree(work, stack, err);
}

/* Those that both have, below the others. */
static int read_shared(struct work *work, struct ocn_error *err)
{
    for (size_t i = 0; i < 2; i++) {
        struct stack *stack = &work->stacks[i];
        memmove(stack->layers + work->shared, stack->layers,
                stack->len * sizeof(struct ocn_image_layer *));
        stack->len += work->shared;
        stack->low = work->shared;
    }
    for (size_t i = 0; i < work->shared; i++) {
        if (read_layer(work, work->stacks[0].side, i, &work->stacks[0].layers[i], err) < 0) {
            return -1;
        }
        work->stacks[1].layers[i] = work->stacks[0].layers[i];
    }
    return grow_tree(work, &work->stacks[0], err) < 0 || grow_tree(work, &work->stacks[1], err) < 0
               ? -1
               : 0;
}

/* ---- files ----------------------------------------------------------------------------------- */

static struct file file_of(const struct stack *stack, const struct ocn_tree_found *found)
{
    const struct ocn_tree_entry *entry = found->entry;

    if (entry == NULL) {
        return (struct file){ .there = true, .mode = IMPLIED_MODE };
    }
    return (struct file){ .there = true,
                          .mode = entry->mode,
                          .uid = entry->uid,
                          .gid = entry->gid,
                          .size = entry->size,
                          .link = entry->link,
                          .seal = &stack->layers[found->place.layer]->seals[found->place.entry] };
}

static bool is_sealed_alike(const struct file *a, const struct file *b)
{
    static const struct ocn_layer_seal none = { .device = 0 };
    const struct ocn_layer_seal *x = a->seal != NULL ? a->seal : &none;
    const struct ocn_layer_seal *y = b->seal != NULL ? b->seal : &none;

    return memcmp(x->content, y->content, sizeof(x->content)) == 0 &&
           memcmp(x->xattrs, y->xattrs, sizeof(x->xattrs)) == 0 && x->device == y->device;
}

/* Directories have no size, and links no mode, whatever a tar says of them. */
static bool is_alike(const struct file *a, const struct file *b)
{
    if (a->there != b->there || (a->mode & S_IFMT) != (b->mode & S_IFMT) || a->uid != b->uid ||
        a->gid != b->gid) {
        return false;
    }
    if (S_ISLNK(a->mode)) {
        return strcmp(a->link, b->link) == 0 && is_sealed_alike(a, b);
    }
    return a->mode == b->mode && (!S_ISREG(a->mode) || a->size == b->size) && is_sealed_alike(a, b);
}

static const char *kind_of(uint32_t mode)
{
    static const struct {
        uint32_t kind;
        const char *name;
    } kinds[] = {
        { S_IFREG, "file" },         { S_IFDIR, "directory" },
        { S_IFLNK, "link" },         { S_IFCHR, "character device" },
        { S_IFBLK, "block device" }, { S_IFIFO, "fifo" },
    };

    for (size_t i = 0; i < OCN_COUNT(kinds); i++) {
        if (kinds[i].kind == (mode & S_IFMT)) {
            return kinds[i].name;
        }
    }
    return "other";
}

static const char *digest_text(const unsigned char *bytes, struct ocn_arena *arena)
{
    char hex[OCN_HASH_SHA256 * 2 + 1] = "";

    ocn_hash_hex(bytes, hex);
    return ocn_arena_printf(arena, "sha256:%s", hex);
}

/* {"type", "mode", "uid", "gid"} and what such a file has besides; null for none. */
static json_t *file_json(const struct file *file, struct ocn_arena *arena)
{
    if (!file->there) {
        return json_null();
    }
    json_t *json = json_pack("{s:s, s:s, s:I, s:I}", "type", kind_of(file->mode), "mode",
                             ocn_arena_printf(arena, "%04o", file->mode & 07777), "uid",
                             (json_int_t)file->uid, "gid", (json_int_t)file->gid);
    int status = json != NULL ? 0 : -1;
    if (S_ISREG(file->mode)) {
        status |= json_object_set_new(json, "size", json_integer((json_int_t)file->size));
        status |= json_object_set_new(json, "digest",
                                      json_string(digest_text(file->seal->content, arena)));
    } else if (S_ISLNK(file->mode)) {
        status |= json_object_set_new(json, "link", ocn_json_text(file->link));
    } else if (S_ISCHR(file->mode) || S_ISBLK(file->mode)) {
        status |= json_object_set_new(json, "device", json_integer((json_int_t)file->seal->device));
    }
    if (file->seal != NULL && file->seal->xattr_names != NULL) {
        status |= json_object_set_new(json, "xattrs", ocn_json_text(file->seal->xattr_names));
        status |= json_object_set_new(json, "xattrsDigest",
                                      json_string(digest_text(file->seal->xattrs, arena)));
    }
    if (status != 0) {
        json_decref(json);
        return NULL;
    }
    return json;
}

/* ---- what differs ---------------------------------------------------------------------------- */

/* Whoever is told of a path: what the one image has there, and the other. */
struct listing {
    struct ocn_list changes; /* struct change */
    bool hangs_below;        /* a shared layer, which has not been read, decides */
};

static int note(struct work *work, struct listing *listing, const struct ocn_buf *path,
                const struct change *change, struct ocn_error *err)
{
    struct change *changes = ocn_arena_grow(&work->arena, listing->changes.items,
                                            listing->changes.len, sizeof(*changes));

    if (changes == NULL) {
        return ocn_fail_nomem(err);
    }
    listing->changes.items = changes;
    changes[listing->changes.len] = *change;
    changes[listing->changes.len++].path = ocn_buf_copy(path, &work->arena);
    return 0;
}

/* All that @from has, looked up in the other; what only @from's other has is another call's. */
static int compare_all(struct work *work, size_t from, struct listing *listing,
                       struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf path = { 0 };
    const struct stack *own = &work->stacks[from];
    const struct stack *other = &work->stacks[1 - from];
    struct ocn_tree_found found;
    size_t at = 0;

    while (!listing->hangs_below && ocn_tree_next(own->tree, &at, &path, &found)) {
        struct ocn_tree_found there = { 0 };
        struct change change = { .path = "" };
        if (ocn_buf_check(&path, err) < 0) {
            return -1;
        }
        enum ocn_tree_answer answer = ocn_tree_exact(other->tree, path.ptr, &there);
        change.files[from] = file_of(own, &found);
        if (answer == OCN_TREE_FOUND) {
            change.files[1 - from] = file_of(other, &there);
        }
        bool turned = answer == OCN_TREE_FOUND &&
                      S_ISDIR(change.files[0].mode) != S_ISDIR(change.files[1].mode);
        listing->hangs_below = own->low != work->shared &&
                               (answer == OCN_TREE_UNDECIDED || found.entry == NULL || turned);
        bool told = from == 1 && answer == OCN_TREE_FOUND;
        if (!told && !is_alike(&change.files[0], &change.files[1]) &&
            note(work, listing, &path, &change, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* Whiteouts say something of layers below. */
static bool has_whiteout(const struct stack *stack)
{
    for (size_t layer = 0; layer < stack->len; layer++) {
        const struct ocn_tree_layer *table = &stack->layers[layer]->table;
        for (size_t i = 0; i < table->len; i++) {
            if (strncmp(ocn_strings_base_name(table->entries[i].path), ".wh.", 4) == 0) {
                return true;
            }
        }
    }
    return false;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct change *)a)->path, ((const struct change *)b)->path);
}

static int report(struct work *work, const struct listing *listing, struct ocn_diff *diff,
                  struct ocn_error *err)
{
    struct change *changes = listing->changes.items;

    if (ocn_arena_check(&work->arena, err) < 0) {
        return -1;
    }
    ocn_sort(changes, listing->changes.len, sizeof(*changes), by_path);
    for (size_t i = 0; i < listing->changes.len; i++) {
        OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
        json_auto_t *path = ocn_json_text(changes[i].path);
        json_auto_t *a = file_json(&changes[i].files[0], &arena);
        json_auto_t *b = file_json(&changes[i].files[1], &arena);
        const struct ocn_diff_item item = {
            .level = OCN_DIFF_LAYERS, .path = json_string_value(path), .a = a, .b = b
        };
        if (path == NULL || a == NULL || b == NULL || arena.failed) {
            return ocn_fail_nomem(err);
        }
        ocn_diff_add(diff, &item);
    }
    return 0;
}

static int compare(struct work *work, struct listing *listing, struct ocn_error *err)
{
    *listing = (struct listing){ .hangs_below = false };
    return compare_all(work, 0, listing, err) < 0 || compare_all(work, 1, listing, err) < 0 ? -1
                                                                                            : 0;
}

static int run(struct work *work, struct ocn_diff *diff, size_t *ret, struct ocn_error *err)
{
    struct listing listing = { .hangs_below = false };

    if (read_upper(work, &work->stacks[0], err) < 0 ||
        read_upper(work, &work->stacks[1], err) < 0) {
        return -1;
    }
    bool hangs_below =
        work->shared != 0 && (has_whiteout(&work->stacks[0]) || has_whiteout(&work->stacks[1]));
    if (!hangs_below && compare(work, &listing, err) < 0) {
        return -1;
    }
    if ((hangs_below || listing.hangs_below) &&
        (read_shared(work, err) < 0 || compare(work, &listing, err) < 0)) {
        return -1;
    }
    *ret = listing.changes.len;
    return report(work, &listing, diff, err);
}

int ocn_diff_files(struct ocn_diff *diff, const struct ocn_diff_side sides[2], size_t shared,
                   size_t *ret, struct ocn_error *err)
{
    struct work work = { .stacks = { { .side = &sides[0] }, { .side = &sides[1] } },
                         .shared = shared };
    size_t count = sides[0].image->layers_len + sides[1].image->layers_len;

    if (count > (size_t)2 * OCN_ROOTFS_MAX_LAYERS) {
        return ocn_fail(err, OCN_E_LIMIT, NULL, "more than the limit of %d layers",
                        OCN_ROOTFS_MAX_LAYERS);
    }
    work.owned = calloc(count + 1, sizeof(*work.owned));
    int status = work.owned == NULL ? ocn_fail_nomem(err) : run(&work, diff, ret, err);
    done(&work);
    return status;
}
