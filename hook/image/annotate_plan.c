/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/image/annotate_plan.h"

#include <stdio.h>
#include <string.h>

#include "hook/image/annotate_image.h"
#include "hook/image/annotate_refs.h"
#include "normalize/json/json.h"
#include "normalize/json/load.h"
#include "normalize/outcome/splice_list.h"

#define REFERENCE_TYPE "vnd.docker.reference.type"
#define REFERENCE_DIGEST "vnd.docker.reference.digest"
#define INDEX_TYPE "application/vnd.oci.image.index.v1+json"
#define NONDISTRIBUTABLE "nondistributable"

/* An index, a manifest or something else that an index names: as it is, as it becomes. */
struct node {
    const char *from;
    const char *to; /* its digest then */
    struct ocn_bytes text;
    bool changed;
    bool dropped; /* it refers to what has changed */
    bool opaque;  /* of a type that nobody knows: a blob */
    bool busy;
    const struct ocn_annotate_image *image; /* NULL: it is none */
};

struct planner {
    const struct ocn_blobs *blobs;
    const struct ocn_selection *selection;
    const struct ocn_annotate_wish *wish;
    struct ocn_annotate_plan *plan;
    struct node *nodes[OCN_SELECT_MAX_OBJECTS + OCN_SELECT_MAX_IMAGES];
    size_t nodes_len;
};

void ocn_annotate_plan_done(struct ocn_annotate_plan *plan)
{
    json_decref(plan->report);
    ocn_arena_done(&plan->arena);
    *plan = (struct ocn_annotate_plan){ 0 };
}

/* ---- blobs and nodes ------------------------------------------------------------------------- */

static int add_blob(struct planner *planner, const struct ocn_annotate_blob *blob,
                    struct ocn_error *err)
{
    struct ocn_list *list = &planner->plan->blobs;
    struct ocn_annotate_blob *items = list->items;
    struct ocn_arena *arena = &planner->plan->arena;

    for (size_t i = 0; i < list->len; i++) {
        if (strcmp(items[i].digest, blob->digest) == 0) {
            return 0;
        }
    }
    if (list->len == OCN_ANNOTATE_MAX_BLOBS) {
        return ocn_fail(err, OCN_E_LIMIT, blob->digest, "more than the limit of %d blobs",
                        OCN_ANNOTATE_MAX_BLOBS);
    }
    items = ocn_arena_grow(arena, items, list->len, sizeof(*items));
    if (items == NULL) {
        return ocn_fail_nomem(err);
    }
    list->items = items;
    items[list->len] = *blob;
    items[list->len++].digest = ocn_arena_copy(arena, blob->digest, strlen(blob->digest));
    return ocn_arena_check(arena, err);
}

static int add_text(struct planner *planner, const char *digest, struct ocn_bytes text,
                    struct ocn_error *err)
{
    const struct ocn_annotate_blob blob = { .digest = digest,
                                            .text = text,
                                            .size = (double)text.len };

    return add_blob(planner, &blob, err);
}

/* A blob of the input. */
static int add_descriptor(struct planner *planner, const struct ocn_descriptor *from, bool optional,
                          struct ocn_error *err)
{
    const struct ocn_annotate_blob blob = { .digest = from->digest,
                                            .size = from->size,
                                            .optional = optional };

    return from->digest == NULL
               ? ocn_fail(err, OCN_E_FORMAT, "/layers", "a descriptor has no digest")
               : add_blob(planner, &blob, err);
}

static bool is_foreign(const char *media_type)
{
    return media_type != NULL && (strstr(media_type, NONDISTRIBUTABLE) != NULL ||
                                  strstr(media_type, ".foreign.") != NULL);
}

static int add_layers(struct planner *planner, const struct ocn_list *layers, struct ocn_error *err)
{
    const struct ocn_descriptor *items = layers->items;

    for (size_t i = 0; i < layers->len; i++) {
        if (add_descriptor(planner, &items[i], is_foreign(items[i].media_type), err) < 0) {
            return -1;
        }
    }
    return 0;
}

static struct node *find_node(const struct planner *planner, const char *digest)
{
    for (size_t i = 0; digest != NULL && i < planner->nodes_len; i++) {
        if (strcmp(planner->nodes[i]->from, digest) == 0) {
            return planner->nodes[i];
        }
    }
    return NULL;
}

static struct node *new_node(struct planner *planner, const char *digest, struct ocn_error *err)
{
    struct ocn_arena *arena = &planner->plan->arena;
    struct node *node = ocn_arena_alloc(arena, sizeof(*node));

