/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/image/program.h"

#include <string.h>

#include "hook/judge/report.h"
#include "normalize/json/json.h"
#include "normalize/program/gobuild.h"

/* ---- reading --------------------------------------------------------------------------------- */

/* A file in memory, as the readers of programs want one. */
static int read_at(void *ctx, struct ocn_ref ref, uint64_t offset, void *buf, size_t len,
                   size_t *ret_len, struct ocn_error *err)
{
    const struct ocn_bytes *bytes = ctx;
    size_t left = offset < bytes->len ? bytes->len - (size_t)offset : 0;

    (void)ref;
    (void)err;
    *ret_len = len < left ? len : left;
    if (*ret_len != 0) {
        memcpy(buf, bytes->ptr + offset, *ret_len);
    }
    return 0;
}

/* What is no ELF file, or a malformed one, has no build info; only memory can fail. */
static int read_build(struct ocn_bytes bytes, struct ocn_arena *arena, struct ocn_gobuild *ret,
                      struct ocn_error *err)
{
    const struct ocn_view view = { .ctx = &bytes, .read_at = read_at };
    struct ocn_file *file = ocn_arena_alloc(arena, sizeof(*file));
    struct ocn_elf_segment *segments = NULL;
    struct ocn_error problem = { 0 };
    struct ocn_elf elf;
    size_t count = 0;

    if (file == NULL) {
        return ocn_fail_nomem(err);
    }
    file->view = &view;
    if (!ocn_elf_is(bytes) || ocn_elf_read(bytes, &elf, &problem) < 0 ||
        ocn_elf_segments(file, &elf, arena, &segments, &count, &problem) < 0 ||
        ocn_gobuild_read(file, &elf, segments, count, arena, ret, &problem) < 0) {
        ret->version = NULL;
    }
    return problem.code == OCN_E_NOMEM ? ocn_fail_nomem(err) : ocn_arena_check(arena, err);
}

/* ret->version is NULL where it is no Go program, or there is none. */
static int find_build(struct ocn_look *look, const struct ocn_outcome *outcome,
                      struct ocn_arena *arena, struct ocn_gobuild *ret, struct ocn_error *err)
{
    const char *launched = outcome->facts.entry.program;
    const char *path = launched != NULL ? launched : outcome->facts.entry.real;
    struct ocn_bytes bytes = { NULL, 0 };

    *ret = (struct ocn_gobuild){ 0 };
    if (path == NULL || path[0] != '/') {
        return 0;
    }
    return ocn_image_rootfs_read(&look->rootfs, path, OCN_LAYER_MAX_FILE, &bytes, err) < 0 ||
                   (bytes.ptr != NULL && read_build(bytes, arena, ret, err) < 0)
               ? -1
               : 0;
}

/* ---- as JSON --------------------------------------------------------------------------------- */

/* A member whose name is the image's: as a value would be shown. */
static int set_named(json_t *object, const char *name, json_t *value)
{
    json_auto_t *key = ocn_json_text(name);

    if (key == NULL) {
        json_decref(value);
        return -1;
    }
    return json_object_set_new(object, json_string_value(key), value);
}

/* "VERSION", or "VERSION => PATH VERSION" of one that is replaced. */
static const char *version_of(const struct ocn_go_module *module, struct ocn_arena *arena)
{
    const char *version = module->version != NULL ? module->version : "";
    const struct ocn_go_module *other = module->replaced_by;

    return other == NULL ? version
                         : ocn_arena_printf(arena, "%s => %s %s", version,
                                            other->path != NULL ? other->path : "",
                                            other->version != NULL ? other->version : "");
}

static int set_modules(json_t *go, const struct ocn_gobuild *build, struct ocn_arena *arena)
{
    const struct ocn_go_module *items = build->deps.items;
    json_t *modules = json_object();
    int status = json_object_set_new(go, "modules", modules);

    for (size_t i = 0; status == 0 && i < build->deps.len; i++) {
        status = items[i].path == NULL ? 0
                                       : set_named(modules, items[i].path,
                                                   ocn_json_text(version_of(&items[i], arena)));
    }
    return status;
}

static int set_settings(json_t *go, const struct ocn_gobuild *build)
{
    json_t *settings = json_object();
    int status = json_object_set_new(go, "settings", settings);

    for (size_t i = 0; status == 0 && i < build->settings.len; i++) {
        status = set_named(settings, build->settings.items[i].name,
                           ocn_json_text(build->settings.items[i].value));
    }
    return status;
}

static json_t *go_facts(const struct ocn_gobuild *build, struct ocn_arena *arena)
{
    json_t *go = json_object();
    const struct {
        const char *key;
        const char *value;
    } texts[] = {
        { "version", build->version },
        { "path", build->path },
        { "module", build->main.path },
        { "moduleVersion", build->main.path != NULL ? version_of(&build->main, arena) : NULL },
        { "buildId", build->build_id },
    };
    int status = go != NULL ? 0 : -1;

    for (size_t i = 0; status == 0 && i < OCN_COUNT(texts); i++) {
        status = json_object_set_new(go, texts[i].key, ocn_json_text(texts[i].value));
    }
    if (status < 0 || set_modules(go, build, arena) < 0 || set_settings(go, build) < 0) {
        json_decref(go);
        return NULL;
    }
    return go;
}

int ocn_program_facts(struct ocn_look *look, const struct ocn_outcome *outcome, json_t **ret,
                      struct ocn_error *err)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    struct ocn_gobuild build;

    if (find_build(look, outcome, &arena, &build, err) < 0) {
        return -1;
    }
    json_auto_t *report = ocn_report_value(outcome, NULL);
    json_t *entry = json_object_get(json_object_get(report, "facts"), "entry");
    json_t *go = build.version != NULL ? go_facts(&build, &arena) : json_null();
    if (entry == NULL || go == NULL || json_object_set_new(entry, "go", go) < 0) {
        return ocn_fail_nomem(err);
    }
    *ret = json_incref(entry);
    return ocn_arena_check(&arena, err);
}
