/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "config/config.h"
#include "hook/policy/node_policy.h"
#include "hook/policy/policy_files.h"
#include "hook/sys/io.h"
#include "normalize/json/json.h"
#include "normalize/json/pointer.h"
#include "normalize/policy/rule.h"
#include "tests/lib/suite.h"

#define POLICY_CASES OCN_CASES_DIR "/policy"
#define SCHEMA_FILE OCN_CASES_DIR "/../../config/schema.json"
#define LAYERS_MAX 8

static struct ocn_bytes bytes_of(const char *text)
{
    return (struct ocn_bytes){ text, strlen(text) };
}

static struct ocn_layer layer_of(const char *text)
{
    return (struct ocn_layer){ "policy.json", bytes_of(text), NULL };
}

static struct ocn_config *load(const char *text)
{
    struct ocn_layer layer = layer_of(text);
    struct ocn_config *config = NULL;
    struct ocn_error err = { 0 };

    ck_assert_msg(ocn_config_load(&layer, 1, &config, &err) == 0, "%s: %s", err.where, err.msg);
    return config;
}

/* ---- the folders of tests/cases/policy -------------------------------------------------- */

static struct dirent **cases;
static int cases_len;

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int is_layer(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return dot != NULL && strcmp(dot, ".json") == 0;
}

static void read_case_file(const char *name, const char *file, struct ocn_buf *ret)
{
    char path[1024];
    char chunk[4096];
    size_t len;

    ck_assert_int_lt(snprintf(path, sizeof(path), "%s/%s/%s", POLICY_CASES, name, file),
                     sizeof(path));
    FILE *stream = fopen(path, "re");
    ck_assert_msg(stream != NULL, "cannot open %s", path);
    while ((len = fread(chunk, 1, sizeof(chunk), stream)) > 0) {
        ocn_buf_add(ret, chunk, len);
    }
    (void)fclose(stream);
}

/* "ok" and every leaf of the policy with its layer, or "WHERE: MSG". */
static void judge(const struct ocn_layer *layers, size_t count, struct ocn_buf *ret)
{
    struct ocn_config *config = NULL;
    struct ocn_error err = { 0 };
    const char *pointer;
    json_t *layer;

    if (ocn_config_load(layers, count, &config, &err) < 0) {
        ck_assert_ptr_null(config);
        ocn_buf_printf(ret, "%s: %s\n", err.where, err.msg);
        return;
    }
    ocn_buf_puts(ret, "ok\n");
    json_t *show = ocn_config_show(config);
    json_object_foreach (json_object_get(show, "layers"), pointer, layer) {
        const json_t *value = json_object_get(show, "policy");
        const char *rest = pointer;
        char token[256];
        while (ocn_json_pointer_next(&rest, token, sizeof(token))) {
            value = json_object_get(value, token);
        }
        char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
        ck_assert_msg(text != NULL, "%s leads to nothing", pointer);
        ocn_buf_printf(ret, "%s = %s   (%s)\n", pointer, text, json_string_value(layer));
        free(text);
    }
    json_decref(show);
    ocn_config_free(config);
}

/* An error is expected exactly; of what is right, `expected` lists the lines that matter. */
static void compare(const char *name, const char *actual, char *expected)
{
    if (strncmp(expected, "ok\n", 3) != 0) {
        ck_assert_msg(strcmp(actual, expected) == 0, "%s:\n  got      %s  expected %s", name,
                      actual, expected);
        return;
    }
    for (char *line = expected, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        const char *found = strstr(actual, line);
        size_t len = strlen(line);
        ck_assert_msg(found != NULL && (found == actual || found[-1] == '\n') && found[len] == '\n',
                      "%s: no line \"%s\" in:\n%s", name, line, actual);
    }
}

