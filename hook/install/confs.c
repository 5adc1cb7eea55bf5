/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/install/confs.h"

#include <string.h>

void ocn_confs_done(struct ocn_confs *confs)
{
    for (size_t i = 0; i < confs->count; i++) {
        ocn_arena_done(&confs->list[i].toml.arena);
    }
    ocn_arena_done(&confs->arena);
    *confs = (struct ocn_confs){ 0 };
}

int ocn_confs_add(struct ocn_confs *confs, struct ocn_changes *changes, const char *path,
                  struct ocn_error *err)
{
    struct ocn_conf conf = { .path = ocn_arena_copy(&confs->arena, path, strlen(path)) };
    struct ocn_conf *list = ocn_arena_grow(&confs->arena, confs->list, confs->count, sizeof(*list));

    if (ocn_arena_check(&confs->arena, err) < 0) {
        return -1;
    }
    confs->list = list;
    if (ocn_changes_pristine(changes, path, &conf.text, err) < 0) {
        return -1;
    }
    if (conf.text.ptr == NULL) {
        return 0;
    }
    if (ocn_toml_scan(conf.text, &conf.toml, err) < 0) {
        ocn_error_locate(err, path, 0);
        return -1;
    }
    list[confs->count++] = conf;
    return 0;
}

static int add_paths(struct ocn_confs *confs, struct ocn_changes *changes, const char *const *paths,
                     size_t count, struct ocn_error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (ocn_confs_add(confs, changes, paths[i], err) < 0) {
            return -1;
        }
    }
    return 0;
}

int ocn_confs_add_all(struct ocn_confs *confs, struct ocn_changes *changes, const char *pattern,
                      struct ocn_error *err)
{
    const char *const *paths;
    size_t count;

    return ocn_node_glob(changes->node, &confs->arena, pattern, &paths, &count, err) < 0
               ? -1
               : add_paths(confs, changes, paths, count, err);
}

int ocn_confs_add_below(struct ocn_confs *confs, struct ocn_changes *changes, const char *directory,
                        struct ocn_error *err)
{
    const char *const *paths;
    size_t count;

    return ocn_node_walk(changes->node, &confs->arena, directory, &paths, &count, err) < 0
               ? -1
               : add_paths(confs, changes, paths, count, err);
}

const struct ocn_toml_row *ocn_confs_find(const struct ocn_confs *confs, const char *path,
                                          const struct ocn_conf **ret_conf)
{
    for (size_t i = confs->count; i > 0; i--) {
        const struct ocn_toml_row *row = ocn_toml_find(&confs->list[i - 1].toml, path);
        if (row != NULL) {
            if (ret_conf != NULL) {
                *ret_conf = &confs->list[i - 1];
            }
            return row;
        }
    }
    return NULL;
}

const char *ocn_confs_string(struct ocn_confs *confs, const char *path, const char *fallback)
{
    const struct ocn_toml_row *row = ocn_confs_find(confs, path, NULL);
    const char *text = row != NULL ? ocn_toml_string(&confs->arena, row->value) : NULL;

    return text != NULL ? text : fallback;
}

const struct ocn_conf *ocn_confs_last(const struct ocn_confs *confs, const char *path)
{
    for (size_t i = confs->count; i > 0; i--) {
        const struct ocn_conf *conf = &confs->list[i - 1];
        for (size_t j = 0; j < conf->toml.count; j++) {
            if (ocn_toml_below(conf->toml.rows[j].path, path) != NULL) {
                return conf;
            }
        }
    }
    return NULL;
}

bool ocn_confs_has(const struct ocn_confs *confs, const char *path)
{
    return ocn_confs_last(confs, path) != NULL;
}

static bool is_skipped(const char *below, const char *const *skip)
{
    for (; *skip != NULL; skip++) {
        if (ocn_toml_below(below, *skip) != NULL) {
            return true;
        }
    }
    return false;
}

void ocn_confs_copy(const struct ocn_confs *confs, const char *path, const char *const *skip,
                    struct ocn_buf *out)
{
    for (size_t i = 0; i < confs->count; i++) {
        const struct ocn_toml *toml = &confs->list[i].toml;
        for (size_t j = 0; j < toml->count; j++) {
            const struct ocn_toml_row *row = &toml->rows[j];
            const char *below = ocn_toml_below(row->path, path);
            if (row->kind != OCN_TOML_VALUE || row->is_table || below == NULL || below[0] == '\0' ||
                is_skipped(below, skip) || ocn_confs_find(confs, row->path, NULL) != row) {
                continue;
            }
            ocn_toml_key(out, below);
            ocn_buf_puts(out, " = ");
            ocn_buf_add(out, row->value.ptr, row->value.len);
            ocn_buf_puts(out, "\n");
        }
    }
}
