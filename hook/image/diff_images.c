/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/image/diff_images.h"

#include <string.h>

#include "hook/image/diff_files.h"
#include "hook/image/diff_outcome.h"
#include "hook/image/program.h"
#include "normalize/diff/document.h"
#include "normalize/json/json.h"

struct compare {
    const struct ocn_work *work;
    const struct ocn_diff_wants *wants;
    const struct ocn_selection *selections[2];
    const char *names[2];
    struct ocn_diff diff;
    json_t *images; /* what is said of each platform beside differences */
    struct ocn_arena arena;
};

/* One platform in both images. */
struct pair {
    const struct ocn_selected *images[2]; /* NULL: that one has none */
    const struct ocn_selected *any;       /* one of them */
    size_t at[2];                         /* their places among the images */
    size_t shared;                        /* layers from the lowest on that are the same */
    size_t middle[2];                     /* layers above those that differ */
    bool changed;                         /* there are such */
    json_t *json;                         /* in compare.images */
};

/* ---- names and digests ----------------------------------------------------------------------- */

/* A digest that was verified when its object was read, or NULL: a name in an archive is none. */
static const char *verified(const char *digest)
{
    enum ocn_digest_kind kind = ocn_object_digest_kind(digest, NULL);

    return kind == OCN_DIGEST_SHA256 || kind == OCN_DIGEST_SHA512 ? digest : NULL;
}

