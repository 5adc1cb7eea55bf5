/* SPDX-License-Identifier: Apache-2.0 */
/* annotations.derive: what the entrypoint's build info says, for whoever inspects the container. */
#include "normalize/rules/derive.h"

#include <string.h>

#include "normalize/json/pointer.h"
#include "normalize/rules/entry.h"
#include "normalize/rules/image.h"
#include "normalize/rules/judge.h"
#include "normalize/rules/level.h"
#include "normalize/rules/rules.h"

#define MAX_VALUE 256 /* a checksum, a path and a version are shorter */

#define DIGITS "0123456789"
#define HEX_DIGITS DIGITS "abcdefABCDEF"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define MODULE_PATH LETTERS DIGITS "-._~/" /* golang.org/x/mod/module CheckPath */

/* ---- what may be passed on -------------------------------------------------------------- */

/* Each returns what it accepts of @text, which may be NULL; .ptr is NULL where that is nothing. */

static const struct ocn_bytes nothing = { NULL, 0 };

/* @text, if it is short, printable ASCII from @lowest on. */
static struct ocn_bytes accept_ascii(const char *text, char lowest)
{
    size_t len = text != NULL ? strnlen(text, MAX_VALUE + 1) : 0;

    if (len == 0 || len > MAX_VALUE) {
        return nothing;
    }
    for (size_t i = 0; i < len; i++) {
        if (text[i] < lowest || text[i] > '~') {
            return nothing;
        }
    }
    return (struct ocn_bytes){ text, len };
}

static struct ocn_bytes accept_word(const char *text)
{
    return accept_ascii(text, '!');
}

/* A Go version may say more behind a blank: "go1.25.3 X:nodwarf5". */
static struct ocn_bytes accept_line(const char *text)
{
    return accept_ascii(text, ' ');
}

static struct ocn_bytes accept_hex(const char *text)
{
    struct ocn_bytes word = accept_word(text);
    bool hash = word.len >= 7 && word.len <= 64 && strspn(word.ptr, HEX_DIGITS) == word.len;

    return hash ? word : nothing;
}

