/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <elf.h>

#include "normalize/rules/derive.h"
#include "tests/lib/bytes_view.h"
#include "tests/lib/elf_file.h"
#include "tests/lib/suite.h"

#define SIZE 16384

static struct ocn_arena arena;
static unsigned char bytes[SIZE];
static struct ocn_bytes_view source;
static struct ocn_gobuild info;

static const char *const arches[] = { "386",     "amd64",   "arm",      "arm64",  "loong64",
                                      "mips",    "mips64",  "mips64le", "mipsle", "ppc64",
                                      "ppc64le", "riscv64", "s390x" };

static const char lines[] = "path\texample.com/app/cmd/app\n"
                            "mod\texample.com/app\tv1.2.3\th1:sum=\n"
                            "dep\texample.com/lib\tv0.1.0\t\n"
                            "=>\t../lib\tv0.0.0\t\n"
                            "dep\texample.com/other\tv2.0.0\th1:other=\n"
                            "build\tGOARCH=amd64\n"
                            "build\t-ldflags=\"-X main.v=\\\"1 2\\\"\\t\"\n"
                            "build\t`-tags`=`a\\b`\n"
                            "build\tempty=\n"
                            "unknown\tx\n"
                            "novalue\n";

static void setup(void)
{
    memset(bytes, 0, sizeof(bytes));
    info = (struct ocn_gobuild){ 0 };
}

static void teardown(void)
{
    ocn_arena_done(&arena);
}

static int read_bytes(size_t len, struct ocn_error *err)
{
    const struct ocn_view view = ocn_bytes_view_as_view(&source);
    struct ocn_file file = { .view = &view };
    struct ocn_elf_segment *segments = NULL;
    struct ocn_elf elf;
    size_t count = 0;

    source = (struct ocn_bytes_view){ .bytes = { (const char *)bytes, len },
                                      .size = source.size > len ? source.size : len };
    ck_assert_int_eq(ocn_elf_read((struct ocn_bytes){ (const char *)bytes, 64 }, &elf, err), 0);
    ck_assert_int_eq(ocn_elf_segments(&file, &elf, &arena, &segments, &count, err), 0);
    return ocn_gobuild_read(&file, &elf, segments, count, &arena, &info, err);
}

static size_t build(const char *arch, const struct ocn_test_elf *parts)
{
    struct ocn_error err = { 0 };
    size_t len = ocn_test_elf_file(arch, parts, bytes, sizeof(bytes));

    ck_assert_uint_gt(len, 0);
    ck_assert_msg(read_bytes(len, &err) == 0, "%s: %s", arch, err.msg);
    return len;
}

static void assert_read(void)
{
    const struct ocn_go_module *deps = info.deps.items;

    ck_assert_str_eq(info.version, "go1.22.4");
    ck_assert_str_eq(info.text, lines);
    ck_assert_str_eq(info.path, "example.com/app/cmd/app");
    ck_assert_str_eq(info.main.path, "example.com/app");
    ck_assert_str_eq(info.main.version, "v1.2.3");
    ck_assert_str_eq(info.main.sum, "h1:sum=");
    ck_assert_uint_eq(info.deps.len, 2);
    ck_assert_str_eq(deps[0].path, "example.com/lib");
    ck_assert_ptr_null(deps[0].sum);
    ck_assert_str_eq(deps[0].replaced_by->path, "../lib");
    ck_assert_str_eq(deps[1].sum, "h1:other=");
    ck_assert_ptr_null(deps[1].replaced_by);
    ck_assert_uint_eq(info.settings.len, 4);
    ck_assert_str_eq(ocn_gobuild_setting(&info, "GOARCH"), "amd64");
    ck_assert_str_eq(ocn_gobuild_setting(&info, "-ldflags"), "-X main.v=\"1 2\"\t");
    ck_assert_str_eq(ocn_gobuild_setting(&info, "-tags"), "a\\b");
    ck_assert_str_eq(ocn_gobuild_setting(&info, "empty"), "");
    ck_assert_ptr_null(ocn_gobuild_setting(&info, "GOOS"));
}

