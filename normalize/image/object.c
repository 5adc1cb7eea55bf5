/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/image/object.h"

#include <string.h>

#include "normalize/json/load.h"

#define MAX_DIGEST 256
#define MAX_PLATFORM_PART 64

/* ---- kinds ----------------------------------------------------------------------------------- */

static const struct {
    const char *media_type;
    enum ocn_object_kind kind;
    bool docker;
} media_types[] = {
    { "application/vnd.oci.image.index.v1+json", OCN_OBJECT_INDEX, false },
    { "application/vnd.docker.distribution.manifest.list.v2+json", OCN_OBJECT_INDEX, true },
    { "application/vnd.oci.image.manifest.v1+json", OCN_OBJECT_MANIFEST, false },
    { "application/vnd.docker.distribution.manifest.v2+json", OCN_OBJECT_MANIFEST, true },
    { "application/vnd.oci.image.config.v1+json", OCN_OBJECT_CONFIG, false },
    { "application/vnd.docker.container.image.v1+json", OCN_OBJECT_CONFIG, true },
    { "application/vnd.oci.image.layer.v1.tar", OCN_OBJECT_LAYER, false },
    { "application/vnd.oci.image.layer.v1.tar+gzip", OCN_OBJECT_LAYER, false },
    { "application/vnd.oci.image.layer.v1.tar+zstd", OCN_OBJECT_LAYER, false },
    { "application/vnd.oci.image.layer.nondistributable.v1.tar", OCN_OBJECT_LAYER, false },
    { "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", OCN_OBJECT_LAYER, false },
    { "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", OCN_OBJECT_LAYER, false },
    { "application/vnd.docker.image.rootfs.diff.tar", OCN_OBJECT_LAYER, true },
    { "application/vnd.docker.image.rootfs.diff.tar.gzip", OCN_OBJECT_LAYER, true },
    { "application/vnd.docker.image.rootfs.diff.tar.zstd", OCN_OBJECT_LAYER, true },
    { "application/vnd.docker.image.rootfs.foreign.diff.tar", OCN_OBJECT_LAYER, true },
    { "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", OCN_OBJECT_LAYER, true },
    { "application/vnd.oci.empty.v1+json", OCN_OBJECT_EMPTY, false },
    { "application/vnd.docker.distribution.manifest.v1+json", OCN_OBJECT_SCHEMA_1, true },
    { "application/vnd.docker.distribution.manifest.v1+prettyjws", OCN_OBJECT_SCHEMA_1, true },
};

enum ocn_object_kind ocn_object_kind_of(const char *media_type)
{
    for (size_t i = 0; media_type != NULL && i < OCN_COUNT(media_types); i++) {
        if (strcmp(media_type, media_types[i].media_type) == 0) {
            return media_types[i].kind;
        }
    }
    return OCN_OBJECT_UNKNOWN;
}

bool ocn_object_is_docker(const char *media_type)
{
    for (size_t i = 0; media_type != NULL && i < OCN_COUNT(media_types); i++) {
        if (strcmp(media_type, media_types[i].media_type) == 0) {
            return media_types[i].docker;
        }
    }
    return false;
}

const char *ocn_object_kind_name(enum ocn_object_kind kind)
{
    static const char *const names[] = {
        [OCN_OBJECT_UNKNOWN] = "something that is not known",
        [OCN_OBJECT_INDEX] = "an image index",
        [OCN_OBJECT_MANIFEST] = "an image manifest",
        [OCN_OBJECT_CONFIG] = "an image configuration",
        [OCN_OBJECT_LAYER] = "a layer",
        [OCN_OBJECT_EMPTY] = "an empty configuration",
        [OCN_OBJECT_SCHEMA_1] = "a manifest of Docker's schema 1, which is obsolete",
    };

    return names[kind];
}

/* ---- the tables: a field of image-spec is a row ---------------------------------------------- */

static const struct ocn_bind platform_fields[] = {
    OCN_BIND_STRING_AT(struct ocn_object_platform, "os", os),
    OCN_BIND_STRING_AT(struct ocn_object_platform, "architecture", arch),
    OCN_BIND_STRING_AT(struct ocn_object_platform, "variant", variant),
    OCN_BIND_STRING_AT(struct ocn_object_platform, "os.version", os_version),
    { 0 },
};