START_TEST(test_config__case)
{
    const char *name = cases[_i]->d_name;
    struct ocn_buf texts[LAYERS_MAX] = { 0 };
    struct ocn_layer layers[LAYERS_MAX];
    struct ocn_buf expected = { 0 };
    struct ocn_buf actual = { 0 };
    struct dirent **files = NULL;
    char path[1024];

    ck_assert_int_lt(snprintf(path, sizeof(path), "%s/%s", POLICY_CASES, name), sizeof(path));
    int count = scandir(path, &files, is_layer, alphasort);
    ck_assert_int_gt(count, 0);
    ck_assert_int_le(count, LAYERS_MAX);
    for (int i = 0; i < count; i++) {
        read_case_file(name, files[i]->d_name, &texts[i]);
        layers[i] = (struct ocn_layer){ files[i]->d_name, ocn_buf_bytes(&texts[i]), NULL };
    }
    read_case_file(name, "expected", &expected);
    ck_assert_uint_gt(expected.len, 0);
    judge(layers, (size_t)count, &actual);
    compare(name, actual.ptr, expected.ptr);

    for (int i = 0; i < count; i++) {
        ocn_buf_done(&texts[i]);
        free(files[i]);
    }
    free(files);
    ocn_buf_done(&expected);
    ocn_buf_done(&actual);
}
END_TEST

/* ---- the default ------------------------------------------------------------------------ */

START_TEST(test_config__default_is_the_interface)
{
    struct ocn_config *config = NULL;

    ck_assert_int_eq(ocn_config_load(NULL, 0, &config, NULL), 0);
    const struct ocn_policy *policy = ocn_config_base(config);
    ck_assert_uint_eq(policy->version, 1);
    ck_assert_str_eq(policy->profile, OCN_PROFILE_UNKNOWN);
    ck_assert_int_eq(policy->on_error, OCN_ON_ERROR_DENY);
    ck_assert_uint_eq(policy->user.uid, 1001);
    ck_assert_uint_eq(policy->user.gid, 1001);
    ck_assert_int_eq(policy->user.when, OCN_WHEN_ROOT);
    ck_assert_int_eq(policy->user.groups, OCN_GROUPS_DROP_ROOT);
    ck_assert_str_eq(policy->user.home, "auto");
    ck_assert(!policy->user.low_ports);
    ck_assert_int_eq(policy->user.exec, OCN_EXEC_FOLLOW);
    ck_assert_int_eq(policy->env.maxprocs.round, OCN_ROUND_UP);
    ck_assert_uint_eq(policy->env.maxprocs.min, 2);
    ck_assert(!policy->env.maxprocs.from_shares);
    ck_assert_double_eq(policy->env.memlimit.ratio, 0.9);
    ck_assert_double_eq(policy->env.memlimit.min_limit, 67108864);
    ck_assert_str_eq(policy->env.http.client_idle, "OCINORM_HTTP_CLIENT_IDLE_TIMEOUT");
    ck_assert_str_eq(policy->env.http.server_idle, "OCINORM_HTTP_SERVER_IDLE_TIMEOUT");
    ck_assert_str_eq(policy->env.http.tls_handshake, "OCINORM_HTTP_TLS_HANDSHAKE_TIMEOUT");
    ck_assert_str_eq(policy->env.http.expect_continue, "OCINORM_HTTP_EXPECT_CONTINUE_TIMEOUT");
    ck_assert_int_eq(policy->env.http.format, OCN_DURATION_GO);
    ck_assert_uint_eq(policy->env.set.len, 0);
    ck_assert(!policy->env.override);
    ck_assert_int_eq(policy->env.when, OCN_ENV_WHEN_AUTO);
    ck_assert(!policy->env.otel_probe);
    ck_assert(policy->exempt.sandbox);
    ck_assert(policy->exempt.privileged);
    ck_assert(policy->exempt.host_namespaces);
    ck_assert_uint_eq(policy->exempt.namespaces.len, 1);
    ck_assert_str_eq(policy->exempt.namespaces.items[0], "kube-system");
    ck_assert_uint_eq(policy->exempt.annotations.len, 0);
    ck_assert_uint_eq(policy->match.len, 0);
    ck_assert_int_eq(policy->hook.apply, OCN_APPLY_ENTRY);
    ck_assert_uint_eq(policy->runtimes.len, 2);
    ck_assert_str_eq(policy->runtimes.items[0], "runc");
    ck_assert_str_eq(policy->runtimes.items[1], "crun");
    ocn_config_free(config);
}
END_TEST

