/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is registered in the engines. containerd itself is asked what its files come to; the files
 * of the others, and of a captured tree, are read as the engine would read them.
 */
#include "hook/doctor/doctor.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "hook/install/engine.h"
#include "hook/install/record.h"
#include "hook/install/toml.h"
#include "hook/install/tool.h"
#include "normalize/json/load.h"

#define DOT OCN_TOML_DOT
#define DUMP_SECONDS 20
#define LINE_SIZE 256

/* One runtime of an engine. */
struct handler {
    const char *name;
    const char *program; /* NULL: the engine's own default */
    const char *spec;    /* containerd's base_runtime_spec, or NULL */
    const char *bypass;  /* the key that has CRI-O start another program, or NULL */
    size_t file;         /* that it stands in, of those that were read */
};

struct visit {
    struct ocn_doctor *doctor;
    struct ocn_arena *arena; /* the checkup's */
    const struct ocn_engine *engine;
    const char *program; /* the daemon, or NULL */
    struct handler *handlers;
    size_t len;
    const char *default_name;
    const char *our_default; /* as the drop-in sets it, or NULL */
    const char *hook_file;   /* where a hook of ours lies, or NULL */
    bool imported;           /* the main file makes the engine read our drop-in */
    bool broken;             /* what is registered cannot be told */
    size_t ours;             /* how many are registered */
    size_t files;            /* how many were read */
};

/* How the engines name the program of a handler, and the one that is used where none is named. */
static const struct {
    const char *runtimes;     /* the table of handlers is called so, wherever it is */
    const char *program;      /* of a handler; NULL: the handler's own value, a list */
    const char *default_name; /* the key */
} shapes[OCN_ENGINE_KINDS] = {
    [OCN_ENGINE_CONTAINERD] = { "runtimes", "BinaryName", "default_runtime_name" },
    [OCN_ENGINE_CRIO] = { "runtimes", "runtime_path", "default_runtime" },
    [OCN_ENGINE_PODMAN] = { "runtimes", NULL, "runtime" },
    [OCN_ENGINE_DOCKER] = { "runtimes", "path", "default-runtime" },
};

static struct ocn_checkup *rows(const struct visit *visit)
{
    return &visit->doctor->checkup;
}

static const char *area_of(const struct visit *visit)
{
    return visit->engine->name;
}

static void refuse(struct visit *visit, const char *row, const struct ocn_error *err)
{
    visit->broken = true;
    ocn_checkup_add_error(rows(visit), err->code == OCN_E_IO ? OCN_CHECK_UNKNOWN : OCN_CHECK_FAIL,
                          area_of(visit), row, err);
}

/* ---- handlers, from TOML ------------------------------------------------------------------ */

/* The last part of a path. */
static const char *leaf_of(const char *path)
{
    const char *dot = strrchr(path, DOT[0]);

    return dot != NULL ? dot + 1 : path;
}

/* The handler of that name, made if there is none; NULL when memory is out. */
static struct handler *get_handler(struct visit *visit, const char *name, size_t len)
{
    for (size_t i = 0; i < visit->len; i++) {
        const char *known = visit->handlers[i].name;
        if (strncmp(known, name, len) == 0 && known[len] == '\0') {
            return &visit->handlers[i];
        }
    }
    struct handler *handlers =
        ocn_arena_grow(visit->arena, visit->handlers, visit->len, sizeof(*handlers));
    if (handlers == NULL) {
        return NULL;
    }
    visit->handlers = handlers;
    handlers[visit->len] = (struct handler){ .name = ocn_arena_copy(visit->arena, name, len) };
    return &handlers[visit->len++];
}

/* The handler that a row of TOML is about: the part behind "runtimes". */
static struct handler *handler_of(struct visit *visit, const char *path)
{
    const char *table = shapes[visit->engine->kind].runtimes;
    size_t len = strlen(table);

    for (const char *at = path; at != NULL; at = strchr(at, DOT[0])) {
        at += *at == DOT[0] ? 1 : 0;
        if (strncmp(at, table, len) == 0 && at[len] == DOT[0]) {
            return get_handler(visit, at + len + 1, strcspn(at + len + 1, DOT));
        }
    }
    return NULL;
}

/* What leads CRI-O past the program of a handler. */
static void take_bypass(struct handler *handler, const struct ocn_toml_row *row)
{
    bool inherits = strcmp(leaf_of(row->path), "inherit_default_runtime") == 0 &&
                    row->value.len >= 4 && memcmp(row->value.ptr, "true", 4) == 0;

    if (inherits) {
        handler->bypass = "inherit_default_runtime";
    } else if (strstr(row->path, DOT "platform_runtime_paths") != NULL) {
        handler->bypass = "platform_runtime_paths";
    }
}

