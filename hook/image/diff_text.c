/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/image/diff_text.h"

#include <string.h>

#include "hook/sys/text.h"
#include "normalize/base/arena.h"
#include "normalize/diff/diff.h"
#include "normalize/json/json.h"

#define SHORT_DIGEST 19 /* "sha256:" and twelve digits, as Docker shows them */

static double number_at(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

/* One line that drives no terminal, whatever an image put into it. */
static const char *line(struct ocn_arena *arena, const char *text, size_t most)
{
    size_t len = strlen(text);
    char *copy = ocn_arena_copy(arena, text, len < most ? len : most);

    ocn_text_defuse(copy);
    return len > most ? ocn_arena_printf(arena, "%s...", copy) : copy;
}

/* ---- values ---------------------------------------------------------------------------------- */

/* "file 0755 0:0 123 bytes sha256:0123456789ab". */
static const char *file_text(struct ocn_arena *arena, const json_t *file)
{
    const char *digest = ocn_json_text_at(file, "digest");
    const char *link = ocn_json_text_at(file, "link");
    const char *xattrs = ocn_json_text_at(file, "xattrs");
    const char *what = ocn_arena_printf(arena, "%s %s %.0f:%.0f", ocn_json_text_at(file, "type"),
                                        ocn_json_text_at(file, "mode"), number_at(file, "uid"),
                                        number_at(file, "gid"));

    if (digest[0] != '\0') {
        what = ocn_arena_printf(arena, "%s %.0f bytes %.*s", what, number_at(file, "size"),
                                SHORT_DIGEST, digest);
    }
    if (link[0] != '\0') {
        what = ocn_arena_printf(arena, "%s to %s", what, link);
    }
    return xattrs[0] != '\0' ? ocn_arena_printf(arena, "%s with %s", what, xattrs) : what;
}

static const char *value_text(struct ocn_arena *arena, const json_t *value, size_t most)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };

    if (value == NULL || json_is_null(value)) {
        return "(none)";
    }
    if (json_object_get(value, "mode") != NULL && json_object_get(value, "type") != NULL) {
        return line(arena, file_text(arena, value), SIZE_MAX);
    }
    return ocn_json_dump(value, JSON_COMPACT | JSON_ENCODE_ANY, &text, NULL) < 0
               ? ocn_arena_fail(arena)
               : line(arena, ocn_buf_copy(&text, arena), most);
}

/* ---- text ------------------------------------------------------------------------------------ */

static void add_difference(const json_t *item, struct ocn_arena *arena, struct ocn_buf *out)
{
    const char *profile = ocn_json_text_at(item, "profile");
    double more = number_at(item, "more");

    ocn_buf_printf(out, "  %-11s %s%s%s: %s -> %s", ocn_json_text_at(item, "level"),
                   line(arena, profile, SIZE_MAX), profile[0] != '\0' ? " " : "",
                   line(arena, ocn_json_text_at(item, "path"), SIZE_MAX),
                   value_text(arena, json_object_get(item, "a"), OCN_DIFF_TEXT_MAX_VALUE),
                   value_text(arena, json_object_get(item, "b"), OCN_DIFF_TEXT_MAX_VALUE));
    if (more > 0) {
        ocn_buf_printf(out, ", and %.0f more (--history lists them)", more);
    }
    ocn_buf_puts(out, "\n");
}

/* Of one platform, or of none. */
static void add_differences(const json_t *report, const char *platform, struct ocn_arena *arena,
                            struct ocn_buf *out)
{
    const json_t *item;
    size_t i;

    json_array_foreach (json_object_get(report, "differences"), i, item) {
        if (strcmp(ocn_json_text_at(item, "platform"), platform) == 0) {
            add_difference(item, arena, out);
        }
    }
}

static void add_outcomes(const json_t *image, struct ocn_arena *arena, struct ocn_buf *out)
{
    const json_t *outcome;
    const json_t *path;
    size_t i;
    size_t j;

    json_array_foreach (json_object_get(image, "outcomes"), i, outcome) {
        ocn_buf_printf(
            out, "  the same on %s:", line(arena, ocn_json_text_at(outcome, "profile"), SIZE_MAX));
        json_array_foreach (json_object_get(outcome, "same"), j, path) {
            const char *text = json_string_value(path);
            const char *slash = text != NULL ? strrchr(text, '/') : NULL;
            ocn_buf_printf(out, "%s %s", j != 0 ? "," : "",
                           line(arena, slash != NULL ? slash + 1 : "", SIZE_MAX));
        }
        ocn_buf_puts(out,
                     json_array_size(json_object_get(outcome, "same")) == 0 ? " nothing\n" : "\n");
    }
}

