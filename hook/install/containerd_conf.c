/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/install/containerd_conf.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "hook/install/tool.h"

#define MAX_FILES 256
#define DOT OCN_TOML_DOT
#define ASK_SECONDS 20

static const struct section {
    int version;
    const char *cri;
} sections[] = {
    { 1, "plugins" DOT "cri" },
    { 2, "plugins" DOT "io.containerd.grpc.v1.cri" },
    { 3, "plugins" DOT "io.containerd.cri.v1.runtime" },
    { 4, "plugins" DOT "io.containerd.cri.v1.runtime" },
};

const char *ocn_containerd_conf_section(int version)
{
    for (size_t i = 0; i < OCN_COUNT(sections); i++) {
        if (sections[i].version == version) {
            return sections[i].cri;
        }
    }
    return NULL;
}

void ocn_containerd_conf_done(struct ocn_containerd_conf *conf)
{
    ocn_confs_done(&conf->confs);
}

const char *ocn_containerd_conf_path(struct ocn_containerd_conf *conf, const char *below)
{
    return ocn_arena_printf(&conf->confs.arena, "%s" DOT "%s", conf->cri, below);
}

/* "containerd github.com/containerd/containerd 1.6.20~ds1 HASH": the first digits of the third. */
static int major_of(const char *text)
{
    int major = 0;
    const char *at = text != NULL ? strchr(text, ' ') : NULL;

    at = at != NULL ? strchr(at + 1, ' ') : NULL;
    if (at == NULL) {
        return 0;
    }
    at += at[1] == 'v' ? 2 : 1;
    for (; *at >= '0' && *at <= '9' && major < 1000; at++) {
        major = major * 10 + (*at - '0');
    }
    return *at == '.' ? major : 0;
}

static int ask_version(struct ocn_install *install)
{
    OCN_CLEANUP(ocn_tool_done) struct ocn_tool_result result = { 0 };
    const char *const argv[] = { install->daemon, "--version", NULL };

    if (install->daemon == NULL ||
        ocn_tool_run(install->changes->node, argv, ASK_SECONDS, &result, NULL) < 0 ||
        result.status != 0) {
        return 0;
    }
    return major_of(result.out.ptr);
}

static int read_version(struct ocn_containerd_conf *conf, struct ocn_error *err)
{
    const struct ocn_toml_row *row =
        conf->root != NULL ? ocn_toml_find(&conf->root->toml, "version") : NULL;

    conf->version = conf->root == NULL ? (conf->major >= OCN_CONTAINERD_MERGES ? 3 : 2) : 1;
    if (row != NULL) {
        conf->version = row->value.len == 1 ? row->value.ptr[0] - '0' : -1;
    }
    conf->cri = ocn_containerd_conf_section(conf->version);
    if (conf->cri == NULL && row != NULL) {
        return ocn_fail(err, OCN_E_UNSUPPORTED, conf->root->path,
                        "its schema version is %.*s; ocinorm knows 1 to 4", (int)row->value.len,
                        row->value.ptr);
    }
    return 0;
}

/*
 * containerd 1.6 loads a file of version 3 and ignores what it says of CRI; 1.7 refuses it.
 *
 * containerd 2 takes a file of version 1 for one of its own without moving what it says of CRI to
 * where 2 looks for it (seen with 2.1). Where the file says nothing of CRI, the drop-in need not
 * follow it.
 */
static int fit_version(struct ocn_containerd_conf *conf, struct ocn_error *err)
{
    if (conf->version >= 3 && conf->major == 1) {
        return ocn_fail(err, OCN_E_UNSUPPORTED, conf->root->path,
                        "is of schema version %d, which containerd 1 does not read; that takes "
                        "version 2",
                        conf->version);
    }
    if (conf->version != 1 || conf->major < OCN_CONTAINERD_MERGES) {
        return 0;
    }
    if (ocn_confs_has(&conf->confs, conf->cri)) {
        return ocn_fail(err, OCN_E_UNSUPPORTED, conf->root->path,
                        "is of schema version 1, of which this containerd ignores the settings for "
                        "CRI; convert it first: containerd config migrate");
    }
    conf->version = 3;
    conf->cri = ocn_containerd_conf_section(conf->version);
    return 0;
}

static const char *absolute(struct ocn_arena *arena, const char *parent, const char *path)
{
    const char *slash = strrchr(parent, '/');

    return path[0] == '/' ? path
                          : ocn_arena_printf(arena, "%.*s/%s", (int)(slash - parent), parent, path);
}

/* One of the patterns in a file's `imports`; *ret is NULL behind the last. */
static int next_import(struct ocn_arena *arena, const struct ocn_conf *conf, size_t *pos,
                       const char **ret, struct ocn_error *err)
{
    const struct ocn_toml_row *row = ocn_toml_find(&conf->toml, "imports");
    const char *path = NULL;

    enum ocn_toml_next next =
        row != NULL ? ocn_toml_next_string(arena, row->value, pos, &path) : OCN_TOML_END;
    if (next == OCN_TOML_NO_LIST) {
        return ocn_fail(err, OCN_E_FORMAT, conf->path, "line %zu: imports is no list of strings",
                        row->line);
    }
    const char *pattern = next == OCN_TOML_NEXT ? absolute(arena, conf->path, path) : NULL;
    if (ocn_arena_check(arena, err) < 0) {
        return -1;
    }
    *ret = pattern;
    return 0;
}