START_TEST(test_gobuild__inline_strings)
{
    const struct ocn_test_elf parts = { .go = lines, .build_id = "a/b/c/d" };

    build(arches[_i], &parts);
    assert_read();
    ck_assert_str_eq(info.build_id, "a/b/c/d");
}
END_TEST

START_TEST(test_gobuild__pointers_as_before_1_18)
{
    const struct ocn_test_elf parts = { .go = lines, .go_pointers = true };

    build(arches[_i], &parts);
    assert_read();
    ck_assert_ptr_null(info.build_id);
}
END_TEST

START_TEST(test_gobuild__by_its_section)
{
    const struct ocn_test_elf parts = { .go = lines, .go_section = true };

    build(arches[_i], &parts);
    assert_read();
}
END_TEST

START_TEST(test_gobuild__outside_a_module)
{
    for (int pointers = 0; pointers < 2; pointers++) {
        const struct ocn_test_elf parts = { .go = "", .go_pointers = pointers != 0 };
        build("amd64", &parts);
        ck_assert_str_eq(info.version, "go1.22.4");
        ck_assert_ptr_null(info.text);
        ck_assert_ptr_null(info.path);
        ck_assert_uint_eq(info.settings.len, 0);
    }
}
END_TEST

START_TEST(test_gobuild__no_go_program)
{
    const struct ocn_test_elf parts = { .interp = "/lib/ld.so" };

    build("amd64", &parts);
    ck_assert_ptr_null(info.version);
}
END_TEST

/* Programs that look for build info hold the magic as a constant. */
START_TEST(test_gobuild__a_constant_is_no_header)
{
    const struct ocn_test_elf parts = { .go = lines };
    size_t len = ocn_test_elf_file("amd64", &parts, bytes, sizeof(bytes));
    size_t at = 512;
    struct ocn_error err = { 0 };

    while (at < len && memcmp(bytes + at, "\xff Go buildinf:", 14) != 0) {
        at += 16;
    }
    ck_assert_uint_lt(at, len);
    bytes[at + 15] = 'x';
    ck_assert_int_eq(read_bytes(len, &err), 0);
    ck_assert_ptr_null(info.version);
}
END_TEST

/* Every possible end of the file: an answer or an error, and nothing read behind it (ASan). */
START_TEST(test_gobuild__cut_short_anywhere)
{
    for (int pointers = 0; pointers < 2; pointers++) {
        const struct ocn_test_elf parts = { .go = lines, .go_pointers = pointers != 0 };
        size_t whole = build("s390x", &parts);
        for (size_t len = 512; len < whole; len++) {
            struct ocn_error err = { 0 };
            info = (struct ocn_gobuild){ 0 };
            source.size = 0;
            if (read_bytes(len, &err) < 0) {
                ck_assert_int_eq(err.code, OCN_E_FORMAT);
                ck_assert_ptr_null(info.version);
            }
        }
        ocn_arena_done(&arena);
    }
}
END_TEST

/* Every byte of the blob replaced by each of a few: an answer or an error. */
START_TEST(test_gobuild__damaged_anywhere)
{
    static const unsigned char values[] = { 0x00, 0x7f, 0x80, 0xff, '\n', '\t', '"', '`', '\\' };
    const struct ocn_test_elf parts = { .go = lines, .go_pointers = _i != 0 };
    size_t len = build("amd64", &parts);

    for (size_t at = 512; at < len; at++) {
        unsigned char saved = bytes[at];
        for (size_t i = 0; i < sizeof(values); i++) {
            struct ocn_error err = { 0 };
            bytes[at] = values[i];
            if (read_bytes(len, &err) < 0) {
                ck_assert_int_ne(err.code, OCN_OK);
            }
            ocn_arena_done(&arena);
        }
        bytes[at] = saved;
    }
}
END_TEST

