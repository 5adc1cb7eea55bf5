/* SPDX-License-Identifier: Apache-2.0 */
/*
 * containerd, k3s and rke2: a runtime handler in a drop-in file.
 *
 * containerd 1 takes the whole section of a plugin from the last file that has one
 * (services/server/config/config.go, mergeConfig: "Replace entire sections"); 2 merges key by key.
 * For 1, the drop-in carries a copy of the section, or every other runtime would be gone.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "hook/install/containerd_conf.h"
#include "hook/install/install.h"
#include "hook/install/template.h"
#include "hook/install/tool.h"
#include "hook/sys/places.h"
#include "normalize/json/load.h"
#include "normalize/outcome/splice.h"

#define DOT OCN_TOML_DOT
#define ASK_SECONDS 20
#define RUNC_SHIM "io.containerd.runc."
#define DEFAULT_SHIM "io.containerd.runc.v2"
#define DEFAULT_RUNTIME "runc"

/* What of a pod's annotations must reach config.json: ours, and what platform.declared reads. */
static const char *const annotations[] = { "io.ocinorm.*", "org.opencontainers.image.*" };

/* All texts of the drop-in, in buffers that die together. */
struct parts {
    struct ocn_buf containerd; /* the header of CRI's containerd table */
    struct ocn_buf handler;
    struct ocn_buf copy;
    struct ocn_buf set_default;
    struct ocn_buf runtime;
    struct ocn_buf options;
};

static void drop_parts(struct parts *parts)
{
    ocn_buf_done(&parts->containerd);
    ocn_buf_done(&parts->handler);
    ocn_buf_done(&parts->copy);
    ocn_buf_done(&parts->set_default);
    ocn_buf_done(&parts->runtime);
    ocn_buf_done(&parts->options);
}

/* The last file that has a section for CRI, or NULL; with containerd 1 only that one counts. */
static const struct ocn_conf *last_with_cri(const struct ocn_containerd_conf *conf)
{
    for (size_t i = conf->confs.count; i > 0; i--) {
        const struct ocn_confs one = { .list = &conf->confs.list[i - 1], .count = 1 };
        if (ocn_confs_has(&one, conf->cri)) {
            return one.list;
        }
    }
    return NULL;
}

/* The files whose settings are in force, of which a containerd that replaces has one. */
static struct ocn_confs in_force(const struct ocn_containerd_conf *conf)
{
    const struct ocn_conf *last = last_with_cri(conf);

    if (conf->merges || last == NULL) {
        return (struct ocn_confs){ .list = conf->confs.list, .count = conf->confs.count };
    }
    return (struct ocn_confs){ .list = (struct ocn_conf *)(uintptr_t)last, .count = 1 };
}

/* The end of what in_force() gave; that memory was out for it is told to @conf. */
static void leave(struct ocn_containerd_conf *conf, struct ocn_confs *now)
{
    if (now->arena.failed) {
        (void)ocn_arena_fail(&conf->confs.arena);
    }
    ocn_arena_done(&now->arena);
}

static const char *runtime_path(struct ocn_containerd_conf *conf, const char *name)
{
    return ocn_arena_printf(&conf->confs.arena, "%s" DOT "containerd" DOT "runtimes" DOT "%s",
                            conf->cri, name);
}

/* Whether @name is a runtime that goes through runc's shim; a runc that nobody has set up does. */
static bool is_runc_like(struct ocn_containerd_conf *conf, const char *name)
{
    struct ocn_confs now = in_force(conf);
    const char *path = runtime_path(conf, name);
    const char *type_path = ocn_arena_printf(&now.arena, "%s" DOT "runtime_type", path);
    const char *type = ocn_confs_string(&now, type_path, NULL);
    bool is = type != NULL ? strncmp(type, RUNC_SHIM, strlen(RUNC_SHIM)) == 0
                           : strcmp(name, DEFAULT_RUNTIME) == 0 && !ocn_confs_has(&now, path);

    leave(conf, &now);
    return is;
}

