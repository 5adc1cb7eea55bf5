/* SPDX-License-Identifier: Apache-2.0 */
/* What registries hold, and what an engine makes of it (normalize/image but for the tree). */
#include <string.h>

#include "normalize/image/engine.h"
#include "normalize/image/quantity.h"
#include "tests/lib/suite.h"

static struct ocn_bytes bytes(const char *text)
{
    return (struct ocn_bytes){ text, strlen(text) };
}

/* ---- objects --------------------------------------------------------------------------------- */

START_TEST(test_object__kinds)
{
    static const struct {
        const char *media_type;
        enum ocn_object_kind kind;
        bool docker;
    } types[] = {
        { "application/vnd.oci.image.index.v1+json", OCN_OBJECT_INDEX, false },
        { "application/vnd.docker.distribution.manifest.list.v2+json", OCN_OBJECT_INDEX, true },
        { "application/vnd.oci.image.manifest.v1+json", OCN_OBJECT_MANIFEST, false },
        { "application/vnd.oci.image.layer.v1.tar+zstd", OCN_OBJECT_LAYER, false },
        { "application/vnd.docker.image.rootfs.diff.tar", OCN_OBJECT_LAYER, true },
        { "application/vnd.docker.distribution.manifest.v1+prettyjws", OCN_OBJECT_SCHEMA_1, true },
        { "application/vnd.cncf.helm.config.v1+json", OCN_OBJECT_UNKNOWN, false },
        { NULL, OCN_OBJECT_UNKNOWN, false },
    };

    for (size_t i = 0; i < OCN_COUNT(types); i++) {
        ck_assert_int_eq(ocn_object_kind_of(types[i].media_type), types[i].kind);
        ck_assert_int_eq(ocn_object_is_docker(types[i].media_type), types[i].docker);
    }
}
END_TEST

START_TEST(test_object__sniff)
{
    static const struct {
        const char *text;
        enum ocn_object_kind kind;
    } texts[] = {
        { "{\"schemaVersion\":2,\"manifests\":[]}", OCN_OBJECT_INDEX },
        { "{\"schemaVersion\":2,\"config\":{},\"layers\":[]}", OCN_OBJECT_MANIFEST },
        { "{\"layers\":[]}", OCN_OBJECT_MANIFEST },
        { "{\"schemaVersion\":1,\"layers\":[]}", OCN_OBJECT_SCHEMA_1 },
        { "{}", OCN_OBJECT_UNKNOWN },
    };
    enum ocn_object_kind kind = OCN_OBJECT_LAYER;
    struct ocn_error err = { 0 };

    for (size_t i = 0; i < OCN_COUNT(texts); i++) {
        ck_assert_int_eq(ocn_object_sniff(bytes(texts[i].text), &kind, NULL), 0);
        ck_assert_int_eq(kind, texts[i].kind);
    }
    ck_assert_int_eq(ocn_object_sniff(bytes("{\"manifests\":[],\"layers\":[]}"), &kind, &err), -1);
    ck_assert_int_eq(err.code, OCN_E_FORMAT);
    ck_assert_int_eq(ocn_object_sniff(bytes("{\"manifests\":[],\"config\":{}}"), &kind, NULL), -1);
}
END_TEST

