/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRI-O: a runtime in a drop-in (crio.conf.d(5): each file adds to those before, in the order of a
 * walk through the directory), or a hooks.d file.
 */
#include <stdlib.h>
#include <string.h>

#include "hook/install/confs.h"
#include "hook/install/install.h"
#include "hook/install/template.h"
#include "hook/install/tool.h"
#include "hook/sys/places.h"

#define DOT OCN_TOML_DOT
#define RUNTIME "crio" DOT "runtime"
#define RUNTIMES RUNTIME DOT "runtimes"
#define DROP_INS "/etc/crio/crio.conf.d"
#define VERSION_SECONDS 10

/* What a default runtime is that no file has a table of: pkg/config/config.go,
 * defaultRuntimeHandler(). */
#define COMPILED_IN "crun" /* since 1.30; runc before */
static const char compiled_in[] = "runtime_root = \"/run/crun\"\n"
                                  "container_min_memory = \"500KiB\"\n";

/* Its allowed_annotations, by CRI-O's version 1.N: who does not know a name drops the runtime. */
static const struct {
    unsigned since;
    const char *line;
} compiled_in_annotations[] = {
    { 35, "allowed_annotations = [\"io.containers.trace-syscall\", \"devices.crio.io\"]\n" },
    { 30, "allowed_annotations = [\"io.containers.trace-syscall\", "
          "\"io.kubernetes.cri-o.Devices\"]\n" },
};

static int load(struct ocn_install *install, struct ocn_confs *confs, struct ocn_error *err)
{
    return ocn_confs_add(confs, install->changes, install->engine->root_file, err) < 0 ||
                   ocn_confs_add_below(confs, install->changes, DROP_INS, err) < 0
               ? -1
               : 0;
}

/* ---- the default runtime ------------------------------------------------------------------ */

/* N of CRI-O's version 1.N; 0: it cannot be asked here. */
static unsigned ask_version(const struct ocn_install *install)
{
    static const char before[] = "version 1.";
    OCN_CLEANUP(ocn_tool_done) struct ocn_tool_result result = { 0 };
    const char *const argv[] = { install->daemon, "--version", NULL };

    if (install->daemon == NULL || !ocn_node_is_this_machine(install->changes->node) ||
        ocn_tool_run(install->changes->node, argv, VERSION_SECONDS, &result, NULL) < 0) {
        return 0;
    }
    const char *at = strstr(ocn_buf_bytes(&result.out).ptr, before);
    return at != NULL ? (unsigned)strtoul(at + sizeof(before) - 1, NULL, 10) : 0;
}

/* No file says what it is: CRI-O has that in itself, and a table of its own would have less. */
static int copy_compiled_in(struct ocn_install *install, struct ocn_buf *out, struct ocn_error *err)
{
    const unsigned version = ask_version(install);
    const char *annotations = NULL;

    ocn_buf_puts(out, compiled_in);
    for (size_t i = 0; i < OCN_COUNT(compiled_in_annotations) && annotations == NULL; i++) {
        annotations =
            version >= compiled_in_annotations[i].since ? compiled_in_annotations[i].line : NULL;
    }
    ocn_buf_puts(out, annotations != NULL ? annotations : "");
    if (annotations == NULL) {
        ocn_buf_puts(
            install->notes,
            "which annotations the default runtime allows (allowed_annotations, for devices "
            "and the seccomp trace hook) hangs on CRI-O's version, which cannot be asked "
            "here: ocinorm's allows none\n");
    }
    return ocn_buf_check(out, err);
}

/* The policy's first is runc. */
static void note_program(struct ocn_install *install, const char *name, const char *program)
{
    if (strcmp(program, "runc") == 0) {
        return;
    }
    ocn_buf_printf(install->notes,
                   "the runtime %s is %s; for ocinorm to start it too, put it first in "
                   "\"runtimes\" of " OCN_CONFIG_PATH "\n",
                   name, program);
}

/* The settings of the default runtime, as CRI-O has them: of several tables the last one, whole. */
static int copy_table(struct ocn_install *install, const struct ocn_conf *conf, const char *name,
                      struct ocn_buf *out, struct ocn_error *err)
{
    /* What would lead CRI-O past our program, or is another kind of runtime's. */
    static const char *const skip[] = { "runtime_path",
                                        "runtime_type",
                                        "runtime_config_path",
                                        "platform_runtime_paths",
                                        "inherit_default_runtime",
                                        NULL };
    struct ocn_conf own = *conf;
    struct ocn_confs table = { .list = &own, .count = 1 };
    struct ocn_arena *arena = &table.arena;
    const char *base = ocn_arena_printf(arena, RUNTIMES DOT "%s", name);
    const char *type = ocn_arena_printf(arena, RUNTIMES DOT "%s" DOT "runtime_type", name);
    const char *path = ocn_arena_printf(arena, RUNTIMES DOT "%s" DOT "runtime_path", name);
    const char *kind = ocn_confs_string(&table, type, "oci");
    const char *binary = ocn_confs_string(&table, path, "");
    int status = 0;
    if (strcmp(kind, "pod") == 0) {
        status = ocn_fail(err, OCN_E_UNSUPPORTED, conf->path,
                          "the default runtime %s has runtime_type \"pod\" (conmon-rs), which "
                          "starts no other program in its place; use --mode hook",
                          name);
    } else if (strcmp(kind, "vm") == 0 && install->set_default) {
        status =
            ocn_fail(err, OCN_E_UNSUPPORTED, conf->path,
                     "the default runtime %s has runtime_type \"vm\": with --set-default every "
                     "pod would leave its virtual machine; install without it, and name the "
                     "handler in a RuntimeClass",
                     name);
    } else if (strcmp(kind, "vm") == 0) {
        ocn_buf_printf(
            install->notes,
            "the default runtime %s has runtime_type \"vm\": ocinorm's is no copy of it, and "
            "its pods run in no virtual machine\n",
            name);
    } else {
        ocn_confs_copy(&table, base, skip, out);
        note_program(install, name, binary[0] != '\0' ? binary : name);
    }
    status = ocn_arena_check(arena, err) < 0 ? -1 : status;
    ocn_arena_done(arena);
    return status < 0 ? -1 : ocn_buf_check(out, err);
}