/* How much of @text has @shape, in which 'd' is a digit; 0: not all of the shape. */
static size_t match(const char *text, const char *shape)
{
    size_t i = 0;

    for (; shape[i] != '\0'; i++) {
        if (shape[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != shape[i]) {
            return 0;
        }
    }
    return i;
}

/* RFC 3339, as far as its shape goes. */
static struct ocn_bytes accept_time(const char *text)
{
    struct ocn_bytes word = accept_word(text);
    size_t at = word.len != 0 ? match(word.ptr, "dddd-dd-ddTdd:dd:dd") : 0;

    if (at == 0) {
        return nothing;
    }
    if (match(word.ptr + at, ".d") != 0) {
        at += 1 + strspn(word.ptr + at + 1, DIGITS);
    }
    const char *zone = word.ptr + at;
    size_t len = strcmp(zone, "Z") == 0 ? 1 : match(zone, "+dd:dd") + match(zone, "-dd:dd");
    return len != 0 && at + len == word.len ? word : nothing;
}

static struct ocn_bytes accept_module(const char *text)
{
    struct ocn_bytes word = accept_word(text);

    return word.len != 0 && strspn(word.ptr, MODULE_PATH) == word.len ? word : nothing;
}

/* "/v2" at the end of a module's path is its major version, and no part of its place. */
static size_t without_major(const char *path, size_t len)
{
    size_t start = len;

    while (start > 0 && path[start - 1] >= '0' && path[start - 1] <= '9') {
        start--;
    }
    bool major = start < len && start > 2 && path[start - 1] == 'v' && path[start - 2] == '/';
    return major ? start - 2 : len;
}

/*
 * A module path whose first element has a dot is where `go get` looks for it; others ("app",
 * "command-line-arguments") are names.
 */
static struct ocn_bytes accept_place(const char *text)
{
    struct ocn_bytes path = accept_module(text);
    size_t host = path.len != 0 ? strcspn(path.ptr, "/") : 0;

    if (host == 0 || memchr(path.ptr, '.', host) == NULL || path.ptr[0] == '.' ||
        path.ptr[host - 1] == '.' || path.ptr[path.len - 1] == '/') {
        return nothing;
    }
    return (struct ocn_bytes){ path.ptr, without_major(path.ptr, path.len) };
}

static struct ocn_bytes accept_release(const char *text)
{
    struct ocn_bytes word = accept_word(text);

    return word.len != 0 && strcmp(word.ptr, "(devel)") != 0 ? word : nothing;
}

/* ---- what is derived -------------------------------------------------------------------- */

enum source { VERSION, MODULE, RELEASE, BUILD_ID, SETTING };

static const char *source_text(const struct ocn_gobuild *build, enum source source,
                               const char *setting)
{
    const char *const texts[] = {
        [VERSION] = build->version,
        [MODULE] = build->main.path,
        [RELEASE] = build->main.version,
        [BUILD_ID] = build->build_id,
        [SETTING] = setting != NULL ? ocn_gobuild_setting(build, setting) : NULL,
    };

    return texts[source];
}

/* No key here means anything to a runtime. */
static const struct {
    const char *key;
    enum source source;
    const char *setting;
    struct ocn_bytes (*accept)(const char *text);
    const char *prefix;
} derived[] = {
    { "golang.org/version", VERSION, NULL, accept_line, "" },
    { "golang.org/module", MODULE, NULL, accept_module, "" },
    { "golang.org/build-id", BUILD_ID, NULL, accept_word, "" },
    { "org.opencontainers.image.source", MODULE, NULL, accept_place, "https://" },
    { "org.opencontainers.image.version", RELEASE, NULL, accept_release, "" },
    { "org.opencontainers.image.revision", SETTING, "vcs.revision", accept_hex, "" },
    { "org.opencontainers.image.created", SETTING, "vcs.time", accept_time, "" },
};

int ocn_derive_annotations(const struct ocn_gobuild *build, struct ocn_arena *arena,
                           struct ocn_pairs *ret, struct ocn_error *err)
{
    struct ocn_pair *items = ocn_arena_alloc(arena, OCN_COUNT(derived) * sizeof(*items));
    size_t len = 0;

    if (items == NULL) {
        return ocn_fail_nomem(err);
    }
    for (size_t i = 0; i < OCN_COUNT(derived) && build->version != NULL; i++) {
        struct ocn_bytes text =
            derived[i].accept(source_text(build, derived[i].source, derived[i].setting));
        if (text.ptr == NULL) {
            continue;
        }
        const char *value =
            ocn_arena_printf(arena, "%s%.*s", derived[i].prefix, (int)text.len, text.ptr);
        items[len++] = (struct ocn_pair){ derived[i].key, value };
    }
    *ret = (struct ocn_pairs){ items, len };
    return ocn_arena_check(arena, err);
}

/* ---- facts ------------------------------------------------------------------------------ */

/* Flags of the compiler and the linker are not among them: -ldflags may set a secret (-X). */
static bool is_harmless(const char *key)
{
    static const char keys[][16] = {
        "-buildmode",   "-compiler",      "-trimpath", "-race",    "-msan",        "-asan",
        "CGO_ENABLED",  "GOOS",           "GOARCH",    "GOAMD64",  "GO386",        "GOARM",
        "GOARM64",      "GOMIPS",         "GOMIPS64",  "GOPPC64",  "GORISCV64",    "GOFIPS140",
        "GOEXPERIMENT", "DefaultGODEBUG", "vcs",       "vcs.time", "vcs.revision", "vcs.modified",
    };

    for (size_t i = 0; i < OCN_COUNT(keys); i++) {
        if (strcmp(keys[i], key) == 0) {
            return true;
        }
    }
    return false;
}

static int note_settings(struct ocn_judge *judge, const struct ocn_pairs *settings,
                         struct ocn_pairs *ret, struct ocn_error *err)
{
    struct ocn_pair *items =
        ocn_arena_alloc(&judge->outcome->arena, settings->len * sizeof(*items));
    size_t len = 0;

    if (items == NULL) {
        return ocn_fail_nomem(err);
    }
    for (size_t i = 0; i < settings->len; i++) {
        const struct ocn_pair *setting = &settings->items[i];
        if (is_harmless(setting->name) && accept_line(setting->value).ptr != NULL) {
            items[len++] = *setting;
        }
    }
    *ret = (struct ocn_pairs){ items, len };
    return 0;
}

/* The build info of the program behind the entrypoint; NULL: it is none of Go's, or not seen. */
static int read_build(struct ocn_judge *judge, const struct ocn_gobuild **ret,
                      struct ocn_error *err)
{
    struct ocn_image *image = NULL;

    if (ocn_entry_read_program(judge, &image, err) < 0) {
        return -1;
    }
    *ret = image != NULL && image->build->version != NULL ? image->build : NULL;
    return 0;
}

int ocn_derive_facts(struct ocn_judge *judge, struct ocn_error *err)
{
    const struct ocn_gobuild *build = NULL;

    if (read_build(judge, &build, err) < 0) {
        return -1;
    }
    ocn_level_read_host(judge);
    struct ocn_image *image = ocn_entry_program(judge);
    if (image != NULL) {
        if (ocn_level_read(judge, image, err) < 0) {
            return -1;
        }
        judge->outcome->facts.entry.variant = image->variant;
    }
    if (build == NULL || accept_line(build->version).ptr == NULL) {
        return 0;
    }
    struct ocn_go_facts *facts = ocn_arena_alloc(&judge->outcome->arena, sizeof(*facts));
    if (facts == NULL) {
        return ocn_fail_nomem(err);
    }
    facts->version = build->version;
    facts->module = accept_module(build->main.path).ptr;
    facts->build_id = accept_word(build->build_id).ptr;
    if (note_settings(judge, &build->settings, &facts->settings, err) < 0) {
        return -1;
    }
    judge->outcome->facts.entry.go = facts;
    return 0;
}

/* ---- the rule --------------------------------------------------------------------------- */

/* The JSON pointer of annotation @key. */
static const char *pointer_to(struct ocn_judge *judge, const char *key)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf pointer = { 0 };

    ocn_buf_puts(&pointer, "/annotations");
    ocn_json_pointer_add(&pointer, key);
    return ocn_buf_copy(&pointer, &judge->outcome->arena);
}

int ocn_rule_annotations_derive(struct ocn_judge *judge, struct ocn_error *err)
{
    const struct ocn_gobuild *build = NULL;
    struct ocn_pairs values = { 0 };

    if (read_build(judge, &build, err) < 0) {
        return -1;
    }
    if (build == NULL) {
        return 0;
    }
    if (ocn_derive_annotations(build, &judge->outcome->arena, &values, err) < 0) {
        return -1;
    }
    const char *why = ocn_arena_printf(&judge->outcome->arena, "the Go build info of %s says so",
                                       ocn_entry_program(judge)->path);
    for (size_t i = 0; i < values.len; i++) {
        const struct ocn_pair *value = &values.items[i];
        const struct ocn_edit edit = {
            .rule = OCN_RULE_ANNOTATIONS_DERIVE,
            .path = pointer_to(judge, value->name),
            .from = OCN_NOTHING,
            .to = ocn_judge_quote(judge, value->value),
            .why = why,
        };
        if (ocn_oci_annotation_get(judge->container, value->name) == NULL &&
            ocn_judge_change(judge, edit, err) < 0) {
            return -1;
        }
    }
    return 0;
}
