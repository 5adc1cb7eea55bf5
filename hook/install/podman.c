/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Podman: containers.conf.d (containers.conf(5): each file adds to those before, but a list is
 * taken from the last file that has it), and for hooks a directory that CRI-O does not read.
 */
#include <string.h>

#include "hook/install/confs.h"
#include "hook/install/install.h"
#include "hook/install/template.h"

#define DOT OCN_TOML_DOT

static const char *const files[] = {
    "/usr/share/containers/containers.conf",
    "/usr/share/containers/containers.conf.d/*.conf",
    "/etc/containers/containers.conf",
    "/etc/containers/containers.conf.d/*.conf",
};

/* What Podman has where nobody says otherwise (container-libs common/pkg/config/default.go). */
static const char built_in_json[] =
    "[\"crun\", \"runc\", \"kata\", \"runsc\", \"youki\", \"krun\"]";
static const char built_in_hooks[] =
    "[\"/usr/share/containers/oci/hooks.d\", \"/etc/containers/oci/hooks.d\"]";

static void add_list(const struct ocn_confs *confs, const char *key, const char *built_in,
                     const char *element, struct ocn_buf *out)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf path = { 0 };

    ocn_buf_printf(&path, "engine" DOT "%s", key);
    const struct ocn_toml_row *row = ocn_confs_find(confs, ocn_buf_bytes(&path).ptr, NULL);
    struct ocn_bytes list = { built_in, strlen(built_in) };
    if (row != NULL && row->value.len >= 2 && row->value.ptr[0] == '[') {
        list = row->value;
    }
    ocn_buf_printf(out, "%s = ", key);
    ocn_toml_list_add(out, list, element);
    ocn_buf_puts(out, "\n");
    out->failed |= path.failed;
}

static int plan_runtime(struct ocn_install *install, const struct ocn_confs *confs,
                        struct ocn_buf *engine, struct ocn_buf *runtimes, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf ours = { 0 };

    ocn_buf_printf(&ours, "engine" DOT "runtimes" DOT "%s", install->handler);
    if (ocn_confs_has(confs, ocn_buf_bytes(&ours).ptr)) {
        return ocn_fail(err, OCN_E_UNSUPPORTED, "containers.conf",
                        "there is a runtime %s already, and it is not from ocinorm install; remove "
                        "it, or choose another name with --runtime-class",
                        install->handler);
    }
    if (install->set_default) {
        ocn_buf_printf(engine, "runtime = \"%s\"\n", install->handler);
    }
    /* Without it Podman gives no --log, and shows stderr alone. */
    add_list(confs, "runtime_supports_json", built_in_json, install->handler, engine);
    ocn_buf_puts(runtimes, "\n[engine.runtimes]\n");
    ocn_toml_key(runtimes, install->handler);
    ocn_buf_printf(runtimes, " = [\"%s\"]\n", install->program);
    return 0;
}

static int plan_hook(struct ocn_install *install, const struct ocn_confs *confs,
                     struct ocn_buf *engine, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf directory = { 0 };
    const struct ocn_fill fills[] = { { "PROGRAM", install->program },
                                      { "STAGE", install->stage },
                                      { NULL, NULL } };
    const char *spec = install->engine->spec;

    ocn_buf_add(&directory, spec, (size_t)(strrchr(spec, '/') - spec));
    ocn_template_fill(&text, ocn_template_podman_hook, fills);
    if (ocn_buf_check(&directory, err) < 0 || ocn_buf_check(&text, err) < 0) {
        return -1;
    }
    add_list(confs, "hooks_dir", built_in_hooks, directory.ptr, engine);
    return ocn_changes_want(install->changes, spec, OCN_OURS, 0644, ocn_buf_bytes(&text), err);
}

int ocn_install_podman(struct ocn_install *install, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_confs_done) struct ocn_confs confs = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf engine = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf runtimes = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };

    for (size_t i = 0; i < OCN_COUNT(files); i++) {
        if (ocn_confs_add_all(&confs, install->changes, files[i], err) < 0) {
            return -1;
        }
    }
    if (install->mode == OCN_MODE_RUNTIME
            ? plan_runtime(install, &confs, &engine, &runtimes, err) < 0
            : plan_hook(install, &confs, &engine, err) < 0) {
        return -1;
    }
    const struct ocn_fill fills[] = {
        { "ENGINE", ocn_buf_bytes(&engine).ptr },
        { "RUNTIMES", ocn_buf_bytes(&runtimes).ptr },
        { NULL, NULL },
    };
    text.failed = engine.failed | runtimes.failed;
    ocn_template_fill(&text, ocn_template_podman, fills);
    install->is_reread = true;
    return ocn_buf_check(&text, err) < 0
               ? -1
               : ocn_changes_want(install->changes, install->engine->drop_in, OCN_OURS, 0644,
                                  ocn_buf_bytes(&text), err);
}