START_TEST(test_config__default_levels_are_those_of_the_rules)
{
    static const struct {
        const char *name;
        enum ocn_rule_id id;
        enum ocn_level level;
    } rules[] = {
#define OCN_RULE(symbol, name, level, changes, event, needs, function, summary)                    \
    { name, OCN_RULE_##symbol, OCN_LEVEL_##level },
#include "normalize/policy/rules.def"
#undef OCN_RULE
    };
    struct ocn_config *config = NULL;

    ck_assert_int_eq(ocn_config_load(NULL, 0, &config, NULL), 0);
    json_t *show = ocn_config_show(config);
    json_t *levels = json_object_get(json_object_get(show, "policy"), "rules");
    for (size_t i = 0; i < OCN_COUNT(rules); i++) {
        ck_assert_msg(ocn_config_base(config)->level[rules[i].id] == rules[i].level,
                      "default.json has another level for %s than rules.def", rules[i].name);
        ck_assert_msg(json_object_get(levels, rules[i].name) != NULL, "%s", rules[i].name);
    }
    ck_assert_uint_eq(json_object_size(levels), OCN_RULE_COUNT);
    json_decref(show);
    ocn_config_free(config);
}
END_TEST

/* Objects that hold nothing are leaves, too. */
static size_t count_leaves(json_t *json)
{
    const char *key;
    json_t *value;
    size_t count = 0;

    if (json_object_size(json) == 0) {
        return 1;
    }
    json_object_foreach (json, key, value) {
        count += count_leaves(value);
    }
    return count;
}

START_TEST(test_config__every_key_of_the_default_is_set_by_it)
{
    struct ocn_config *config = NULL;
    const char *pointer;
    json_t *layer;

    ck_assert_int_eq(ocn_config_load(NULL, 0, &config, NULL), 0);
    json_t *show = ocn_config_show(config);
    json_t *marks = json_object_get(show, "layers");
    ck_assert_uint_gt(json_object_size(marks), OCN_RULE_COUNT);
    ck_assert_uint_eq(json_object_size(marks), count_leaves(json_object_get(show, "policy")));
    json_object_foreach (marks, pointer, layer) {
        ck_assert_str_eq(json_string_value(layer), "built-in");
    }
    json_decref(show);
    ocn_config_free(config);
}
END_TEST

/* ---- loading ---------------------------------------------------------------------------- */

START_TEST(test_config__layers_need_not_outlive_the_load)
{
    char text[] = "{\"env\":{\"set\":{\"A\":\"1\"}},\"match\":[{\"when\":{\"images\":[\"i\"]},"
                  "\"policy\":{\"user\":{\"home\":\"/h\"}}}]}";
    char name[] = "gone.json";
    struct ocn_layer layer = { name, bytes_of(text), NULL };
    struct ocn_config *config = NULL;

    ck_assert_int_eq(ocn_config_load(&layer, 1, &config, NULL), 0);
    memset(text, 'x', sizeof(text) - 1);
    memset(name, 'x', sizeof(name) - 1);
    ck_assert_str_eq(ocn_config_base(config)->env.set.items[0].value, "1");
    json_t *show = ocn_config_show(config);
    ck_assert_str_eq(
        json_string_value(json_object_get(json_object_get(show, "layers"), "/env/set/A")),
        "gone.json");
    json_decref(show);
    ocn_config_free(config);
}
END_TEST

START_TEST(test_config__a_policy_past_the_limit_is_refused)
{
    struct ocn_buf text = { 0 };
    struct ocn_config *config = NULL;
    struct ocn_error err = { 0 };

    ocn_buf_puts(&text, "{}");
    while (text.len < OCN_POLICY_MAX_SIZE) {
        ocn_buf_puts(&text, "\n");
    }
    struct ocn_layer layer = { "large.json", ocn_buf_bytes(&text), NULL };
    ck_assert_int_eq(ocn_config_load(&layer, 1, &config, &err), 0);
    ocn_config_free(config);
    config = NULL;

    ocn_buf_puts(&text, "\n");
    layer.text = ocn_buf_bytes(&text);
    ck_assert_int_eq(ocn_config_load(&layer, 1, &config, &err), -1);
    ck_assert_int_eq(err.code, OCN_E_LIMIT);
    ck_assert_str_eq(err.where, "large.json");
    ck_assert_ptr_null(config);
    ocn_buf_done(&text);
}
END_TEST

START_TEST(test_config__a_long_pointer_is_cut_and_gives_no_wrong_line)
{
    struct ocn_buf text = { 0 };
    struct ocn_config *config = NULL;
    struct ocn_error err = { 0 };

    ocn_buf_puts(&text, "{\n\"env\":{\"set\":{\n\"");
    for (int i = 0; i < 400; i++) {
        ocn_buf_puts(&text, "N");
    }
    ocn_buf_puts(&text, "\":7}}}");
    struct ocn_layer layer = { "policy.json", ocn_buf_bytes(&text), NULL };
    ck_assert_int_eq(ocn_config_load(&layer, 1, &config, &err), -1);
    ck_assert_int_eq(strncmp(err.where, "...NNN", 6), 0);
    ck_assert_str_eq(err.msg, "expected a string, found 7");
    ocn_buf_done(&text);
}
END_TEST

START_TEST(test_config__a_failure_without_error_struct_is_a_failure)
{
    struct ocn_layer wrong = layer_of("{\"user\":{\"uid\":0}}");
    struct ocn_layer broken = layer_of("{");
    struct ocn_config *config = NULL;

    ck_assert_int_eq(ocn_config_load(&wrong, 1, &config, NULL), -1);
    ck_assert_int_eq(ocn_config_load(&broken, 1, &config, NULL), -1);
    ck_assert_ptr_null(config);
    ocn_config_free(NULL);
}
END_TEST

/* ---- match ------------------------------------------------------------------------------ */

static const char shop[] =
    "{\"env\":{\"set\":{\"A\":\"base\"}},\"match\":["
    "{\"when\":{\"namespaces\":[\"shop-*\"]},"
    " \"policy\":{\"user\":{\"uid\":2000},\"env\":{\"set\":{\"A\":\"shop\",\"B\":\"shop\"}}}},"
    "{\"when\":{\"images\":[\"*/legacy:*\"]},\"policy\":{\"rules\":{\"platform.arch\":\"warn\"}}},"
    "{\"when\":{\"namespaces\":[\"shop-eu\"]},\"policy\":{\"user\":{\"uid\":3000}}}]}";

static void select_for(const struct ocn_config *config, const char *namespace_, const char *image,
                       struct ocn_arena *arena, struct ocn_policy *ret)
{
    struct ocn_identity identity = { .namespace_ = namespace_, .image = image };
    struct ocn_container container = { 0 };
    struct ocn_error err = { 0 };

    ck_assert_int_eq(ocn_config_select(config, &identity, &container, arena, ret, &err), 0);
}

START_TEST(test_config__select_applies_the_rows_that_hold_in_order)
{
    struct ocn_config *config = load(shop);
    struct ocn_arena arena = { 0 };
    struct ocn_policy policy;

    select_for(config, "shop-us", "docker.io/x/app:1", &arena, &policy);
    ck_assert_uint_eq(policy.user.uid, 2000);
    ck_assert_uint_eq(policy.user.gid, 1001);
    ck_assert_uint_eq(policy.env.set.len, 2);
    ck_assert_str_eq(policy.env.set.items[0].value, "shop");
    ck_assert_int_eq(policy.level[OCN_RULE_PLATFORM_ARCH], OCN_LEVEL_DENY);

    select_for(config, "shop-eu", "docker.io/x/legacy:1", &arena, &policy);
    ck_assert_uint_eq(policy.user.uid, 3000);
    ck_assert_int_eq(policy.level[OCN_RULE_PLATFORM_ARCH], OCN_LEVEL_WARN);
    ck_assert_uint_eq(policy.env.set.len, 2);

    select_for(config, "bakery", NULL, &arena, &policy);
    ck_assert_uint_eq(policy.user.uid, 1001);
    ck_assert_uint_eq(policy.env.set.len, 1);
    ck_assert_str_eq(policy.env.set.items[0].value, "base");
    ck_assert_str_eq(ocn_config_base(config)->env.set.items[0].value, "base");
    ck_assert_uint_eq(ocn_config_base(config)->env.set.len, 1);
    ocn_arena_done(&arena);
    ocn_config_free(config);
}
END_TEST

/* ---- runtimes --------------------------------------------------------------------------- */

START_TEST(test_config__runtimes_survive_a_broken_policy)
{
    static const struct {
        const char *first, *second, *expected;
    } rows[] = {
        { "{}", "{}", "runc" },
        { "{\"runtimes\":[\"crun\"]}", "{", "crun" },
        { "{\"runtimes\":[\"crun\"]}", "{\"runtimes\":[]}", "crun" },
        { "{\"runtimes\":[\"crun\"]}", "{\"runtimes\":[\"\"]}", "crun" },
        { "{\"runtimes\":[\"crun\"]}", "{\"runtimes\":\"youki\"}", "crun" },
        { "{\"runtimes\":[\"crun\"]}", "[]", "crun" },
        { "{\"runtimes\":[\"crun\"]}", "{\"runtimes\":[\"youki\"],\"usr\":7}", "youki" },
        { "{", "{\"runtimes\":null}", "runc" },
    };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        struct ocn_layer layers[] = { layer_of(rows[i].first), layer_of(rows[i].second) };
        struct ocn_arena arena = { 0 };
        struct ocn_strings runtimes = { 0 };
        ck_assert_int_eq(ocn_config_runtimes(layers, 2, &arena, &runtimes, NULL), 0);
        ck_assert_uint_ge(runtimes.len, 1);
        ck_assert_str_eq(runtimes.items[0], rows[i].expected);
        ocn_arena_done(&arena);
    }
}
END_TEST

