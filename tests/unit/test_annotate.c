/* SPDX-License-Identifier: Apache-2.0 */
/* The pieces of `ocinorm annotate`: which keys, and the layout that is written. */
#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hook/image/annotate_image.h"
#include "hook/image/annotate_layout.h"
#include "tests/lib/suite.h"

#define ABC "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

/* ---- keys ------------------------------------------------------------------------------------ */

START_TEST(test_annotate__merge)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    struct ocn_pair derived[] = { { "b", "1" }, { "a", "1" } };
    struct ocn_pair set[] = { { "c", "2" }, { "b", "2" } };
    const struct ocn_pairs pairs[] = { { derived, 2 }, { set, 2 } };
    struct ocn_pairs merged = { 0 };

    ck_assert_int_eq(ocn_annotate_values_merge(&pairs[0], &pairs[1], &arena, &merged, NULL), 0);
    ck_assert_uint_eq(merged.len, 3);
    ck_assert_str_eq(merged.items[0].name, "a");
    ck_assert_str_eq(merged.items[1].name, "b");
    ck_assert_str_eq(merged.items[1].value, "2");
    ck_assert_str_eq(merged.items[2].name, "c");
}
END_TEST

START_TEST(test_annotate__decide)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    json_auto_t *report = json_pack("{s:[], s:[]}", "changed", "kept");
    struct ocn_pair there[] = { { "same", "1" }, { "other", "0" } };
    struct ocn_pair wanted[] = { { "a/b~c", "x\"" }, { "other", "1" }, { "same", "1" } };
    const struct ocn_pairs pairs[] = { { there, 2 }, { wanted, 3 } };
    const struct ocn_annotate_place place = { "manifest", "/annotations", "linux/amd64",
                                              &pairs[0] };
    struct ocn_annotate_edits edits = { 0 };
    struct ocn_pairs said = { 0 };

    ck_assert_int_eq(
        ocn_annotate_values_decide(&place, &pairs[1], false, report, &arena, &edits, &said, NULL),
        0);
    ck_assert_uint_eq(edits.len, 1);
    ck_assert_str_eq(edits.items[0].path, "/annotations/a~1b~0c");
    ck_assert_str_eq(edits.items[0].to, "\"x\\\"\"");
    ck_assert_str_eq(ocn_annotate_values_pair(&said, "other"), "0");
    ck_assert_uint_eq(json_array_size(json_object_get(report, "changed")), 1);
    ck_assert_uint_eq(json_array_size(json_object_get(report, "kept")), 1);
    ck_assert_int_eq(
        ocn_annotate_values_decide(&place, &pairs[1], true, report, &arena, &edits, &said, NULL),
        0);
    ck_assert_uint_eq(edits.len, 3);
    ck_assert_str_eq(ocn_annotate_values_pair(&said, "other"), "1");
}
END_TEST

START_TEST(test_annotate__media_types)
{
    ck_assert_str_eq(
        ocn_annotate_image_media_type("application/vnd.docker.image.rootfs.diff.tar.gzip"),
        "application/vnd.oci.image.layer.v1.tar+gzip");
    ck_assert_ptr_null(ocn_annotate_image_media_type("application/vnd.oci.image.manifest.v1+json"));
    ck_assert_ptr_null(ocn_annotate_image_media_type(NULL));
    /* Whatever is Docker's has another name there. */
    ck_assert_int_eq(ocn_object_kind_of(ocn_annotate_image_media_type(
                         "application/vnd.docker.distribution.manifest.list.v2+json")),
                     OCN_OBJECT_INDEX);
}
END_TEST

START_TEST(test_annotate__point)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    static const char *const texts[] = { "", "a", "ab", "abc", "abcd", "\xff\xfe\x00" };
    static const char *const base64[] = { "\"\"",     "\"YQ==\"",     "\"YWI=\"",
                                          "\"YWJj\"", "\"YWJjZA==\"", "\"//4=\"" };

    for (size_t i = 0; i < OCN_COUNT(texts); i++) {
        const struct ocn_bytes to = { texts[i], strlen(texts[i]) };
        struct ocn_annotate_edits edits = { 0 };
        const char *text = "{\"data\":\"\",\"digest\":\"\"}";
        ck_assert_int_eq(ocn_annotate_image_point((struct ocn_bytes){ text, strlen(text) }, "", ABC,
                                                  to, &arena, &edits, NULL),
                         0);
        ck_assert_uint_eq(edits.len, 3);
        ck_assert_str_eq(edits.items[2].path, "/data");
        ck_assert_str_eq(edits.items[2].to, base64[i]);
    }
}
END_TEST

/* ---- the layout ------------------------------------------------------------------------------ */