START_TEST(test_object__digests)
{
#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    static const struct {
        const char *digest;
        enum ocn_digest_kind kind;
    } digests[] = {
        { "sha256:" HEX, OCN_DIGEST_SHA256 },
        { "sha512:" HEX HEX, OCN_DIGEST_SHA512 },
        { "sha256:" HEX "0", OCN_DIGEST_MALFORMED },
        { "sha256:" HEX HEX, OCN_DIGEST_MALFORMED },
        { "sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
          OCN_DIGEST_MALFORMED },
        { "blake3:" HEX, OCN_DIGEST_OTHER },
        { "sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564", OCN_DIGEST_OTHER },
        { "sha256:../../../../etc/passwd", OCN_DIGEST_MALFORMED },
        { "none:../x", OCN_DIGEST_MALFORMED },
        { "a..b:x", OCN_DIGEST_MALFORMED },
        { ".a:x", OCN_DIGEST_MALFORMED },
        { "a.:x", OCN_DIGEST_MALFORMED },
        { "A:x", OCN_DIGEST_MALFORMED },
        { "sha256:", OCN_DIGEST_MALFORMED },
        { "sha256", OCN_DIGEST_MALFORMED },
        { ":x", OCN_DIGEST_MALFORMED },
        { "", OCN_DIGEST_MALFORMED },
        { NULL, OCN_DIGEST_MALFORMED },
    };
    const char *hex = NULL;

    for (size_t i = 0; i < OCN_COUNT(digests); i++) {
        ck_assert_msg(ocn_object_digest_kind(digests[i].digest, &hex) == digests[i].kind, "%s",
                      digests[i].digest);
    }
    ck_assert_int_eq(ocn_object_digest_kind("sha256:" HEX, &hex), OCN_DIGEST_SHA256);
    ck_assert_str_eq(hex, HEX);
}
END_TEST

START_TEST(test_object__platforms)
{
    static const struct {
        const char *a;
        const char *b;
        bool same;
    } pairs[] = {
        { "linux/amd64", "linux/amd64", true },     { "amd64", "linux/amd64", true },
        { "linux/arm64", "linux/arm64/v8", true },  { "linux/arm", "linux/arm/v7", true },
        { "linux/amd64", "linux/amd64/v1", true },  { "linux/arm/v6", "linux/arm", false },
        { "linux/amd64/v3", "linux/amd64", false }, { "linux/arm64", "linux/amd64", false },
        { "windows/amd64", "linux/amd64", false },  { "linux/s390x", "linux/s390x", true },
    };
    static const char *const broken[] = { "",          "/",       "linux/",
                                          "linux//v8", "a/b/c/d", "li nux/amd64",
                                          "a\nb" };
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };

    for (size_t i = 0; i < OCN_COUNT(pairs); i++) {
        struct ocn_object_platform a = { 0 };
        struct ocn_object_platform b = { 0 };
        ck_assert_int_eq(ocn_object_parse_platform(pairs[i].a, &arena, &a, NULL), 0);
        ck_assert_int_eq(ocn_object_parse_platform(pairs[i].b, &arena, &b, NULL), 0);
        ck_assert_msg(ocn_object_same_platform(&a, &b) == pairs[i].same, "%s", pairs[i].a);
        ck_assert_int_eq(ocn_object_same_platform(&b, &a), pairs[i].same);
        ck_assert_str_eq(ocn_object_platform_text(&b, &arena), pairs[i].b);
    }
    for (size_t i = 0; i < OCN_COUNT(broken); i++) {
        struct ocn_object_platform none = { .os = "kept" };
        ck_assert_int_eq(ocn_object_parse_platform(broken[i], &arena, &none, NULL), -1);
        ck_assert_str_eq(none.os, "kept");
    }
    const struct ocn_object_platform nothing = { 0 };
    ck_assert_str_eq(ocn_object_platform_text(&nothing, &arena), "unknown/unknown");
}
END_TEST