START_TEST(test_gobuild__past_the_limit)
{
    const struct ocn_test_elf parts = { .go = "path\tx\n" };
    size_t len = ocn_test_elf_file("amd64", &parts, bytes, sizeof(bytes));
    struct ocn_error err = { 0 };
    size_t at = 512;

    while (memcmp(bytes + at, "\xff Go buildinf:", 14) != 0) {
        at += 16;
    }
    memcpy(bytes + at + 32, "\xff\xff\xff\x7f", 4); /* 256 MiB - 1 */
    source.size = (uint64_t)1 << 30;
    ck_assert_int_eq(read_bytes(len, &err), -1);
    ck_assert_int_eq(err.code, OCN_E_LIMIT);
}
END_TEST

/* A file of 1 TiB whose segments all are the whole of it. */
START_TEST(test_gobuild__windows_not_files)
{
    const struct ocn_view view = ocn_bytes_view_as_view(&source);
    const struct ocn_elf elf = { .bits = 64 };
    struct ocn_file file = { .view = &view };
    struct ocn_elf_segment many[512];
    struct ocn_error err = { 0 };

    source = (struct ocn_bytes_view){ .size = (uint64_t)1 << 40 };
    for (size_t i = 0; i < OCN_COUNT(many); i++) {
        many[i] = (struct ocn_elf_segment){ .type = PT_LOAD,
                                            .flags = i % 2 == 0 ? PF_R : PF_R | PF_W,
                                            .filesz = source.size };
    }
    ck_assert_int_eq(ocn_gobuild_read(&file, &elf, many, OCN_COUNT(many), &arena, &info, &err), 0);
    ck_assert_ptr_null(info.version);
    ck_assert_uint_le(source.read, (uint64_t)17 << 20);
}
END_TEST

START_TEST(test_gobuild__minor_version)
{
    static const struct {
        const char *version;
        int minor;
    } rows[] = {
        { "go1.22.4", 22 },
        { "go1.9", 9 },
        { "go1.25.3 X:nodwarf5", 25 },
        { "devel go1.26-abc Mon Nov 23 16:00:00 2026 +0000", 26 },
        { "go1.99999999999999999999", -1 },
        { "go1.x", -1 },
        { "go2.1", -1 },
        { "", -1 },
        { NULL, -1 },
    };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        const struct ocn_gobuild build_info = { .version = rows[i].version };
        ck_assert_int_eq(ocn_gobuild_minor(&build_info), rows[i].minor);
    }
}
END_TEST

/* ---- what may be derived of it ---- */

static const char *derived(const struct ocn_gobuild *build_info, const char *key)
{
    struct ocn_pairs pairs = { 0 };
    struct ocn_error err = { 0 };

    ck_assert_int_eq(ocn_derive_annotations(build_info, &arena, &pairs, &err), 0);
    for (size_t i = 0; i < pairs.len; i++) {
        if (strcmp(pairs.items[i].name, key) == 0) {
            return pairs.items[i].value;
        }
    }
    return NULL;
}

