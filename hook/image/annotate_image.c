/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/image/annotate_image.h"

#include <stdio.h>
#include <string.h>

#include "hook/image/annotate_derive.h"
#include "normalize/json/json.h"
#include "normalize/outcome/splice_list.h"

#define OCI "application/vnd.oci.image."
#define DOCKER "application/vnd.docker."

/* As skopeo(1) copies with --format oci. */
static const struct {
    const char *docker;
    const char *oci;
} media_types[] = {
    { DOCKER "distribution.manifest.v2+json", OCI "manifest.v1+json" },
    { DOCKER "distribution.manifest.list.v2+json", OCI "index.v1+json" },
    { DOCKER "container.image.v1+json", OCI "config.v1+json" },
    { DOCKER "image.rootfs.diff.tar", OCI "layer.v1.tar" },
    { DOCKER "image.rootfs.diff.tar.gzip", OCI "layer.v1.tar+gzip" },
    { DOCKER "image.rootfs.diff.tar.zstd", OCI "layer.v1.tar+zstd" },
    { DOCKER "image.rootfs.foreign.diff.tar", OCI "layer.nondistributable.v1.tar" },
    { DOCKER "image.rootfs.foreign.diff.tar.gzip", OCI "layer.nondistributable.v1.tar+gzip" },
};

const char *ocn_annotate_image_media_type(const char *media_type)
{
    for (size_t i = 0; media_type != NULL && i < OCN_COUNT(media_types); i++) {
        if (strcmp(media_type, media_types[i].docker) == 0) {
            return media_types[i].oci;
        }
    }
    return NULL;
}

int ocn_annotate_image_warn(json_t *report, const char *what, struct ocn_error *err)
{
    return json_array_append_new(json_object_get(report, "warnings"), ocn_json_text(what)) < 0
               ? ocn_fail_nomem(err)
               : 0;
}

int ocn_annotate_image_keep(const struct ocn_buf *buf, struct ocn_arena *arena,
                            struct ocn_bytes *ret, struct ocn_error *err)
{
    if (ocn_buf_check(buf, err) < 0) {
        return -1;
    }
    struct ocn_bytes kept = ocn_arena_keep(arena, ocn_buf_bytes(buf));
    if (ocn_arena_check(arena, err) < 0) {
        return -1;
    }
    *ret = kept;
    return 0;
}

/* ---- descriptors ----------------------------------------------------------------------------- */

/* RFC 4648, as descriptor.md has it for "data". */
static void put_base64(struct ocn_bytes bytes, struct ocn_buf *out)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < bytes.len; i += 3) {
        unsigned value = 0;
        for (size_t j = 0; j < 3; j++) {
            value = value << 8 | (i + j < bytes.len ? (unsigned char)bytes.ptr[i + j] : 0);
        }
        char group[4] = { letters[value >> 18 & 63], letters[value >> 12 & 63],
                          i + 1 < bytes.len ? letters[value >> 6 & 63] : '=',
                          i + 2 < bytes.len ? letters[value & 63] : '=' };
        ocn_buf_add(out, group, sizeof(group));
    }
}

int ocn_annotate_image_point(struct ocn_bytes text, const char *at, const char *digest,
                             struct ocn_bytes to, struct ocn_arena *arena,
                             struct ocn_annotate_edits *edits, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf base64 = { 0 };
    const char *data = ocn_arena_printf(arena, "%s/data", at);

    ocn_annotate_values_set_text(arena, edits, ocn_arena_printf(arena, "%s/digest", at), digest);
    ocn_annotate_values_set_size(arena, edits, ocn_arena_printf(arena, "%s/size", at), to.len);
    if (ocn_json_value_at(text, data).ptr != NULL) {
        put_base64(to, &base64);
        ocn_annotate_values_set_text(arena, edits, data, ocn_buf_copy(&base64, arena));
    }
    return ocn_arena_check(arena, err);
}

/* ---- the documents --------------------------------------------------------------------------- */

/* How many bytes a member of an archive has. */
static int measure(const struct ocn_blobs *blobs, const struct ocn_descriptor *blob, double *ret,
                   struct ocn_error *err)
{
    OCN_CLEANUP(ocn_stream_freep) struct ocn_stream *stream = NULL;
    const void *chunk = NULL;
    size_t len = 0;
    double size = 0;

