/* SPDX-License-Identifier: Apache-2.0 */
/* CRI-O: a runtime in a drop-in (crio.conf.d(5): each file adds to those before), or a hooks.d
 * file. */
#include <string.h>

#include "hook/install/confs.h"
#include "hook/install/install.h"
#include "hook/install/template.h"

#define DOT OCN_TOML_DOT
#define RUNTIME "crio" DOT "runtime"
#define RUNTIMES RUNTIME DOT "runtimes"
#define DEFAULT_RUNTIME "crun" /* since 1.30; runc before */

static int load(struct ocn_install *install, struct ocn_confs *confs, struct ocn_error *err)
{
    return ocn_confs_add(confs, install->changes, install->engine->root_file, err) < 0 ||
                   ocn_confs_add_all(confs, install->changes, "/etc/crio/crio.conf.d/*", err) < 0
               ? -1
               : 0;
}

/* The settings of the default runtime, where somebody has written them down. */
static int copy_base(struct ocn_install *install, struct ocn_confs *confs, struct ocn_buf *out,
                     struct ocn_error *err)
{
    static const char *const skip[] = { "runtime_path", "runtime_type", "runtime_config_path",
                                        NULL };
    const char *name = ocn_confs_string(confs, RUNTIME DOT "default_runtime", NULL);
    if (name == NULL) {
        name = ocn_confs_has(confs, RUNTIMES DOT "runc") ? "runc" : DEFAULT_RUNTIME;
    }
    const char *base = ocn_arena_printf(&confs->arena, RUNTIMES DOT "%s", name);
    const char *type = ocn_arena_printf(&confs->arena, RUNTIMES DOT "%s" DOT "runtime_type", name);
    const char *path = ocn_arena_printf(&confs->arena, RUNTIMES DOT "%s" DOT "runtime_path", name);

    if (base == NULL || type == NULL || path == NULL) {
        return ocn_fail_nomem(err);
    }
    if (strcmp(ocn_confs_string(confs, type, "oci"), "vm") == 0) {
        return 0;
    }
    ocn_confs_copy(confs, base, skip, out);
    const char *binary = ocn_confs_string(confs, path, "");
    if (binary[0] != '\0') {
        ocn_buf_printf(install->notes,
                       "the runtime %s is %s; for ocinorm to start it too, put it first in "
                       "\"runtimes\" of /etc/ocinorm/config.json\n",
                       name, binary);
    }
    return ocn_buf_check(out, err);
}

static int plan_runtime(struct ocn_install *install, struct ocn_confs *confs, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf set_default = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf handler = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf runtime = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    const char *ours = ocn_arena_printf(&confs->arena, RUNTIMES DOT "%s", install->handler);

    if (ours == NULL) {
        return ocn_fail_nomem(err);
    }
    if (ocn_confs_has(confs, ours)) {
        return ocn_fail(err, OCN_E_UNSUPPORTED, "/etc/crio",
                        "there is a runtime %s already, and it is not from ocinorm install; remove "
                        "it, or choose another name with --runtime-class",
                        install->handler);
    }
    if (install->set_default) {
        ocn_buf_printf(&set_default, "[crio.runtime]\ndefault_runtime = \"%s\"\n",
                       install->handler);
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

    if (row != NULL && ocn_toml_next_string(&confs->arena, row->value, &pos, &directory) > 0) {
        path = ocn_arena_printf(&confs->arena, "%s%s", directory, strrchr(path, '/'));
    }
    ocn_template_fill(&text, ocn_template_crio_hook, fills);
    if (path == NULL) {
        return ocn_fail_nomem(err);
    }
    install->is_reread = 1;
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
    return install->mode == OCN_MODE_RUNTIME ? plan_runtime(install, &confs, err)
                                             : plan_hook(install, &confs, err);
}
