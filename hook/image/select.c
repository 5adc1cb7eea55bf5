/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/image/select.h"

#include <string.h>

#define REF_NAME "org.opencontainers.image.ref.name"
#define ATTESTATION "vnd.docker.reference.type"

/* On the way through the indexes. */
struct walk {
    const struct ocn_blobs *blobs;
    const struct ocn_object_platform *platform;
    struct ocn_selection *selection;
    const char *seen[OCN_SELECT_MAX_OBJECTS];
    size_t seen_len;
    struct ocn_strings platforms; /* that were there, for whoever asked for another */
    json_t *descriptor;           /* of what is visited, borrowed from its index; or NULL */
};

static void drop(struct ocn_selected *image)
{
    ocn_object_done(&image->objects[0]);
    ocn_object_done(&image->objects[1]);
    json_decref(image->descriptor);
    *image = (struct ocn_selected){ 0 };
}

void ocn_select_done(struct ocn_selection *selection)
{
    for (size_t i = 0; i < selection->images_len; i++) {
        drop(&selection->images[i]);
    }
    json_decref(selection->index);
    ocn_arena_done(&selection->arena);
    *selection = (struct ocn_selection){ 0 };
}

bool ocn_select_is_windows(const struct ocn_selected *image)
{
    static const char windows[] = "windows";
    const char *os = image->config.platform.os;
    const char *declared = image->has_declared ? image->declared.os : os;

    return os != NULL && declared != NULL && strcmp(os, windows) == 0 &&
           strcmp(declared, windows) == 0;
}

static int locate(struct ocn_error *err, const char *digest)
{
    ocn_error_locate(err, digest, 0);
    return -1;
}

static const char *annotation(const struct ocn_pairs *pairs, const char *key)
{
    for (size_t i = 0; i < pairs->len; i++) {
        if (strcmp(pairs->items[i].name, key) == 0) {
            return pairs->items[i].value;
        }
    }
    return NULL;
}

static int pass_over(struct walk *walk, const char *digest, const char *what, struct ocn_error *err)
{
    struct ocn_list *list = &walk->selection->passed_over;
    struct ocn_passed_over *items =
        ocn_arena_grow(&walk->selection->arena, list->items, list->len, sizeof(*items));

    if (items != NULL) {
        list->items = items;
        items[list->len++] = (struct ocn_passed_over){
            ocn_arena_copy(&walk->selection->arena, digest, strlen(digest)), what
        };
    }
    return ocn_arena_check(&walk->selection->arena, err);
}

/* *ret is false where it is there, or nobody wants to know. */
static int is_missing(const struct walk *walk, const struct ocn_descriptor *blob, bool *ret,
                      struct ocn_error *err)
{
    bool there = true;
    int status = walk->selection->may_miss && blob->digest != NULL
                     ? ocn_blob_is_there(walk->blobs, blob, &there, err)
                     : 0;

    *ret = !there;
    return status;
}

static int miss(struct walk *walk, const char *manifest, const char *config, struct ocn_error *err)
{
    struct ocn_arena *arena = &walk->selection->arena;
    struct ocn_list *list = &walk->selection->missed;
    struct ocn_missed *items = ocn_arena_grow(arena, list->items, list->len, sizeof(*items));

    if (items != NULL) {
        list->items = items;
        items[list->len++] = (struct ocn_missed){
            ocn_arena_copy(arena, manifest, strlen(manifest)),
            config != NULL ? ocn_arena_copy(arena, config, strlen(config)) : NULL,
        };
    }
    return ocn_arena_check(arena, err);
}

/* ---- one image ------------------------------------------------------------------------------- */

static int name_layers(struct ocn_selected *image, struct ocn_arena *arena, struct ocn_error *err)
{
    const struct ocn_descriptor *layers = image->manifest.layers.items;
    size_t count = image->manifest.layers.len;

    image->layers = ocn_arena_alloc(arena, (count + 1) * sizeof(*image->layers));
    if (image->layers == NULL) {
        return ocn_fail_nomem(err);
    }
    for (size_t i = 0; i < count; i++) {
        image->layers[i] = (struct ocn_layer_name){ layers[i], i < image->config.diff_ids.len
                                                                   ? image->config.diff_ids.items[i]
                                                                   : NULL };
    }
    image->layers_len = count;
    return 0;
}