static bool is_same_text(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static const char *digest_of(const struct ocn_selection *selection)
{
    if (selection->index_digest != NULL) {
        return verified(selection->index_digest);
    }
    return selection->images_len == 1 ? verified(selection->images[0].digest) : NULL;
}

static const struct ocn_object_platform *platform_of(const struct ocn_selected *image)
{
    return image->has_declared ? &image->declared : &image->config.platform;
}

static const char *layer_id(const struct ocn_selected *image, size_t layer)
{
    return image->layers[layer].diff_id != NULL ? image->layers[layer].diff_id
                                                : image->layers[layer].blob.digest;
}

static bool is_same_layer(const struct pair *pair, size_t a, size_t b)
{
    return is_same_text(layer_id(pair->images[0], a), layer_id(pair->images[1], b));
}

/* ---- the index ------------------------------------------------------------------------------- */

static void add_noise(struct compare *compare, enum ocn_diff_noise noise, const char *path,
                      const char *a, const char *b)
{
    const struct ocn_diff_item item = { .level = OCN_DIFF_INDEX, .noise = noise, .path = path };

    ocn_diff_add_text(&compare->diff, &item, a, b);
}

static bool has_passed_over(const struct ocn_selection *selection, const char *digest)
{
    const struct ocn_passed_over *items = selection->passed_over.items;

    for (size_t i = 0; i < selection->passed_over.len; i++) {
        if (is_same_text(items[i].digest, digest)) {
            return true;
        }
    }
    return false;
}

/* Attestations and artifacts that only @from has. */
static void compare_passed_over(struct compare *compare, size_t from)
{
    const struct ocn_selection *own = compare->selections[from];
    const struct ocn_passed_over *items = own->passed_over.items;

    for (size_t i = 0; i < own->passed_over.len; i++) {
        if (!has_passed_over(compare->selections[1 - from], items[i].digest)) {
            add_noise(compare, OCN_DIFF_ATTACHED, "/manifests", from == 0 ? items[i].digest : NULL,
                      from == 1 ? items[i].digest : NULL);
        }
    }
}

static void compare_indexes(struct compare *compare)
{
    const json_t *a = compare->selections[0]->index;
    const json_t *b = compare->selections[1]->index;

    if (a != NULL && b != NULL) {
        ocn_diff_document(&compare->diff, OCN_DIFF_OF_INDEX, "", a, b);
    } else if (a != NULL || b != NULL) {
        add_noise(compare, OCN_DIFF_WRAPPING, "", a != NULL ? "an index" : "an image",
                  b != NULL ? "an index" : "an image");
    }
    compare_passed_over(compare, 0);
    compare_passed_over(compare, 1);
}

static const char *index_path(struct compare *compare, size_t at)
{
    return ocn_arena_printf(&compare->arena, "/manifests/%zu", at);
}

/* One that only one of them has. */
static void tell_missing(struct compare *compare, const struct pair *pair)
{
    size_t side = pair->images[0] != NULL ? 0 : 1;
    const char *digest = pair->images[side]->digest;

    const struct ocn_diff_item item = { .level = OCN_DIFF_INDEX,
                                        .path = index_path(compare, pair->at[side]) };

    ocn_diff_add_text(&compare->diff, &item, side == 0 ? digest : NULL, side == 1 ? digest : NULL);
}

/* ---- layers ---------------------------------------------------------------------------------- */

static const json_t *layer_descriptor(const struct ocn_selected *image, size_t layer)
{
    return json_array_get(json_object_get(image->objects[0].json, "layers"), layer);
}

/* That a layer holds what the configuration says, engines find out at a start; whoever has the
 * bytes need not believe it. */
static int verify_layer(struct compare *compare, const struct pair *pair, size_t side, size_t layer,
                        struct ocn_error *err)
{
    const struct ocn_image_input *inputs[] = { compare->work->input, compare->work->second };
    static const struct ocn_strings no_names = { NULL, 0 };
    struct ocn_image_layer read = { .kept = 0 };
    int status = ocn_image_layer_read(&inputs[side]->blobs, &pair->images[side]->layers[layer],
                                      &no_names, &read, err);

    if (status < 0) {
        ocn_error_locate(err, compare->names[side], 0);
    }
    ocn_image_layer_done(&read);
    return status;
}

/* The same files: compressed otherwise, or described otherwise. */
static int compare_blobs(struct compare *compare, const struct pair *pair, size_t a, size_t b,
                         struct ocn_error *err)
{
    const char *digests[] = { pair->images[0]->layers[a].blob.digest,
                              pair->images[1]->layers[b].blob.digest };
    const char *path = ocn_arena_printf(&compare->arena, "/layers/%zu", a);

    if (digests[0] == NULL || digests[1] == NULL) {
        return 0; /* an archive of Docker's has no manifest, and its layers are not compressed */
    }
    if (strcmp(digests[0], digests[1]) == 0) {
        ocn_diff_document(&compare->diff, OCN_DIFF_OF_LAYER, path,
                          layer_descriptor(pair->images[0], a),
                          layer_descriptor(pair->images[1], b));
        return 0;
    }
    const struct ocn_diff_item item = {
        .level = OCN_DIFF_LAYERS,
        .noise = OCN_DIFF_COMPRESSION,
        .path = ocn_arena_printf(&compare->arena, "%s/digest", path),
    };
    ocn_diff_add_text(&compare->diff, &item, digests[0], digests[1]);
    return compare->wants->layers && (verify_layer(compare, pair, 0, a, err) < 0 ||
                                      verify_layer(compare, pair, 1, b, err) < 0)
               ? -1
               : 0;
}

/* Those that are the same at both ends, and between them those that are not. */
static size_t count_shared(struct pair *pair)
{
    size_t lens[] = { pair->images[0]->layers_len, pair->images[1]->layers_len };
    size_t low = 0;
    size_t high = 0;

    while (low < lens[0] && low < lens[1] && is_same_layer(pair, low, low)) {
        low++;
    }
    while (high < lens[0] - low && high < lens[1] - low &&
           is_same_layer(pair, lens[0] - high - 1, lens[1] - high - 1)) {
        high++;
    }
    pair->shared = low;
    pair->middle[0] = lens[0] - low - high;
    pair->middle[1] = lens[1] - low - high;
    pair->changed = pair->middle[0] != 0 || pair->middle[1] != 0;
    return high;
}

/* @packed: their files are the same. */
static void compare_ids(struct compare *compare, const struct pair *pair, bool packed)
{
    size_t most = pair->middle[0] > pair->middle[1] ? pair->middle[0] : pair->middle[1];

    for (size_t i = 0; i < most; i++) {
        size_t at = pair->shared + i;
        const char *ids[] = { i < pair->middle[0] ? layer_id(pair->images[0], at) : NULL,
                              i < pair->middle[1] ? layer_id(pair->images[1], at) : NULL };
        const struct ocn_diff_item item = {
            .level = OCN_DIFF_LAYERS,
            .noise = packed ? OCN_DIFF_LAYER_TIMES : OCN_DIFF_NO_NOISE,
            .path = ocn_arena_printf(&compare->arena, "/rootfs/diff_ids/%zu", at),
        };
        ocn_diff_add_text(&compare->diff, &item, ids[0], ids[1]);
    }
}

static int compare_layers(struct compare *compare, struct pair *pair, struct ocn_error *err)
{
    size_t lens[] = { pair->images[0]->layers_len, pair->images[1]->layers_len };
    size_t high = count_shared(pair);
    size_t files = 1;

    for (size_t i = 0; i < pair->shared; i++) {
        if (compare_blobs(compare, pair, i, i, err) < 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < high; i++) {
        if (compare_blobs(compare, pair, lens[0] - high + i, lens[1] - high + i, err) < 0) {
            return -1;
        }
    }
    if (compare->wants->layers && pair->changed) {
        const struct ocn_diff_side sides[] = {
            { compare->names[0], &compare->work->input->blobs, pair->images[0] },
            { compare->names[1], &compare->work->second->blobs, pair->images[1] },
        };
        if (ocn_diff_files(&compare->diff, sides, pair->shared, &files, err) < 0) {
            return -1;
        }
    }
    compare_ids(compare, pair, files == 0);
    return json_object_set_new(pair->json, "sharedLayers", json_integer((json_int_t)pair->shared)) <
                   0
               ? ocn_fail_nomem(err)
               : 0;
}

/* ---- program and outcome --------------------------------------------------------------------- */

static void close_looks(struct ocn_diff_looks *looks)
{
    ocn_look_done(&looks->of[0]);
    ocn_look_done(&looks->of[1]);
}

static int open_looks(struct compare *compare, const struct pair *pair,
                      struct ocn_diff_looks *looks, struct ocn_error *err)
{
    const struct ocn_image_input *inputs[] = { compare->work->input, compare->work->second };

    for (size_t i = 0; i < 2; i++) {
        looks->names[i] = compare->names[i];
        if (ocn_look_open(&inputs[i]->blobs, pair->images[i], &compare->work->place, &looks->of[i],
                          err) < 0) {
            ocn_error_locate(err, compare->names[i], 0);
            return -1;
        }
    }
    return 0;
}

static int compare_programs(struct compare *compare, struct ocn_diff_looks *looks,
                            struct ocn_error *err)
{
    json_t *facts[2] = { NULL, NULL };
    int status = 0;

    for (size_t i = 0; i < 2 && status == 0; i++) {
        OCN_CLEANUP(ocn_outcome_freep) struct ocn_outcome *outcome = NULL;
        status = ocn_look_judge(&looks->of[i], &compare->work->profiles->items[0],
                                &compare->work->place, &outcome, err) < 0 ||
                         ocn_program_facts(&looks->of[i], outcome, &facts[i], err) < 0
                     ? -1
                     : 0;
        if (status < 0) {
            ocn_error_locate(err, looks->names[i], 0);
        }
    }
    if (status == 0) {
        ocn_diff_document(&compare->diff, OCN_DIFF_OF_PROGRAM, "", facts[0], facts[1]);
    }
    json_decref(facts[0]);
    json_decref(facts[1]);
    return status;
}

static int compare_outcomes(struct compare *compare, struct pair *pair,
                            struct ocn_diff_looks *looks, struct ocn_error *err)
{
    const struct ocn_work_profiles *profiles = compare->work->profiles;
    json_t *list = json_array();

    if (json_object_set_new(pair->json, "outcomes", list) < 0) {
        return ocn_fail_nomem(err);
    }
    for (size_t i = 0; i < profiles->len; i++) {
        json_t *same = NULL;
        if (ocn_diff_outcome(&compare->diff, looks, &profiles->items[i], &compare->work->place,
                             &same, err) < 0) {
            return -1;
        }
        if (json_array_append_new(list, json_pack("{s:s, s:o}", "profile", profiles->items[i].name,
                                                  "same", same)) < 0) {
            return ocn_fail_nomem(err);
        }
    }
    return 0;
}

/* *ret: why files of an image cannot be looked into; NULL: they can. */
static int find_absence(struct compare *compare, const struct pair *pair, const char **ret,
                        struct ocn_error *err)
{
    const struct ocn_image_input *inputs[] = { compare->work->input, compare->work->second };

    *ret = compare->wants->lean ? "no layer was fetched: --layers or --as does" : NULL;
    for (size_t side = 0; side < 2 && *ret == NULL; side++) {
        const struct ocn_selected *image = pair->images[side];
        for (size_t i = 0; i < image->layers_len && *ret == NULL; i++) {
            const struct ocn_descriptor *blob = &image->layers[i].blob;
            bool there = true;
            if (ocn_blob_is_there(&inputs[side]->blobs, blob, &there, err) < 0) {
                ocn_error_locate(err, compare->names[side], 0);
                return -1;
            }
            if (!there) {
                *ret = ocn_arena_printf(&compare->arena, "%s has no blob %s", compare->names[side],
                                        blob->digest);
            }
        }
    }
    return ocn_arena_check(&compare->arena, err);
}

/* What the program is hangs on the files, and on what the configuration says of it. */
static bool may_differ(const struct pair *pair)
{
    const json_t *a = json_object_get(pair->images[0]->objects[1].json, "config");
    const json_t *b = json_object_get(pair->images[1]->objects[1].json, "config");

    return pair->changed || a == NULL || b == NULL || json_equal(a, b) != 1;
}

static int compare_running(struct compare *compare, struct pair *pair, struct ocn_error *err)
{
    OCN_CLEANUP(close_looks) struct ocn_diff_looks looks = { 0 };
    bool program = may_differ(pair);

    if (!program && !compare->wants->outcome) {
        return 0;
    }
    const char *why = NULL;
    if (find_absence(compare, pair, &why, err) < 0) {
        return -1;
    }
    if (why != NULL) {
        return json_object_set_new(pair->json, "notCompared", ocn_json_text(why)) < 0
                   ? ocn_fail_nomem(err)
                   : 0;
    }
    return open_looks(compare, pair, &looks, err) < 0 ||
                   (program && compare_programs(compare, &looks, err) < 0) ||
                   (compare->wants->outcome && compare_outcomes(compare, pair, &looks, err) < 0)
               ? -1
               : 0;
}

/* ---- one platform ---------------------------------------------------------------------------- */

/* {"manifest", "config", "layers"} of one image; null where there is none, or no digest. */
static json_t *side_json(const struct ocn_selected *image)
{
    return image == NULL
               ? json_null()
               : json_pack("{s:o, s:o, s:I}", "manifest", ocn_json_text(verified(image->digest)),
                           "config", ocn_json_text(verified(image->manifest.config.digest)),
                           "layers", (json_int_t)image->layers_len);
}

/* From which object on they are one and the same. */
static const char *same_from(const struct pair *pair)
{
    const struct ocn_selected *a = pair->images[0];
    const struct ocn_selected *b = pair->images[1];

    if (a == NULL || b == NULL) {
        return NULL;
    }
    if (is_same_text(verified(a->digest), verified(b->digest))) {
        return "manifest";
    }
    if (is_same_text(verified(a->manifest.config.digest), verified(b->manifest.config.digest))) {
        return "config";
    }
    return pair->changed ? NULL : "layers";
}

static int describe(struct compare *compare, struct pair *pair, struct ocn_error *err)
{
    compare->diff.platform = ocn_object_platform_text(platform_of(pair->any), &compare->arena);
    pair->json = json_pack("{s:s, s:n, s:o, s:o}", "platform", compare->diff.platform, "same", "a",
                           side_json(pair->images[0]), "b", side_json(pair->images[1]));
    return pair->json == NULL || json_array_append_new(compare->images, pair->json) < 0
               ? ocn_fail_nomem(err)
               : 0;
}

/* Of both, what the manifest and the configuration say. */
/* Docker's archives have no manifest, and so no annotations. */
static void tell_dropped(struct compare *compare, const json_t *a, const json_t *b)
{
    const struct ocn_diff_item item = { .level = OCN_DIFF_ANNOTATIONS,
                                        .noise = OCN_DIFF_DROPPED,
                                        .path = "/annotations",
                                        .a = json_object_get(a, "annotations"),
                                        .b = json_object_get(b, "annotations") };

    if (item.a != NULL || item.b != NULL) {
        ocn_diff_add(&compare->diff, &item);
    }
}

static void compare_documents(struct compare *compare, const struct pair *pair)
{
    const struct ocn_selected *a = pair->images[0];
    const struct ocn_selected *b = pair->images[1];

    if (a->objects[0].json != NULL && b->objects[0].json != NULL) {
        ocn_diff_document(&compare->diff, OCN_DIFF_OF_MANIFEST, "", a->objects[0].json,
                          b->objects[0].json);
    } else {
        tell_dropped(compare, a->objects[0].json, b->objects[0].json);
    }
    if (!is_same_text(verified(a->manifest.config.digest), verified(b->manifest.config.digest))) {
        ocn_diff_document(&compare->diff, OCN_DIFF_OF_CONFIG, "", a->objects[1].json,
                          b->objects[1].json);
    }
}

static int compare_pair(struct compare *compare, struct pair *pair, struct ocn_error *err)
{
    if (describe(compare, pair, err) < 0) {
        return -1;
    }
    if (pair->images[0] == NULL || pair->images[1] == NULL) {
        tell_missing(compare, pair);
        return 0;
    }
    if (pair->images[0]->descriptor != NULL && pair->images[1]->descriptor != NULL) {
        ocn_diff_document(&compare->diff, OCN_DIFF_OF_DESCRIPTOR, index_path(compare, pair->at[0]),
                          pair->images[0]->descriptor, pair->images[1]->descriptor);
    }
    const char *same = same_from(pair);
    if (same == NULL || strcmp(same, "manifest") != 0) {
        compare_documents(compare, pair);
        if (compare_layers(compare, pair, err) < 0 || compare_running(compare, pair, err) < 0) {
            return -1;
        }
        same = same_from(pair);
    }
    return same != NULL && json_object_set_new(pair->json, "same", json_string(same)) < 0
               ? ocn_fail_nomem(err)
               : 0;
}

/* ---- all of them ----------------------------------------------------------------------------- */

static bool is_wanted(const struct compare *compare, const struct ocn_selected *image)
{
    return compare->wants->platform == NULL ||
           ocn_object_same_platform(compare->wants->platform, platform_of(image));
}

/* The first image of @from's other that is for the same platform, and has no pair yet. */
static bool find_pair(const struct compare *compare, const struct ocn_selected *image,
                      const bool *taken, size_t *ret)
{
    const struct ocn_selection *other = compare->selections[1];

    for (size_t i = 0; i < other->images_len; i++) {
        if (!taken[i] &&
            ocn_object_same_platform(platform_of(image), platform_of(&other->images[i]))) {
            *ret = i;
            return true;
        }
    }
    /* Two images without an index are meant for each other, whatever they are for. */
    *ret = 0;
    return compare->wants->platform == NULL && other->images_len == 1 && !taken[0] &&
           compare->selections[0]->images_len == 1 && other->index == NULL &&
           compare->selections[0]->index == NULL;
}

static int compare_images(struct compare *compare, struct ocn_error *err)
{
    const struct ocn_selection *a = compare->selections[0];
    const struct ocn_selection *b = compare->selections[1];
    bool taken[OCN_SELECT_MAX_IMAGES] = { false };
    size_t wanted = 0;

    for (size_t i = 0; i < a->images_len; i++) {
        struct pair pair = { .images = { &a->images[i], NULL },
                             .any = &a->images[i],
                             .at = { i, 0 } };
        if (!is_wanted(compare, &a->images[i])) {
            continue;
        }
        if (find_pair(compare, &a->images[i], taken, &pair.at[1])) {
            taken[pair.at[1]] = true;
            pair.images[1] = &b->images[pair.at[1]];
        }
        wanted++;
        if (compare_pair(compare, &pair, err) < 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < b->images_len; i++) {
        struct pair pair = { .images = { NULL, &b->images[i] },
                             .any = &b->images[i],
                             .at = { 0, i } };
        if (taken[i] || !is_wanted(compare, &b->images[i])) {
            continue;
        }
        wanted++;
        if (compare_pair(compare, &pair, err) < 0) {
            return -1;
        }
    }
    compare->diff.platform = NULL;
    if (a->images_len == 0 && b->images_len == 0) {
        return ocn_fail(err, OCN_E_UNSUPPORTED, compare->names[0],
                        "neither it nor %s holds an image; artifacts are not compared",
                        compare->names[1]);
    }
    return wanted != 0 ? 0
                       : ocn_fail(err, OCN_E_NOENT, "--platform",
                                  "neither image is built for it (ocinorm explain lists what "
                                  "there is)");
}

static json_t *input_json(const struct compare *compare, size_t side)
{
    return json_pack("{s:s, s:o}", "input", compare->names[side], "digest",
                     ocn_json_text(digest_of(compare->selections[side])));
}

static int write_report(const struct compare *compare, struct ocn_buf *out, struct ocn_error *err)
{
    json_auto_t *found = NULL;

    if (ocn_arena_check(&compare->arena, err) < 0 ||
        ocn_diff_report(&compare->diff, &found, err) < 0) {
        return -1;
    }
    json_auto_t *report = json_pack(
        "{s:i, s:O, s:o, s:o, s:O, s:O, s:O, s:O, s:O, s:O}", "version", 1, "same",
        json_object_get(found, "same"), "a", input_json(compare, 0), "b", input_json(compare, 1),
        "noise", json_object_get(found, "noise"), "noises", json_object_get(found, "noises"),
        "ignored", json_object_get(found, "ignored"), "leftOut", json_object_get(found, "leftOut"),
        "images", compare->images, "differences", json_object_get(found, "differences"));
    return ocn_json_dump(report, JSON_COMPACT, out, err);
}

static void done(struct compare *compare)
{
    ocn_diff_done(&compare->diff);
    json_decref(compare->images);
    ocn_arena_done(&compare->arena);
}

int ocn_diff_images(const struct ocn_work *work, const struct ocn_selection *selection,
                    struct ocn_buf *out, struct ocn_error *err)
{
    const struct ocn_diff_wants *wants = work->ctx;
    OCN_CLEANUP(done)
    struct compare compare = {
        .work = work,
        .wants = wants,
        .selections = { &selection[0], &selection[1] },
        .names = { work->input->name, work->second->name },
        .diff = { .exact = wants->exact, .history = wants->history, .ignored = wants->ignored },
        .images = json_array(),
    };

    if (is_same_text(digest_of(&selection[0]), digest_of(&selection[1]))) {
        return write_report(&compare, out, err);
    }
    compare_indexes(&compare);
    return compare_images(&compare, err) < 0 ? -1 : write_report(&compare, out, err);
}
