/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/image/rootfs.h"

#include <string.h>
#include <sys/stat.h>

#define ONE_BY_ONE 32

int ocn_image_rootfs_open(const struct ocn_blobs *blobs, struct ocn_layer_name *names, size_t count,
                          const struct ocn_strings *likely, struct ocn_image_rootfs *ret,
                          struct ocn_error *err)
{
    if (count > OCN_ROOTFS_MAX_LAYERS) {
        return ocn_fail(err, OCN_E_LIMIT, NULL,
                        "the image has %zu layers, more than the limit of %d", count,
                        OCN_ROOTFS_MAX_LAYERS);
    }
    struct ocn_image_layer *layers = calloc(count + 1, sizeof(*layers));
    if (layers == NULL) {
        return ocn_fail_nomem(err);
    }
    *ret = (struct ocn_image_rootfs){ .blobs = blobs,
                                      .names = names,
                                      .count = count,
                                      .likely = likely,
                                      .layers = layers,
                                      .unread = count };
    if (ocn_tree_make(NULL, 0, count == 0, &ret->tree, err) < 0) {
        ocn_image_rootfs_done(ret);
        return -1;
    }
    return 0;
}

void ocn_image_rootfs_done(struct ocn_image_rootfs *rootfs)
{
    for (size_t i = 0; rootfs->layers != NULL && i < rootfs->count; i++) {
        ocn_image_layer_done(&rootfs->layers[i]);
    }
    free(rootfs->layers);
    ocn_tree_free(rootfs->tree);
    ocn_arena_done(&rootfs->arena);
    *rootfs = (struct ocn_image_rootfs){ 0 };
}

/* The tables of the layers that have been read, as one list: the tree borrows it. */
static int plant(struct ocn_image_rootfs *rootfs, struct ocn_error *err)
{
    size_t count = rootfs->count - rootfs->unread;
    struct ocn_tree_layer *tables = ocn_arena_alloc(&rootfs->arena, (count + 1) * sizeof(*tables));
    struct ocn_tree *tree = NULL;

    if (tables == NULL) {
        return ocn_fail_nomem(err);
    }
    for (size_t i = 0; i < count; i++) {
        tables[i] = rootfs->layers[rootfs->unread + i].table;
    }
    if (ocn_tree_make(tables, count, rootfs->unread == 0, &tree, err) < 0) {
        return -1;
    }
    ocn_tree_free(rootfs->tree);
    rootfs->tree = tree;
    return 0;
}

/*
 * The next lower layer. Each makes the tree anew, and an image may have a thousand: so from some
 * on, two are read at once, then three and so on.
 */
static int read_next(struct ocn_image_rootfs *rootfs, struct ocn_error *err)
{
    size_t count = rootfs->planted < ONE_BY_ONE ? 1 : rootfs->planted - ONE_BY_ONE + 2;

    for (size_t i = 0; i < count && rootfs->unread > 0; i++) {
        size_t next = rootfs->unread - 1;
        if (ocn_image_layer_read(rootfs->blobs, &rootfs->names[next], rootfs->likely,
                                 &rootfs->layers[next], err) < 0) {
            return -1;
        }
        rootfs->unread = next;
    }
    rootfs->planted++;
    return plant(rootfs, err);
}

/* Reads as many layers as it takes. *ret_found: there is something. */
static int find(struct ocn_image_rootfs *rootfs, const char *path, bool follow,
                struct ocn_tree_found *ret, bool *ret_found, struct ocn_error *err)
{
    for (;;) {
        enum ocn_tree_answer answer = follow ? ocn_tree_follow(rootfs->tree, path, ret)
                                             : ocn_tree_find(rootfs->tree, path, ret);
        if (answer != OCN_TREE_UNDECIDED) {
            *ret_found = answer == OCN_TREE_FOUND;
            return 0;
        }
        if (read_next(rootfs, err) < 0) {
            return -1;
        }
    }
}

static int stat_file(void *ctx, struct ocn_ref ref, struct ocn_stat *ret, struct ocn_error *err)
{
    struct ocn_tree_found found = { 0 };
    bool there = false;

    *ret = (struct ocn_stat){ 0 };
    if (ref.space == OCN_ROOTFS && find(ctx, ref.path, false, &found, &there, err) < 0) {
        return -1;
    }
    if (there && found.entry == NULL) {
        *ret = (struct ocn_stat){ .mode = S_IFDIR | 0755, .dev = 1, .ino = found.id };
    } else if (there) {
        *ret = (struct ocn_stat){ .mode = found.entry->mode,
                                  .uid = found.entry->uid,
                                  .gid = found.entry->gid,
                                  .size = found.entry->size,
                                  .dev = 1,
                                  .ino = found.id };
    }
    return 0;
}