/* The runtime that ours is made after: the default one, or runc where that is of another kind. */
static int choose_base(struct ocn_containerd_conf *conf, const char **ret, struct ocn_error *err)
{
    struct ocn_confs now = in_force(conf);
    const char *path = ocn_containerd_conf_path(conf, "containerd" DOT "default_runtime_name");
    const char *found = ocn_confs_string(&now, path, DEFAULT_RUNTIME);
    const char *name = ocn_arena_copy(&conf->confs.arena, found, strlen(found));

    leave(conf, &now);
    if (is_runc_like(conf, name)) {
        *ret = name;
        return 0;
    }
    if (is_runc_like(conf, DEFAULT_RUNTIME)) {
        *ret = DEFAULT_RUNTIME;
        return 0;
    }
    return ocn_fail(err, OCN_E_UNSUPPORTED, conf->root != NULL ? conf->root->path : NULL,
                    "neither the default runtime %s nor runc has the runtime_type " DEFAULT_SHIM
                    ", so there is nothing to set ocinorm up after; add a runtime runc",
                    name);
}

/* The base's list of annotations, and ours behind it. */
static void add_annotations(struct ocn_confs *now, const char *base, const char *key,
                            struct ocn_buf *out)
{
    const char *path = ocn_arena_printf(&now->arena, "%s" DOT "%s", base, key);
    const struct ocn_toml_row *row = ocn_confs_find(now, path, NULL);
    bool has_list = row != NULL && row->value.len >= 2 && row->value.ptr[0] == '[';
    struct ocn_bytes list = has_list ? row->value : (struct ocn_bytes){ "[]", 2 };
    struct ocn_buf all = { 0 };

    for (size_t i = 0; i < OCN_COUNT(annotations) && !all.failed; i++) {
        struct ocn_buf next = { 0 };
        ocn_toml_list_add(&next, list, annotations[i]);
        ocn_buf_done(&all);
        all = next;
        list = ocn_buf_bytes(&all);
    }
    ocn_buf_printf(out, "%s = ", key);
    ocn_buf_add(out, list.ptr, list.len);
    ocn_buf_puts(out, "\n");
    out->failed = out->failed || all.failed;
    ocn_buf_done(&all);
}

/* The base's BinaryName is not started by ocinorm: the policy's `runtimes` name the runtime. */
static void note_base_binary(struct ocn_install *install, struct ocn_confs *now, const char *base,
                             const char *name)
{
    const char *path = ocn_arena_printf(&now->arena, "%s" DOT "options" DOT "BinaryName", base);
    const char *binary = ocn_confs_string(now, path, "");

    if (install->mode == OCN_MODE_RUNTIME && binary[0] != '\0') {
        ocn_buf_printf(install->notes,
                       "the runtime %s starts %s; for ocinorm to start it too, put it first in "
                       "\"runtimes\" of " OCN_CONFIG_PATH "\n",
                       name, binary);
    }
}

static void render_runtime(struct ocn_install *install, struct ocn_containerd_conf *conf,
                           const char *name, struct parts *parts)
{
    static const char *const skip_runtime[] = { "runtime_type",      "options",
                                                "pod_annotations",   "container_annotations",
                                                "base_runtime_spec", NULL };
    static const char *const skip_spec_too[] = { "BinaryName", NULL };
    static const char *const skip_nothing[] = { NULL };
    struct ocn_confs now = in_force(conf);
    const char *base = runtime_path(conf, name);
    const char *options = ocn_arena_printf(&now.arena, "%s" DOT "options", base);
    const char *type = ocn_arena_printf(&now.arena, "%s" DOT "runtime_type", base);
    const char *spec = ocn_arena_printf(&now.arena, "%s" DOT "base_runtime_spec", base);

    bool hook = install->mode == OCN_MODE_HOOK;
    const char *base_spec = ocn_confs_string(&now, spec, "");
    ocn_buf_puts(&parts->runtime, "runtime_type = ");
    ocn_toml_quote(&parts->runtime, ocn_confs_string(&now, type, DEFAULT_SHIM));
    ocn_buf_puts(&parts->runtime, "\n");
    add_annotations(&now, base, "pod_annotations", &parts->runtime);
    add_annotations(&now, base, "container_annotations", &parts->runtime);
    if (hook || base_spec[0] != '\0') {
        ocn_buf_puts(&parts->runtime, "base_runtime_spec = ");
        ocn_toml_quote(&parts->runtime, hook ? install->engine->spec : base_spec);
        ocn_buf_puts(&parts->runtime, "\n");
    }
    ocn_confs_copy(&now, base, skip_runtime, &parts->runtime);
    if (!hook) {
        ocn_buf_puts(&parts->options, "BinaryName = ");
        ocn_toml_quote(&parts->options, install->program);
        ocn_buf_puts(&parts->options, "\n");
    }
    ocn_confs_copy(&now, options, hook ? skip_nothing : skip_spec_too, &parts->options);
    note_base_binary(install, &now, base, name);
    leave(conf, &now);
}