/* In the last directory that the root file imports from, since the last file has the last word. */
static int choose_drop_in(const struct ocn_install *install, struct ocn_containerd_conf *conf,
                          struct ocn_error *err)
{
    const char *file = strrchr(install->engine->drop_in, '/') + 1;
    const char *pattern = NULL;
    size_t pos = 0;

    conf->drop_in = install->engine->drop_in;
    for (;;) {
        if (next_import(&conf->confs.arena, conf->root, &pos, &pattern, err) < 0) {
            return -1;
        }
        if (pattern == NULL) {
            return ocn_arena_check(&conf->confs.arena, err);
        }
        const char *slash = strrchr(pattern, '/');
        if (fnmatch(slash + 1, file, 0) != 0 || strpbrk(slash + 1, "*?[") == NULL ||
            strcspn(pattern, "*?[") < (size_t)(slash - pattern)) {
            continue;
        }
        conf->drop_in =
            ocn_arena_printf(&conf->confs.arena, "%.*s/%s", (int)(slash - pattern), pattern, file);
        conf->is_imported = true;
    }
}

/* Files to load, first in, first out; each once. */
struct queue {
    const char *paths[MAX_FILES];
    size_t count;
};

static int push(struct queue *queue, const char *path, struct ocn_error *err)
{
    for (size_t i = 0; i < queue->count; i++) {
        if (strcmp(queue->paths[i], path) == 0) {
            return 0;
        }
    }
    if (queue->count == MAX_FILES) {
        return ocn_fail(err, OCN_E_LIMIT, path, "more than %d files are imported", MAX_FILES);
    }
    queue->paths[queue->count++] = path;
    return 0;
}

/* The files of one import, with ours among them where it will be. */
static int push_matches(struct queue *queue, struct ocn_install *install,
                        struct ocn_containerd_conf *conf, const char *pattern,
                        struct ocn_error *err)
{
    const char *const *paths;
    size_t count;
    bool ours = conf->is_imported && fnmatch(pattern, conf->drop_in, FNM_PATHNAME) == 0;

    if (ocn_node_glob(install->changes->node, &conf->confs.arena, pattern, &paths, &count, err) <
        0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (ours && strcmp(paths[i], conf->drop_in) > 0) {
            ours = false;
            if (push(queue, conf->drop_in, err) < 0) {
                return -1;
            }
        }
        if (push(queue, paths[i], err) < 0) {
            return -1;
        }
    }
    return ours ? push(queue, conf->drop_in, err) : 0;
}

static int push_imports(struct queue *queue, struct ocn_install *install,
                        struct ocn_containerd_conf *conf, const struct ocn_conf *from,
                        struct ocn_error *err)
{
    const char *pattern = NULL;
    size_t pos = 0;

    for (;;) {
        if (next_import(&conf->confs.arena, from, &pos, &pattern, err) < 0) {
            return -1;
        }
        if (pattern == NULL) {
            return 0;
        }
        if (push_matches(queue, install, conf, pattern, err) < 0) {
            return -1;
        }
    }
}

static int load_imports(struct ocn_install *install, struct ocn_containerd_conf *conf,
                        struct ocn_error *err)
{
    struct queue queue = { .paths = { install->engine->root_file }, .count = 1 };

    for (size_t i = 0; i < queue.count; i++) {
        size_t had = conf->confs.count;
        if (strcmp(queue.paths[i], conf->drop_in) == 0) {
            conf->before = had;
            continue;
        }
        /* The root is there already. */
        if (i > 0 && ocn_confs_add(&conf->confs, install->changes, queue.paths[i], err) < 0) {
            return -1;
        }
        if (i > 0 && conf->confs.count == had) {
            if (ocn_node_has(install->changes->node, queue.paths[i])) {
                continue; /* ours, from an earlier install */
            }
            return ocn_fail(err, OCN_E_NOENT, queue.paths[i],
                            "is imported and not there, with which containerd does not start");
        }
        const struct ocn_conf *from = &conf->confs.list[conf->confs.count - 1];
        if (push_imports(&queue, install, conf, from, err) < 0) {
            return -1;
        }
        /* The import that we will add is the root's last. */
        if (i == 0 && !conf->is_imported && push(&queue, conf->drop_in, err) < 0) {
            return -1;
        }
    }
    return 0;
}

int ocn_containerd_conf_load(struct ocn_install *install, struct ocn_containerd_conf *ret,
                             struct ocn_error *err)
{
    *ret = (struct ocn_containerd_conf){ .drop_in = install->engine->drop_in };
    ret->major = ask_version(install);
    if (ocn_confs_add(&ret->confs, install->changes, install->engine->root_file, err) < 0) {
        return -1;
    }
    ret->root = ret->confs.count != 0 ? &ret->confs.list[0] : NULL;
    if (read_version(ret, err) < 0 || fit_version(ret, err) < 0) {
        return -1;
    }
    ret->merges = ret->version >= 3 || ret->major >= OCN_CONTAINERD_MERGES;
    if (ret->root == NULL) {
        return 0;
    }
    if (choose_drop_in(install, ret, err) < 0 || load_imports(install, ret, err) < 0) {
        return -1;
    }
    ret->root = &ret->confs.list[0]; /* the list has grown */
    return ocn_arena_check(&ret->confs.arena, err);
}