static const struct ocn_bind descriptor_fields[] = {
    OCN_BIND_STRING_AT(struct ocn_descriptor, "mediaType", media_type),
    OCN_BIND_STRING_AT(struct ocn_descriptor, "digest", digest),
    { "size", OCN_BIND_NUMBER, .offset = offsetof(struct ocn_descriptor, size), .min = 0,
      .max = 9007199254740991.0 },
    { "platform", OCN_BIND_OBJECT, .offset = offsetof(struct ocn_descriptor, platform),
      .fields = platform_fields },
    { "annotations", OCN_BIND_PAIRS, .offset = offsetof(struct ocn_descriptor, annotations) },
    OCN_BIND_STRING_AT(struct ocn_descriptor, "artifactType", artifact_type),
    { 0 },
};

static const struct ocn_bind index_fields[] = {
    OCN_BIND_STRING_AT(struct ocn_object_index, "mediaType", media_type),
    { "manifests", OCN_BIND_OBJECTS, .offset = offsetof(struct ocn_object_index, manifests),
      .fields = descriptor_fields, .size = sizeof(struct ocn_descriptor) },
    { "annotations", OCN_BIND_PAIRS, .offset = offsetof(struct ocn_object_index, annotations) },
    { 0 },
};

static const struct ocn_bind manifest_fields[] = {
    OCN_BIND_STRING_AT(struct ocn_object_manifest, "mediaType", media_type),
    OCN_BIND_STRING_AT(struct ocn_object_manifest, "artifactType", artifact_type),
    { "config", OCN_BIND_OBJECT, .offset = offsetof(struct ocn_object_manifest, config),
      .fields = descriptor_fields },
    { "layers", OCN_BIND_OBJECTS, .offset = offsetof(struct ocn_object_manifest, layers),
      .fields = descriptor_fields, .size = sizeof(struct ocn_descriptor) },
    { "annotations", OCN_BIND_PAIRS, .offset = offsetof(struct ocn_object_manifest, annotations) },
    { 0 },
};

static const struct ocn_bind history_fields[] = {
    OCN_BIND_STRING_AT(struct ocn_object_history, "created_by", created_by),
    OCN_BIND_STRING_AT(struct ocn_object_history, "comment", comment),
    { "empty_layer", OCN_BIND_BOOL, .offset = offsetof(struct ocn_object_history, empty_layer) },
    { 0 },
};

static const struct ocn_bind rootfs_fields[] = {
    OCN_BIND_STRING_AT(struct ocn_object_config, "type", rootfs_type),
    { "diff_ids", OCN_BIND_STRINGS, .offset = offsetof(struct ocn_object_config, diff_ids) },
    { 0 },
};

static const struct ocn_bind execution_fields[] = {
    OCN_BIND_STRING_AT(struct ocn_object_config, "User", user),
    { "Env", OCN_BIND_STRINGS, .offset = offsetof(struct ocn_object_config, env) },
    { "Entrypoint", OCN_BIND_STRINGS, .offset = offsetof(struct ocn_object_config, entrypoint) },
    { "Cmd", OCN_BIND_STRINGS, .offset = offsetof(struct ocn_object_config, cmd) },
    OCN_BIND_STRING_AT(struct ocn_object_config, "WorkingDir", working_dir),
    { "ExposedPorts", OCN_BIND_JSON, .offset = offsetof(struct ocn_object_config, exposed_ports) },
    { "Volumes", OCN_BIND_JSON, .offset = offsetof(struct ocn_object_config, volumes) },
    { "Labels", OCN_BIND_PAIRS, .offset = offsetof(struct ocn_object_config, labels) },
    OCN_BIND_STRING_AT(struct ocn_object_config, "StopSignal", stop_signal),
    { 0 },
};

/* rootfs and config are rows of the struct itself: their offsets are counted from there. */
static const struct ocn_bind config_fields[] = {
    OCN_BIND_STRING_AT(struct ocn_object_config, "os", platform.os),
    OCN_BIND_STRING_AT(struct ocn_object_config, "architecture", platform.arch),
    OCN_BIND_STRING_AT(struct ocn_object_config, "variant", platform.variant),
    OCN_BIND_STRING_AT(struct ocn_object_config, "os.version", platform.os_version),
    OCN_BIND_STRING_AT(struct ocn_object_config, "created", created),
    { "rootfs", OCN_BIND_OBJECT, .fields = rootfs_fields },
    { "history", OCN_BIND_OBJECTS, .offset = offsetof(struct ocn_object_config, history),
      .fields = history_fields, .size = sizeof(struct ocn_object_history) },
    { "config", OCN_BIND_OBJECT, .fields = execution_fields },
    { 0 },
};