START_TEST(test_object__documents)
{
    static const char manifest_text[] =
        "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"c\",\"digest\":\"d\",\"size\":7},"
        "\"layers\":[{\"digest\":\"e\",\"size\":9,\"extra\":1}],\"annotations\":null}";
    static const char config_text[] =
        "{\"os\":\"linux\",\"architecture\":\"arm64\",\"variant\":\"v8\",\"rootfs\":{\"type\":"
        "\"layers\","
        "\"diff_ids\":[\"x\",\"y\"]},\"history\":[{\"created_by\":\"RUN a\",\"empty_layer\":true},"
        "{\"created_by\":\"COPY "
        "b\"}],\"config\":{\"User\":\"app\",\"Env\":[\"A=b\"],\"Entrypoint\":null,"
        "\"Cmd\":[\"c\"],\"ExposedPorts\":{\"80/tcp\":{}},\"Labels\":{\"k\":\"v\"},\"Memory\":5}}";
    OCN_CLEANUP(ocn_object_done) struct ocn_object first = { 0 };
    OCN_CLEANUP(ocn_object_done) struct ocn_object second = { 0 };
    struct ocn_object_manifest manifest;
    struct ocn_object_config config;

    ck_assert_int_eq(ocn_object_read_manifest(bytes(manifest_text), &first, &manifest, NULL), 0);
    ck_assert_str_eq(manifest.config.digest, "d");
    ck_assert(manifest.config.size == 7);
    ck_assert_uint_eq(manifest.layers.len, 1);
    ck_assert_int_eq(ocn_object_read_config(bytes(config_text), &second, &config, NULL), 0);
    ck_assert_str_eq(config.platform.variant, "v8");
    ck_assert_uint_eq(config.diff_ids.len, 2);
    const struct ocn_object_history *history = config.history.items;
    ck_assert(history[0].empty_layer && !history[1].empty_layer);
    ck_assert_str_eq(config.user, "app");
    ck_assert_uint_eq(config.entrypoint.len, 0);
    ck_assert_uint_eq(json_object_size(config.exposed_ports), 1);
    ck_assert_str_eq(config.labels.items[0].value, "v");
}
END_TEST

START_TEST(test_object__broken)
{
    static const char *const texts[] = {
        "",
        "[]",
        "{\"layers\":{}}",
        "{\"layers\":[1]}",
        "{\"layers\":[{\"size\":-1}]}",
        "{\"layers\":[{\"size\":1e300}]}",
        "{\"layers\":[{\"digest\":5}]}",
        "{\"a\":1,\"a\":2}",
        "{\"layers\":[]} x",
    };

    for (size_t i = 0; i < OCN_COUNT(texts); i++) {
        OCN_CLEANUP(ocn_object_done) struct ocn_object object = { 0 };
        struct ocn_object_manifest manifest = { .media_type = "kept" };
        struct ocn_error err = { 0 };
        ck_assert_msg(ocn_object_read_manifest(bytes(texts[i]), &object, &manifest, &err) < 0, "%s",
                      texts[i]);
        ck_assert_int_ne(err.code, OCN_OK);
        ck_assert_str_eq(manifest.media_type, "kept");
    }
}
END_TEST

START_TEST(test_object__saved)
{
    static const char text[] =
        "[{\"Config\":\"a.json\",\"RepoTags\":[\"x:1\"],\"Layers\":[\"1.tar\",\"2.tar\"]},"
        "{\"Config\":\"b.json\",\"RepoTags\":null,\"Layers\":[]}]";
    OCN_CLEANUP(ocn_object_done) struct ocn_object object = { 0 };
    OCN_CLEANUP(ocn_object_done) struct ocn_object other = { 0 };
    struct ocn_list list = { 0 };

    ck_assert_int_eq(ocn_object_read_saved(bytes(text), &object, &list, NULL), 0);
    const struct ocn_object_saved *saved = list.items;
    ck_assert_uint_eq(list.len, 2);
    ck_assert_str_eq(saved[0].layers.items[1], "2.tar");
    ck_assert_str_eq(saved[0].tags.items[0], "x:1");
    ck_assert_uint_eq(saved[1].tags.len, 0);
    ck_assert_int_eq(ocn_object_read_saved(bytes("{}"), &other, &list, NULL), -1);
}
END_TEST

/* ---- users ----------------------------------------------------------------------------------- */

