/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/oci/directives.h"

#include <string.h>

/* The name of a WebAssembly module, as crun tells one. */
static bool is_module(const struct ocn_container *container)
{
    const struct ocn_strings *args = &container->process.args;
    const char *dot = args->len != 0 ? strrchr(args->items[0], '.') : NULL;

    return dot != NULL && (strcmp(dot, ".wasm") == 0 || strcmp(dot, ".wat") == 0);
}

static bool keeps_groups(const char *value, const struct ocn_container *container)
{
    (void)container;
    return strcmp(value, "0") != 0;
}

static bool names_handler(const char *value, const struct ocn_container *container)
{
    return strcmp(value, "wasm-smart") != 0 || is_module(container);
}

static bool is_variant(const char *value, const struct ocn_container *container)
{
    return strcmp(value, "compat") == 0 ||
           (strcmp(value, "compat-smart") == 0 && is_module(container));
}

/*
 * All annotations of crun 1.8 to 1.29 (crun.1.md) were looked at; those that are not here change
 * neither the user, nor the groups, nor what is executed: run.oci.mount_context_type,
 * .seccomp.receiver, .seccomp.plugins, .seccomp_fail_unknown_syscall, .seccomp_bpf_data,
 * .pidfd_receiver, .systemd.*, .delegate-cgroup, .hooks.stdout, .hooks.stderr; org.criu.config is
 * for restore, which user.restore judges. runc 1.1 to 1.5 obeys org.systemd.property.* only.
 */
static const struct {
    struct ocn_directive directive;
    bool (*holds)(const char *value, const struct ocn_container *container);
} rows[] = {
    { { "run.oci.keep_original_groups", OCN_DIRECTIVE_GROUPS, "0" }, keeps_groups },
    { { "run.oci.handler", OCN_DIRECTIVE_EXECUTES, NULL }, names_handler },
    { { "module.wasm.image/variant", OCN_DIRECTIVE_EXECUTES, NULL }, is_variant },
};

const struct ocn_directive *ocn_directives_find(const struct ocn_container *container,
                                                enum ocn_directive_effect effect)
{
    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        const struct ocn_directive *directive = &rows[i].directive;
        const char *value = ocn_oci_annotation_get(container, directive->key);
        if (directive->effect == effect && value != NULL && rows[i].holds(value, container)) {
            return directive;
        }
    }
    return NULL;
}