static int check_config(const struct ocn_selected *image, struct ocn_error *err)
{
    if (image->config.rootfs_type != NULL && strcmp(image->config.rootfs_type, "layers") != 0) {
        return ocn_fail(err, OCN_E_FORMAT, "/rootfs/type",
                        "\"%s\" is none of image-spec's: only \"layers\" is",
                        image->config.rootfs_type);
    }
    return 0;
}

static int read_config(struct walk *walk, struct ocn_selected *image, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };

    if (ocn_blob_read(walk->blobs, &image->manifest.config, OCN_IMAGE_MAX_CONFIG, &text, err) < 0) {
        return -1;
    }
    return ocn_object_read_config(ocn_buf_bytes(&text), &image->objects[1], &image->config, err) <
                       0 ||
                   check_config(image, err) < 0
               ? locate(err, image->manifest.config.digest)
               : 0;
}

static int note_platform(struct walk *walk, const struct ocn_object_platform *platform)
{
    struct ocn_arena *arena = &walk->selection->arena;
    const char **items =
        ocn_arena_grow(arena, walk->platforms.items, walk->platforms.len, sizeof(*items));

    if (items != NULL) {
        walk->platforms.items = items;
        items[walk->platforms.len++] = ocn_object_platform_text(platform, arena);
    }
    return 0;
}

/* Whether it is asked for: by what its index says, or else its own configuration. */
static bool is_wanted(struct walk *walk, const struct ocn_selected *image)
{
    const struct ocn_object_platform *platform =
        image->has_declared ? &image->declared : &image->config.platform;

    (void)note_platform(walk, platform);
    return walk->platform == NULL || ocn_object_same_platform(walk->platform, platform);
}

static struct ocn_selected *new_image(struct walk *walk, struct ocn_error *err)
{
    struct ocn_selection *selection = walk->selection;

    if (selection->images == NULL) {
        selection->images =
            ocn_arena_alloc(&selection->arena, OCN_SELECT_MAX_IMAGES * sizeof(*selection->images));
    }
    if (selection->images == NULL) {
        (void)ocn_fail_nomem(err);
        return NULL;
    }
    if (selection->images_len == OCN_SELECT_MAX_IMAGES) {
        (void)ocn_fail(err, OCN_E_LIMIT, NULL, "it names more than the limit of %d images",
                       OCN_SELECT_MAX_IMAGES);
        return NULL;
    }
    return &selection->images[selection->images_len];
}

/* Keeps the image that was read, or forgets it. */
static int settle(struct walk *walk, struct ocn_selected *image, struct ocn_error *err)
{
    if (!is_wanted(walk, image)) {
        drop(image);
        return ocn_arena_check(&walk->selection->arena, err);
    }
    walk->selection->images_len++;
    return name_layers(image, &walk->selection->arena, err);
}

static const char *artifact_type(const struct ocn_object_manifest *manifest)
{
    const char *type =
        manifest->artifact_type != NULL ? manifest->artifact_type : manifest->config.media_type;

    return type != NULL ? type : "no type";
}

static int read_manifest(struct walk *walk, const struct ocn_descriptor *from,
                         struct ocn_bytes text, struct ocn_error *err)
{
    struct ocn_arena *arena = &walk->selection->arena;
    struct ocn_selected *image = new_image(walk, err);