static void take_handler(struct visit *visit, struct handler *handler,
                         const struct ocn_toml_row *row)
{
    const char *program = shapes[visit->engine->kind].program;
    const char *leaf = leaf_of(row->path);
    size_t pos = 0;

    if (program == NULL) { /* a list; Podman takes the first that exists */
        const char *item;
        while (ocn_toml_next_string(visit->arena, row->value, &pos, &item) == OCN_TOML_NEXT) {
            handler->program = item;
            if (ocn_node_has(&visit->doctor->node, item)) {
                break;
            }
        }
    } else if (strcmp(leaf, program) == 0) {
        handler->program = ocn_toml_string(visit->arena, row->value);
    } else if (strcmp(leaf, "base_runtime_spec") == 0) {
        handler->spec = ocn_toml_string(visit->arena, row->value);
    }
    if (visit->engine->kind == OCN_ENGINE_CRIO) {
        take_bypass(handler, row);
    }
}

/* CRI-O takes the last table of a handler whole: what another file had in its own is gone. */
static void begin_table(struct visit *visit, struct handler *handler, size_t file)
{
    if (visit->engine->kind == OCN_ENGINE_CRIO && handler->file != file) {
        *handler = (struct handler){ .name = handler->name, .file = file };
    }
}

/* The first directory of CRI-O's hooks_dir, where the hook is installed. */
static void take_hooks_dir(struct visit *visit, const struct ocn_toml_row *row)
{
    const char *directory = NULL;
    size_t pos = 0;

    if (ocn_toml_next_string(visit->arena, row->value, &pos, &directory) == OCN_TOML_NEXT) {
        visit->hook_file =
            ocn_arena_printf(visit->arena, "%s%s", directory, strrchr(visit->engine->spec, '/'));
    }
}

/* `imports` with our drop-in among them. */
static void take_imports(struct visit *visit, const struct ocn_toml_row *row)
{
    const char *pattern;
    size_t pos = 0;

    while (ocn_toml_next_string(visit->arena, row->value, &pos, &pattern) == OCN_TOML_NEXT) {
        visit->imported |= fnmatch(pattern, visit->engine->drop_in, FNM_PATHNAME) == 0;
    }
}

static int take_text(struct visit *visit, struct ocn_bytes text, const char *name,
                     struct ocn_error *err)
{
    struct ocn_toml toml = { 0 };

    if (ocn_toml_scan(text, &toml, err) < 0) {
        ocn_error_locate(err, name, 0);
        ocn_arena_done(&toml.arena);
        return -1;
    }
    for (size_t i = 0; i < toml.count; i++) {
        const struct ocn_toml_row *row = &toml.rows[i];
        struct handler *handler = handler_of(visit, row->path);
        const char *leaf = leaf_of(row->path);
        if (row->kind != OCN_TOML_VALUE) {
            continue;
        }
        if (handler != NULL) {
            begin_table(visit, handler, visit->files);
            take_handler(visit, handler, row);
        } else if (strcmp(row->path, "imports") == 0) {
            take_imports(visit, row);
        } else if (visit->engine->kind == OCN_ENGINE_CRIO && strcmp(leaf, "hooks_dir") == 0) {
            take_hooks_dir(visit, row);
        } else if (strcmp(leaf, shapes[visit->engine->kind].default_name) == 0) {
            visit->default_name = ocn_toml_string(visit->arena, row->value);
            visit->our_default = strcmp(name, visit->engine->drop_in) == 0 ? visit->default_name
                                                                           : visit->our_default;
        }
    }
    ocn_arena_done(&toml.arena);
    visit->files++;
    return 0;
}

/* ---- the files of an engine --------------------------------------------------------------- */

/* Reads the file @path of the node. *ret_found: false where there is none. */
static int read_optional(const struct visit *visit, const char *path, struct ocn_buf *ret,
                         bool *ret_found, struct ocn_error *err)
{
    if (path == NULL || !ocn_node_has(&visit->doctor->node, path)) {
        *ret_found = false;
        return 0;
    }
    if (ocn_node_read(&visit->doctor->node, path, ret, err) < 0) {
        return -1;
    }
    *ret_found = true;
    return 0;
}

static int take_file(struct visit *visit, const char *path, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    bool found = false;

    if (read_optional(visit, path, &text, &found, err) < 0) {
        return -1;
    }
    return found ? take_text(visit, ocn_buf_bytes(&text), path, err) : 0;
}

/* The main file, then every file of the drop-in's directory with the drop-in's kind of name; CRI-O
 * walks. */