static const struct ocn_bind saved_fields[] = {
    OCN_BIND_STRING_AT(struct ocn_object_saved, "Config", config),
    { "RepoTags", OCN_BIND_STRINGS, .offset = offsetof(struct ocn_object_saved, tags) },
    { "Layers", OCN_BIND_STRINGS, .offset = offsetof(struct ocn_object_saved, layers) },
    { 0 },
};

struct saved_list {
    struct ocn_list items;
};

static const struct ocn_bind saved_list_fields[] = {
    { "images", OCN_BIND_OBJECTS, .offset = offsetof(struct saved_list, items),
      .fields = saved_fields, .size = sizeof(struct ocn_object_saved) },
    { 0 },
};

/* ---- reading --------------------------------------------------------------------------------- */

void ocn_object_done(struct ocn_object *object)
{
    json_decref(object->json);
    ocn_arena_done(&object->arena);
    *object = (struct ocn_object){ 0 };
}

static int read_as(struct ocn_bytes text, size_t max_size, const struct ocn_bind *fields,
                   struct ocn_object *object, void *ret, struct ocn_error *err)
{
    return ocn_json_load(text, max_size, &object->json, err) < 0 ||
                   ocn_json_bind(object->json, fields, OCN_BIND_LENIENT, ret, &object->arena, err) <
                       0
               ? -1
               : ocn_arena_check(&object->arena, err);
}

int ocn_object_read_index(struct ocn_bytes text, struct ocn_object *object,
                          struct ocn_object_index *ret, struct ocn_error *err)
{
    struct ocn_object_index index = { 0 };

    if (read_as(text, OCN_IMAGE_MAX_MANIFEST, index_fields, object, &index, err) < 0) {
        return -1;
    }
    *ret = index;
    return 0;
}

int ocn_object_read_manifest(struct ocn_bytes text, struct ocn_object *object,
                             struct ocn_object_manifest *ret, struct ocn_error *err)
{
    struct ocn_object_manifest manifest = { 0 };

    if (read_as(text, OCN_IMAGE_MAX_MANIFEST, manifest_fields, object, &manifest, err) < 0) {
        return -1;
    }
    *ret = manifest;
    return 0;
}

int ocn_object_read_config(struct ocn_bytes text, struct ocn_object *object,
                           struct ocn_object_config *ret, struct ocn_error *err)
{
    struct ocn_object_config config = { 0 };

    if (read_as(text, OCN_IMAGE_MAX_CONFIG, config_fields, object, &config, err) < 0) {
        return -1;
    }
    *ret = config;
    return 0;
}

/* It is a list, and tables bind objects: it becomes the member of one. */
int ocn_object_read_saved(struct ocn_bytes text, struct ocn_object *object, struct ocn_list *ret,
                          struct ocn_error *err)
{
    json_auto_t *list = NULL;
    struct saved_list saved = { 0 };

    if (ocn_json_load_value(text, OCN_IMAGE_MAX_MANIFEST, &list, err) < 0) {
        return -1;
    }
    object->json = json_pack("{s:O}", "images", list);
    if (object->json == NULL) {
        return ocn_fail_nomem(err);
    }
    if (ocn_json_bind(object->json, saved_list_fields, OCN_BIND_LENIENT, &saved, &object->arena,
                      err) < 0 ||
        ocn_arena_check(&object->arena, err) < 0) {
        return -1;
    }
    *ret = saved.items;
    return 0;
}

int ocn_object_sniff(struct ocn_bytes text, enum ocn_object_kind *ret, struct ocn_error *err)
{
    json_auto_t *json = NULL;

    if (ocn_json_load(text, OCN_IMAGE_MAX_MANIFEST, &json, err) < 0) {
        return -1;
    }
    bool index = json_object_get(json, "manifests") != NULL;
    bool manifest =
        json_object_get(json, "layers") != NULL || json_object_get(json, "config") != NULL;
    const json_t *version = json_object_get(json, "schemaVersion");
    if (index && manifest) {
        return ocn_fail(err, OCN_E_FORMAT, "/manifests",
                        "it is an index and a manifest at once, and who reads it decides which");
    }
    if (index) {
        *ret = OCN_OBJECT_INDEX;
    } else if (json_is_number(version) && json_number_value(version) == 1) {
        *ret = OCN_OBJECT_SCHEMA_1;
    } else {
        *ret = manifest ? OCN_OBJECT_MANIFEST : OCN_OBJECT_UNKNOWN;
    }
    return 0;
}