    if (image == NULL) {
        return -1;
    }
    /* From here on it is released with the selection, whatever comes. */
    walk->selection->images_len++;
    int status = ocn_object_read_manifest(text, &image->objects[0], &image->manifest, err);
    if (status == 0 && ocn_object_kind_of(image->manifest.config.media_type) != OCN_OBJECT_CONFIG) {
        const char *what =
            ocn_arena_printf(arena, "an artifact (%s)", artifact_type(&image->manifest));
        drop(image);
        walk->selection->images_len--;
        return pass_over(walk, from->digest, what, err);
    }
    if (status < 0) {
        return locate(err, from->digest);
    }
    image->digest = ocn_arena_copy(arena, from->digest, strlen(from->digest));
    image->descriptor = json_incref(walk->descriptor);
    image->has_declared = from->platform.arch != NULL;
    image->declared = (struct ocn_object_platform){ 0 };
    if (image->has_declared) {
        struct ocn_object_platform platform = from->platform;
        const char **parts[] = { &platform.os, &platform.arch, &platform.variant };
        for (size_t i = 0; i < OCN_COUNT(parts); i++) {
            *parts[i] =
                *parts[i] != NULL ? ocn_arena_copy(arena, *parts[i], strlen(*parts[i])) : NULL;
        }
        image->declared = platform;
    }
    bool missing = false;
    if (is_missing(walk, &image->manifest.config, &missing, err) < 0) {
        return -1;
    }
    if (missing) {
        status = miss(walk, image->digest, image->manifest.config.digest, err);
        drop(image);
        walk->selection->images_len--;
        return status;
    }
    if (read_config(walk, image, err) < 0) {
        return -1;
    }
    walk->selection->images_len--;
    return settle(walk, image, err);
}

/* ---- indexes --------------------------------------------------------------------------------- */

static int visit(struct walk *walk, const struct ocn_descriptor *from, unsigned depth,
                 struct ocn_error *err);

static bool is_attestation(const struct ocn_descriptor *descriptor)
{
    return annotation(&descriptor->annotations, ATTESTATION) != NULL;
}

static int read_index(struct walk *walk, const struct ocn_descriptor *from, struct ocn_bytes text,
                      unsigned depth, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_object_done) struct ocn_object object = { 0 };
    struct ocn_object_index index = { 0 };

    if (depth == OCN_SELECT_MAX_DEPTH) {
        return ocn_fail(err, OCN_E_LIMIT, from->digest,
                        "indexes in indexes, more than %d deep: nobody else reads that",
                        OCN_SELECT_MAX_DEPTH);
    }
    if (ocn_object_read_index(text, &object, &index, err) < 0) {
        return locate(err, from->digest);
    }
    if (walk->selection->index == NULL) {
        walk->selection->index = json_incref(object.json);
    }
    const struct ocn_descriptor *items = index.manifests.items;
    const json_t *list = json_object_get(object.json, "manifests");
    for (size_t i = 0; i < index.manifests.len; i++) {
        walk->descriptor = json_array_get(list, i);
        int status = is_attestation(&items[i])
                         ? pass_over(walk, items[i].digest != NULL ? items[i].digest : "",
                                     "an attestation of BuildKit", err)
                         : visit(walk, &items[i], depth + 1, err);
        if (status < 0) {
            return -1;
        }
    }
    walk->descriptor = NULL;
    return 0;
}

static bool was_seen(const struct walk *walk, const char *digest)
{
    for (size_t i = 0; i < walk->seen_len; i++) {
        if (strcmp(walk->seen[i], digest) == 0) {
            return true;
        }
    }
    return false;
}

static int see(struct walk *walk, const char *digest, struct ocn_error *err)
{
    struct ocn_arena *arena = &walk->selection->arena;

    if (walk->seen_len == OCN_SELECT_MAX_OBJECTS) {
        return ocn_fail(err, OCN_E_LIMIT, digest, "more than the limit of %d manifests and indexes",
                        OCN_SELECT_MAX_OBJECTS);
    }
    walk->seen[walk->seen_len++] = ocn_arena_copy(arena, digest, strlen(digest));
    return ocn_arena_check(arena, err);
}

/* What a descriptor is: by its media type, or by what is there where that says nothing. */
static int kind_of(const struct ocn_descriptor *from, struct ocn_bytes text,
                   enum ocn_object_kind *ret, struct ocn_error *err)
{
    enum ocn_object_kind by_members = OCN_OBJECT_UNKNOWN;
    enum ocn_object_kind kind = ocn_object_kind_of(from->media_type);

    if (ocn_object_sniff(text, &by_members, err) < 0) {
        return locate(err, from->digest);
    }
    *ret = kind == OCN_OBJECT_UNKNOWN && from->media_type == NULL ? by_members : kind;
    return 0;
}