    if (node == NULL) {
        (void)ocn_fail_nomem(err);
        return NULL;
    }
    if (planner->nodes_len == OCN_COUNT(planner->nodes)) {
        (void)ocn_fail(err, OCN_E_LIMIT, digest, "more than the limit of %zu manifests and indexes",
                       OCN_COUNT(planner->nodes));
        return NULL;
    }
    node->from = ocn_arena_copy(arena, digest, strlen(digest));
    node->to = node->from;
    planner->nodes[planner->nodes_len++] = node;
    return node;
}

/* Gives @node the new text @buf, if it is one. */
static int settle(struct planner *planner, struct node *node, const struct ocn_buf *buf,
                  struct ocn_error *err)
{
    struct ocn_arena *arena = &planner->plan->arena;
    struct ocn_bytes text = ocn_buf_bytes(buf);
    char digest[OCN_HASH_TEXT];

    if (ocn_buf_check(buf, err) < 0) {
        return -1;
    }
    if (text.len != node->text.len || memcmp(text.ptr, node->text.ptr, text.len) != 0) {
        if (ocn_annotate_image_keep(buf, arena, &node->text, err) < 0 ||
            ocn_hash_text(planner->blobs->digests, node->text, digest, err) < 0) {
            return -1;
        }
        node->to = ocn_arena_copy(arena, digest, strlen(digest));
        node->changed = true;
    }
    return ocn_arena_check(arena, err) < 0 ? -1 : add_text(planner, node->to, node->text, err);
}

/* ---- images ---------------------------------------------------------------------------------- */

