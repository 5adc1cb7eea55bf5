/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/image/annotate_refs.h"

#include <string.h>

#include "normalize/json/json.h"
#include "normalize/outcome/splice_list.h"

#define REF_NAME OCN_ANNOTATE_REF_NAME
#define OCI "application/vnd.oci.image."

static const char *name_of(const struct ocn_descriptor *item)
{
    return ocn_annotate_values_pair(&item->annotations, REF_NAME);
}

/* ---- the descriptor that names it ------------------------------------------------------------ */

/* A new one: skopeo writes no more. */
static void make_entry(const struct ocn_annotate_root *root, const char *name, struct ocn_buf *out)
{
    ocn_buf_printf(out, "{\"mediaType\":\"" OCI "%s.v1+json\",\"digest\":\"%s\",\"size\":%zu",
                   root->is_index ? "index" : "manifest", root->to, root->text.len);
    if (name != NULL) {
        ocn_buf_puts(out, ",\"annotations\":{\"" REF_NAME "\":");
        ocn_json_quote(out, name, strlen(name));
        ocn_buf_puts(out, "}");
    }
    ocn_buf_puts(out, "}");
}

/* The one of the input, with another digest, and maybe another name. */
static int change_entry(const struct ocn_annotate_root *root, struct ocn_bytes text,
                        const struct ocn_descriptor *item, const char *name,
                        struct ocn_arena *arena, struct ocn_buf *out, struct ocn_error *err)
{
    struct ocn_annotate_edits edits = { 0 };
    const char *type = ocn_annotate_image_media_type(item->media_type);

    if (type != NULL) {
        ocn_annotate_values_set_text(arena, &edits, "/mediaType", type);
    }
    if (strcmp(root->from, root->to) != 0 &&
        ocn_annotate_image_point(text, "", root->to, root->text, arena, &edits, err) < 0) {
        return -1;
    }
    if (name != NULL && (name_of(item) == NULL || strcmp(name_of(item), name) != 0)) {
        ocn_annotate_values_set_text(arena, &edits, "/annotations/" REF_NAME, name);
    }
    return ocn_arena_check(arena, err) < 0
               ? -1
               : ocn_splice_edits(text, "", edits.items, edits.len, out, err);
}

/* What refers to the image by the tag of its digest (distribution-spec): it stays where it is. */
static int warn_referrers(const struct ocn_annotate_root *root,
                          const struct ocn_object_index *index, json_t *report,
                          struct ocn_arena *arena, struct ocn_error *err)
{
    const struct ocn_descriptor *items = index->manifests.items;
    const char *tag = ocn_arena_printf(
        arena, "sha256-%s", strchr(root->from, ':') != NULL ? strchr(root->from, ':') + 1 : "");

    for (size_t i = 0; i < index->manifests.len && strcmp(root->from, root->to) != 0; i++) {
        if (name_of(&items[i]) != NULL && strncmp(name_of(&items[i]), tag, strlen(tag)) == 0) {
            return ocn_annotate_image_warn(
                report,
                ocn_arena_printf(arena,
                                 "%s: what refers to the image (signatures, attestations) is not "
                                 "of the new digest: sign %s",
                                 name_of(&items[i]), root->to),
                err);
        }
    }
    return 0;
}