    if (ocn_stream_open(blobs, blob, &stream, err) < 0) {
        return -1;
    }
    do {
        if (ocn_stream_next(stream, &chunk, &len, err) < 0) {
            return -1;
        }
        size += (double)len;
    } while (len != 0);
    *ret = size;
    return 0;
}

/* dir: the manifest is there by its file's name; docker-archive has none, and one is made. */
static int make_manifest(const struct ocn_blobs *blobs, const struct ocn_selected *image,
                         struct ocn_arena *arena, struct ocn_annotate_image *made,
                         struct ocn_buf *out, struct ocn_error *err)
{
    double *sizes = ocn_arena_alloc(arena, (image->layers_len + 1) * sizeof(*sizes));

    if (sizes == NULL) {
        return ocn_fail_nomem(err);
    }
    made->layer_sizes = sizes;

    ocn_buf_printf(out,
                   "{\"schemaVersion\":2,\"mediaType\":\"" OCI "manifest.v1+json\",\"config\":"
                   "{\"mediaType\":\"" OCI "config.v1+json\",\"digest\":\"%s\",\"size\":%zu},"
                   "\"layers\":[",
                   made->config_digest, made->config.len);
    for (size_t i = 0; i < image->layers_len; i++) {
        if (ocn_object_digest_kind(image->layers[i].diff_id, NULL) != OCN_DIGEST_SHA256) {
            return ocn_fail(err, OCN_E_FORMAT, "/rootfs/diff_ids", "one of them is no digest");
        }
        if (measure(blobs, &image->layers[i].blob, &sizes[i], err) < 0) {
            return -1;
        }
        ocn_buf_printf(out,
                       "%s{\"mediaType\":\"" OCI "layer.v1.tar\",\"digest\":\"%s\",\"size\":%.0f}",
                       i != 0 ? "," : "", image->layers[i].diff_id, sizes[i]);
    }
    ocn_buf_puts(out, "]}");
    return ocn_buf_check(out, err);
}

static int read_documents(const struct ocn_blobs *blobs, const struct ocn_selected *image,
                          struct ocn_arena *arena, struct ocn_annotate_image *made,
                          struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf config = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf manifest = { 0 };
    const struct ocn_descriptor by_digest = { .digest = image->digest, .size = -1 };
    bool saved = blobs->form == OCN_BLOBS_DOCKER_TAR;

    if ((saved ? ocn_blob_read_file(blobs, image->digest, OCN_IMAGE_MAX_CONFIG, &config, err)
               : ocn_blob_read(blobs, &image->manifest.config, OCN_IMAGE_MAX_CONFIG, &config,
                               err)) < 0 ||
        ocn_annotate_image_keep(&config, arena, &made->config, err) < 0 ||
        ocn_hash_text(blobs->digests, made->config, made->config_digest, err) < 0) {
        return -1;
    }
    if (!saved) {
        (void)snprintf(made->config_digest, sizeof(made->config_digest), "%s",
                       image->manifest.config.digest);
    }
    int status =
        saved ? make_manifest(blobs, image, arena, made, &manifest, err)
        : blobs->form == OCN_BLOBS_DIR
            ? ocn_blob_read_file(blobs, "manifest.json", OCN_IMAGE_MAX_MANIFEST, &manifest, err)
            : ocn_blob_read(blobs, &by_digest, OCN_IMAGE_MAX_MANIFEST, &manifest, err);
    return status < 0 || ocn_annotate_image_keep(&manifest, arena, &made->manifest, err) < 0 ? -1
                                                                                             : 0;
}

/* ---- keys ------------------------------------------------------------------------------------ */

/* What an author wrote as a label is not said otherwise by an annotation. */
static int leave_labels(const struct ocn_selected *image, const struct ocn_annotate_wish *wish,
                        const char *platform, struct ocn_pairs *derived, json_t *report,
                        struct ocn_arena *arena, struct ocn_error *err)
{
    struct ocn_annotate_edits none = { 0 };
    const struct ocn_annotate_place place = { "labels", "", platform, &image->config.labels };
    size_t len = 0;