/* NULL: nothing may be said. */
static const struct {
    const char *key;
    const char *module;
    const char *release;
    const char *setting;
    const char *value;
    const char *want;
} rows[] = {
#define MODULE "golang.org/module"
#define SOURCE "org.opencontainers.image.source"
#define VERSION "org.opencontainers.image.version"
#define REVISION "org.opencontainers.image.revision"
#define CREATED "org.opencontainers.image.created"
    { MODULE, "example.com/app", NULL, NULL, NULL, "example.com/app" },
    { MODULE, "app", NULL, NULL, NULL, "app" },
    { MODULE, "a b", NULL, NULL, NULL, NULL },
    { MODULE, "a\"b", NULL, NULL, NULL, NULL },
    { MODULE, "\xc3\xa4.de/x", NULL, NULL, NULL, NULL },
    { SOURCE, "example.com/app", NULL, NULL, NULL, "https://example.com/app" },
    { SOURCE, "example.com/app/v2", NULL, NULL, NULL, "https://example.com/app" },
    { SOURCE, "example.com/app/v", NULL, NULL, NULL, "https://example.com/app/v" },
    { SOURCE, "example.com/appv2", NULL, NULL, NULL, "https://example.com/appv2" },
    { SOURCE, "gopkg.in/yaml.v3", NULL, NULL, NULL, "https://gopkg.in/yaml.v3" },
    { SOURCE, "example.com", NULL, NULL, NULL, "https://example.com" },
    { SOURCE, "app", NULL, NULL, NULL, NULL },
    { SOURCE, "app/x.y", NULL, NULL, NULL, NULL },
    { SOURCE, "./app", NULL, NULL, NULL, NULL },
    { SOURCE, "../app", NULL, NULL, NULL, NULL },
    { SOURCE, "/etc.d/app", NULL, NULL, NULL, NULL },
    { SOURCE, "example.com/app/", NULL, NULL, NULL, NULL },
    { SOURCE, "user@example.com/app", NULL, NULL, NULL, NULL },
    { SOURCE, "example.com/a?b", NULL, NULL, NULL, NULL },
    { VERSION, NULL, "v1.2.3", NULL, NULL, "v1.2.3" },
    { VERSION, NULL, "v0.0.0-20240506070809-0123456789ab+dirty", NULL, NULL,
      "v0.0.0-20240506070809-0123456789ab+dirty" },
    { VERSION, NULL, "(devel)", NULL, NULL, NULL },
    { VERSION, NULL, "", NULL, NULL, NULL },
    { VERSION, NULL, "v1\n", NULL, NULL, NULL },
    { REVISION, NULL, NULL, "vcs.revision", "0123456789abcdef0123456789abcdef01234567",
      "0123456789abcdef0123456789abcdef01234567" },
    { REVISION, NULL, NULL, "vcs.revision", "012345", NULL },
    { REVISION, NULL, NULL, "vcs.revision", "0123456g", NULL },
    { REVISION, NULL, NULL, "vcs.revision", "", NULL },
    { CREATED, NULL, NULL, "vcs.time", "2024-05-06T07:08:09Z", "2024-05-06T07:08:09Z" },
    { CREATED, NULL, NULL, "vcs.time", "2024-05-06T07:08:09.5+02:00",
      "2024-05-06T07:08:09.5+02:00" },
    { CREATED, NULL, NULL, "vcs.time", "2024-05-06T07:08:09-02:00", "2024-05-06T07:08:09-02:00" },
    { CREATED, NULL, NULL, "vcs.time", "2024-05-06T07:08:09", NULL },
    { CREATED, NULL, NULL, "vcs.time", "2024-05-06T07:08:09.Z", NULL },
    { CREATED, NULL, NULL, "vcs.time", "2024-05-06T07:08:09Zx", NULL },
    { CREATED, NULL, NULL, "vcs.time", "2024-05-06T07:08:09+0200", NULL },
    { CREATED, NULL, NULL, "vcs.time", "2024-05-06 07:08:09Z", NULL },
    { CREATED, NULL, NULL, "vcs.time", "2024-5-06T07:08:09Z", NULL },
    { CREATED, NULL, NULL, "vcs.time", "", NULL },
};

START_TEST(test_gobuild__derived_annotation)
{
    struct ocn_pair setting = { rows[_i].setting, rows[_i].value };
    const struct ocn_gobuild build_info = {
        .version = "go1.22.4",
        .main = { .path = rows[_i].module, .version = rows[_i].release },
        .settings = { &setting, rows[_i].setting != NULL ? 1 : 0 },
    };
    const char *got = derived(&build_info, rows[_i].key);

    if (rows[_i].want == NULL) {
        ck_assert_msg(got == NULL, "row %d: %s", _i, got);
    } else {
        ck_assert_msg(got != NULL && strcmp(got, rows[_i].want) == 0, "row %d: %s", _i,
                      got != NULL ? got : "nothing");
    }
}
END_TEST

