/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "normalize/node/detect.h"
#include "normalize/oci/container.h"
#include "tests/lib/mem_view.h"
#include "tests/lib/suite.h"

#define MAX_PROFILES 32

/* A node's files and a container's variables. */
struct world {
    struct ocn_mem_view mem;
    const char *env[16];
    size_t env_len;
};

static const struct ocn_profile *detect(struct world *world, const struct ocn_profile *profiles,
                                        size_t count, struct ocn_evidences *evidence)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    const struct ocn_view view = ocn_mem_view_as_view(&world->mem);
    const struct ocn_strings env = { world->env, world->env_len };
    struct ocn_score scores[MAX_PROFILES];
    struct ocn_error err = { 0 };

    ck_assert_uint_le(count, MAX_PROFILES);
    ck_assert_msg(ocn_detect_node(profiles, count, &view, &arena, scores, evidence, &err) == 0,
                  "%s", err.msg);
    if (evidence != NULL) {
        *evidence = (struct ocn_evidences){ NULL, evidence->len };
    }
    return ocn_detect_choose(profiles, count, scores, &env);
}

static void make_world(struct world *world, const char *text)
{
    json_error_t problem;
    json_t *json = json_loads(text, 0, &problem);

    ck_assert_msg(json != NULL, "%s", problem.text);
    *world = (struct world){ .env_len = 0 };
    ocn_mem_view_init(&world->mem, json);
}

static const struct ocn_clue alternatives[] = { { .file = "/a", .weight = 30 },
                                                { .file = "/b", .weight = 30 },
                                                { .file = "/c", .weight = 20 } };
static const struct ocn_profile one[] = {
    { .name = "one", .clues = alternatives, .clues_len = OCN_COUNT(alternatives) }
};

START_TEST(test_detect__clues_of_one_weight_are_alternatives)
{
    struct world world;

    make_world(&world, "{\"host\":{\"/a\":{\"text\":\"\"},\"/b\":{\"text\":\"\"}}}");
    ck_assert_ptr_null(detect(&world, one, 1, NULL)); /* 30, not 60 */
    ocn_mem_view_done(&world.mem);
    make_world(&world, "{\"host\":{\"/b\":{\"text\":\"\"},\"/c\":{\"text\":\"\"}}}");
    ck_assert_ptr_eq(detect(&world, one, 1, NULL), one);
    ocn_mem_view_done(&world.mem);
}
END_TEST

START_TEST(test_detect__what_cannot_be_read_is_no_clue)
{
    static const struct ocn_clue clues[] = { { .file = "/a", .is = "*", .weight = 60 },
                                             { .file = "/b", .is_not = "x", .weight = 70 } };
    static const struct ocn_profile profile = { .name = "p", .clues = clues, .clues_len = 2 };
    struct world world;

    make_world(&world, "{\"host\":{\"/a\":{\"read\":{\"fail\":\"EACCES\"}}}}");
    ck_assert_ptr_null(detect(&world, &profile, 1, NULL));
    ocn_mem_view_done(&world.mem);
}
END_TEST

static const struct {
    const char *text;
    const char *key;
    const char *is;
    bool fits;
} values[] = {
    { "Amazon EC2\n", NULL, "Amazon EC2", true },
    { "  Amazon EC2 \t\n", NULL, "Amazon EC2", true },
    { "Amazon EC2b\n", NULL, "Amazon EC2", false },
    { "amazon ec2\n", NULL, "Amazon EC2", false },
    { "", NULL, "", true },
    { "ID=cos\n", "ID", "cos", true },
    { "ID=\"cos\"\n", "ID", "cos", true },
    { "ID='cos'", "ID", "cos", true },
    { "VARIANT_ID=cos\n", "ID", "cos", false },
    { "#ID=cos\n", "ID", "cos", false },
    { "ID_LIKE=x\nID=cos\n", "ID", "cos", true },
    { "ID=first\nID=cos\n", "ID", "cos", false },
    { "ID\n=\n:\nID=cos\n", "ID", "cos", true },
    { "flags\t\t: fpu vme\n", "flags", "fpu *", true },
    { "flags: a=b c:d\n", "flags", "a=b c:d", true },
    { "ID=\n", "ID", "", true },
    { "ID=\"\n", "ID", "\"", true },
};

START_TEST(test_detect__values)
{
    const struct ocn_clue clue = {
        .file = "/f", .key = values[_i].key, .is = values[_i].is, .weight = 60
    };
    const struct ocn_profile profile = { .name = "p", .clues = &clue, .clues_len = 1 };
    struct world world;
    json_t *json = json_pack("{s:{s:{s:s}}}", "host", "/f", "text", values[_i].text);

    world = (struct world){ .env_len = 0 };
    ocn_mem_view_init(&world.mem, json);
    ck_assert_msg((detect(&world, &profile, 1, NULL) != NULL) == values[_i].fits, "%d: %s", _i,
                  values[_i].text);
    ocn_mem_view_done(&world.mem);
}
END_TEST

/* ---- the built-in profiles ---------------------------------------------------------------- */