    for (size_t i = 0; i < derived->len && !wish->overwrite; i++) {
        const struct ocn_pair *pair = &derived->items[i];
        const struct ocn_pairs one = { derived->items + i, 1 };
        const char *label = ocn_annotate_values_pair(&image->config.labels, pair->name);
        if (label == NULL || strcmp(label, pair->value) == 0 ||
            ocn_annotate_values_pair(&wish->set, pair->name) != NULL) {
            derived->items[len++] = *pair;
        } else if (ocn_annotate_values_decide(&place, &one, false, report, arena, &none, NULL,
                                              err) < 0) {
            return -1;
        }
    }
    derived->len = wish->overwrite ? derived->len : len;
    return 0;
}

static int find_wanted(const struct ocn_blobs *blobs, const struct ocn_selected *image,
                       const struct ocn_annotate_wish *wish, const char *platform, json_t *report,
                       struct ocn_arena *arena, struct ocn_pairs *ret, const char **ret_program,
                       struct ocn_error *err)
{
    struct ocn_annotate_derived derived = { { 0 }, NULL };

    if (wish->derive && ocn_annotate_derive(blobs, image, arena, &derived, err) < 0) {
        return -1;
    }
    if (wish->derive && derived.values.len == 0 &&
        ocn_annotate_image_warn(
            report,
            ocn_arena_printf(arena, "%s: nothing is derived: %s%s", platform,
                             derived.program != NULL ? derived.program : "its entrypoint",
                             derived.program != NULL
                                 ? " is no Go program, or one without build info"
                                 : " names no program that the image has"),
            err) < 0) {
        return -1;
    }
    *ret_program = derived.values.len != 0 ? derived.program : NULL;
    return leave_labels(image, wish, platform, &derived.values, report, arena, err) < 0
               ? -1
               : ocn_annotate_values_merge(&derived.values, &wish->set, arena, ret, err);
}

/* ---- changing -------------------------------------------------------------------------------- */

static int edit_config(const struct ocn_blobs *blobs, const struct ocn_selected *image,
                       const struct ocn_annotate_wish *wish, const struct ocn_pairs *wanted,
                       json_t *report, struct ocn_arena *arena, struct ocn_annotate_image *made,
                       struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    const struct ocn_annotate_place place = { "labels", "/config/Labels", made->platform,
                                              &image->config.labels };
    struct ocn_annotate_edits edits = { 0 };

    if (!wish->labels) {
        return 0;
    }
    if (ocn_annotate_values_decide(&place, wanted, wish->overwrite, report, arena, &edits, NULL,
                                   err) < 0) {
        return -1;
    }
    return edits.len == 0 ? 0
           : ocn_splice_edits(made->config, "", edits.items, edits.len, &text, err) < 0 ||
                   ocn_annotate_image_keep(&text, arena, &made->config, err) < 0 ||
                   ocn_hash_text(blobs->digests, made->config, made->config_digest, err) < 0
               ? -1
               : 0;
}

/* Docker's names become OCI's. */
static int convert_layers(const struct ocn_selected *image, struct ocn_arena *arena,
                          struct ocn_annotate_image *made, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    const struct ocn_descriptor *layers = image->manifest.layers.items;
    size_t count = image->manifest.layers.len;
    struct ocn_splice_entry *entries = ocn_arena_alloc(arena, (count + 1) * sizeof(*entries));

    if (entries == NULL) {
        return ocn_fail_nomem(err);
    }
    for (size_t i = 0; i < count; i++) {
        struct ocn_annotate_edits edits = { 0 };
        const char *type = ocn_annotate_image_media_type(layers[i].media_type);
        if (type != NULL) {
            ocn_annotate_values_set_text(arena, &edits, "/mediaType", type);
        }
        entries[i] = (struct ocn_splice_entry){ false, edits.items, edits.len };
    }
    return ocn_arena_check(arena, err) < 0 ||
                   (count != 0 &&
                    ocn_splice_list(made->manifest, "/layers", entries, count, &text, err) < 0) ||
                   (count != 0 && ocn_annotate_image_keep(&text, arena, &made->manifest, err) < 0)
               ? -1
               : 0;
}

static int convert(const struct ocn_selected *image, struct ocn_arena *arena,
                   struct ocn_annotate_image *made, struct ocn_annotate_edits *edits,
                   struct ocn_error *err)
{
    const struct ocn_object_manifest *manifest = &image->manifest;
    const char *config_type = ocn_annotate_image_media_type(manifest->config.media_type);