START_TEST(test_gobuild__flags_are_never_derived)
{
    struct ocn_pair flags[] = { { "-ldflags", "-X main.t=s3cret" },
                                { "CGO_CFLAGS", "s3cret" },
                                { "-gcflags", "s3cret" },
                                { "-asmflags", "s3cret" } };
    const struct ocn_gobuild build_info = { .version = "go1.22.4", .settings = { flags, 4 } };
    struct ocn_pairs pairs = { 0 };
    struct ocn_error err = { 0 };

    ck_assert_int_eq(ocn_derive_annotations(&build_info, &arena, &pairs, &err), 0);
    ck_assert_uint_eq(pairs.len, 1);
    ck_assert_str_eq(pairs.items[0].name, "golang.org/version");
}
END_TEST

/* Go, too, takes them for nothing: whoever cut them may have cut a value. */
START_TEST(test_gobuild__lines_without_their_last_newline_say_nothing)
{
    const struct ocn_test_elf parts = { .go = "path\texample.com/app\nbuild\tGOAMD64=v" };

    build("amd64", &parts);
    ck_assert_str_eq(info.version, "go1.22.4");
    ck_assert_ptr_null(info.text);
    ck_assert_ptr_null(info.path);
    ck_assert_uint_eq(info.settings.len, 0);
}
END_TEST

/* Where a program holds another's build info as a constant, its own is the one that is written. */
START_TEST(test_gobuild__a_writable_segment_comes_first)
{
    static const char other[] = "\xff Go buildinf:\x08\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                "\x08go1.21.0\0";
    const struct ocn_test_elf parts = { .go = lines, .notes = { other, sizeof(other) - 1 } };
    size_t len = build("amd64", &parts);
    unsigned char *segment = bytes + 64; /* the first one; its type and its flags */
    struct ocn_error err = { 0 };

    ck_assert_uint_eq(segment[0], PT_NOTE);
    segment[0] = PT_LOAD;
    segment[4] = PF_R;
    ck_assert_msg(read_bytes(len, &err) == 0, "%s", err.msg);
    assert_read();
    segment[4] = PF_R | PF_W;
    ck_assert_msg(read_bytes(len, &err) == 0, "%s", err.msg);
    ck_assert_str_eq(info.version, "go1.21.0");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gobuild");
    TCase *tcase = tcase_create("gobuild");
    int all = (int)OCN_COUNT(arches);

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, OCN_TEST_SECONDS);
    tcase_add_loop_test(tcase, test_gobuild__inline_strings, 0, all);
    tcase_add_loop_test(tcase, test_gobuild__pointers_as_before_1_18, 0, all);
    tcase_add_loop_test(tcase, test_gobuild__by_its_section, 0, all);
    tcase_add_test(tcase, test_gobuild__outside_a_module);
    tcase_add_test(tcase, test_gobuild__no_go_program);
    tcase_add_test(tcase, test_gobuild__a_constant_is_no_header);
    tcase_add_test(tcase, test_gobuild__cut_short_anywhere);
    tcase_add_loop_test(tcase, test_gobuild__damaged_anywhere, 0, 2);
    tcase_add_test(tcase, test_gobuild__past_the_limit);
    tcase_add_test(tcase, test_gobuild__windows_not_files);
    tcase_add_test(tcase, test_gobuild__minor_version);
    tcase_add_loop_test(tcase, test_gobuild__derived_annotation, 0, (int)OCN_COUNT(rows));
    tcase_add_test(tcase, test_gobuild__flags_are_never_derived);
    tcase_add_test(tcase, test_gobuild__lines_without_their_last_newline_say_nothing);
    tcase_add_test(tcase, test_gobuild__a_writable_segment_comes_first);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