/* Appends the descriptor; *ret_name is what it is named. */
static int take_entry(const struct ocn_annotate_root *root, json_t *report, struct ocn_arena *arena,
                      struct ocn_buf *out, const char **ret_name, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_object_done) struct ocn_object object = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    struct ocn_object_index index = { 0 };

    if (ocn_blob_read_file(root->blobs, "index.json", OCN_IMAGE_MAX_MANIFEST, &text, err) < 0 ||
        ocn_object_read_index(ocn_buf_bytes(&text), &object, &index, err) < 0 ||
        warn_referrers(root, &index, report, arena, err) < 0) {
        return -1;
    }
    const struct ocn_descriptor *items = index.manifests.items;
    for (size_t i = 0; i < index.manifests.len; i++) {
        const char *name = name_of(&items[i]);
        if (items[i].digest == NULL || strcmp(items[i].digest, root->from) != 0 ||
            (root->reference != NULL && strcmp(root->reference, root->from) != 0 &&
             (name == NULL || strcmp(name, root->reference) != 0))) {
            continue;
        }
        if (root->wish->reference == NULL && name != NULL &&
            !ocn_annotate_values_is_reference(name)) {
            return ocn_fail(err, OCN_E_USAGE, "--output",
                            "the image's name \"%s\" is not one that layouts may have: give "
                            "another, as oci:DIR:REF",
                            name);
        }
        *ret_name = root->wish->reference != NULL ? root->wish->reference
                    : name != NULL                ? ocn_arena_copy(arena, name, strlen(name))
                                                  : NULL;
        return change_entry(
            root,
            ocn_json_value_at(ocn_buf_bytes(&text), ocn_arena_printf(arena, "/manifests/%zu", i)),
            &items[i], root->wish->reference, arena, out, err);
    }
    return ocn_fail(err, OCN_E_FORMAT, "index.json", "it does not name %s any more", root->from);
}

/* ---- the index ------------------------------------------------------------------------------- */

static bool has_same_name(const struct ocn_descriptor *item, const char *name)
{
    const char *other = name_of(item);

    return name == NULL ? other == NULL : other != NULL && strcmp(other, name) == 0;
}

/* In @into, in place of the entry of the same name, else at the end. */
static int put_entry(struct ocn_bytes into, struct ocn_bytes entry, const char *name,
                     struct ocn_arena *arena, struct ocn_buf *out, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_object_done) struct ocn_object object = { 0 };
    struct ocn_object_index index = { 0 };
    const struct ocn_edit whole = { .path = "", .to = ocn_arena_copy(arena, entry.ptr, entry.len) };
    bool found = false;

    if (ocn_object_read_index(into, &object, &index, err) < 0) {
        ocn_error_locate(err, "index.json of the output", 0);
        return -1;
    }
    const struct ocn_descriptor *items = index.manifests.items;
    size_t count = index.manifests.len;
    struct ocn_splice_entry *entries = ocn_arena_alloc(arena, (count + 1) * sizeof(*entries));
    if (entries == NULL) {
        return ocn_fail_nomem(err);
    }
    for (size_t i = 0; i < count; i++) {
        if (has_same_name(&items[i], name)) {
            entries[i] = (struct ocn_splice_entry){ found, &whole, 1 };
            found = true;
        }
    }
    return ocn_arena_check(arena, err) < 0 ? -1
           : found ? ocn_splice_list(into, "/manifests", entries, count, out, err)
                   : ocn_splice_list_append(into, "/manifests", entry, out, err);
}

int ocn_annotate_refs(const struct ocn_annotate_root *root, json_t *report, struct ocn_arena *arena,
                      struct ocn_bytes *ret, struct ocn_error *err)
{
    static const char empty[] = "{\"schemaVersion\":2,\"manifests\":[]}";
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf entry = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf index = { 0 };
    const struct ocn_bytes into = root->wish->into.ptr != NULL
                                      ? root->wish->into
                                      : (struct ocn_bytes){ empty, sizeof(empty) - 1 };
    bool layout = root->blobs->form == OCN_BLOBS_OCI_DIR || root->blobs->form == OCN_BLOBS_OCI_TAR;
    const char *name = root->wish->reference;

    if (layout && !root->wish->nameless) {
        if (take_entry(root, report, arena, &entry, &name, err) < 0) {
            return -1;
        }
    } else {
        make_entry(root, name, &entry);
    }
    return ocn_buf_check(&entry, err) < 0 ||
                   put_entry(into, ocn_buf_bytes(&entry), name, arena, &index, err) < 0 ||
                   ocn_annotate_image_keep(&index, arena, ret, err) < 0
               ? -1
               : 0;
}