static int read_link(void *ctx, struct ocn_ref ref, char *buf, size_t size, struct ocn_error *err)
{
    struct ocn_tree_found found = { 0 };
    bool there = false;

    if (ref.space == OCN_ROOTFS && find(ctx, ref.path, false, &found, &there, err) < 0) {
        return -1;
    }
    if (!there || found.entry == NULL || !S_ISLNK(found.entry->mode)) {
        return ocn_fail(err, OCN_E_NOENT, ref.path, "not a link");
    }
    size_t len = strlen(found.entry->link);
    if (len >= size) {
        return ocn_fail(err, OCN_E_LIMIT, ref.path, "the link's target is too long");
    }
    memcpy(buf, found.entry->link, len + 1);
    return 0;
}

static int bytes_of(struct ocn_image_rootfs *rootfs, const struct ocn_tree_found *found,
                    struct ocn_bytes *ret, struct ocn_error *err)
{
    size_t layer = rootfs->unread + found->place.layer;

    return ocn_image_layer_file(rootfs->blobs, &rootfs->names[layer], found->place.entry,
                                &rootfs->layers[layer], ret, err);
}

static int read_at(void *ctx, struct ocn_ref ref, uint64_t offset, void *buf, size_t len,
                   size_t *ret_len, struct ocn_error *err)
{
    struct ocn_tree_found found = { 0 };
    struct ocn_bytes bytes = { NULL, 0 };
    bool there = false;

    if (ref.space == OCN_ROOTFS && find(ctx, ref.path, false, &found, &there, err) < 0) {
        return -1;
    }
    if (!there || found.entry == NULL || !S_ISREG(found.entry->mode)) {
        return ocn_fail(err, OCN_E_NOENT, ref.path, "not a file of the image");
    }
    if (bytes_of(ctx, &found, &bytes, err) < 0) {
        return -1;
    }
    size_t left = offset < bytes.len ? bytes.len - (size_t)offset : 0;
    *ret_len = len < left ? len : left;
    if (*ret_len != 0) {
        memcpy(buf, bytes.ptr + offset, *ret_len);
    }
    return 0;
}

static const char *variant_of(void *ctx)
{
    const struct ocn_image_rootfs *rootfs = ctx;

    return rootfs->node.variant;
}

static enum ocn_runs runs_32bit(void *ctx)
{
    (void)ctx;
    return OCN_RUNS_UNKNOWN;
}

/* The core lists directories of the node only, and there is none. */
static int list_nothing(void *ctx, struct ocn_ref ref, struct ocn_arena *arena, const char ***ret,
                        size_t *ret_len, struct ocn_error *err)
{
    (void)ctx;
    (void)ref;
    (void)arena;
    (void)err;
    *ret = NULL;
    *ret_len = 0;
    return 0;
}

struct ocn_view ocn_image_rootfs_as_view(struct ocn_image_rootfs *rootfs)
{
    return (struct ocn_view){
        .ctx = rootfs,
        .machine = rootfs->node.machine,
        .all_facts = true,
        .stat = stat_file,
        .readlink = read_link,
        .read_at = read_at,
        .variant = variant_of,
        .runs_32bit = runs_32bit,
        .list = list_nothing,
    };
}

int ocn_image_rootfs_read(struct ocn_image_rootfs *rootfs, const char *path, size_t max_size,
                          struct ocn_bytes *ret, struct ocn_error *err)
{
    struct ocn_tree_found found = { 0 };
    bool there = false;

    *ret = (struct ocn_bytes){ NULL, 0 };
    if (find(rootfs, path, true, &found, &there, err) < 0) {
        return -1;
    }
    if (!there || found.entry == NULL || !S_ISREG(found.entry->mode)) {
        return 0;
    }
    if (found.entry->size > max_size) {
        return ocn_fail(err, OCN_E_LIMIT, path, "is larger than the limit of %zu bytes", max_size);
    }
    return bytes_of(rootfs, &found, ret, err);
}

int ocn_image_rootfs_layer_of(const struct ocn_image_rootfs *rootfs, const char *path)
{
    struct ocn_tree_found found = { 0 };

    return ocn_tree_find(rootfs->tree, path, &found) == OCN_TREE_FOUND && found.entry != NULL
               ? (int)(rootfs->unread + found.place.layer)
               : -1;
}