static void add_default(const struct ocn_install *install, struct ocn_buf *out)
{
    ocn_buf_puts(out, "default_runtime_name = ");
    ocn_toml_quote(out, install->handler);
    ocn_buf_puts(out, "\n");
}

enum copied {
    COPIED_AS_IT_IS,
    COPIED_HEADER,  /* of the table that a default runtime goes into */
    COPIED_DEFAULT, /* the default runtime, which is ours now */
};

/* One statement of CRI's section, for the copy. */
static enum copied copy_row(const struct ocn_install *install, const struct ocn_toml_row *row,
                            const char *below, struct ocn_buf *out)
{
    if (install->set_default && strcmp(below, "containerd" DOT "default_runtime_name") == 0) {
        add_default(install, out);
        return COPIED_DEFAULT;
    }
    /* Line ends of Windows stay behind: a value may span lines, its own end is a new one. */
    for (size_t i = 0; i < row->text.len; i++) {
        if (row->text.ptr[i] != '\r' || i + 1 == row->text.len || row->text.ptr[i + 1] != '\n') {
            ocn_buf_add(out, row->text.ptr + i, 1);
        }
    }
    ocn_buf_puts(out, "\n");
    if (install->set_default && row->kind == OCN_TOML_TABLE && strcmp(below, "containerd") == 0) {
        return COPIED_HEADER;
    }
    return COPIED_AS_IT_IS;
}

/* CRI's section of @from, table by table as it stands there, without comments between the lines. */
static int copy_section(const struct ocn_install *install, const struct ocn_containerd_conf *conf,
                        const struct ocn_conf *from, struct parts *parts, struct ocn_error *err)
{
    size_t header = 0; /* where a default runtime can be put: behind [...containerd] */
    bool done = false;

    for (size_t i = 0; i < from->toml.count; i++) {
        const struct ocn_toml_row *row = &from->toml.rows[i];
        const char *below = ocn_toml_below(row->path, conf->cri);
        if (below == NULL || row->is_nested) {
            continue;
        }
        if (row->kind == OCN_TOML_VALUE && row->table_len < strlen(conf->cri)) {
            return ocn_fail(err, OCN_E_UNSUPPORTED, from->path,
                            "line %zu sets up CRI outside a [plugins...cri] table, which ocinorm "
                            "cannot copy; write it as a table",
                            row->line);
        }
        enum copied copied = copy_row(install, row, below, &parts->copy);
        done = done || copied == COPIED_DEFAULT;
        header = copied == COPIED_HEADER ? parts->copy.len : header;
    }
    if (install->set_default && !done && header != 0) {
        OCN_CLEANUP(ocn_buf_done) struct ocn_buf rest = { 0 };
        ocn_buf_add(&rest, parts->copy.ptr + header, parts->copy.len - header);
        parts->copy.len = header;
        add_default(install, &parts->copy);
        ocn_buf_add(&parts->copy, ocn_buf_bytes(&rest).ptr, rest.len);
        done = true;
    }
    if (install->set_default && !done) {
        ocn_buf_printf(&parts->set_default, "[%s]\n", ocn_buf_bytes(&parts->containerd).ptr);
        add_default(install, &parts->set_default);
    }
    return ocn_buf_check(&parts->copy, err);
}

/*
 * Where nobody sets up a runtime, containerd has one called runc. With containerd 1 the first of
 * ours would end it, so it goes into the drop-in as containerd itself describes it.
 */
static int keep_builtin(const struct ocn_install *install, struct ocn_containerd_conf *conf,
                        struct parts *parts, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf dump = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf runc = { 0 };
    struct ocn_confs now = in_force(conf);
    const char *runtimes = ocn_containerd_conf_path(conf, "containerd" DOT "runtimes");

    if (conf->merges || ocn_confs_has(&now, runtimes)) {
        return 0;
    }
    bool asked = false;
    if (ocn_install_containerd_dump(install, &dump, &asked, err) < 0 ||
        (asked && ocn_install_containerd_copy_runtime(ocn_buf_bytes(&dump), DEFAULT_RUNTIME, &runc,
                                                      err) < 0)) {
        return -1;
    }
    ocn_buf_printf(&parts->set_default, "[%s.runtimes." DEFAULT_RUNTIME "]\n%s",
                   ocn_buf_bytes(&parts->containerd).ptr,
                   runc.len != 0 ? runc.ptr : "runtime_type = \"" DEFAULT_SHIM "\"\n");
    return 0;
}

