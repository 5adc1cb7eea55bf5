/* SPDX-License-Identifier: Apache-2.0 */
/* Build info as labels, as words for a shell, as CycloneDX (hook/cli/buildinfo_formats.h). */
#include <check.h>
#include <string.h>

#include "hook/cli/buildinfo_formats.h"
#include "normalize/json/load.h"
#include "tests/lib/starve.h"
#include "tests/lib/suite.h"

static const struct ocn_go_module fork_of = { "example.com/fork", "v1.9.0", "h1:f", NULL };
static const struct ocn_go_module place = { "./local", NULL, NULL, NULL };

/* A program with every kind of module; what is in it need not be printable. */
static struct ocn_gobuild make_build(const char *version, struct ocn_go_module deps[5],
                                     struct ocn_pair settings[2])
{
    deps[0] = (struct ocn_go_module){ "example.com/A+b", "v1.2.3+incompatible", "h1:a", NULL };
    deps[1] = (struct ocn_go_module){ "example.com/c", "v0.1.0", NULL, &fork_of };
    deps[2] = (struct ocn_go_module){ "example.com/d", "v1.0.0", NULL, &place };
    deps[3] = (struct ocn_go_module){ "example.com/e\x1b[31m", "(devel)", "", NULL };
    deps[4] = (struct ocn_go_module){ NULL, NULL, NULL, NULL };
    settings[0] = (struct ocn_pair){ "vcs.time", "2024-05-06T07:08:09Z" };
    settings[1] = (struct ocn_pair){ "-ldflags", "-X main.password=secret" };
    return (struct ocn_gobuild){ .version = version,
                                 .main = { "example.com/app", "v2.0.1", NULL, NULL },
                                 .deps = { deps, 5 },
                                 .build_id = "a/b/c",
                                 .settings = { settings, 2 } };
}

static const char *end(struct ocn_buf *buf)
{
    ocn_buf_add(buf, "", 1);
    ck_assert_int_eq(ocn_buf_check(buf, NULL), 0);
    return buf->ptr;
}

START_TEST(test_buildinfo__labels)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    struct ocn_go_module deps[5];
    struct ocn_pair settings[2];
    const struct ocn_gobuild build = make_build("go1.22.4 X:a", deps, settings);

    ck_assert_int_eq(ocn_cli_labels(&build, &arena, &out, NULL), 0);
    ck_assert_str_eq(end(&out), "golang.org/version=go1.22.4 X:a\n"
                                "golang.org/module=example.com/app\n"
                                "golang.org/build-id=a/b/c\n"
                                "org.opencontainers.image.source=https://example.com/app\n"
                                "org.opencontainers.image.version=v2.0.1\n"
                                "org.opencontainers.image.created=2024-05-06T07:08:09Z\n");
}
END_TEST

START_TEST(test_buildinfo__docker_args)
{
    static const char *const versions[] = { "go1.22 X:a", "go1*",  "go[1]", "go1?", "go1$(x)",
                                            "go1`x`",     "go1;x", "go'1'", "go\\", "go~1" };

    for (size_t i = 0; i < OCN_COUNT(versions); i++) {
        OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
        OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
        OCN_CLEANUP(ocn_buf_done) struct ocn_buf left_out = { 0 };
        struct ocn_go_module deps[5];
        struct ocn_pair settings[2];
        const struct ocn_gobuild build = make_build(versions[i], deps, settings);
        ck_assert_int_eq(ocn_cli_docker_args(&build, &arena, &out, &left_out, NULL), 0);
        ck_assert_ptr_null(strstr(end(&out), "golang.org/version"));
        ck_assert_ptr_nonnull(strstr(out.ptr, "--label org.opencontainers.image.version=v2.0.1 "
                                              "--annotation org.opencontainers.image.version="));
        ck_assert_ptr_nonnull(strstr(end(&left_out), versions[i]));
    }
}
END_TEST

/* The members of the component @name, or of all of them where it is the program. */
static const json_t *component(const json_t *bill, const char *name)
{
    const json_t *item;
    size_t i;

    json_array_foreach (json_object_get(bill, "components"), i, item) {
        if (strcmp(json_string_value(json_object_get(item, "name")), name) == 0) {
            return item;
        }
    }
    return NULL;
}

static const char *text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));

    return value != NULL ? value : "-";
}

START_TEST(test_buildinfo__cyclonedx)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    struct ocn_go_module deps[5];
    struct ocn_pair settings[2];
    const struct ocn_gobuild build = make_build("go1.22.4 X:a", deps, settings);
    json_auto_t *bill = NULL;

    ck_assert_int_eq(ocn_cli_cyclonedx(&build, &arena, &out, NULL), 0);
    ck_assert_int_eq(ocn_json_load(ocn_buf_bytes(&out), SIZE_MAX, &bill, NULL), 0);
    ck_assert_str_eq(text(component(bill, "example.com/A+b"), "purl"),
                     "pkg:golang/example.com/a%2Bb@v1.2.3%2Bincompatible");
    ck_assert_str_eq(text(component(bill, "example.com/fork"), "version"), "v1.9.0");
    ck_assert_ptr_null(component(bill, "example.com/c"));
    ck_assert_str_eq(text(component(bill, "example.com/d"), "purl"), "-");
    ck_assert_str_eq(text(component(bill, "example.com/d"), "version"), "-");
    ck_assert_str_eq(text(component(bill, "example.com/e\x1b[31m"), "purl"),
                     "pkg:golang/example.com/e%1B%5B31m");
    ck_assert_str_eq(text(component(bill, "stdlib"), "version"), "1.22.4");
    const json_t *metadata = json_object_get(bill, "metadata");
    ck_assert_str_eq(text(metadata, "timestamp"), "2024-05-06T07:08:09Z");
    ck_assert_str_eq(text(json_object_get(metadata, "component"), "purl"),
                     "pkg:golang/example.com/app@v2.0.1");
    ck_assert_ptr_null(strstr(end(&out), "secret"));
}
END_TEST

static int pipeline(void *ctx, struct ocn_buf *out, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    struct ocn_go_module deps[5];
    struct ocn_pair settings[2];
    const struct ocn_gobuild build = make_build("go1.22.4 X:a", deps, settings);

    (void)ctx;
    return ocn_cli_labels(&build, &arena, out, err) < 0 ||
                   ocn_cli_docker_args(&build, &arena, out, out, err) < 0 ||
                   ocn_cli_cyclonedx(&build, &arena, out, err) < 0
               ? -1
               : 0;
}

START_TEST(test_buildinfo__every_allocation)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf whole = { 0 };

    ck_assert_int_eq(pipeline(NULL, &whole, NULL), 0);
    ck_assert_int_gt(ocn_starve_each(pipeline, NULL, &whole), 50);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("buildinfo");
    TCase *tests = tcase_create("buildinfo");

    ocn_starve_begin();
    tcase_add_test(tests, test_buildinfo__labels);
    tcase_add_test(tests, test_buildinfo__docker_args);
    tcase_add_test(tests, test_buildinfo__cyclonedx);
    tcase_add_test(tests, test_buildinfo__every_allocation);
    suite_add_tcase(suite, tests);
    return ocn_run_suite(suite);
}