/* ---- digests --------------------------------------------------------------------------------- */

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static const struct {
    const char *algorithm;
    size_t hex_len;
    enum ocn_digest_kind kind;
} algorithms[] = {
    { "sha256", 64, OCN_DIGEST_SHA256 },
    { "sha512", 128, OCN_DIGEST_SHA512 },
};

/* algorithm-component [algorithm-separator algorithm-component]*: a word, and words joined. */
static bool is_algorithm(const char *text, size_t len)
{
    bool component = false;

    for (size_t i = 0; i < len; i++) {
        bool separator = strchr("+._-", text[i]) != NULL;
        if (separator ? !component : strchr(LOWER DIGITS, text[i]) == NULL) {
            return false;
        }
        component = !separator;
    }
    return component;
}

enum ocn_digest_kind ocn_object_digest_kind(const char *digest, const char **ret_hex)
{
    size_t len = digest != NULL ? strnlen(digest, MAX_DIGEST + 1) : 0;
    const char *colon = len != 0 && len <= MAX_DIGEST ? memchr(digest, ':', len) : NULL;

    if (colon == NULL || !is_algorithm(digest, (size_t)(colon - digest))) {
        return OCN_DIGEST_MALFORMED;
    }
    const char *encoded = colon + 1;
    size_t encoded_len = strlen(encoded);
    if (encoded_len == 0 || strspn(encoded, UPPER LOWER DIGITS "=_-") != encoded_len) {
        return OCN_DIGEST_MALFORMED;
    }
    if (ret_hex != NULL) {
        *ret_hex = encoded;
    }
    for (size_t i = 0; i < OCN_COUNT(algorithms); i++) {
        const char *name = algorithms[i].algorithm;
        if (strlen(name) == (size_t)(colon - digest) && strncmp(digest, name, strlen(name)) == 0) {
            return encoded_len == algorithms[i].hex_len &&
                           strspn(encoded, DIGITS "abcdef") == encoded_len
                       ? algorithms[i].kind
                       : OCN_DIGEST_MALFORMED;
        }
    }
    return OCN_DIGEST_OTHER;
}

/* ---- platforms ------------------------------------------------------------------------------- */

const char *ocn_object_platform_text(const struct ocn_object_platform *platform,
                                     struct ocn_arena *arena)
{
    const char *os = platform->os != NULL ? platform->os : "unknown";
    const char *arch = platform->arch != NULL ? platform->arch : "unknown";
    bool varies = platform->variant != NULL && platform->variant[0] != '\0';

    return ocn_arena_printf(arena, "%s/%s%s%s", os, arch, varies ? "/" : "",
                            varies ? platform->variant : "");
}

static const struct {
    const char *arch;
    const char *usual;
} usual_variants[] = { { "arm64", "v8" }, { "arm", "v7" }, { "amd64", "v1" } };

static const char *variant_of(const struct ocn_object_platform *platform)
{
    if (platform->variant != NULL && platform->variant[0] != '\0') {
        return platform->variant;
    }
    for (size_t i = 0; platform->arch != NULL && i < OCN_COUNT(usual_variants); i++) {
        if (strcmp(platform->arch, usual_variants[i].arch) == 0) {
            return usual_variants[i].usual;
        }
    }
    return "";
}

static bool same(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

bool ocn_object_same_platform(const struct ocn_object_platform *a,
                              const struct ocn_object_platform *b)
{
    return same(a->os, b->os) && same(a->arch, b->arch) && same(variant_of(a), variant_of(b));
}

int ocn_object_parse_platform(const char *text, struct ocn_arena *arena,
                              struct ocn_object_platform *ret, struct ocn_error *err)
{
    const char *parts[3] = { NULL };
    size_t len = 0;
    const char *at = text;

    for (;;) {
        size_t part = strcspn(at, "/");
        if (len == OCN_COUNT(parts) || part == 0 || part > MAX_PLATFORM_PART ||
            strspn(at, UPPER LOWER DIGITS "._-") < part) {
            return ocn_fail(err, OCN_E_USAGE, text,
                            "not a platform: OS/ARCH[/VARIANT], for "
                            "example linux/arm64/v8");
        }
        parts[len++] = ocn_arena_copy(arena, at, part);
        if (at[part] == '\0') {
            break;
        }
        at += part + 1;
    }
    if (ocn_arena_check(arena, err) < 0) {
        return -1;
    }
    *ret =
        len == 1
            ? (struct ocn_object_platform){ .os = "linux", .arch = parts[0] }
            : (struct ocn_object_platform){ .os = parts[0], .arch = parts[1], .variant = parts[2] };
    return 0;
}