static int render_parts(struct ocn_install *install, struct ocn_containerd_conf *conf, bool copies,
                        struct parts *parts, struct ocn_error *err)
{
    const char *base = NULL;
    const char *containerd = ocn_containerd_conf_path(conf, "containerd");

    ocn_toml_key(&parts->containerd, containerd);
    ocn_toml_key(&parts->handler, install->handler);
    if (ocn_buf_check(&parts->containerd, err) < 0 || choose_base(conf, &base, err) < 0) {
        return -1;
    }
    render_runtime(install, conf, base, parts);
    const struct ocn_conf *from = last_with_cri(conf);
    if (copies && from != NULL) {
        if (copy_section(install, conf, from, parts, err) < 0) {
            return -1;
        }
    } else if (install->set_default) {
        ocn_buf_printf(&parts->set_default, "[%s]\n", parts->containerd.ptr);
        add_default(install, &parts->set_default);
    }
    return install->engine->is_generated ? 0 : keep_builtin(install, conf, parts, err);
}

static const char note_copy[] =
    "# containerd 1 takes the section of a plugin from one file alone: the last one. So what "
    "stands\n"
    "# here of CRI before the runtime of ocinorm is a copy; after a change of the original, run\n"
    "# `ocinorm install` again.\n";

/* What is copied may be a registry's password: nobody may read it who may not read the original. */
static mode_t mode_of_copy(const struct ocn_install *install,
                           const struct ocn_containerd_conf *conf)
{
    struct stat st;

    return ocn_node_stat(install->changes->node, last_with_cri(conf)->path, &st, NULL) == 0 &&
                   (st.st_mode & 0004) != 0
               ? 0644
               : 0600;
}

static int want_drop_in(struct ocn_install *install, struct ocn_containerd_conf *conf,
                        const char *path, struct ocn_bytes template, struct ocn_error *err)
{
    OCN_CLEANUP(drop_parts) struct parts parts = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    const char version[] = { (char)('0' + conf->version), '\0' };
    bool copies = !conf->merges && !install->engine->is_generated && last_with_cri(conf) != NULL;

    if (render_parts(install, conf, copies, &parts, err) < 0) {
        return -1;
    }
    const struct ocn_fill fills[] = {
        { "ENGINE", install->engine->name },
        { "NOTE", copies ? note_copy : "" },
        { "VERSION", version },
        { "CONTAINERD", ocn_buf_bytes(&parts.containerd).ptr },
        { "HANDLER", ocn_buf_bytes(&parts.handler).ptr },
        { "COPY", ocn_buf_bytes(&parts.copy).ptr },
        { "DEFAULT", ocn_buf_bytes(&parts.set_default).ptr },
        { "RUNTIME", ocn_buf_bytes(&parts.runtime).ptr },
        { "OPTIONS", ocn_buf_bytes(&parts.options).ptr },
        { NULL, NULL },
    };
    text.failed = parts.handler.failed | parts.copy.failed | parts.set_default.failed |
                  parts.runtime.failed | parts.options.failed;
    ocn_template_fill(&text, template, fills);
    if (ocn_buf_check(&text, err) < 0) {
        return -1;
    }
    if (copies) {
        ocn_buf_printf(
            install->notes,
            "containerd 1 takes CRI's section from one file alone, so %s holds a copy of "
            "that in %s; after a change there, run ocinorm install again\n",
            path, last_with_cri(conf)->path);
    }
    return ocn_changes_want(install->changes, path, OCN_OURS,
                            copies ? mode_of_copy(install, conf) : 0644, ocn_buf_bytes(&text), err);
}

/* The root file with our pattern among its imports: in the list, or a line behind the version. */
static void add_import(const struct ocn_containerd_conf *conf, const char *pattern,
                       struct ocn_buf *out)
{
    struct ocn_bytes text = conf->root->text;
    const struct ocn_toml_row *imports = ocn_toml_find(&conf->root->toml, "imports");
    const struct ocn_toml_row *version = ocn_toml_find(&conf->root->toml, "version");