static int visit(struct walk *walk, const struct ocn_descriptor *from, unsigned depth,
                 struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    enum ocn_object_kind kind = OCN_OBJECT_UNKNOWN;

    if (from->digest == NULL) {
        return ocn_fail(err, OCN_E_FORMAT, "/manifests", "a descriptor has no digest");
    }
    if (was_seen(walk, from->digest)) {
        return 0;
    }
    if (from->media_type != NULL && ocn_object_kind_of(from->media_type) == OCN_OBJECT_UNKNOWN) {
        return pass_over(walk, from->digest, "of a media type that nobody knows", err);
    }
    bool missing = false;
    if (is_missing(walk, from, &missing, err) < 0) {
        return -1;
    }
    if (missing) {
        return miss(walk, from->digest, NULL, err);
    }
    if (see(walk, from->digest, err) < 0 ||
        ocn_blob_read(walk->blobs, from, OCN_IMAGE_MAX_MANIFEST, &text, err) < 0 ||
        kind_of(from, ocn_buf_bytes(&text), &kind, err) < 0) {
        return -1;
    }
    switch (kind) {
    case OCN_OBJECT_INDEX:
        if (walk->selection->index_digest == NULL) {
            walk->selection->index_digest =
                ocn_arena_copy(&walk->selection->arena, from->digest, strlen(from->digest));
        }
        return read_index(walk, from, ocn_buf_bytes(&text), depth, err);
    case OCN_OBJECT_MANIFEST:
        return read_manifest(walk, from, ocn_buf_bytes(&text), err);
    case OCN_OBJECT_UNKNOWN:
    case OCN_OBJECT_CONFIG:
    case OCN_OBJECT_LAYER:
    case OCN_OBJECT_EMPTY:
    case OCN_OBJECT_SCHEMA_1:
    default:
        return ocn_fail(err, OCN_E_UNSUPPORTED, from->digest, "is %s, not an image",
                        ocn_object_kind_name(kind));
    }
}

/* ---- where it begins ------------------------------------------------------------------------- */

static int list_names(const struct ocn_object_index *index, struct ocn_arena *arena,
                      const char **ret)
{
    const struct ocn_descriptor *items = index->manifests.items;
    const char *names = "";

    for (size_t i = 0; i < index->manifests.len && i < 20; i++) {
        const char *name = annotation(&items[i].annotations, REF_NAME);
        names = ocn_arena_printf(arena, "%s%s%s", names, i != 0 ? ", " : "",
                                 name != NULL ? name : items[i].digest);
    }
    *ret = names;
    return 0;
}

/* "sha256-HEX" (distribution-spec, "Referrers Tag Schema"): what refers to an image, not one. */
static bool is_referrers_tag(const char *name)
{
    static const char algorithm[] = "sha256-";

    return name != NULL && strncmp(name, algorithm, strlen(algorithm)) == 0 &&
           strlen(name) == strlen(algorithm) + 64;
}

/* The digest of what @reference names: a tag twice, with different digests, names nothing. */
static int find_reference(const struct ocn_object_index *index, const char *reference,
                          struct ocn_arena *arena, const struct ocn_descriptor **ret,
                          struct ocn_error *err)
{
    const struct ocn_descriptor *items = index->manifests.items;
    const struct ocn_descriptor *found = NULL;
    const char *names = "";

    (void)list_names(index, arena, &names);
    for (size_t i = 0; i < index->manifests.len; i++) {
        const char *name = annotation(&items[i].annotations, REF_NAME);
        bool fits = (reference == NULL && !is_referrers_tag(name)) ||
                    (reference != NULL && name != NULL && strcmp(name, reference) == 0) ||
                    (reference != NULL && items[i].digest != NULL &&
                     strcmp(items[i].digest, reference) == 0);
        if (fits && found != NULL && items[i].digest != NULL && found->digest != NULL &&
            strcmp(found->digest, items[i].digest) != 0) {
            return ocn_fail(err, OCN_E_USAGE, reference,
                            "the layout has more than one: name it behind a colon (there are: %s)",
                            names);
        }
        found = fits && found == NULL ? &items[i] : found;
    }
    if (found == NULL) {
        return ocn_fail(err, OCN_E_NOENT, reference, "the layout has no such image (there are: %s)",
                        names[0] != '\0' ? names : "none");
    }
    *ret = found;
    return 0;
}