/* From where on the images are one and the same. */
static const char *heading_of(const json_t *image, struct ocn_arena *arena)
{
    const char *same = ocn_json_text_at(image, "same");
    const json_t *a = json_object_get(image, "a");
    const json_t *b = json_object_get(image, "b");

    if (json_is_null(a) || json_is_null(b)) {
        return ocn_arena_printf(arena, "only in %s", json_is_null(a) ? "B" : "A");
    }
    if (strcmp(same, "manifest") == 0) {
        return ocn_arena_printf(arena, "the same manifest, %s", ocn_json_text_at(a, "manifest"));
    }
    if (strcmp(same, "config") == 0) {
        return ocn_arena_printf(arena,
                                "other manifests with the same configuration, %s, and so the same "
                                "files",
                                ocn_json_text_at(a, "config"));
    }
    /* Of an archive of Docker nobody has said a digest: its configuration may be the same. */
    const bool known = json_is_string(json_object_get(a, "config")) &&
                       json_is_string(json_object_get(b, "config"));
    return strcmp(same, "layers") == 0
               ? ocn_arena_printf(arena, "%sthe same files (layers: %.0f)",
                                  known ? "another configuration, " : "", number_at(a, "layers"))
               : ocn_arena_printf(arena,
                                  "layers that are the same: %.0f, of %.0f in A and %.0f in B",
                                  number_at(image, "sharedLayers"), number_at(a, "layers"),
                                  number_at(b, "layers"));
}

static void add_image(const json_t *report, const json_t *image, struct ocn_arena *arena,
                      struct ocn_buf *out)
{
    const char *platform = ocn_json_text_at(image, "platform");
    const char *why = ocn_json_text_at(image, "notCompared");

    ocn_buf_printf(out, "\n%s: %s\n", line(arena, platform, SIZE_MAX),
                   line(arena, heading_of(image, arena), SIZE_MAX));
    add_differences(report, platform, arena, out);
    add_outcomes(image, arena, out);
    if (why[0] != '\0') {
        ocn_buf_printf(out, "  not compared: the program; %s\n", line(arena, why, SIZE_MAX));
    }
}

/* "2 times of creation, 1 ..." */
static void add_noise(const json_t *report, struct ocn_buf *out)
{
    const json_t *noises = json_object_get(report, "noises");
    const char *before = "\nno difference in meaning: ";

    for (size_t i = OCN_DIFF_NO_NOISE + 1; i < OCN_DIFF_NOISES; i++) {
        double count = number_at(noises, ocn_diff_noises[i].name);
        if (count > 0) {
            ocn_buf_printf(out, "%s%s %.0f (%s)", before, ocn_diff_noises[i].name, count,
                           ocn_diff_noises[i].text);
            before = ", ";
        }
    }
    if (number_at(report, "noise") > 0) {
        ocn_buf_puts(out, "; --exact counts them\n");
    }
    if (number_at(report, "ignored") > 0) {
        ocn_buf_printf(out, "\nignored: %.0f\n", number_at(report, "ignored"));
    }
    if (number_at(report, "leftOut") > 0) {
        ocn_buf_printf(out, "\nnot listed: %.0f more\n", number_at(report, "leftOut"));
    }
}

static void add_input(const json_t *report, const char *side, const char *name,
                      struct ocn_arena *arena, struct ocn_buf *out)
{
    const json_t *input = json_object_get(report, side);

    ocn_buf_printf(out, "%s  %s  %s\n", name,
                   line(arena, ocn_json_text_at(input, "input"), SIZE_MAX),
                   ocn_json_text_at(input, "digest"));
}

int ocn_diff_text(const json_t *report, struct ocn_buf *out, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    const json_t *image;
    size_t i;
    bool same = json_is_true(json_object_get(report, "same"));

    add_input(report, "a", "A", &arena, out);
    add_input(report, "b", "B", &arena, out);
    ocn_buf_puts(out, !same ? "different\n"
                      : json_array_size(json_object_get(report, "images")) == 0
                          ? "one and the same\n"
                          : "the same in meaning\n");
    add_differences(report, "", &arena, out);
    json_array_foreach (json_object_get(report, "images"), i, image) {
        add_image(report, image, &arena, out);
    }
    add_noise(report, out);
    return ocn_arena_check(&arena, err) < 0 ? -1 : ocn_buf_check(out, err);
}

/* ---- unified --------------------------------------------------------------------------------- */

static void add_side(const json_t *item, const char *key, char sign, struct ocn_arena *arena,
                     struct ocn_buf *out)
{
    const json_t *value = json_object_get(item, key);

    if (!json_is_null(value)) {
        ocn_buf_printf(out, "%c%s\n", sign, value_text(arena, value, SIZE_MAX));
    }
}

int ocn_diff_text_unified(const json_t *report, struct ocn_buf *out, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    const json_t *item;
    size_t i;

    json_array_foreach (json_object_get(report, "differences"), i, item) {
        const char *platform = ocn_json_text_at(item, "platform");
        const char *profile = ocn_json_text_at(item, "profile");
        if (i == 0) {
            ocn_buf_printf(
                out, "--- %s\n+++ %s\n",
                line(&arena, ocn_json_text_at(json_object_get(report, "a"), "input"), SIZE_MAX),
                line(&arena, ocn_json_text_at(json_object_get(report, "b"), "input"), SIZE_MAX));
        }
        ocn_buf_printf(out, "@@ %s%s%s%s%s %s @@\n", line(&arena, platform, SIZE_MAX),
                       platform[0] != '\0' ? " " : "", ocn_json_text_at(item, "level"),
                       profile[0] != '\0' ? " " : "", line(&arena, profile, SIZE_MAX),
                       line(&arena, ocn_json_text_at(item, "path"), SIZE_MAX));
        add_side(item, "a", '-', &arena, out);
        add_side(item, "b", '+', &arena, out);
    }
    return ocn_arena_check(&arena, err) < 0 ? -1 : ocn_buf_check(out, err);
}