    if (imports != NULL) {
        size_t at = (size_t)(imports->value.ptr - text.ptr);
        ocn_buf_add(out, text.ptr, at);
        ocn_toml_list_add(out, imports->value, pattern);
        at += imports->value.len;
        ocn_buf_add(out, text.ptr + at, text.len - at);
        return;
    }
    size_t at = 0;
    if (version != NULL) {
        const char *behind = version->text.ptr + version->text.len;
        const char *end = memchr(behind, '\n', text.len - (size_t)(behind - text.ptr));
        at = end != NULL ? (size_t)(end - text.ptr) + 1 : text.len;
    }
    const char *first = memchr(text.ptr, '\n', text.len);
    const char *line_end = first != NULL && first > text.ptr && first[-1] == '\r' ? "\r\n" : "\n";
    ocn_buf_add(out, text.ptr, at);
    if (at > 0 && text.ptr[at - 1] != '\n') {
        ocn_buf_puts(out, line_end);
    }
    ocn_buf_puts(out, "imports = [");
    ocn_toml_quote(out, pattern);
    ocn_buf_puts(out, "]");
    ocn_buf_puts(out, line_end);
    ocn_buf_add(out, text.ptr + at, text.len - at);
}

static int want_import(struct ocn_install *install, const struct ocn_containerd_conf *conf,
                       struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };

    if (conf->is_imported) {
        return 0;
    }
    if (conf->root != NULL) {
        add_import(conf, install->engine->include, &text);
    } else {
        ocn_buf_printf(&text, "version = %d\nimports = [", conf->version);
        ocn_toml_quote(&text, install->engine->include);
        ocn_buf_puts(&text, "]\n");
    }
    return ocn_buf_check(&text, err) < 0
               ? -1
               : ocn_changes_want(install->changes, install->engine->root_file, OCN_SHARED, 0644,
                                  ocn_buf_bytes(&text), err);
}

static int parse_hookless(struct ocn_bytes text, const char *where, struct ocn_error *err)
{
    json_auto_t *spec = NULL;

    if (ocn_json_load(text, OCN_NODE_MAX_FILE, &spec, err) < 0) {
        ocn_error_locate(err, where, 0);
        return -1;
    }
    if (!json_is_object(spec)) {
        return ocn_fail(err, OCN_E_FORMAT, where, "is no OCI configuration");
    }
    const json_t *hooks = json_object_get(spec, "hooks");
    if (hooks != NULL && !json_is_null(hooks)) {
        return ocn_fail(err, OCN_E_UNSUPPORTED, where,
                        "has hooks already, which ocinorm does not rearrange; use --mode runtime");
    }
    return 0;
}

/* What containerd gives a container before CRI fills it in: ctr knows. */
static int ask_spec(struct ocn_install *install, struct ocn_tool_result *result,
                    struct ocn_error *err)
{
    const char *ctr =
        ocn_install_program(install->engine, install->changes, install->engine->helper);
    const char *const argv[] = { ctr, "oci", "spec", NULL };

    if (ctr == NULL) {
        return ocn_fail(
            err, OCN_E_UNSUPPORTED, install->engine->name,
            "--mode hook starts from what `ctr oci spec` prints, and there is no ctr on "
            "this node; install it, or use --mode runtime");
    }
    if (ocn_tool_run(install->changes->node, argv, ASK_SECONDS, result, err) < 0) {
        return -1;
    }
    if (result->status != 0) {
        return ocn_fail(err, OCN_E_UNSUPPORTED, ctr, "`ctr oci spec` failed: %s",
                        ocn_tool_reason(result));
    }
    return 0;
}

static int want_spec(struct ocn_install *install, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_tool_done) struct ocn_tool_result result = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf hooks = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    const struct ocn_fill fills[] = { { "PROGRAM", install->program }, { NULL, NULL } };

    if (ask_spec(install, &result, err) < 0 ||
        parse_hookless(ocn_buf_bytes(&result.out), "ctr oci spec", err) < 0) {
        return -1;
    }
    ocn_template_fill(&hooks, ocn_template_containerd_hook, fills);
    if (ocn_buf_check(&hooks, err) < 0) {
        return -1;
    }
    hooks.ptr[--hooks.len] = '\0'; /* its last line end */
    const struct ocn_edit edit = { .path = "/hooks", .to = hooks.ptr };
    if (ocn_splice_edits(ocn_buf_bytes(&result.out), "", &edit, 1, &text, err) < 0) {
        return -1;
    }
    return ocn_changes_want(install->changes, install->engine->spec, OCN_OURS, 0644,
                            ocn_buf_bytes(&text), err);
}