static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
                             "app:x:1001:1002::/srv:\n"
                             "broken\n"
                             "big:x:2147483648:1::/:\n"
                             "most:x:2147483647:2147483647::/:\n"
                             "7:x:70:71::/:\n"
                             "word:x:zero:8::/:\nword:x:1001:1001::/:\n"
                             "short\nshort:x:1001:1001::/:\n"
                             "  blanks:x: 1001:9::/:\n"
                             "minus:x:-1:9::/:\nwraps:x:4294967296:9::/:\n";
static const char group[] =
    "root:x:0:\nwheel:x:10:root,app\nteam:x:20:app\nlast:x:4294967295:\nodd:x:zero:\n";

static const struct {
    const char *user;
    enum ocn_image_user_state state;
    uint32_t uid, gid;
    size_t gids;
    bool empty, named, plain;
} users[] = {
    { NULL, OCN_IMAGE_USER_FOUND, 0, 0, 2, true, false, false },
    { "", OCN_IMAGE_USER_FOUND, 0, 0, 2, true, false, false },
    { "0", OCN_IMAGE_USER_FOUND, 0, 0, 2, false, false, false },
    { "00", OCN_IMAGE_USER_FOUND, 0, 0, 2, false, false, false },
    { "root", OCN_IMAGE_USER_FOUND, 0, 0, 2, false, true, false },
    { "app", OCN_IMAGE_USER_FOUND, 1001, 1002, 3, false, true, false },
    { "1001", OCN_IMAGE_USER_FOUND, 1001, 1002, 3, false, false, false },
    { "1001:1001", OCN_IMAGE_USER_FOUND, 1001, 1001, 1, false, false, true },
    { "app:wheel", OCN_IMAGE_USER_FOUND, 1001, 10, 1, false, true, false },
    { "app:10", OCN_IMAGE_USER_FOUND, 1001, 10, 1, false, true, false },
    { "65532", OCN_IMAGE_USER_FOUND, 65532, 0, 1, false, false, false },
    { "7", OCN_IMAGE_USER_FOUND, 7, 0, 1, false, false, false },
    { "most", OCN_IMAGE_USER_FOUND, 2147483647, 2147483647, 1, false, true, false },
    { "big", OCN_IMAGE_USER_TOO_LARGE, 2147483648, 1, 0, false, true, false },
    { "2147483648:1", OCN_IMAGE_USER_TOO_LARGE, 2147483648, 1, 0, false, false, true },
    { "4294967296", OCN_IMAGE_USER_TOO_LARGE, UINT32_MAX, 9, 0, false, false, false },
    { "1:4294967296", OCN_IMAGE_USER_TOO_LARGE, 1, UINT32_MAX, 0, false, false, true },
    { "app:last", OCN_IMAGE_USER_TOO_LARGE, 1001, UINT32_MAX, 0, false, true, false },
    { "nobody", OCN_IMAGE_USER_MISSING, 0, 0, 0, false, true, false },
    /* As umoci, Docker and containerd read them: strconv.Atoi, and what is no number is 0. */
    { "+0", OCN_IMAGE_USER_FOUND, 0, 0, 2, false, false, false },
    { "+5:+6", OCN_IMAGE_USER_FOUND, 5, 6, 1, false, false, false },
    { "-5", OCN_IMAGE_USER_TOO_LARGE, UINT32_MAX, 9, 0, false, false, false },
    { ":wheel", OCN_IMAGE_USER_FOUND, 0, 10, 1, false, false, false },
    { "app:", OCN_IMAGE_USER_FOUND, 1001, 1002, 3, false, true, false },
    { "word", OCN_IMAGE_USER_FOUND, 0, 8, 1, false, true, false },
    { "short", OCN_IMAGE_USER_FOUND, 0, 0, 1, false, true, false },
    { "blanks", OCN_IMAGE_USER_FOUND, 0, 9, 1, false, true, false },
    { "minus", OCN_IMAGE_USER_TOO_LARGE, UINT32_MAX, 9, 0, false, true, false },
    { "wraps", OCN_IMAGE_USER_TOO_LARGE, UINT32_MAX, 9, 0, false, true, false },
    { "app:odd", OCN_IMAGE_USER_FOUND, 1001, 0, 1, false, true, false },
    { "app:nothing", OCN_IMAGE_GROUP_MISSING, 1001, 1002, 0, false, true, false },
};

