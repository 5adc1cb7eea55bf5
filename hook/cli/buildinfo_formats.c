/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/cli/buildinfo_formats.h"

#include <string.h>

#include "normalize/json/json.h"
#include "normalize/rules/derive.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
/* Without blanks, patterns, quotes and all else that a shell acts on, in $(...) or when pasted. */
#define PLAIN LETTERS DIGITS "-_./:@%+,"

#define MAX_VERSION 1024 /* bom-1.6.schema.json, "version" */

int ocn_cli_labels(const struct ocn_gobuild *build, struct ocn_arena *arena, struct ocn_buf *out,
                   struct ocn_error *err)
{
    struct ocn_pairs pairs = { 0 };

    if (ocn_derive_annotations(build, arena, &pairs, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < pairs.len; i++) {
        ocn_buf_printf(out, "%s=%s\n", pairs.items[i].name, pairs.items[i].value);
    }
    return ocn_buf_check(out, err);
}

int ocn_cli_docker_args(const struct ocn_gobuild *build, struct ocn_arena *arena,
                        struct ocn_buf *out, struct ocn_buf *ret_left_out, struct ocn_error *err)
{
    struct ocn_pairs pairs = { 0 };
    bool first = true;

    if (ocn_derive_annotations(build, arena, &pairs, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < pairs.len; i++) {
        const struct ocn_pair *pair = &pairs.items[i];
        if (pair->value[strspn(pair->value, PLAIN)] != '\0') {
            ocn_buf_printf(ret_left_out, "%s=%s\n", pair->name, pair->value);
            continue;
        }
        ocn_buf_printf(out, "%s--label %s=%s --annotation %s=%s", first ? "" : " ", pair->name,
                       pair->value, pair->name, pair->value);
        first = false;
    }
    ocn_buf_puts(out, first ? "" : "\n");
    return ocn_buf_check(ret_left_out, err) < 0 ? -1 : ocn_buf_check(out, err);
}

/* ---- CycloneDX ------------------------------------------------------------------------------- */

/* As packageurl has it: other bytes in percent; a golang path in small letters. */
static void put_purl_part(struct ocn_buf *out, const char *text, bool is_path)
{
    static const char kept[] = LETTERS DIGITS "-._~:";

    for (; *text != '\0'; text++) {
        char c = is_path && *text >= 'A' && *text <= 'Z' ? (char)(*text - 'A' + 'a') : *text;
        if (strchr(kept, c) != NULL || (is_path && c == '/')) {
            ocn_buf_add(out, &c, 1);
        } else {
            ocn_buf_printf(out, "%%%02X", (unsigned)(unsigned char)c);
        }
    }
}

/* "(devel)" is no version. */
static const char *version_of(const struct ocn_go_module *module)
{
    const char *version = module->version;

    return version != NULL && version[0] != '\0' && version[0] != '(' &&
                   strlen(version) <= MAX_VERSION
               ? version
               : NULL;
}

/* pkg:golang/PATH@VERSION; NULL: no memory. */
static json_t *purl_of(const char *path, const char *version)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };

    ocn_buf_puts(&text, "pkg:golang/");
    put_purl_part(&text, path, true);
    if (version != NULL) {
        ocn_buf_puts(&text, "@");
        put_purl_part(&text, version, false);
    }
    ocn_buf_add(&text, "", 1);
    return text.failed ? NULL : json_string(text.ptr);
}

static int add_property(json_t *component, const char *name, const char *value)
{
    json_t *list = json_object_get(component, "properties");
    json_t *row = json_object();
    int status = 0;

    if (component == NULL || value == NULL || value[0] == '\0') {
        json_decref(row);
        return component != NULL ? 0 : -1;
    }
    if (list == NULL) {
        list = json_array();
        status |= json_object_set_new(component, "properties", list);
    }
    status |= json_object_set_new(row, "name", json_string(name));
    status |= json_object_set_new(row, "value", ocn_json_text(value));
    return status | json_array_append_new(list, row);
}

/* A module that another one on disk has replaced is none that a package URL finds. */
static bool is_local(const struct ocn_go_module *module)
{
    return module->path == NULL || module->path[0] == '.' || module->path[0] == '/';
}