static int take_files(struct visit *visit, struct ocn_error *err)
{
    const struct ocn_engine *engine = visit->engine;
    const char *slash = strrchr(engine->drop_in, '/');
    const char *pattern =
        ocn_arena_printf(visit->arena, "%.*s*%s", (int)(slash - engine->drop_in) + 1,
                         engine->drop_in, strrchr(engine->drop_in, '.'));
    const char *directory =
        ocn_arena_copy(visit->arena, engine->drop_in, (size_t)(slash - engine->drop_in));
    const char *const *paths;
    size_t count;

    if (take_file(visit, engine->root_file, err) < 0 ||
        (engine->kind == OCN_ENGINE_CRIO
             ? ocn_node_walk(&visit->doctor->node, visit->arena, directory, &paths, &count, err)
             : ocn_node_glob(&visit->doctor->node, visit->arena, pattern, &paths, &count, err)) <
            0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (take_file(visit, paths[i], err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* What containerd itself makes of its files. */
static int take_dump(struct visit *visit, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_tool_done) struct ocn_tool_result result = { 0 };
    const char *const argv[] = { visit->program, "--config", visit->engine->root_file,
                                 "config",       "dump",     NULL };

    if (ocn_tool_run(&visit->doctor->node, argv, DUMP_SECONDS, &result, err) < 0) {
        return -1;
    }
    if (result.status != 0) {
        return ocn_fail(err, OCN_E_FORMAT, visit->engine->root_file,
                        "containerd refuses its configuration, and would not start again: %s",
                        ocn_tool_reason(&result));
    }
    visit->imported = true; /* or its handlers are not there */
    return take_text(visit, ocn_buf_bytes(&result.out), "containerd config dump", err);
}

/* Docker's only file is JSON. */
static int take_json(struct visit *visit, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    json_auto_t *json = NULL;
    const char *name;
    json_t *runtime;
    bool found = false;

    if (read_optional(visit, visit->engine->root_file, &text, &found, err) < 0) {
        return -1;
    }
    if (!found) {
        return 0;
    }
    if (ocn_json_load(ocn_buf_bytes(&text), OCN_NODE_MAX_FILE, &json, err) < 0) {
        ocn_error_locate(err, visit->engine->root_file, 0);
        return -1;
    }
    json_object_foreach (json_object_get(json, "runtimes"), name, runtime) {
        struct handler *handler = get_handler(visit, name, strlen(name));
        const char *path = json_string_value(json_object_get(runtime, "path"));
        if (handler != NULL && path != NULL) {
            handler->program = ocn_arena_copy(visit->arena, path, strlen(path));
        }
    }
    const char *chosen = json_string_value(json_object_get(json, "default-runtime"));
    visit->default_name =
        chosen != NULL ? ocn_arena_copy(visit->arena, chosen, strlen(chosen)) : NULL;
    return 0;
}

static int take_configuration(struct visit *visit, struct ocn_error *err)
{
    if (visit->engine->drop_in == NULL) {
        return take_json(visit, err);
    }
    bool ask = visit->engine->kind == OCN_ENGINE_CONTAINERD && visit->doctor->live &&
               visit->program != NULL &&
               ocn_node_has(&visit->doctor->node, visit->engine->root_file);
    return ask ? take_dump(visit, err) : take_files(visit, err);
}

/* ---- hooks -------------------------------------------------------------------------------- */

static bool is_called_ours(const char *path)
{
    return strncmp(ocn_strings_base_name(path), "ocinorm-", strlen("ocinorm-")) == 0;
}

static void check_hook(struct visit *visit, const char *row, const json_t *hook)
{
    const char *path = json_string_value(json_object_get(hook, "path"));

    if (path == NULL || !is_called_ours(path)) {
        return;
    }
    visit->ours++;
    visit->doctor->hook = ocn_arena_copy(visit->arena, path, strlen(path));
    if (!ocn_doctor_program(visit->doctor, area_of(visit), row, path, "ocinorm-hook")) {
        ocn_checkup_fix(rows(visit),
                        "containers of %s do not start: install ocinorm again, or take the hook "
                        "out (ocinorm uninstall %s)",
                        visit->engine->name, visit->engine->name);
    }
}

/* A hooks.d file ("hook"), or a base spec ("hooks", of several stages). */
static void check_hooks(struct visit *visit, const char *path, const char *row)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    json_auto_t *json = NULL;
    struct ocn_error err = { 0 };
    const char *stage;
    json_t *list;
    json_t *hook;
    size_t i;
    bool found = false;
    int status = read_optional(visit, path, &text, &found, &err);

    if (status == 0 && !found) {
        return;
    }
    if (status < 0 || ocn_json_load(ocn_buf_bytes(&text), OCN_NODE_MAX_FILE, &json, &err) < 0) {
        ocn_error_locate(&err, path, 0);
        refuse(visit, row, &err);
        ocn_checkup_fix(rows(visit), "correct the file, or ocinorm uninstall %s",
                        visit->engine->name);
        return;
    }
    check_hook(visit, row, json_object_get(json, "hook"));
    json_object_foreach (json_object_get(json, "hooks"), stage, list) {
        json_array_foreach (list, i, hook) {
            check_hook(visit, row, hook);
        }
    }
}

/* ---- what is said ------------------------------------------------------------------------- */

static bool is_ours(const struct handler *handler)
{
    return strcmp(handler->name, OCN_DEFAULT_HANDLER) == 0 ||
           (handler->program != NULL && is_called_ours(handler->program));
}

static void check_spec(struct visit *visit, const struct handler *handler)
{
    if (handler->spec == NULL || handler->spec[0] == '\0') {
        return;
    }
    if (!ocn_node_has(&visit->doctor->node, handler->spec)) {
        ocn_checkup_add(rows(visit), OCN_CHECK_FAIL, area_of(visit), handler->name,
                        "%s, its base_runtime_spec, does not exist", handler->spec);
        ocn_checkup_fix(rows(visit),
                        "no pod of this handler starts: ocinorm install %s --mode hook",
                        visit->engine->name);
        return;
    }
    check_hooks(visit, handler->spec, handler->name);
}

static void check_handler(struct visit *visit, const struct handler *handler)
{
    bool none = handler->program == NULL || handler->program[0] == '\0';

    if (none && visit->engine->kind != OCN_ENGINE_CRIO) {
        return; /* hook mode: the engine's own runtime */
    }
    visit->ours++;
    if (none) {
        ocn_checkup_add(
            rows(visit), OCN_CHECK_FAIL, area_of(visit), handler->name,
            "its table has no runtime_path; of several tables the last one counts, whole");
        ocn_checkup_fix(rows(visit), "take the table out of the file that is read later");
        return;
    }
    visit->doctor->wrapper = handler->program;
    if (handler->bypass != NULL) {
        ocn_checkup_add(rows(visit), OCN_CHECK_FAIL, area_of(visit), handler->name,
                        "its %s leads %s past %s", handler->bypass, visit->engine->name,
                        handler->program);
        ocn_checkup_fix(rows(visit), "take %s out of the table of %s", handler->bypass,
                        handler->name);
        return;
    }
    if (!ocn_doctor_program(visit->doctor, area_of(visit), handler->name, handler->program,
                            "ocinorm-runtime")) {
        ocn_checkup_fix(rows(visit),
                        "no container of this handler starts: put the program there (ocinorm "
                        "install %s), or take the handler out (ocinorm uninstall %s)",
                        visit->engine->name, visit->engine->name);
    }
}

static void check_handlers(struct visit *visit)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf others = { 0 };

    for (size_t i = 0; i < visit->len; i++) {
        const struct handler *handler = &visit->handlers[i];
        size_t before = visit->ours;
        check_spec(visit, handler);
        if (is_ours(handler)) {
            check_handler(visit, handler);
        } else if (visit->ours == before) {
            ocn_buf_printf(&others, "%s%s", others.len != 0 ? ", " : "", handler->name);
        }
    }
    if (others.len != 0 && !others.failed) {
        ocn_checkup_add(rows(visit), OCN_CHECK_NOTE, area_of(visit), "others", "%s", others.ptr);
    }
    if (visit->our_default != NULL && visit->default_name != NULL &&
        strcmp(visit->our_default, visit->default_name) != 0) {
        ocn_checkup_add(rows(visit), OCN_CHECK_FAIL, area_of(visit), "default",
                        "%s, though %s says %s: a file that is read later says otherwise",
                        visit->default_name, visit->engine->drop_in, visit->our_default);
        ocn_checkup_fix(rows(visit), "take %s out of the later file",
                        shapes[visit->engine->kind].default_name);
    } else if (visit->default_name != NULL && visit->default_name[0] != '\0') {
        ocn_checkup_add(rows(visit), OCN_CHECK_NOTE, area_of(visit), "default", "%s",
                        visit->default_name);
    }
}

/* The drop-in is there, but the engine does not read it, or has not yet. */
static void check_drop_in(struct visit *visit)
{
    const struct ocn_engine *engine = visit->engine;
    struct stat drop_in;
    struct stat socket;

    if (engine->drop_in == NULL ||
        ocn_node_stat(&visit->doctor->node, engine->drop_in, &drop_in, NULL) < 0) {
        return;
    }
    if (engine->include != NULL && !visit->broken && (!visit->imported || visit->ours == 0)) {
        ocn_checkup_add(rows(visit), OCN_CHECK_FAIL, area_of(visit), "drop-in",
                        visit->imported ? "%s is there, but no runtime or hook of %s is ocinorm's"
                                        : "%s is there, but %s does not import it",
                        engine->drop_in, engine->root_file);
        ocn_checkup_fix(rows(visit), "ocinorm install %s%s", engine->name,
                        visit->imported ? " --force" : "");
        return;
    }
    if (engine->socket != NULL &&
        ocn_node_stat(&visit->doctor->node, engine->socket, &socket, NULL) == 0 &&
        S_ISSOCK(socket.st_mode) && drop_in.st_mtim.tv_sec > socket.st_mtim.tv_sec) {
        ocn_checkup_add(rows(visit), OCN_CHECK_FAIL, area_of(visit), "drop-in",
                        "%s is newer than the running %s, which has not read it", engine->drop_in,
                        engine->name);
        ocn_checkup_fix(rows(visit), "systemctl restart %s",
                        engine->units[0] != NULL ? engine->units[0] : engine->name);
    }
}

/* Recorded as installed but no longer registered: something rewrote the engine's files. */
static bool was_installed(const struct visit *visit)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    json_auto_t *record = NULL;
    bool found = false;

    return read_optional(visit, OCN_RECORD_PATH, &text, &found, NULL) == 0 && found &&
           ocn_record_parse(ocn_buf_bytes(&text), &record, NULL) == 0 &&
           ocn_record_entries(record, visit->engine->name) != NULL;
}