/* docker-archive: layers go by the diff_ids, for they are not compressed. */
static int add_saved_layers(struct planner *planner, const struct ocn_selected *image,
                            const struct ocn_annotate_image *made, struct ocn_error *err)
{
    struct ocn_arena *arena = &planner->plan->arena;

    for (size_t i = 0; i < image->layers_len; i++) {
        const char *member = image->layers[i].blob.media_type;
        const struct ocn_annotate_blob blob = {
            .digest = image->layers[i].diff_id,
            .size = made->layer_sizes[i],
            .member = ocn_arena_copy(arena, member, strlen(member)),
        };
        if (add_blob(planner, &blob, err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int plan_image(struct planner *planner, const struct ocn_selected *image,
                      struct ocn_error *err)
{
    struct ocn_arena *arena = &planner->plan->arena;
    struct node *node = new_node(planner, image->digest, err);
    struct ocn_annotate_image *made = ocn_arena_alloc(arena, sizeof(*made));

    if (node == NULL || made == NULL) {
        return ocn_fail_nomem(err);
    }
    if (ocn_annotate_image(planner->blobs, image, planner->wish, planner->plan->report, arena, made,
                           err) < 0) {
        return -1;
    }
    node->image = made;
    node->text = made->manifest;
    node->to = made->digest;
    node->changed = strcmp(made->digest, image->digest) != 0;
    bool saved = planner->blobs->form == OCN_BLOBS_DOCKER_TAR;
    return (saved ? add_saved_layers(planner, image, made, err)
                  : add_layers(planner, &image->manifest.layers, err)) < 0 ||
                   add_text(planner, made->config_digest, made->config, err) < 0 ||
                   add_text(planner, made->digest, made->manifest, err) < 0
               ? -1
               : 0;
}

static int plan_images(struct planner *planner, struct ocn_error *err)
{
    for (size_t i = 0; i < planner->selection->images_len; i++) {
        const struct ocn_selected *image = &planner->selection->images[i];
        struct ocn_error problem = { 0 };
        if (plan_image(planner, image, &problem) < 0) {
            ocn_error_locate(&problem, image->digest, 0);
            return ocn_fail(err, problem.code, problem.where, "%s", problem.msg);
        }
    }
    return 0;
}

/* ---- what refers to images ------------------------------------------------------------------- */

/* @node goes, because it refers to @target, which has another digest now. */
static int drop(struct planner *planner, struct node *node, const struct node *target,
                const char *what, struct ocn_error *err)
{
    node->dropped = true;
    return ocn_annotate_image_warn(
        planner->plan->report,
        ocn_arena_printf(&planner->plan->arena,
                         "%s: %s of %s, whose digest is another now: dropped (--attestations "
                         "rewrite keeps it)",
                         node->from, what, target->from),
        err);
}

static int warn_rewritten(struct planner *planner, const struct node *node,
                          const struct node *target, struct ocn_error *err)
{
    return ocn_annotate_image_warn(
        planner->plan->report,
        ocn_arena_printf(&planner->plan->arena,
                         "%s: refers to %s now; what it says of %s, and signatures of it, speak of "
                         "the old digest still",
                         node->from, target->to, target->from),
        err);
}

/* "subject" (manifest.md): a manifest that says something of another. */
static int follow_subject(struct planner *planner, struct node *node, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    struct ocn_annotate_edits edits = { 0 };
    json_auto_t *json = NULL;

    if (ocn_json_load(node->text, OCN_IMAGE_MAX_MANIFEST, &json, err) < 0) {
        return -1;
    }
    const json_t *subject = json_object_get(json, "subject");
    const struct node *target =
        find_node(planner, json_string_value(json_object_get(subject, "digest")));
    if (target != NULL && target->changed && target != node) {
        if (!planner->wish->rewrite) {
            return drop(planner, node, target, "a referrer", err);
        }
        if (json_object_get(subject, "data") != NULL || json_object_get(subject, "size") == NULL) {
            return ocn_fail(err, OCN_E_UNSUPPORTED, node->from,
                            "its subject cannot be rewritten: it has no size, or data; "
                            "--attestations drop leaves it out");
        }
        const char *type =
            ocn_annotate_image_media_type(json_string_value(json_object_get(subject, "mediaType")));
        if (type != NULL) {
            ocn_annotate_values_set_text(&planner->plan->arena, &edits, "/subject/mediaType", type);
        }
        if (ocn_annotate_image_point(node->text, "/subject", target->to, target->text,
                                     &planner->plan->arena, &edits, err) < 0 ||
            warn_rewritten(planner, node, target, err) < 0) {
            return -1;
        }
    }
    return ocn_splice_edits(node->text, "", edits.items, edits.len, &text, err) < 0
               ? -1
               : settle(planner, node, &text, err);
}

/* A manifest that is no image: an artifact, an attestation. */
static int plan_artifact(struct planner *planner, struct node *node, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_object_done) struct ocn_object object = { 0 };
    struct ocn_object_manifest manifest = { 0 };

    if (ocn_object_read_manifest(node->text, &object, &manifest, err) < 0 ||
        follow_subject(planner, node, err) < 0) {
        return -1;
    }
    if (node->dropped) {
        return 0;
    }
    return (manifest.config.digest != NULL &&
            add_descriptor(planner, &manifest.config, false, err) < 0) ||
                   add_layers(planner, &manifest.layers, err) < 0
               ? -1
               : 0;
}

/* ---- indexes --------------------------------------------------------------------------------- */

static int plan_object(struct planner *planner, const struct ocn_descriptor *from, unsigned depth,
                       struct node **ret, struct ocn_error *err);

static bool is_attestation(const struct ocn_descriptor *from)
{
    return ocn_annotate_values_pair(&from->annotations, REFERENCE_TYPE) != NULL;
}

/* The image that an attestation of BuildKit's speaks of, if that has changed; else NULL. */
static const struct node *attested(const struct planner *planner, const struct ocn_descriptor *from)
{
    const struct node *target =
        find_node(planner, ocn_annotate_values_pair(&from->annotations, REFERENCE_DIGEST));

    return is_attestation(from) && target != NULL && target->changed ? target : NULL;
}

/* What an entry of an index becomes. */
static int plan_entry(struct planner *planner, struct ocn_bytes text,
                      const struct ocn_descriptor *from, struct node *node,
                      struct ocn_splice_entry *ret, struct ocn_error *err)
{
    struct ocn_arena *arena = &planner->plan->arena;
    struct ocn_annotate_edits edits = { 0 };
    const char *type = node->opaque ? NULL : ocn_annotate_image_media_type(from->media_type);
    const struct node *target = attested(planner, from);

    if (target != NULL) {
        ocn_annotate_values_set_text(arena, &edits, "/annotations/" REFERENCE_DIGEST, target->to);
    }
    if (type != NULL) {
        ocn_annotate_values_set_text(arena, &edits, "/mediaType", type);
    }
    if (node->changed &&
        ocn_annotate_image_point(text, "", node->to, node->text, arena, &edits, err) < 0) {
        return -1;
    }
    if (node->image != NULL) {
        const struct ocn_annotate_place place = { "index", "/annotations", node->image->platform,
                                                  &from->annotations };
        if (ocn_annotate_values_decide(&place, &node->image->said, planner->wish->overwrite,
                                       planner->plan->report, arena, &edits, NULL, err) < 0) {
            return -1;
        }
    }
    *ret = (struct ocn_splice_entry){ node->dropped, edits.items, edits.len };
    return ocn_arena_check(arena, err);
}

/* An attestation that is to go is not even read. */
static int plan_child(struct planner *planner, const struct ocn_descriptor *from, unsigned depth,
                      struct node **ret, struct ocn_error *err)
{
    const struct node *target = attested(planner, from);

    if (target == NULL || planner->wish->rewrite || from->digest == NULL ||
        find_node(planner, from->digest) != NULL) {
        return plan_object(planner, from, depth, ret, err);
    }
    *ret = new_node(planner, from->digest, err);
    return *ret == NULL ? -1 : drop(planner, *ret, target, "an attestation", err);
}

/* Images and indexes before what may refer to them. */
static int plan_children(struct planner *planner, const struct ocn_object_index *index,
                         unsigned depth, struct node **nodes, struct ocn_error *err)
{
    const struct ocn_descriptor *items = index->manifests.items;

    for (int last = 0; last < 2; last++) {
        for (size_t i = 0; i < index->manifests.len; i++) {
            bool first = !is_attestation(&items[i]) &&
                         (ocn_object_kind_of(items[i].media_type) == OCN_OBJECT_INDEX ||
                          find_node(planner, items[i].digest) != NULL);
            if (nodes[i] == NULL && (first || last == 1) &&
                plan_child(planner, &items[i], depth + 1, &nodes[i], err) < 0) {
                return -1;
            }
        }
    }
    return 0;
}

static int plan_index(struct planner *planner, struct node *node, unsigned depth,
                      struct ocn_error *err)
{
    OCN_CLEANUP(ocn_object_done) struct ocn_object object = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf list = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    struct ocn_arena *arena = &planner->plan->arena;
    struct ocn_annotate_edits edits = { 0 };
    struct ocn_object_index index = { 0 };

    if (depth == OCN_SELECT_MAX_DEPTH) {
        return ocn_fail(err, OCN_E_LIMIT, node->from, "indexes in indexes, more than %d deep",
                        OCN_SELECT_MAX_DEPTH);
    }
    if (ocn_object_read_index(node->text, &object, &index, err) < 0) {
        return -1;
    }
    const struct ocn_descriptor *items = index.manifests.items;
    size_t count = index.manifests.len;
    struct node **nodes = ocn_arena_alloc(arena, (count + 1) * sizeof(struct node *));
    struct ocn_splice_entry *entries = ocn_arena_alloc(arena, (count + 1) * sizeof(*entries));
    struct ocn_bytes *texts = ocn_arena_alloc(arena, (count + 1) * sizeof(*texts));
    if (nodes == NULL || entries == NULL || texts == NULL) {
        return ocn_fail_nomem(err);
    }
    if (ocn_splice_list_entries(node->text, "/manifests", texts, count, err) < 0 ||
        plan_children(planner, &index, depth, nodes, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (plan_entry(planner, texts[i], &items[i], nodes[i], &entries[i], err) < 0) {
            return -1;
        }
    }
    if (ocn_annotate_image_media_type(index.media_type) != NULL) {
        ocn_annotate_values_set_text(arena, &edits, "/mediaType", INDEX_TYPE);
    }
    return ocn_splice_list(node->text, "/manifests", entries, count, &list, err) < 0 ||
                   ocn_splice_edits(ocn_buf_bytes(&list), "", edits.items, edits.len, &text, err) <
                       0
               ? -1
               : settle(planner, node, &text, err);
}

/* Something that an index names and nobody knows: a blob, if it is there. */
static int plan_opaque(struct planner *planner, const struct ocn_descriptor *from,
                       struct node *node, struct ocn_error *err)
{
    node->opaque = true;
    return add_descriptor(planner, from, true, err);
}

static int plan_document(struct planner *planner, struct node *node, unsigned depth,
                         const char *media_type, struct ocn_error *err)
{
    enum ocn_object_kind by_members = OCN_OBJECT_UNKNOWN;
    enum ocn_object_kind kind = ocn_object_kind_of(media_type);

    if (ocn_object_sniff(node->text, &by_members, err) < 0) {
        return -1;
    }
    kind = media_type != NULL ? kind : by_members;
    return kind == OCN_OBJECT_INDEX ? plan_index(planner, node, depth, err)
           : kind == OCN_OBJECT_MANIFEST
               ? plan_artifact(planner, node, err)
               : ocn_fail(err, OCN_E_UNSUPPORTED, node->from, "is %s, and stands in an index",
                          ocn_object_kind_name(kind));
}

static int plan_object(struct planner *planner, const struct ocn_descriptor *from, unsigned depth,
                       struct node **ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };

    if (from->digest == NULL) {
        return ocn_fail(err, OCN_E_FORMAT, "/manifests", "a descriptor has no digest");
    }
    struct node *node = find_node(planner, from->digest);
    if (node != NULL) {
        *ret = node;
        return node->busy ? ocn_fail(err, OCN_E_FORMAT, from->digest, "an index that holds itself")
                          : 0;
    }
    node = new_node(planner, from->digest, err);
    if (node == NULL) {
        return -1;
    }
    *ret = node;
    if (from->media_type != NULL && ocn_object_kind_of(from->media_type) == OCN_OBJECT_UNKNOWN) {
        return plan_opaque(planner, from, node, err);
    }
    if (ocn_blob_read(planner->blobs, from, OCN_IMAGE_MAX_MANIFEST, &text, err) < 0 ||
        ocn_annotate_image_keep(&text, &planner->plan->arena, &node->text, err) < 0) {
        return -1;
    }
    node->busy = true;
    if (plan_document(planner, node, depth, from->media_type, err) < 0) {
        ocn_error_locate(err, from->digest, 0);
        return -1;
    }
    node->busy = false;
    return 0;
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* The digest of what was named: an index, or the one image. */
static int find_root(const struct planner *planner, const char **ret, struct ocn_error *err)
{
    const struct ocn_selection *selection = planner->selection;

    if (selection->images_len == 0) {
        return ocn_fail(err, OCN_E_UNSUPPORTED, NULL,
                        "it has no image: artifacts and attestations have no program, and their "
                        "annotations are their maker's");
    }
    if (planner->blobs->form == OCN_BLOBS_DIR &&
        strcmp(selection->images[0].digest, "manifest.json") != 0) {
        return ocn_fail(err, OCN_E_UNSUPPORTED, "manifest.json",
                        "an index in a directory of skopeo's: make a layout of it first, skopeo "
                        "copy --all dir:DIR oci:LAYOUT");
    }
    *ret = selection->index_digest != NULL ? selection->index_digest : selection->images[0].digest;
    return 0;
}

static int begin_report(json_t **ret, struct ocn_error *err)
{
    *ret = json_pack("{s:i, s:n, s:n, s:[], s:[], s:[], s:[]}", "version", 1, "from", "to",
                     "changed", "kept", "images", "warnings");
    return *ret != NULL ? 0 : ocn_fail_nomem(err);
}

static int end_report(const struct planner *planner, const struct node *root, struct ocn_error *err)
{
    json_t *report = planner->plan->report;
    const struct ocn_annotate_image *image = root->image;
    const char *from = root->from;

    if (image != NULL) {
        /* As it says itself: with dir and docker-archive a digest is not what names it. */
        const json_t *row = json_array_get(json_object_get(report, "images"), 0);
        from = json_string_value(json_object_get(row, "from"));
    }
    return json_object_set_new(report, "from", ocn_json_text(from)) < 0 ||
                   json_object_set_new(report, "to", ocn_json_text(root->to)) < 0
               ? ocn_fail_nomem(err)
               : 0;
}

int ocn_annotate_plan(const struct ocn_blobs *blobs, const char *reference,
                      const struct ocn_selection *selection, const struct ocn_annotate_wish *wish,
                      struct ocn_annotate_plan *ret, struct ocn_error *err)
{
    struct planner planner = { .blobs = blobs, .selection = selection, .wish = wish, .plan = ret };
    struct ocn_descriptor from = { .size = -1 };
    struct node *root = NULL;

    if (begin_report(&ret->report, err) < 0 || find_root(&planner, &from.digest, err) < 0 ||
        plan_images(&planner, err) < 0 || plan_object(&planner, &from, 0, &root, err) < 0 ||
        root == NULL) {
        return -1;
    }
    const struct ocn_annotate_root names = { .blobs = blobs,
                                             .reference = reference,
                                             .wish = wish,
                                             .from = root->from,
                                             .to = root->to,
                                             .text = root->text,
                                             .is_index = root->image == NULL };
    return ocn_annotate_refs(&names, ret->report, &ret->arena, &ret->index, err) < 0 ||
                   end_report(&planner, root, err) < 0
               ? -1
               : 0;
}
