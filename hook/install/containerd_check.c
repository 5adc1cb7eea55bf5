/* SPDX-License-Identifier: Apache-2.0 */
/* containerd's own word on a configuration: `containerd config dump`, before and after. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "hook/install/containerd_conf.h"
#include "hook/install/install.h"
#include "hook/install/tool.h"

#define DOT OCN_TOML_DOT
#define ASK_SECONDS 20

enum { CANNOT_START = 127 };

int ocn_install_containerd_dump(const struct ocn_install *install, struct ocn_buf *ret,
                                bool *ret_asked, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_tool_done) struct ocn_tool_result result = { 0 };
    const char *const named[] = { install->daemon, "--config", install->engine->root_file,
                                  "config",        "dump",     NULL };
    /* 1.7 does not dump without a file, though it starts. */
    const char *const plain[] = { install->daemon, "config", "default", NULL };
    bool names = ocn_node_has(install->changes->node, install->engine->root_file);

    if (install->daemon == NULL) {
        *ret_asked = false;
        return 0;
    }
    if (ocn_tool_run(install->changes->node, names ? named : plain, ASK_SECONDS, &result, err) <
        0) {
        return -1;
    }
    if (result.status == CANNOT_START) {
        *ret_asked = false;
        return 0;
    }
    if (result.status != 0) {
        return ocn_fail(err, OCN_E_FORMAT, install->engine->root_file,
                        "`containerd config dump` does not accept it: %s",
                        ocn_tool_reason(&result));
    }
    ocn_buf_add(ret, ocn_buf_bytes(&result.out).ptr, result.out.len);
    if (ocn_buf_check(ret, err) < 0) {
        return -1;
    }
    *ret_asked = true;
    return 0;
}

/* The value at the end of the path in a dump, whatever the version of the schema. */
static const struct ocn_toml_row *find_in(struct ocn_toml *dump, const char *below)
{
    const struct ocn_toml_row *row = NULL;

    for (int version = 1; row == NULL && ocn_containerd_conf_section(version) != NULL; version++) {
        row = ocn_toml_find(dump, ocn_arena_printf(&dump->arena, "%s" DOT "%s",
                                                   ocn_containerd_conf_section(version), below));
    }
    return row;
}

static bool has_cri(const struct ocn_toml *dump)
{
    const struct ocn_confs one = { .list = &(struct ocn_conf){ .toml = *dump }, .count = 1 };

    for (int version = 1; ocn_containerd_conf_section(version) != NULL; version++) {
        if (ocn_confs_has(&one, ocn_containerd_conf_section(version))) {
            return true;
        }
    }
    return false;
}

static bool is_text(struct ocn_arena *arena, const struct ocn_toml_row *row, const char *text)
{
    const char *found = row != NULL ? ocn_toml_string(arena, row->value) : NULL;

    return found != NULL && strcmp(found, text) == 0;
}

static int check_ours(const struct ocn_install *install, struct ocn_toml *dump,
                      struct ocn_error *err)
{
    bool hook = install->mode == OCN_MODE_HOOK;
    if (!has_cri(dump)) {
        return 0; /* switched off: a note says so */
    }
    const char *value = hook ? install->engine->spec : install->program;
    const char *path =
        ocn_arena_printf(&dump->arena, "containerd" DOT "runtimes" DOT "%s" DOT "%s",
                         install->handler, hook ? "base_runtime_spec" : "options" DOT "BinaryName");

    if (!is_text(&dump->arena, find_in(dump, path), value)) {
        return ocn_fail(err, OCN_E_FORMAT, install->engine->root_file,
                        "`containerd config dump` does not show the runtime %s of ocinorm; does "
                        "another file come after it?",
                        install->handler);
    }
    if (install->set_default &&
        !is_text(&dump->arena, find_in(dump, "containerd" DOT "default_runtime_name"),
                 install->handler)) {
        return ocn_fail(err, OCN_E_FORMAT, install->engine->root_file,
                        "`containerd config dump` does not show %s as the default runtime",
                        install->handler);
    }
    return 0;
}

/* What is nothing may be left out. */
static bool is_zero(struct ocn_bytes value)
{
    static const char *const zeros[] = { "\"\"", "''", "0", "false", "[]", "{}" };

    for (size_t i = 0; i < OCN_COUNT(zeros); i++) {
        if (value.len == strlen(zeros[i]) && memcmp(value.ptr, zeros[i], value.len) == 0) {
            return true;
        }
    }
    return false;
}

/* What is meant to differ. */
static bool may_change(const struct ocn_install *install, const char *path)
{
    const char *end = strrchr(path, DOT[0]);

    return strcmp(path, "imports") == 0 ||
           (install->set_default && end != NULL && strcmp(end + 1, "default_runtime_name") == 0);
}

int ocn_install_containerd_check(const struct ocn_install *install, struct ocn_bytes before,
                                 struct ocn_bytes after, struct ocn_error *err)
{
    struct ocn_toml old = { 0 };
    struct ocn_toml new = { 0 };
    int failed = ocn_toml_scan(after, &new, err) < 0 || ocn_toml_scan(before, &old, err) < 0
                     ? -1
                     : check_ours(install, &new, err);

    failed = ocn_arena_check(&new.arena, err) < 0 ? -1 : failed;
    for (size_t i = 0; failed == 0 && i < old.count; i++) {
        const struct ocn_toml_row *row = &old.rows[i];
        if (row->kind != OCN_TOML_VALUE || row->is_table || may_change(install, row->path)) {
            continue;
        }
        const struct ocn_toml_row *now = ocn_toml_find(&new, row->path);
        if (now == NULL ? !is_zero(row->value)
                        : now->value.len != row->value.len ||
                              memcmp(now->value.ptr, row->value.ptr, row->value.len) != 0) {
            OCN_CLEANUP(ocn_buf_done) struct ocn_buf key = { 0 };
            ocn_toml_key(&key, row->path);
            failed = ocn_fail(err, OCN_E_FORMAT, install->engine->root_file,
                              "with ocinorm's file, containerd would lose or change: %s",
                              ocn_buf_bytes(&key).ptr);
        }
    }
    ocn_arena_done(&old.arena);
    ocn_arena_done(&new.arena);
    return failed;
}

int ocn_install_containerd_copy_runtime(struct ocn_bytes dump, const char *name,
                                        struct ocn_buf *out, struct ocn_error *err)
{
    struct ocn_toml toml = { 0 };

    if (ocn_toml_scan(dump, &toml, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < toml.count; i++) {
        const struct ocn_toml_row *row = &toml.rows[i];
        const char *below = NULL;
        for (int version = 1; below == NULL && ocn_containerd_conf_section(version) != NULL;
             version++) {
            const char *path =
                ocn_arena_printf(&toml.arena, "%s" DOT "containerd" DOT "runtimes" DOT "%s",
                                 ocn_containerd_conf_section(version), name);
            below = ocn_toml_below(row->path, path);
        }
        if (row->kind == OCN_TOML_VALUE && !row->is_table && below != NULL && below[0] != '\0' &&
            !is_zero(row->value)) {
            ocn_toml_key(out, below);
            ocn_buf_puts(out, " = ");
            ocn_buf_add(out, row->value.ptr, row->value.len);
            ocn_buf_puts(out, "\n");
        }
    }
    int result = ocn_arena_check(&toml.arena, err);
    ocn_arena_done(&toml.arena);
    return result < 0 ? -1 : ocn_buf_check(out, err);
}