/* ---- the schema ------------------------------------------------------------------------- */

START_TEST(test_config__schema_is_the_one_checked_in)
{
    json_t *expected = json_load_file(SCHEMA_FILE, 0, NULL);
    json_t *schema = ocn_config_schema();

    ck_assert_ptr_nonnull(expected);
    ck_assert_msg(json_equal(schema, expected),
                  "config/schema.json is stale: ocinorm config schema > config/schema.json");
    json_decref(schema);
    json_decref(expected);
}
END_TEST

static json_t *find_property(json_t *schema, const char *a, const char *b)
{
    json_t *object = json_object_get(json_object_get(schema, "properties"), a);

    return b == NULL ? object : json_object_get(json_object_get(object, "properties"), b);
}

START_TEST(test_config__schema_says_what_the_loader_does)
{
    json_t *schema = ocn_config_schema();
    json_t *uid = find_property(schema, "user", "uid");
    json_t *arch = find_property(schema, "rules", "platform.arch");
    json_t *row = json_object_get(find_property(schema, "match", NULL), "items");

    ck_assert(json_is_false(json_object_get(schema, "additionalProperties")));
    ck_assert(json_is_false(
        json_object_get(find_property(schema, "user", NULL), "additionalProperties")));
    ck_assert_str_eq(json_string_value(json_object_get(uid, "type")), "integer");
    ck_assert_int_eq(json_integer_value(json_object_get(uid, "minimum")), 1);
    ck_assert_int_eq(json_integer_value(json_object_get(uid, "maximum")), 4294967294);
    ck_assert_int_eq(json_integer_value(json_object_get(uid, "default")), 1001);
    ck_assert_uint_eq(json_array_size(json_object_get(arch, "enum")), 3);
    ck_assert_uint_eq(
        json_array_size(json_object_get(find_property(schema, "rules", "user.root"), "enum")), 4);
    ck_assert_str_eq(json_string_value(json_object_get(arch, "default")), "deny");
    json_t *overlay = find_property(row, "policy", NULL);
    ck_assert_str_eq(
        json_string_value(json_object_get(find_property(overlay, "user", NULL), "$ref")),
        "#/properties/user");
    ck_assert_ptr_null(find_property(overlay, "runtimes", NULL));
    json_decref(schema);
}
END_TEST

