/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "config/config.h"
#include "normalize/admission/mutate.h"
#include "normalize/json/load.h"
#include "tests/lib/patch.h"
#include "tests/lib/suite.h"

#define LIMITS "\"resources\":{\"limits\":{\"cpu\":\"1500m\",\"memory\":\"512Mi\"}}"
#define META "\"metadata\":{\"name\":\"n\"}"
#define POD(meta, spec) "{\"apiVersion\":\"v1\",\"kind\":\"Pod\"," meta ",\"spec\":{" spec "}}"
#define ONE(container) "\"containers\":[{\"name\":\"a\"" container "}]"
#define CLASS "{\"version\":1,\"admission\":{\"rules\":{\"runtimeclass\":\"warn\"}}}"
#define ALWAYS "{\"version\":1,\"user\":{\"when\":\"always\"}}"
#define LABELS                                                                                     \
    "{\"version\":1,\"admission\":{\"labels\":{\"required\":[\"a.b/c\",\"app\"],\"allowed\":{}}}}"
#define NOTHING "[]"
#define TWO                                                                                        \
    "[{\"name\":\"GOMAXPROCS\",\"value\":\"2\"},{\"name\":\"GOMEMLIMIT\",\"value\":\"483183820\"}" \
    "]"

static json_t *load(const char *text)
{
    json_t *json = NULL;
    struct ocn_error err = { 0 };
    int status =
        ocn_json_load((struct ocn_bytes){ text, strlen(text) }, (size_t)1 << 20, &json, &err);

    ck_assert_msg(status == 0, "%s: %s: %s", text, err.where, err.msg);
    return json;
}

static struct ocn_config *load_policy(const char *text)
{
    const struct ocn_layer layer = { .name = "test", .text = { text, strlen(text) } };
    struct ocn_config *config = NULL;
    struct ocn_error err = { 0 };

    ck_assert_msg(ocn_config_load(&layer, 1, &config, &err) == 0, "%s: %s", err.where, err.msg);
    return config;
}

static json_t *patch_of(const struct ocn_policy *policy, const json_t *object,
                        const char *operation, const char *subresource)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    const struct ocn_admission_request request = {
        .object = object, .operation = operation, .subresource = subresource, .namespace_ = "shop"
    };
    json_t *patch = NULL;
    struct ocn_error err = { 0 };

    ck_assert_msg(ocn_mutate_patch(policy, &request, &arena, &patch, &err) == 0, "%s: %s",
                  err.where, err.msg);
    return patch;
}