/* A value that @clue takes: its glob without stars. */
static void make_value(const struct ocn_clue *clue, char *buf, size_t size)
{
    const char *glob = clue->is != NULL ? clue->is : "something else";
    size_t len = 0;

    len += clue->key != NULL ? (size_t)snprintf(buf, size, "%s=", clue->key) : 0;
    for (; *glob != '\0' && len + 2 < size; glob++) {
        if (*glob != '*') {
            buf[len++] = *glob;
        }
    }
    buf[len++] = '\n';
    buf[len] = '\0';
}

static unsigned next_random(unsigned *state)
{
    *state = *state * 1103515245U + 12345U;
    return *state >> 16;
}

/* Some clues of some built-in profiles hold. */
static void make_random_world(struct world *world, unsigned *random)
{
    json_t *host = json_object();

    *world = (struct world){ .env_len = 0 };
    for (size_t i = 0; i < ocn_profiles_built_in_len; i++) {
        const struct ocn_profile *profile = &ocn_profiles_built_in[i];
        for (size_t j = 0; j < profile->clues_len; j++) {
            const struct ocn_clue *clue = &profile->clues[j];
            char value[256];
            if (next_random(random) % 6 != 0) {
                continue;
            }
            make_value(clue, value, sizeof(value));
            if (clue->file != NULL) {
                json_object_set_new(host, clue->file, json_pack("{s:s}", "text", value));
            } else if (world->env_len < OCN_COUNT(world->env)) {
                char text[320];
                snprintf(text, sizeof(text), "%s=%.*s", clue->env, (int)strcspn(value, "\n"),
                         value);
                world->env[world->env_len++] = strdup(text);
            }
        }
    }
    ocn_mem_view_init(&world->mem, json_pack("{s:o}", "host", host));
}

/* Who gives up early must come to what is found by looking at everything. */
START_TEST(test_detect__looking_less_finds_the_same)
{
    unsigned random = 7;
    unsigned long all = 0;
    unsigned long less = 0;
    size_t known = 0;

    for (int i = 0; i < 2000; i++) {
        struct world world;
        struct ocn_evidences evidence = { 0 };
        make_random_world(&world, &random);
        const struct ocn_profile *profile =
            detect(&world, ocn_profiles_built_in, ocn_profiles_built_in_len, &evidence);
        all += world.mem.calls;
        world.mem.calls = 0;
        ck_assert_ptr_eq(detect(&world, ocn_profiles_built_in, ocn_profiles_built_in_len, NULL),
                         profile);
        less += world.mem.calls;
        known += profile != NULL;
        for (size_t j = 0; j < world.env_len; j++) {
            free((void *)(uintptr_t)world.env[j]);
        }
        ocn_mem_view_done(&world.mem);
    }
    ck_assert_uint_gt(known, 500);
    ck_assert_uint_lt(known, 2000);
    ck_assert_uint_lt(less, all);
}
END_TEST

/* Whoever wrote an image can set any variable: files of the node alone decide between platforms. */
START_TEST(test_detect__no_environment_outweighs_the_hardware)
{
    struct world world;

    make_world(&world, "{\"host\":{\"/sys/class/dmi/id/product_name\":"
                       "{\"text\":\"Alibaba Cloud ECS\\n\"}}}");
    for (size_t i = 0; i < ocn_profiles_built_in_len; i++) {
        for (size_t j = 0; j < ocn_profiles_built_in[i].clues_len; j++) {
            const struct ocn_clue *clue = &ocn_profiles_built_in[i].clues[j];
            char value[256];
            char text[320];
            if (clue->env == NULL || world.env_len == OCN_COUNT(world.env)) {
                continue;
            }
            make_value(clue, value, sizeof(value));
            snprintf(text, sizeof(text), "%s=%s", clue->env, value);
            world.env[world.env_len++] = strdup(text);
        }
    }
    ck_assert_uint_gt(world.env_len, 5);
    const struct ocn_profile *profile =
        detect(&world, ocn_profiles_built_in, ocn_profiles_built_in_len, NULL);
    ck_assert_str_eq(profile->name, "alibaba-ecs");
    for (size_t j = 0; j < world.env_len; j++) {
        free((void *)(uintptr_t)world.env[j]);
    }
    ocn_mem_view_done(&world.mem);
}
END_TEST