/* ---- files on a node -------------------------------------------------------------------- */

static char node[32];

/* Writes @text into the file @path of the node, and makes the directories that lead there. */
static void put_file(const char *path, const char *text)
{
    char full[512];

    ck_assert_int_lt(snprintf(full, sizeof(full), "%s%s", node, path), sizeof(full));
    for (char *slash = strchr(full + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(full, 0755);
        *slash = '/';
    }
    FILE *stream = fopen(full, "we");
    ck_assert_msg(stream != NULL, "cannot write %s", full);
    ck_assert_int_ge(fputs(text, stream), 0);
    ck_assert_int_eq(fclose(stream), 0);
}

static void make_node(void)
{
    (void)snprintf(node, sizeof(node), "/tmp/ocinorm-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(node));
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void remove_node(void)
{
    ck_assert_int_eq(nftw(node, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* A named file is taken as it is named: the tests name one below the node. */
static const char *in_node(char *buf, size_t size, const char *config)
{
    snprintf(buf, size, "%s%s", node, config != NULL ? config : "");
    return config != NULL ? buf : NULL;
}

/* Where the layers of the node come from, below its root, in order and with blanks between. */
static void assert_layers(const char *config, const char *expected)
{
    char named[512];
    struct ocn_world world = { .root = node, .config = in_node(named, sizeof(named), config) };
    struct ocn_node_policy policy = { 0 };
    struct ocn_buf names = { 0 };
    struct ocn_error err = { 0 };

    ck_assert_msg(ocn_node_policy_read(&world, &policy, &err) == 0, "%s: %s", err.where, err.msg);
    ocn_buf_puts(&names, "");
    for (size_t i = 0; i < policy.layers_len; i++) {
        const char *name = policy.layers[i].name;
        if (name == NULL) {
            continue; /* no profile */
        }
        bool own = strncmp(name, node, strlen(node)) == 0;
        ocn_buf_printf(&names, "%s%s", names.len > 0 ? " " : "", own ? name + strlen(node) : name);
    }
    ck_assert_str_eq(names.ptr, expected);
    ocn_buf_done(&names);
    ocn_node_policy_done(&policy);
}

/* The error of loading the node's policy; @where is below its root. */
static void assert_no_policy(const char *config, enum ocn_code code, const char *where,
                             const char *msg)
{
    char named[512];
    struct ocn_world world = { .root = node, .config = in_node(named, sizeof(named), config) };
    struct ocn_node_policy policy = { 0 };
    struct ocn_error err = { 0 };

    ck_assert_int_eq(ocn_node_policy_read(&world, &policy, &err), -1);
    ck_assert_ptr_null(policy.config);
    ocn_node_policy_done(&policy);
    ck_assert_int_eq(err.code, code);
    ck_assert_int_eq(strncmp(err.where, node, strlen(node)), 0);
    ck_assert_str_eq(err.where + strlen(node), where);
    ck_assert_msg(strstr(err.msg, msg) != NULL, "%s", err.msg);
}

START_TEST(test_config__a_node_without_files_has_no_layer)
{
    assert_layers(NULL, "");
}
END_TEST

START_TEST(test_config__files_are_layered_in_order)
{
    put_file(OCN_VENDOR_DIR "/vendor.json", "{}");
    put_file(OCN_VENDOR_DIR "/README", "not a policy");
    put_file("/etc/ocinorm/config.json", "{\"profile\":\"edge\"}");
    put_file("/etc/ocinorm/conf.d/20-b.json", "{}");
    put_file("/etc/ocinorm/conf.d/10-a.json", "{}");
    put_file("/etc/ocinorm/conf.d/B.json", "{}");
    put_file("/etc/ocinorm/conf.d/.hidden.json", "no JSON");
    put_file("/etc/ocinorm/conf.d/30.json.bak", "no JSON");
    put_file(OCN_VENDOR_DIR "/profiles/edge.json", "{}");
    assert_layers(NULL, OCN_VENDOR_DIR "/profiles/edge.json " OCN_VENDOR_DIR "/vendor.json "
                                       "/etc/ocinorm/config.json /etc/ocinorm/conf.d/10-a.json "
                                       "/etc/ocinorm/conf.d/20-b.json /etc/ocinorm/conf.d/B.json");
    put_file("/etc/ocinorm/profiles/edge.json", "{}");
    put_file("/etc/ocinorm/conf.d/10-a.json", "{\"profile\":\"auto\"}");
    put_file("/etc/ocinorm/conf.d/20-b.json", "{\"profile\":\"edge\"}");
    put_file("/etc/ocinorm/conf.d/B.json", "{\"profile\":\"edge\"}");
    assert_layers(NULL, "/etc/ocinorm/profiles/edge.json " OCN_VENDOR_DIR "/vendor.json "
                        "/etc/ocinorm/config.json /etc/ocinorm/conf.d/10-a.json "
                        "/etc/ocinorm/conf.d/20-b.json /etc/ocinorm/conf.d/B.json");
}
END_TEST

START_TEST(test_config__a_named_file_brings_its_own_directory)
{
    put_file("/etc/ocinorm/config.json", "{}");
    put_file("/etc/ocinorm/conf.d/a.json", "{}");
    put_file("/srv/mine.json", "{}");
    put_file("/srv/conf.d/b.json", "{}");
    assert_layers("/srv/mine.json", "/srv/mine.json /srv/conf.d/b.json");
    assert_no_policy("/srv/other.json", OCN_E_NOENT, "/srv/other.json", "cannot open");
}
END_TEST

START_TEST(test_config__a_missing_profile_says_where_it_was_looked_for)
{
    put_file("/etc/ocinorm/config.json", "{\n\"profile\": \"aws\"}");
    assert_no_policy(NULL, OCN_E_FORMAT, "/etc/ocinorm/config.json:2: /profile",
                     "/etc/ocinorm/profiles/aws.json nor ");
    assert_no_policy(NULL, OCN_E_FORMAT, "/etc/ocinorm/config.json:2: /profile",
                     OCN_VENDOR_DIR "/profiles/aws.json exists, and none of that name is built");
}
END_TEST

START_TEST(test_config__a_profile_never_leaves_its_directory)
{
    put_file("/etc/ocinorm/evil.json", "{}");
    put_file("/etc/ocinorm/config.json", "{\"profile\":\"../evil\"}");
    assert_no_policy(NULL, OCN_E_FORMAT, "/etc/ocinorm/config.json:1: /profile",
                     "a profile is named, not pointed to");
}
END_TEST

START_TEST(test_config__what_cannot_be_read_is_an_error)
{
    put_file("/etc/ocinorm/conf.d/a.json/b", "");
    assert_no_policy(NULL, OCN_E_FORMAT, "/etc/ocinorm/conf.d/a.json", "not a regular file");
}
END_TEST

START_TEST(test_config__a_directory_that_is_none_is_an_error)
{
    put_file("/etc/ocinorm/conf.d", "");
    assert_no_policy(NULL, OCN_E_NOENT, "/etc/ocinorm/conf.d", "cannot open the directory");
}
END_TEST

START_TEST(test_config__the_file_disabled_switches_off)
{
    struct ocn_world world = { .root = node };
    char path[512];
    struct ocn_world named = { .root = node,
                               .config = in_node(path, sizeof(path), "/srv/mine.json") };

    ck_assert(!ocn_policy_is_disabled(&world));
    put_file("/srv/disabled", "");
    ck_assert(!ocn_policy_is_disabled(&world));
    ck_assert(ocn_policy_is_disabled(&named));
    put_file("/etc/ocinorm/disabled", "");
    ck_assert(ocn_policy_is_disabled(&world));
    ck_assert(ocn_policy_is_disabled(&(struct ocn_world){ .root = node, .config = "/x" }));
}
END_TEST

static TCase *make_files_tcase(void)
{
    TCase *tcase = tcase_create("files");

    tcase_add_checked_fixture(tcase, make_node, remove_node);
    tcase_add_test(tcase, test_config__a_node_without_files_has_no_layer);
    tcase_add_test(tcase, test_config__files_are_layered_in_order);
    tcase_add_test(tcase, test_config__a_named_file_brings_its_own_directory);
    tcase_add_test(tcase, test_config__a_missing_profile_says_where_it_was_looked_for);
    tcase_add_test(tcase, test_config__a_profile_never_leaves_its_directory);
    tcase_add_test(tcase, test_config__what_cannot_be_read_is_an_error);
    tcase_add_test(tcase, test_config__a_directory_that_is_none_is_an_error);
    tcase_add_test(tcase, test_config__the_file_disabled_switches_off);
    return tcase;
}

START_TEST(test_config__is_off_where_no_row_of_match_switches_a_rule_on)
{
    static const struct {
        const char *rows;
        int off;
    } rows[] = {
        { "", 1 },
        { "{\"when\":{\"namespaces\":[\"a\"]},\"policy\":{\"user\":{\"uid\":7}}}", 1 },
        { "{\"when\":{\"namespaces\":[\"a\"]},\"policy\":{\"rules\":{\"user.root\":\"off\"}}}", 1 },
        { "{\"when\":{\"namespaces\":[\"a\"]},\"policy\":{\"rules\":{\"env.set\":\"warn\"}}}", 0 },
    };
    struct ocn_config *config = NULL;

    ck_assert_int_eq(ocn_config_load(NULL, 0, &config, NULL), 0);
    ck_assert_int_eq(ocn_config_is_off(config), 0);
    json_t *levels = json_object();
    for (size_t i = 0; i < OCN_RULE_COUNT; i++) {
        json_object_set_new(levels, ocn_rules[i].name, json_string("off"));
    }
    char *off = json_dumps(levels, JSON_COMPACT);
    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        char text[4096];
        ocn_config_freep(&config);
        (void)snprintf(text, sizeof(text), "{\"rules\":%s,\"match\":[%s]}", off, rows[i].rows);
        const struct ocn_layer layer = { "policy.json", { text, strlen(text) }, NULL };
        ck_assert_int_eq(ocn_config_load(&layer, 1, &config, NULL), 0);
        ck_assert_int_eq(ocn_config_is_off(config), rows[i].off);
    }
    free(off);
    json_decref(levels);
    ocn_config_free(config);
}
END_TEST

/* ---- one member of a layer ---------------------------------------------------------------- */

START_TEST(test_config__one_member_of_a_layer_is_what_the_whole_says)
{
    static const struct {
        const char *text;
        const char *member; /* NULL: none */
    } rows[] = {
        { "{\"profile\":\"aws-eks\"}", "\"aws-eks\"" },
        { " { \"user\" : {} , \"profile\" : [ 1 , true ] } ", "[1.0,true]" },
        { "{\"profile\":{\"profile\":null}}", "{\"profile\":null}" },
        { "{\"user\":{\"profile\":\"x\"}}", NULL },
        { "{\"profiles\":\"x\"}", NULL },
        /* What is in doubt is for the library to read: */
        { "{\"profile\":\"\xc3\xa9\"}", "\"\xc3\xa9\"" },
        { "{\"profile\":\"x\",\"user\":\"\xc3\xa9\"}", "\"x\"" },
        { "{\"\\u0070rofile\":\"x\"}", "\"x\"" },
        /* What is no JSON has no members: */
        { "{\"profile\":\"x\",\"profile\":\"y\"}", NULL },
        { "{\"profile\":\"x\",\"user\":{\"a\":1,\"a\":1}}", NULL },
        { "{\"profile\":\"x\",}", NULL },
        { "{\"profile\":\"x\"", NULL },
        { "{\"profile\":\"x\"}}", NULL },
        { "[\"profile\",\"x\"]", NULL },
        { "\"profile\"", NULL },
        { "", NULL },
    };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        const struct ocn_layer layer = layer_of(rows[i].text);
        json_auto_t *member = NULL;
        ck_assert_int_eq(ocn_layer_get(&layer, "profile", &member), 0);
        OCN_CLEANUP(ocn_freep)
        char *printed = json_dumps(member, JSON_ENCODE_ANY | JSON_COMPACT);
        ck_assert_pstr_eq(printed, rows[i].member);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config");
    TCase *tcase = tcase_create("config");

    cases_len = scandir(POLICY_CASES, &cases, is_visible, alphasort);
    if (cases_len <= 0) {
        (void)fprintf(stderr, "no cases in %s\n", POLICY_CASES);
        return 1;
    }
    tcase_add_loop_test(tcase, test_config__case, 0, cases_len);
    tcase_add_test(tcase, test_config__default_is_the_interface);
    tcase_add_test(tcase, test_config__default_levels_are_those_of_the_rules);
    tcase_add_test(tcase, test_config__every_key_of_the_default_is_set_by_it);
    tcase_add_test(tcase, test_config__layers_need_not_outlive_the_load);
    tcase_add_test(tcase, test_config__a_policy_past_the_limit_is_refused);
    tcase_add_test(tcase, test_config__a_long_pointer_is_cut_and_gives_no_wrong_line);
    tcase_add_test(tcase, test_config__a_failure_without_error_struct_is_a_failure);
    tcase_add_test(tcase, test_config__select_applies_the_rows_that_hold_in_order);
    tcase_add_test(tcase, test_config__is_off_where_no_row_of_match_switches_a_rule_on);
    tcase_add_test(tcase, test_config__runtimes_survive_a_broken_policy);
    tcase_add_test(tcase, test_config__one_member_of_a_layer_is_what_the_whole_says);
    tcase_add_test(tcase, test_config__schema_is_the_one_checked_in);
    tcase_add_test(tcase, test_config__schema_says_what_the_loader_does);
    suite_add_tcase(suite, tcase);
    suite_add_tcase(suite, make_files_tcase());

    int status = ocn_run_suite(suite);
    for (int i = 0; i < cases_len; i++) {
        free(cases[i]);
    }
    free(cases);
    return status;
}