    if (!ocn_object_is_docker(manifest->media_type) &&
        (manifest->media_type != NULL || config_type == NULL)) {
        return 0;
    }
    made->converted = true;
    if (manifest->media_type != NULL) {
        ocn_annotate_values_set_text(arena, edits, "/mediaType", OCI "manifest.v1+json");
    }
    if (config_type != NULL) {
        ocn_annotate_values_set_text(arena, edits, "/config/mediaType", config_type);
    }
    return convert_layers(image, arena, made, err);
}

static int edit_manifest(const struct ocn_selected *image, const struct ocn_annotate_wish *wish,
                         const struct ocn_pairs *wanted, bool new_config, json_t *report,
                         struct ocn_arena *arena, struct ocn_annotate_image *made,
                         struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    const struct ocn_annotate_place place = { "manifest", "/annotations", made->platform,
                                              &image->manifest.annotations };
    struct ocn_annotate_edits edits = { 0 };

    if ((image->manifest.config.digest != NULL && convert(image, arena, made, &edits, err) < 0) ||
        (new_config && ocn_annotate_image_point(made->manifest, "/config", made->config_digest,
                                                made->config, arena, &edits, err) < 0) ||
        ocn_annotate_values_decide(&place, wanted, wish->overwrite, report, arena, &edits,
                                   &made->said, err) < 0 ||
        ocn_arena_check(arena, err) < 0) {
        return -1;
    }
    return edits.len != 0 &&
                   (ocn_splice_edits(made->manifest, "", edits.items, edits.len, &text, err) < 0 ||
                    ocn_annotate_image_keep(&text, arena, &made->manifest, err) < 0)
               ? -1
               : 0;
}

static int note_image(const struct ocn_annotate_image *made, const char *from, const char *program,
                      json_t *report, struct ocn_error *err)
{
    json_t *row = json_pack("{s:s, s:s?, s:s, s:s?, s:b}", "platform", made->platform, "from", from,
                            "to", made->digest, "program", program, "converted", made->converted);

    return json_array_append_new(json_object_get(report, "images"), row) < 0 ? ocn_fail_nomem(err)
                                                                             : 0;
}

int ocn_annotate_image(const struct ocn_blobs *blobs, const struct ocn_selected *image,
                       const struct ocn_annotate_wish *wish, json_t *report,
                       struct ocn_arena *arena, struct ocn_annotate_image *ret,
                       struct ocn_error *err)
{
    struct ocn_annotate_image made = {
        .platform = ocn_object_platform_text(
            image->has_declared ? &image->declared : &image->config.platform, arena),
        .converted = blobs->form == OCN_BLOBS_DOCKER_TAR
    };
    char from[OCN_HASH_TEXT] = "";
    struct ocn_pairs wanted = { 0 };
    const char *program = NULL;

    if (read_documents(blobs, image, arena, &made, err) < 0 ||
        find_wanted(blobs, image, wish, made.platform, report, arena, &wanted, &program, err) < 0 ||
        ocn_hash_text(blobs->digests, made.manifest, from, err) < 0) {
        return -1;
    }
    const struct ocn_bytes before = made.manifest;
    const char *config = made.config.ptr;
    if (edit_config(blobs, image, wish, &wanted, report, arena, &made, err) < 0 ||
        edit_manifest(image, wish, &wanted, made.config.ptr != config, report, arena, &made, err) <
            0) {
        return -1;
    }
    /* What does not change keeps its digest, of whatever algorithm. */
    bool same = made.manifest.ptr == before.ptr &&
                ocn_object_digest_kind(image->digest, NULL) != OCN_DIGEST_MALFORMED;
    if (same) {
        (void)snprintf(made.digest, sizeof(made.digest), "%s", image->digest);
    } else if (ocn_hash_text(blobs->digests, made.manifest, made.digest, err) < 0) {
        return -1;
    }
    const char *was = blobs->form == OCN_BLOBS_DOCKER_TAR ? NULL
                      : blobs->form == OCN_BLOBS_DIR      ? from
                                                          : image->digest;
    if (note_image(&made, was, program, report, err) < 0) {
        return -1;
    }
    *ret = made;
    return 0;
}