static int begin_layout(struct walk *walk, const char *reference, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_object_done) struct ocn_object object = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    struct ocn_object_index index = { 0 };
    const struct ocn_descriptor *found = NULL;

    if (ocn_blob_read_file(walk->blobs, "index.json", OCN_IMAGE_MAX_MANIFEST, &text, err) < 0) {
        return -1;
    }
    if (ocn_object_read_index(ocn_buf_bytes(&text), &object, &index, err) < 0) {
        return locate(err, "index.json");
    }
    return find_reference(&index, reference, &walk->selection->arena, &found, err) < 0 ||
                   found == NULL
               ? -1
               : visit(walk, found, 0, err);
}

/* dir: the manifest has no name but its own digest, which nobody has said. */
static int begin_dir(struct walk *walk, struct ocn_error *err)
{
    static const struct ocn_descriptor from = { .digest = "manifest.json", .size = -1 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    enum ocn_object_kind kind = OCN_OBJECT_UNKNOWN;

    if (ocn_blob_read_file(walk->blobs, "manifest.json", OCN_IMAGE_MAX_MANIFEST, &text, err) < 0 ||
        kind_of(&from, ocn_buf_bytes(&text), &kind, err) < 0) {
        return -1;
    }
    if (kind == OCN_OBJECT_INDEX) {
        return read_index(walk, &from, ocn_buf_bytes(&text), 0, err);
    }
    return kind == OCN_OBJECT_MANIFEST
               ? read_manifest(walk, &from, ocn_buf_bytes(&text), err)
               : ocn_fail(err, OCN_E_UNSUPPORTED, "manifest.json", "is %s, not an image",
                          ocn_object_kind_name(kind));
}

/* ---- docker-archive -------------------------------------------------------------------------- */

/* As people shorten them: docker.io, its library, and the tag "latest" go without saying. */
static bool is_tag(const char *tag, const char *reference)
{
    static const char *const prefixes[] = { "", "docker.io/", "docker.io/library/", "localhost/" };
    size_t len = strlen(reference);

    for (size_t i = 0; i < OCN_COUNT(prefixes); i++) {
        size_t before = strlen(prefixes[i]);
        if (strncmp(tag, prefixes[i], before) == 0 && strncmp(tag + before, reference, len) == 0 &&
            (tag[before + len] == '\0' || strcmp(tag + before + len, ":latest") == 0)) {
            return true;
        }
    }
    return false;
}

static bool has_tag(const struct ocn_object_saved *saved, const char *reference)
{
    for (size_t i = 0; reference != NULL && i < saved->tags.len; i++) {
        if (is_tag(saved->tags.items[i], reference)) {
            return true;
        }
    }
    return reference == NULL;
}

/* For whoever named none of them, or has to choose. */
static const char *list_tags(const struct ocn_list *list, struct ocn_arena *arena)
{
    const struct ocn_object_saved *items = list->items;
    const char *names = "";

    for (size_t i = 0; items != NULL && i < list->len && i < 20; i++) {
        for (size_t tag = 0; tag < items[i].tags.len && tag < 20; tag++) {
            names = ocn_arena_printf(arena, "%s%s%s", names, names[0] != '\0' ? ", " : "",
                                     items[i].tags.items[tag]);
        }
    }
    return names[0] != '\0' ? names : "none";
}

/* Its members are named; what can be verified is the diff_ids of the configuration. */
static int take_saved(struct walk *walk, const struct ocn_object_saved *saved,
                      struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    struct ocn_arena *arena = &walk->selection->arena;
    struct ocn_selected *image = new_image(walk, err);

    if (image == NULL || saved->config == NULL) {
        return ocn_fail(err, OCN_E_FORMAT, "manifest.json", "an image has no Config");
    }
    if (ocn_blob_read_file(walk->blobs, saved->config, OCN_IMAGE_MAX_CONFIG, &text, err) < 0) {
        return -1;
    }
    walk->selection->images_len++;
    image->digest = ocn_arena_copy(arena, saved->config, strlen(saved->config));
    if (ocn_object_read_config(ocn_buf_bytes(&text), &image->objects[1], &image->config, err) < 0 ||
        check_config(image, err) < 0) {
        return locate(err, saved->config);
    }
    if (saved->layers.len != image->config.diff_ids.len) {
        return ocn_fail(err, OCN_E_FORMAT, "manifest.json",
                        "names %zu layers, and the configuration has %zu diff_ids: none can be "
                        "verified",
                        saved->layers.len, image->config.diff_ids.len);
    }
    struct ocn_descriptor *layers =
        ocn_arena_alloc(arena, (saved->layers.len + 1) * sizeof(*layers));
    if (layers == NULL) {
        return ocn_fail_nomem(err);
    }
    for (size_t i = 0; i < saved->layers.len; i++) {
        const char *name = saved->layers.items[i];
        layers[i] =
            (struct ocn_descriptor){ .media_type = ocn_arena_copy(arena, name, strlen(name)),
                                     .size = -1 };
    }
    image->manifest.layers = (struct ocn_list){ layers, saved->layers.len };
    walk->selection->images_len--;
    return settle(walk, image, err);
}

static int begin_saved(struct walk *walk, const char *reference, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_object_done) struct ocn_object object = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    struct ocn_list list = { 0 };
    const struct ocn_object_saved *found = NULL;

    bool saved = false;
    bool old = false;
    if (ocn_blob_have(walk->blobs, "manifest.json", &saved, err) < 0 ||
        ocn_blob_have(walk->blobs, "repositories", &old, err) < 0) {
        return -1;
    }
    if (!saved && old) {
        return ocn_fail(err, OCN_E_UNSUPPORTED, "repositories",
                        "an archive of Docker before 1.10, without manifest.json: save the image "
                        "again with a newer one");
    }
    if (ocn_blob_read_file(walk->blobs, "manifest.json", OCN_IMAGE_MAX_MANIFEST, &text, err) < 0) {
        return -1;
    }
    if (ocn_object_read_saved(ocn_buf_bytes(&text), &object, &list, err) < 0) {
        return locate(err, "manifest.json");
    }
    const struct ocn_object_saved *items = list.items;
    for (size_t i = 0; i < list.len; i++) {
        if (has_tag(&items[i], reference)) {
            if (found != NULL) {
                return ocn_fail(err, OCN_E_USAGE, reference,
                                "the archive has more than one image: name a tag behind a colon "
                                "(there are: %s)",
                                list_tags(&list, &walk->selection->arena));
            }
            found = &items[i];
        }
    }
    return found != NULL ? take_saved(walk, found, err)
                         : ocn_fail(err, OCN_E_NOENT, reference,
                                    "the archive has no such image (there are: %s)",
                                    list_tags(&list, &walk->selection->arena));
}

int ocn_select(const struct ocn_blobs *blobs, const char *reference,
               const struct ocn_object_platform *platform, struct ocn_selection *ret,
               struct ocn_error *err)
{
    struct walk walk = { .blobs = blobs, .platform = platform, .selection = ret };
    int status = -1;

    switch (blobs->form) {
    case OCN_BLOBS_DOCKER_TAR:
        status = begin_saved(&walk, reference, err);
        break;
    case OCN_BLOBS_DIR:
        status = begin_dir(&walk, err);
        break;
    case OCN_BLOBS_OCI_DIR:
    case OCN_BLOBS_OCI_TAR:
    default:
        status = begin_layout(&walk, reference, err);
        break;
    }
    if (status < 0) {
        return -1;
    }
    if (ret->images_len == 0 && platform != NULL && walk.platforms.len != 0) {
        const char *names = "";
        for (size_t i = 0; i < walk.platforms.len; i++) {
            names = ocn_arena_printf(&ret->arena, "%s%s%s", names, i != 0 ? ", " : "",
                                     walk.platforms.items[i]);
        }
        return ocn_fail(err, OCN_E_NOENT, ocn_object_platform_text(platform, &ret->arena),
                        "the image is not built for it (there are: %s)", names);
    }
    return 0;
}