static char directory[] = "/tmp/ocinorm-annotate-XXXXXX";
static struct ocn_hash_digests *digests;

static void setup(void)
{
    strcpy(directory + strlen(directory) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    ck_assert_int_eq(ocn_hash_digests_new(&digests, NULL), 0);
}

static void teardown(void)
{
    char command[128];

    (void)snprintf(command, sizeof(command), "rm -rf %s", directory);
    ck_assert_int_eq(system(command), 0);
    ocn_hash_digests_free(digests);
}

static int write_blob(struct ocn_annotate_layout *layout, const char *digest, double size,
                      const char *text, struct ocn_error *err)
{
    return ocn_annotate_layout_begin(layout, digest, size, err) < 0 ||
                   ocn_annotate_layout_add(layout, (struct ocn_bytes){ text, strlen(text) }, err) <
                       0
               ? -1
               : ocn_annotate_layout_end(layout, err);
}

START_TEST(test_annotate__layout)
{
    OCN_CLEANUP(ocn_annotate_layout_done)
    struct ocn_annotate_layout layout = OCN_ANNOTATE_LAYOUT_NONE;
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf index = { 0 };
    struct ocn_error err = { 0 };

    ck_assert_int_eq(ocn_annotate_layout_open(directory, false, digests, &layout, &index, &err), 0);
    ck_assert_uint_eq(index.len, 0);
    ck_assert(!ocn_annotate_layout_has(&layout, ABC));
    ck_assert_int_eq(write_blob(&layout, ABC, 3, "abc", &err), 0);
    ck_assert(ocn_annotate_layout_has(&layout, ABC));
    ck_assert_int_eq(ocn_annotate_layout_finish(&layout, (struct ocn_bytes){ "{}", 2 }, &err), 0);
    /* Nobody else meanwhile; and then it is a layout. */
    OCN_CLEANUP(ocn_annotate_layout_done)
    struct ocn_annotate_layout other = OCN_ANNOTATE_LAYOUT_NONE;
    ck_assert_int_eq(ocn_annotate_layout_open(directory, false, digests, &other, &index, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.msg, "another ocinorm annotate"));
    ocn_annotate_layout_done(&other);
    ocn_annotate_layout_done(&layout);
    ck_assert_int_eq(ocn_annotate_layout_open(directory, false, digests, &other, &index, NULL), 0);
    ck_assert_uint_eq(index.len, 2);
}
END_TEST

START_TEST(test_annotate__layout_refuses)
{
    static const struct {
        const char *digest;
        double size;
        const char *text;
    } refused[] = {
        { ABC, 3, "abd" },
        { ABC, 4, "abc" },
        { ABC, 2, "abc" },
        { ABC, -1, "abcd" },
        { "sha256:../../x", 3, "abc" },
        { "blake3:00", 3, "abc" },
        { "", 3, "abc" },
    };
    char path[128];

    for (size_t i = 0; i < OCN_COUNT(refused); i++) {
        OCN_CLEANUP(ocn_annotate_layout_done)
        struct ocn_annotate_layout layout = OCN_ANNOTATE_LAYOUT_NONE;
        OCN_CLEANUP(ocn_buf_done) struct ocn_buf index = { 0 };
        struct ocn_error err = { 0 };
        ck_assert_int_eq(ocn_annotate_layout_open(directory, false, digests, &layout, &index, &err),
                         0);
        ck_assert_int_eq(
            write_blob(&layout, refused[i].digest, refused[i].size, refused[i].text, &err), -1);
        ck_assert_int_ne(err.code, OCN_OK);
        ck_assert(!ocn_annotate_layout_has(&layout, ABC));
    }
    (void)snprintf(path, sizeof(path), "%s/.ocinorm.tmp", directory);
    ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

START_TEST(test_annotate__hash_text)
{
    char text[OCN_HASH_TEXT];

    ck_assert_int_eq(ocn_hash_text(digests, (struct ocn_bytes){ "abc", 3 }, text, NULL), 0);
    ck_assert_str_eq(text, ABC);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("annotate");
    TCase *tests = tcase_create("annotate");
    TCase *layouts = tcase_create("layout");

    tcase_add_test(tests, test_annotate__merge);
    tcase_add_test(tests, test_annotate__decide);
    tcase_add_test(tests, test_annotate__media_types);
    tcase_add_test(tests, test_annotate__point);
    tcase_add_checked_fixture(layouts, setup, teardown);
    tcase_add_test(layouts, test_annotate__layout);
    tcase_add_test(layouts, test_annotate__layout_refuses);
    tcase_add_test(layouts, test_annotate__hash_text);
    suite_add_tcase(suite, tests);
    suite_add_tcase(suite, layouts);
    return ocn_run_suite(suite);
}