/* The module that was built: the replacement, where there is one. NULL: no memory. */
static json_t *component_of(const struct ocn_go_module *module, const char *type)
{
    const struct ocn_go_module *built = module->replaced_by != NULL ? module->replaced_by : module;
    const struct ocn_go_module *named = is_local(built) ? module : built;
    const char *version = built == named ? version_of(named) : NULL;
    json_t *component = json_object();
    int status = json_object_set_new(component, "type", json_string(type));

    status |= json_object_set_new(component, "name",
                                  ocn_json_text(named->path != NULL ? named->path : ""));
    if (version != NULL) {
        status |= json_object_set_new(component, "version", ocn_json_text(version));
    }
    if (built == named && !is_local(named)) {
        status |= json_object_set_new(component, "purl", purl_of(named->path, version));
    }
    status |= add_property(component, "golang.org/sum", built->sum);
    if (built != module) {
        status |= add_property(component,
                               built == named ? "golang.org/replaces" : "golang.org/replaced-by",
                               built == named ? module->path : built->path);
        status |= add_property(component, "golang.org/replaced-version", module->version);
    }
    if (status != 0) {
        json_decref(component);
        return NULL;
    }
    return component;
}

/* "go1.22.4 X:nodwarf5" is release 1.22.4 of the standard library. */
static json_t *standard_library(const struct ocn_gobuild *build, struct ocn_arena *arena)
{
    const char *text = build->version;
    const char *begin = strncmp(text, "go", 2) == 0 ? text + 2 : text;
    const char *version = ocn_arena_copy(arena, begin, strcspn(begin, " "));
    const struct ocn_go_module module = { .path = "stdlib", .version = version };

    return component_of(&module, "library");
}

static json_t *list_components(const struct ocn_gobuild *build, struct ocn_arena *arena)
{
    const struct ocn_go_module *items = build->deps.items;
    json_t *list = json_array();
    int status = json_array_append_new(list, standard_library(build, arena));

    for (size_t i = 0; i < build->deps.len; i++) {
        json_t *component = component_of(&items[i], "library");
        /* "uniqueItems": the linker sorts them, so that two of a kind stand together. */
        if (json_equal(json_array_get(list, json_array_size(list) - 1), component) == 0) {
            status |= json_array_append(list, component);
        }
        status |= component == NULL ? -1 : 0;
        json_decref(component);
    }
    if (status != 0) {
        json_decref(list);
        return NULL;
    }
    return list;
}

/* What annotations.derive says of @key, where that has its form; else NULL. */
static const char *derived(const struct ocn_pairs *pairs, const char *key)
{
    for (size_t i = 0; i < pairs->len; i++) {
        if (strcmp(pairs->items[i].name, key) == 0) {
            return pairs->items[i].value;
        }
    }
    return NULL;
}

static json_t *program_of(const struct ocn_gobuild *build, const struct ocn_pairs *pairs)
{
    static const char *const keys[] = { "golang.org/version", "golang.org/build-id",
                                        "org.opencontainers.image.revision" };
    static const char *const settings[] = { "GOOS", "GOARCH", "CGO_ENABLED", "vcs.modified" };
    struct ocn_go_module main = build->main;
    int status = 0;

    main.path = main.path != NULL ? main.path : build->path;
    json_t *component = component_of(&main, "application");
    for (size_t i = 0; i < OCN_COUNT(keys); i++) {
        status |= add_property(component, keys[i], derived(pairs, keys[i]));
    }
    for (size_t i = 0; i < OCN_COUNT(settings); i++) {
        status |= add_property(component, settings[i], ocn_gobuild_setting(build, settings[i]));
    }
    if (status != 0) {
        json_decref(component);
        return NULL;
    }
    return component;
}

int ocn_cli_cyclonedx(const struct ocn_gobuild *build, struct ocn_arena *arena, struct ocn_buf *out,
                      struct ocn_error *err)
{
    struct ocn_pairs pairs = { 0 };

    if (ocn_derive_annotations(build, arena, &pairs, err) < 0) {
        return -1;
    }
    json_auto_t *json = json_pack(
        "{s:s, s:s, s:i, s:{s:{s:[{s:s, s:s, s:s}]}, s:o}, s:o}", "bomFormat", "CycloneDX",
        "specVersion", "1.6", "version", 1, "metadata", "tools", "components", "type",
        "application", "name", "ocinorm", "version", OCN_VERSION, "component",
        program_of(build, &pairs), "components", list_components(build, arena));
    /* Not json_pack()'s "s*": where memory fails it leaves out what is there. */
    const char *time = derived(&pairs, "org.opencontainers.image.created");
    if (json == NULL || (time != NULL && json_object_set_new(json_object_get(json, "metadata"),
                                                             "timestamp", json_string(time)) < 0)) {
        return ocn_fail_nomem(err);
    }
    return ocn_arena_check(arena, err) < 0 ? -1 : ocn_json_print(json, out, err);
}