START_TEST(test_user__find)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    struct ocn_image_user user = { 0 };

    ck_assert_int_eq(
        ocn_image_user_find(users[_i].user, bytes(passwd), bytes(group), &arena, &user, NULL), 0);
    ck_assert_int_eq(user.state, users[_i].state);
    ck_assert_uint_eq(user.uid, users[_i].uid);
    ck_assert_uint_eq(user.gid, users[_i].gid);
    ck_assert_uint_eq(user.additional_gids.len, users[_i].gids);
    ck_assert_int_eq(user.empty, users[_i].empty);
    ck_assert_int_eq(user.named, users[_i].named);
    ck_assert_int_eq(ocn_image_user_is_plain(users[_i].user), users[_i].plain);
    if (users[_i].plain) {
        /* Then the files have nothing to say. */
        const struct ocn_bytes none = { NULL, 0 };
        struct ocn_image_user same = { 0 };
        ck_assert_int_eq(ocn_image_user_find(users[_i].user, none, none, &arena, &same, NULL), 0);
        ck_assert_uint_eq(same.uid, user.uid);
        ck_assert_uint_eq(same.gid, user.gid);
        ck_assert_int_eq(same.state, user.state);
        ck_assert_uint_eq(same.additional_gids.len, user.additional_gids.len);
    }
}
END_TEST

/* ---- engines --------------------------------------------------------------------------------- */

START_TEST(test_engine__convert)
{
    static const char engine_text[] =
        "{\"version\":1,\"engine\":\"e\",\"why\":\"w\",\"profiles\":[\"p\"],\"env\":[\"PATH=/"
        "x\",\"HOSTNAME=h\"],"
        "\"capabilities\":[\"CAP_CHOWN\"],\"imageAnnotations\":true,\"noNewPrivileges\":true}";
    static const char config_text[] = "{\"os\":\"linux\",\"architecture\":\"arm64\",\"config\":{"
                                      "\"Env\":[\"PATH=/y\",\"B=c\"],\"Entrypoint\":[\"/a\"],"
                                      "\"Cmd\":[\"/dev/"
                                      "stdin\"],\"WorkingDir\":\"srv\",\"Labels\":{\"l\":\"m\","
                                      "\"org.opencontainers.image.os\":\"mine\"}}}";
    OCN_CLEANUP(ocn_object_done) struct ocn_object first = { 0 };
    OCN_CLEANUP(ocn_object_done) struct ocn_object second = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    const struct ocn_engine_limits limits = { 1.5, 1024 };
    const struct ocn_image_user user = { .uid = 5, .gid = 6 };
    struct ocn_engine engine;
    struct ocn_object_config config;

    ck_assert_int_eq(ocn_engine_read(bytes(engine_text), &first, &engine, NULL), 0);
    ck_assert(ocn_engine_serves(&engine, "p") && !ocn_engine_serves(&engine, "q"));
    ck_assert_int_eq(ocn_object_read_config(bytes(config_text), &second, &config, NULL), 0);
    ck_assert_int_eq(ocn_engine_convert(&engine, &config, &user, &limits, &out, NULL), 0);
    json_auto_t *json = json_loadb(out.ptr, out.len, 0, NULL);
    json_auto_t *want = json_pack(
        "{s:s, s:{s:{s:i, s:i, s:[]}, s:[s, s], s:[s, s, s], s:s, s:{s:[s]}, s:b}, s:{s:s},"
        " s:[{s:s, s:s, s:s}], s:{s:s, s:s, s:s}, s:{s:[{s:s}, {s:s}, {s:s}, {s:s}, {s:s}],"
        " s:{s:{s:i, s:i}, s:{s:i}}}}",
        "ociVersion", "1.0.2", "process", "user", "uid", 5, "gid", 6, "additionalGids", "args",
        "/a", "/dev/stdin", "env", "HOSTNAME=h", "PATH=/y", "B=c", "cwd", "/", "capabilities",
        "bounding", "CAP_CHOWN", "noNewPrivileges", 1, "root", "path", "/", "mounts", "destination",
        "/dev", "type", "tmpfs", "source", "tmpfs", "annotations", "l", "m",
        "org.opencontainers.image.os", "mine", "org.opencontainers.image.architecture", "arm64",
        "linux", "namespaces", "type", "pid", "type", "ipc", "type", "uts", "type", "mount", "type",
        "network", "resources", "cpu", "quota", 150000, "period", 100000, "memory", "limit", 1024);
    ck_assert_ptr_nonnull(want);
    ck_assert_msg(json_equal(json, want), "%.*s", (int)out.len, out.ptr);
}
END_TEST