/* ---- files -------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    const char *where;
    const char *msg;
} broken[] = {
    { "{\"detect\":[{\"weight\":5}]}", "p.json:1: /detect/0", "name one of the two" },
    { "{\"detect\":[{\"file\":\"/a\",\"env\":\"A\",\"weight\":5}]}", "p.json:1: /detect/0",
      "name one of the two" },
    { "{\"detect\":[{\"file\":\"a\",\"weight\":5}]}", "p.json:1: /detect/0", "absolute path" },
    { "{\"detect\":[{\"file\":\"/a/../b\",\"weight\":5}]}", "p.json:1: /detect/0",
      "without \"..\"" },
    { "{\"detect\":[{\"env\":\"A-B\",\"weight\":5}]}", "p.json:1: /detect/0", "letters, digits" },
    { "{\"detect\":[{\"file\":\"/a\"}]}", "p.json:1: /detect/0", "needs a \"weight\"" },
    { "{\"detect\":[{\"file\":\"/a\",\"weight\":0}]}", "p.json:1: /detect/0/weight", "" },
    { "{\"detect\":[{\"file\":\"/a\",\"weight\":5,\"is\":\"x\",\"isNot\":\"y\"}]}",
      "p.json:1: /detect/0", "do not go together" },
    { "{\"profile\":\"aws-eks\"}", "p.json:1: /profile", "cannot name another" },
    { "{\n\"detect\":[{\"env\":\"A\",\"weight\":60}],\n\"user\":{\"when\":\"never\"}}",
      "p.json:3: /user", "bring this profile about by its variable A" },
    { "{\"detect\":", "p.json:1:10", "" },
};

START_TEST(test_detect__a_broken_profile_says_where)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    const struct ocn_layer layer = { "p.json", { broken[_i].text, strlen(broken[_i].text) }, "p" };
    struct ocn_profile profile = { 0 };
    struct ocn_error err = { 0 };

    ck_assert_int_eq(ocn_profile_read(&layer, &arena, &profile, &err), -1);
    ck_assert_str_eq(err.where, broken[_i].where);
    ck_assert_msg(strstr(err.msg, broken[_i].msg) != NULL, "%s", err.msg);
}
END_TEST

START_TEST(test_detect__only_a_profile_is_detected)
{
    static const char text[] = "{\"detect\":[]}";
    const struct ocn_layer layer = { "config.json", { text, sizeof(text) - 1 }, NULL };
    struct ocn_config *config = NULL;
    struct ocn_error err = { 0 };

    ck_assert_int_eq(ocn_config_load(&layer, 1, &config, &err), -1);
    ck_assert_str_eq(err.where, "config.json:1: /detect");
}
END_TEST

/* A node's own clue may let a profile set anything: no container can bring that about. */
START_TEST(test_detect__a_profile_known_by_files_may_set_all)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    static const char text[] =
        "{\"detect\":[{\"file\":\"/a\",\"weight\":60}],\"user\":{\"uid\":7}}";
    const struct ocn_layer layer = { "p.json", { text, sizeof(text) - 1 }, "p" };
    struct ocn_profile profile = { 0 };

    ck_assert_int_eq(ocn_profile_read(&layer, &arena, &profile, NULL), 0);
    ck_assert_uint_eq(profile.clues_len, 1);
    ck_assert_str_eq(profile.clues[0].file, "/a");
}
END_TEST

static json_t *show(const struct ocn_layer *layer)
{
    OCN_CLEANUP(ocn_config_freep) struct ocn_config *config = NULL;
    struct ocn_error err = { 0 };

    ck_assert_msg(ocn_config_load(layer, 1, &config, &err) == 0, "%s: %s", err.where, err.msg);
    ck_assert_str_eq(ocn_config_base(config)->profile, layer->profile);
    json_t *json = ocn_config_show(config);
    ck_assert_ptr_nonnull(json);
    json_object_del(json_object_get(json, "policy"), "detect"); /* struct ocn_profile has it */
    return json;
}

/* What was bound when ocinorm was built is what binding the same text gives now. */
START_TEST(test_detect__built_in_profiles_are_bound_as_their_text)
{
    for (size_t i = 0; i < ocn_profiles_built_in_len; i++) {
        const struct ocn_profile *profile = &ocn_profiles_built_in[i];
        char *copy = strndup(profile->text.ptr, profile->text.len);
        const struct ocn_layer bound = { profile->name, profile->text, profile->name };
        const struct ocn_layer read = { profile->name, { copy, profile->text.len }, profile->name };
        json_t *a = show(&bound);
        json_t *b = show(&read);

        json_object_del(json_object_get(a, "layers"), "/detect");
        json_object_del(json_object_get(b, "layers"), "/detect");
        ck_assert_msg(json_equal(a, b), "%s: %s\n%s", profile->name, json_dumps(a, 0),
                      json_dumps(b, 0));
        json_decref(a);
        json_decref(b);
        free(copy);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("detect");
    TCase *tcase = tcase_create("detect");

    tcase_add_test(tcase, test_detect__clues_of_one_weight_are_alternatives);
    tcase_add_test(tcase, test_detect__what_cannot_be_read_is_no_clue);
    tcase_add_loop_test(tcase, test_detect__values, 0, (int)OCN_COUNT(values));
    tcase_add_test(tcase, test_detect__looking_less_finds_the_same);
    tcase_add_test(tcase, test_detect__no_environment_outweighs_the_hardware);
    tcase_add_loop_test(tcase, test_detect__a_broken_profile_says_where, 0, (int)OCN_COUNT(broken));
    tcase_add_test(tcase, test_detect__only_a_profile_is_detected);
    tcase_add_test(tcase, test_detect__a_profile_known_by_files_may_set_all);
    tcase_add_test(tcase, test_detect__built_in_profiles_are_bound_as_their_text);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