/* Nobody else may come behind ours where the last one wins, nor have the name. */
static int check_place(struct ocn_install *install, struct ocn_containerd_conf *conf,
                       struct ocn_error *err)
{
    const char *ours = runtime_path(conf, install->handler);

    if (ocn_confs_has(&conf->confs, ours)) {
        return ocn_fail(err, OCN_E_UNSUPPORTED, install->engine->root_file,
                        "there is a runtime %s already, and it is not from ocinorm install; remove "
                        "it, or choose another name with --runtime-class",
                        install->handler);
    }
    if (conf->merges) {
        return 0;
    }
    for (size_t i = conf->before; conf->root != NULL && i < conf->confs.count; i++) {
        const struct ocn_confs one = { .list = &conf->confs.list[i], .count = 1 };
        if (ocn_confs_has(&one, conf->cri)) {
            return ocn_fail(err, OCN_E_UNSUPPORTED, one.list->path,
                            "is read after %s, and this containerd takes CRI's section from the "
                            "last file alone; rename it so that it sorts before",
                            conf->drop_in);
        }
    }
    return 0;
}

static void note_disabled(struct ocn_install *install, const struct ocn_containerd_conf *conf)
{
    const struct ocn_conf *from;
    const struct ocn_toml_row *row = ocn_confs_find(&conf->confs, "disabled_plugins", &from);

    if (row != NULL && memmem(row->value.ptr, row->value.len, "cri\"", 4) != NULL) {
        ocn_buf_printf(install->notes,
                       "%s switches CRI off (disabled_plugins): for Kubernetes, nothing of this "
                       "takes effect\n",
                       from->path);
    }
}

/* k3s and rke2 write the root file themselves, from a template or with drop-ins beside it. */
static int plan_generated(struct ocn_install *install, struct ocn_containerd_conf *conf,
                          struct ocn_error *err)
{
    const char *path = ocn_arena_printf(&conf->confs.arena, "%s/config%s.toml.tmpl",
                                        install->engine->home, conf->version >= 3 ? "-v3" : "");
    struct ocn_bytes template;

    if (conf->root == NULL) {
        return ocn_fail(err, OCN_E_NOENT, install->engine->root_file,
                        "is not there yet; start %s once, it writes the file",
                        install->engine->name);
    }
    if (conf->is_imported) {
        return want_drop_in(install, conf, conf->drop_in, ocn_template_containerd, err);
    }
    if (ocn_changes_pristine(install->changes, path, &template, err) < 0) {
        return -1;
    }
    if (template.ptr != NULL) {
        return ocn_fail(err, OCN_E_UNSUPPORTED, path,
                        "this %s has no drop-ins and the template is somebody's; move it away and "
                        "see with --dry-run what ocinorm would write, then put both together",
                        install->engine->name);
    }
    if (install->set_default) {
        return ocn_fail(err, OCN_E_UNSUPPORTED, path,
                        "a template cannot set what %s has set already; name the default runtime "
                        "with its own option --default-runtime %s, and leave out --set-default",
                        install->engine->name, install->handler);
    }
    install->is_deferred = true;
    ocn_buf_printf(install->notes, "%s makes its configuration from %s when it starts\n",
                   install->engine->name, path);
    return want_drop_in(install, conf, path, ocn_template_k3s, err);
}

static int plan(struct ocn_install *install, struct ocn_containerd_conf *conf,
                struct ocn_error *err)
{
    if (ocn_containerd_conf_load(install, conf, err) < 0 || check_place(install, conf, err) < 0 ||
        (install->mode == OCN_MODE_HOOK && want_spec(install, err) < 0)) {
        return -1;
    }
    note_disabled(install, conf);
    if (install->engine->is_generated) {
        return plan_generated(install, conf, err);
    }
    return want_drop_in(install, conf, conf->drop_in, ocn_template_containerd, err) < 0
               ? -1
               : want_import(install, conf, err);
}

int ocn_install_containerd(struct ocn_install *install, struct ocn_error *err)
{
    struct ocn_containerd_conf conf;
    int failed = plan(install, &conf, err);

    failed = ocn_arena_check(&conf.confs.arena, err) < 0 ? -1 : failed;
    ocn_containerd_conf_done(&conf);
    return failed;
}