static void tell_absence(struct visit *visit)
{
    const char *name = visit->engine->name;

    if (was_installed(visit)) {
        ocn_checkup_add(rows(visit), OCN_CHECK_FAIL, name, "ocinorm",
                        "was installed, but is not registered any more");
        ocn_checkup_fix(rows(visit), "ocinorm install %s --force, or ocinorm uninstall %s --force",
                        name, name);
        return;
    }
    ocn_checkup_add(rows(visit), OCN_CHECK_NOTE, name, "ocinorm", "not registered");
    ocn_checkup_fix(rows(visit), "if it should be: ocinorm install %s", name);
}

static const char *find_daemon(const struct visit *visit)
{
    for (size_t i = 0; visit->engine->bin[i] != NULL; i++) {
        const char *path =
            ocn_arena_printf(visit->arena, "%s/%s", visit->engine->bin[i], visit->engine->program);
        if (ocn_node_has(&visit->doctor->node, path)) {
            return path;
        }
    }
    return NULL;
}

static void check_engine(struct visit *visit)
{
    const struct ocn_engine *engine = visit->engine;
    struct ocn_error err = { 0 };
    char version[LINE_SIZE] = "";

    if (visit->program != NULL) {
        ocn_doctor_version(visit->doctor, visit->program, version, sizeof(version));
    }
    ocn_checkup_add(rows(visit), OCN_CHECK_NOTE, engine->name, "program", "%s%s",
                    visit->program != NULL ? visit->program : "only its files are here", version);
    if (take_configuration(visit, &err) < 0) {
        refuse(visit, "configuration", &err);
        ocn_checkup_fix(rows(visit), "correct %s, then run this again", engine->root_file);
        return;
    }
    check_handlers(visit);
    check_hooks(visit, visit->hook_file, "hook");
    check_drop_in(visit);
    if (visit->ours == 0) {
        tell_absence(visit);
    }
}

void ocn_doctor_engines(struct ocn_doctor *doctor)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf absent = { 0 };

    for (size_t i = 0; i < ocn_engine_count; i++) {
        const struct ocn_engine *engine = &ocn_engines[i];
        struct visit visit = {
            .doctor = doctor,
            .arena = &doctor->checkup.arena,
            .engine = engine,
            .hook_file = engine->kind != OCN_ENGINE_CONTAINERD ? engine->spec : NULL,
        };
        visit.program = find_daemon(&visit);
        if (visit.program != NULL || ocn_node_has(&doctor->node, visit.engine->home)) {
            check_engine(&visit);
            continue;
        }
        ocn_buf_printf(&absent, "%s%s", absent.len != 0 ? ", " : "", visit.engine->name);
    }
    if (absent.len != 0 && !absent.failed) {
        ocn_checkup_add(&doctor->checkup, OCN_CHECK_NOTE, "engines", "not here", "%s", absent.ptr);
    }
}