static const struct {
    const char *policy;
    const char *object;
    const char *patch;
} rows[] = {
    /* Go's variables: the same numbers as on a node. */
    { "{\"version\":1}", POD(META, ONE("")), NOTHING },
    { "{\"version\":1}", POD(META, ONE("," LIMITS)),
      "[{\"op\":\"add\",\"path\":\"/spec/containers/0/env\",\"value\":" TWO "}]" },
    { "{\"version\":1}", POD(META, ONE("," LIMITS ",\"env\":null")),
      "[{\"op\":\"add\",\"path\":\"/spec/containers/0/env\",\"value\":" TWO "}]" },
    { "{\"version\":1}",
      POD(META, ONE("," LIMITS ",\"env\":[{\"name\":\"GOMEMLIMIT\",\"value\":\"off\"}]")),
      "[{\"op\":\"add\",\"path\":\"/spec/containers/0/env/-\",\"value\":{\"name\":\"GOMAXPROCS\","
      "\"value\":\"2\"}}]" },
    { "{\"version\":1}", POD(META, ONE("," LIMITS ",\"envFrom\":[{}]")), NOTHING },
    { "{\"version\":1}", POD(META, ONE("," LIMITS ",\"env\":\"x\"")), NOTHING },
    { "{\"version\":1}",
      POD(META, ONE(",\"resources\":{\"limits\":{\"cpu\":4,\"memory\":\"32Mi\"}}")),
      "[{\"op\":\"add\",\"path\":\"/spec/containers/0/env\",\"value\":[{\"name\":\"GOMAXPROCS\","
      "\"value\":\"4\"}]}]" },
    { "{\"version\":1}", POD(META, ONE(",\"resources\":{\"limits\":{\"cpu\":\"many\"}}")),
      NOTHING },
    { "{\"version\":1}", POD(META, ONE("") ",\"initContainers\":[{\"name\":\"i\"," LIMITS "}]"),
      "[{\"op\":\"add\",\"path\":\"/spec/initContainers/0/env\",\"value\":" TWO "}]" },
    { "{\"version\":1}",
      POD(META, ONE("") ",\"ephemeralContainers\":[{\"name\":\"e\"," LIMITS "}]"), NOTHING },
    { "{\"version\":1,\"rules\":{\"env.gomaxprocs\":\"warn\",\"env.gomemlimit\":\"off\"}}",
      POD(META, ONE("," LIMITS)), NOTHING },
    /* Who is left alone. */
    { "{\"version\":1}", POD(META, ONE("," LIMITS) ",\"os\":{\"name\":\"windows\"}"), NOTHING },
    { "{\"version\":1}", POD(META, ONE("," LIMITS) ",\"hostNetwork\":true"), NOTHING },
    { "{\"version\":1}", POD(META, ONE("," LIMITS ",\"securityContext\":{\"privileged\":true}")),
      NOTHING },
    { "{\"version\":1,\"exempt\":{\"namespaces\":[\"sh*\"]}}", POD(META, ONE("," LIMITS)),
      NOTHING },
    { "{\"version\":1,\"exempt\":{\"annotations\":{\"skip\":\"yes\"}}}",
      POD("\"metadata\":{\"annotations\":{\"skip\":\"yes\"}}", ONE("," LIMITS)), NOTHING },
    { "{\"version\":1}",
      "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"spec\":{\"template\":{\"spec\":{" ONE(
          "," LIMITS) "}}}}",
      NOTHING },
    { "{\"version\":1}",
      "{\"apiVersion\":\"v1\",\"kind\":\"PodList\",\"items\":[" POD(META, ONE("," LIMITS)) "]}",
      NOTHING },
    /* The runtime class. */
    { CLASS, POD(META, ONE("")),
      "[{\"op\":\"add\",\"path\":\"/spec/runtimeClassName\",\"value\":\"ocinorm\"}]" },
    { CLASS, POD(META, ONE("," LIMITS) ",\"hostPID\":true"),
      "[{\"op\":\"add\",\"path\":\"/spec/runtimeClassName\",\"value\":\"ocinorm\"}]" },
    { CLASS, POD(META, ONE("") ",\"os\":{\"name\":\"windows\"}"), NOTHING },
    { CLASS, POD(META, ONE("") ",\"runtimeClassName\":\"kata\""), NOTHING },
    { CLASS, POD(META, ONE("") ",\"runtimeClassName\":\"\""), NOTHING },
    /* Labels that are required, from annotations; keys as RFC 6901 writes them. */
    { LABELS, POD("\"metadata\":{\"annotations\":{\"a.b/c\":\"x\",\"app\":\"y\"}}", ONE("")),
      "[{\"op\":\"add\",\"path\":\"/metadata/labels\",\"value\":{\"a.b/"
      "c\":\"x\",\"app\":\"y\"}}]" },
    { LABELS,
      POD("\"metadata\":{\"labels\":{\"app\":\"z\"},\"annotations\":{\"a.b/c\":\"x\",\"app\":\"y\"}"
          "}",
          ONE("")),
      "[{\"op\":\"add\",\"path\":\"/metadata/labels/a.b~1c\",\"value\":\"x\"}]" },
    { LABELS, POD("\"metadata\":{\"annotations\":{\"app\":\"no label\"}}", ONE("")), NOTHING },
    { LABELS, POD("\"metadata\":{\"annotations\":{\"app\":\"-a\"}}", ONE("")), NOTHING },
    { LABELS, POD("\"metadata\":{\"annotations\":{\"app\":5}}", ONE("")), NOTHING },
    /* The user: an image's own is not replaced, nor forbidden what the node would repair. */
    { "{\"version\":1}", POD(META, ONE(",\"securityContext\":{\"runAsUser\":5}")),
      "[{\"op\":\"add\",\"path\":\"/spec/securityContext\",\"value\":{\"runAsNonRoot\":true}}]" },
    { "{\"version\":1}", POD(META, ONE(",\"securityContext\":{\"runAsUser\":0}")), NOTHING },
    { "{\"version\":1}", POD(META, ONE("") ",\"securityContext\":{\"runAsUser\":7}"),
      "[{\"op\":\"add\",\"path\":\"/spec/securityContext/runAsNonRoot\",\"value\":true}]" },
    { "{\"version\":1}",
      POD(META, ONE("") ",\"securityContext\":{\"runAsUser\":7,\"runAsNonRoot\":false}"), NOTHING },
    { ALWAYS, POD(META, ONE("")),
      "[{\"op\":\"add\",\"path\":\"/spec/securityContext\",\"value\":{\"runAsUser\":1001,"
      "\"runAsGroup\":1001,\"runAsNonRoot\":true}}]" },
    { ALWAYS,
      POD(META, "\"containers\":[{\"name\":\"a\"},{\"name\":\"b\",\"securityContext\":{"
                "\"runAsUser\":0}}],\"securityContext\":{\"runAsGroup\":9}"),
      "[{\"op\":\"add\",\"path\":\"/spec/securityContext/runAsUser\",\"value\":1001}]" },
    { "{\"version\":1,\"user\":{\"when\":\"never\"}}",
      POD(META, ONE(",\"securityContext\":{\"runAsUser\":5}")), NOTHING },
    { "{\"version\":1,\"rules\":{\"user.root\":\"deny\"}}",
      POD(META, ONE(",\"securityContext\":{\"runAsUser\":5}")), NOTHING },
};