static int copy_base(struct ocn_install *install, struct ocn_confs *confs, struct ocn_buf *out,
                     struct ocn_error *err)
{
    const char *name = ocn_confs_string(confs, RUNTIME DOT "default_runtime", NULL);
    if (name == NULL || name[0] == '\0') {
        name = ocn_confs_has(confs, RUNTIMES DOT COMPILED_IN) ||
                       !ocn_confs_has(confs, RUNTIMES DOT "runc")
                   ? COMPILED_IN
                   : "runc";
    }
    const char *base = ocn_arena_printf(&confs->arena, RUNTIMES DOT "%s", name);
    const struct ocn_conf *conf = ocn_confs_last(confs, base);
    if (conf != NULL) {
        return copy_table(install, conf, name, out, err);
    }
    if (strcmp(name, COMPILED_IN) != 0) {
        return 0; /* CRI-O itself says that there is none */
    }
    note_program(install, name, "crun, as CRI-O has it compiled in");
    return copy_compiled_in(install, out, err);
}

/* Of the files that CRI-O reads behind ours, which one says otherwise. */
static void note_later(struct ocn_install *install, const struct ocn_confs *confs)
{
    const struct ocn_conf *conf = NULL;

    if (ocn_confs_find(confs, RUNTIME DOT "default_runtime", &conf) != NULL &&
        strcmp(conf->path, install->engine->drop_in) > 0) {
        ocn_buf_printf(install->notes,
                       "%s sets default_runtime too, and CRI-O reads it behind %s: ocinorm's does "
                       "not count until that line is gone\n",
                       conf->path, install->engine->drop_in);
    }
}

/* ---- the files ---------------------------------------------------------------------------- */

static int plan_runtime(struct ocn_install *install, struct ocn_confs *confs, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf set_default = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf handler = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf runtime = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    const char *ours = ocn_arena_printf(&confs->arena, RUNTIMES DOT "%s", install->handler);

    if (ocn_confs_has(confs, ours)) {
        return ocn_fail(err, OCN_E_UNSUPPORTED, "/etc/crio",
                        "there is a runtime %s already, and it is not from ocinorm install; remove "
                        "it, or choose another name with --runtime-class",
                        install->handler);
    }
    if (install->set_default) {
        ocn_buf_printf(&set_default, "[crio.runtime]\ndefault_runtime = \"%s\"\n",
                       install->handler);
        note_later(install, confs);
    }
    ocn_toml_key(&handler, install->handler);
    if (copy_base(install, confs, &runtime, err) < 0) {
        return -1;
    }
    const struct ocn_fill fills[] = {
        { "DEFAULT", ocn_buf_bytes(&set_default).ptr },
        { "HANDLER", ocn_buf_bytes(&handler).ptr },
        { "PROGRAM", install->program },
        { "RUNTIME", ocn_buf_bytes(&runtime).ptr },
        { NULL, NULL },
    };
    text.failed = set_default.failed | handler.failed;
    ocn_template_fill(&text, ocn_template_crio, fills);
    return ocn_buf_check(&text, err) < 0
               ? -1
               : ocn_changes_want(install->changes, install->engine->drop_in, OCN_OURS, 0644,
                                  ocn_buf_bytes(&text), err);
}

/* In the first directory that CRI-O looks into; the file's stage is one that it knows. */
static int plan_hook(struct ocn_install *install, struct ocn_confs *confs, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    const struct ocn_fill fills[] = { { "PROGRAM", install->program }, { NULL, NULL } };
    const struct ocn_toml_row *row = ocn_confs_find(confs, RUNTIME DOT "hooks_dir", NULL);
    const char *path = install->engine->spec;
    const char *directory = NULL;
    size_t pos = 0;

    if (row != NULL &&
        ocn_toml_next_string(&confs->arena, row->value, &pos, &directory) == OCN_TOML_NEXT) {
        path = ocn_arena_printf(&confs->arena, "%s%s", directory, strrchr(path, '/'));
    }
    ocn_template_fill(&text, ocn_template_crio_hook, fills);
    /* A runtime that was ours stays in the running CRI-O. */
    install->is_reread = !ocn_node_has(install->changes->node, install->engine->drop_in);
    ocn_buf_printf(install->notes,
                   "Podman reads %s as well, if that is where its hooks are: containers of both "
                   "engines get the hook\n",
                   path);
    return ocn_buf_check(&text, err) < 0 ? -1
                                         : ocn_changes_want(install->changes, path, OCN_OURS, 0644,
                                                            ocn_buf_bytes(&text), err);
}

int ocn_install_crio(struct ocn_install *install, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_confs_done) struct ocn_confs confs = { 0 };

    if (load(install, &confs, err) < 0) {
        return -1;
    }
    int result = install->mode == OCN_MODE_RUNTIME ? plan_runtime(install, &confs, err)
                                                   : plan_hook(install, &confs, err);
    return ocn_arena_check(&confs.arena, err) < 0 ? -1 : result;
}