START_TEST(test_engine__strict)
{
    static const char *const texts[] = { "{\"version\":2}", "{\"version\":1,\"engin\":\"x\"}",
                                         "[]" };

    for (size_t i = 0; i < OCN_COUNT(texts); i++) {
        OCN_CLEANUP(ocn_object_done) struct ocn_object object = { 0 };
        struct ocn_engine engine;
        ck_assert_int_eq(ocn_engine_read(bytes(texts[i]), &object, &engine, NULL), -1);
    }
}
END_TEST

/* ---- quantities ------------------------------------------------------------------------------ */

START_TEST(test_quantity__parse)
{
    static const struct {
        const char *text;
        double value; /* -1: none */
    } rows[] = {
        { "0", 0 },
        { "1.5", 1.5 },
        { "1500m", 1.5 },
        { ".5", 0.5 },
        { "2.", 2 },
        { "512Mi", 536870912 },
        { "1G", 1e9 },
        { "1Ki", 1024 },
        { "1k", 1000 },
        { "1e3", 1000 },
        { "1E3", 1000 },
        { "5e-1", 0.5 },
        { "1E", 1e18 },
        { "1Ei", 1152921504606846976.0 },
        { "100u", 1e-4 },
        { "512MB", -1 },
        { "1K", -1 },
        { "-1", -1 },
        { "+1", -1 },
        { "", -1 },
        { ".", -1 },
        { "1 G", -1 },
        { "1,5", -1 },
        { "1e", -1 },
        { "1e+", -1 },
        { "1e999", -1 },
        { "0x10", -1 },
        { "1.2.3", -1 },
        { "inf", -1 },
        { "nan", -1 },
        { "1234567890123456789012345678901", -1 },
    };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        double value = 7;
        int status = ocn_quantity_parse(rows[i].text, &value, NULL);
        ck_assert_msg((status < 0) == (rows[i].value < 0), "%s", rows[i].text);
        double want = rows[i].value < 0 ? 7 : rows[i].value;
        ck_assert_msg(value > want - want * 1e-12 - 1e-12 && value < want + want * 1e-12 + 1e-12,
                      "%s is %g", rows[i].text, value);
    }
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("image");
    Suite *suite = suite_create("image");

    tcase_add_test(tcase, test_object__kinds);
    tcase_add_test(tcase, test_object__sniff);
    tcase_add_test(tcase, test_object__digests);
    tcase_add_test(tcase, test_object__platforms);
    tcase_add_test(tcase, test_object__documents);
    tcase_add_test(tcase, test_object__broken);
    tcase_add_test(tcase, test_object__saved);
    tcase_add_loop_test(tcase, test_user__find, 0, OCN_COUNT(users));
    tcase_add_test(tcase, test_engine__convert);
    tcase_add_test(tcase, test_engine__strict);
    tcase_add_test(tcase, test_quantity__parse);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