START_TEST(test_mutate__fills_in_what_is_absent)
{
    OCN_CLEANUP(ocn_config_freep) struct ocn_config *config = load_policy(rows[_i].policy);
    json_auto_t *object = load(rows[_i].object);
    json_auto_t *before = json_deep_copy(object);
    json_auto_t *patch = patch_of(ocn_config_base(config), object, "CREATE", NULL);
    json_auto_t *wanted = json_loads(rows[_i].patch, 0, NULL);
    char *shown = json_dumps(patch, JSON_COMPACT);

    ck_assert_ptr_nonnull(wanted);
    ck_assert_msg(json_equal(patch, wanted), "row %d: %s", _i, shown);
    ck_assert(json_equal(object, before));
    ck_assert(ocn_patch_apply(object, patch));
    json_auto_t *again = patch_of(ocn_config_base(config), object, "CREATE", "");
    ck_assert_uint_eq(json_array_size(again), 0);
    free(shown);
}
END_TEST

START_TEST(test_mutate__only_what_is_created)
{
    static const struct {
        const char *operation;
        const char *subresource;
        bool touched;
    } requests[] = { { NULL, NULL, true },       { "CREATE", "", true },
                     { "UPDATE", NULL, false },  { "DELETE", NULL, false },
                     { "CONNECT", NULL, false }, { "CREATE", "binding", false } };
    OCN_CLEANUP(ocn_config_freep) struct ocn_config *config = load_policy(CLASS);
    json_auto_t *object = load(POD(META, ONE("," LIMITS)));

    json_auto_t *patch =
        patch_of(ocn_config_base(config), object, requests[_i].operation, requests[_i].subresource);
    ck_assert_int_eq(json_array_size(patch) != 0, requests[_i].touched);
}
END_TEST

/* ---- random pods ------------------------------------------------------------------------- */

struct dice {
    uint64_t state;
};

/* xorshift64*, below @sides. */
static unsigned roll(struct dice *dice, unsigned sides)
{
    dice->state ^= dice->state >> 12;
    dice->state ^= dice->state << 25;
    dice->state ^= dice->state >> 27;
    return (unsigned)((dice->state * UINT64_C(2685821657736338717)) >> 33) % sides;
}

static void maybe(struct dice *dice, json_t *object, const char *key, const char *const *values)
{
    size_t count = 0;

    while (values[count] != NULL) {
        count++;
    }
    unsigned at = roll(dice, (unsigned)count + 2);
    if (at < count) {
        json_object_set_new(object, key, json_loads(values[at], JSON_DECODE_ANY, NULL));
    }
}

static json_t *random_container(struct dice *dice)
{
    static const char *const contexts[] = { "{}",
                                            "null",
                                            "{\"runAsUser\":0}",
                                            "{\"runAsUser\":7}",
                                            "{\"runAsNonRoot\":true}",
                                            "{\"runAsNonRoot\":false,\"runAsUser\":3}",
                                            "{\"privileged\":true}",
                                            NULL };
    static const char *const resources[] = { "{\"limits\":{\"cpu\":\"250m\"}}",
                                             "{\"limits\":{\"cpu\":3,\"memory\":\"1Gi\"}}",
                                             "{\"limits\":{\"memory\":\"16Mi\"}}",
                                             "{\"limits\":null}",
                                             "{}",
                                             NULL };
    static const char *const env[] = {
        "[]", "null", "[{\"name\":\"GOMAXPROCS\",\"value\":\"1\"}]",
        "[{\"name\":\"A\"},{\"name\":\"GOMEMLIMIT\",\"valueFrom\":{}}"
        "]",
        NULL
    };
    static const char *const from[] = { "[]", "[{\"prefix\":\"A\"}]", "null", NULL };
    json_t *container = json_pack("{s:s}", "name", "c");

    maybe(dice, container, "securityContext", contexts);
    maybe(dice, container, "resources", resources);
    maybe(dice, container, "env", env);
    maybe(dice, container, "envFrom", from);
    return container;
}

static json_t *random_pod(struct dice *dice)
{
    static const char *const labels[] = { "{}", "null", "{\"app\":\"x\"}",
                                          "{\"app\":\"\",\"other\":\"y\"}", NULL };
    static const char *const annotations[] = { "{\"app\":\"a\",\"a.b/c\":\"d\"}", "{\"app\":\"_\"}",
                                               "null", NULL };
    static const char *const contexts[] = {
        "{}", "null", "{\"runAsUser\":0}", "{\"runAsUser\":9}", "{\"runAsNonRoot\":true}", NULL
    };
    static const char *const lists[] = { "containers", "initContainers", "ephemeralContainers" };
    static const char *const classes[] = { "null", "\"kata\"", NULL };
    json_t *meta = json_pack("{s:s}", "name", "p");
    json_t *spec = json_object();

    maybe(dice, meta, "labels", labels);
    maybe(dice, meta, "annotations", annotations);
    maybe(dice, spec, "securityContext", contexts);
    maybe(dice, spec, "runtimeClassName", classes);
    for (size_t i = 0; i < OCN_COUNT(lists); i++) {
        json_t *list = json_array();
        for (unsigned n = roll(dice, 3); n > 0; n--) {
            json_array_append_new(list, random_container(dice));
        }
        json_object_set_new(spec, lists[i], list);
    }
    return json_pack("{s:s, s:s, s:o, s:o}", "apiVersion", "v1", "kind", "Pod", "metadata", meta,
                     "spec", spec);
}

/* What a pod has stays; asked again there is nothing to do; and nothing is there but once. */
START_TEST(test_mutate__random_pods)
{
    static const char *const policies[] = {
        ("{\"version\":1,\"user\":{\"when\":\"always\"},\"admission\":{\"rules\":{\"runtimeclass\":"
         "\"deny\"},\"labels\":{\"required\":[\"app\",\"a.b/c\"],\"allowed\":{}}}}"),
        LABELS,
        "{\"version\":1,\"exempt\":{\"privileged\":false}}",
    };
    struct dice dice = { UINT64_C(0x9e3779b97f4a7c15) + (unsigned)_i };
    OCN_CLEANUP(ocn_config_freep) struct ocn_config *config = load_policy(policies[_i]);
    unsigned patched = 0;

    for (unsigned i = 0; i < 3000; i++) {
        json_auto_t *object = random_pod(&dice);
        json_auto_t *patch = patch_of(ocn_config_base(config), object, "CREATE", NULL);
        ck_assert(ocn_patch_apply(object, patch)); /* adds only where nothing is */
        json_auto_t *again = patch_of(ocn_config_base(config), object, "CREATE", NULL);
        ck_assert_uint_eq(json_array_size(again), 0);
        patched += json_array_size(patch) != 0;
    }
    ck_assert_uint_gt(patched, 500);
    ck_assert_uint_lt(patched, 3000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mutate");
    TCase *tests = tcase_create("mutate");

    tcase_set_timeout(tests, OCN_TEST_SECONDS);
    tcase_add_loop_test(tests, test_mutate__fills_in_what_is_absent, 0, (int)OCN_COUNT(rows));
    tcase_add_loop_test(tests, test_mutate__only_what_is_created, 0, 6);
    tcase_add_loop_test(tests, test_mutate__random_pods, 0, 3);
    suite_add_tcase(suite, tests);
    return ocn_run_suite(suite);
}
