/* SPDX-License-Identifier: Apache-2.0 */
/* config.json files that real engines wrote (tests/fixtures): none is harmed. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "hook/sys/io.h"
#include "normalize/normalize.h"
#include "normalize/outcome/splice.h"
#include "tests/lib/mem_view.h"
#include "tests/lib/suite.h"

static const char NOTHING[] =
    "{\"rules\":{\"user.root\":\"off\",\"user.escalation\":\"off\",\"entry.found\":\"off\",\"env."
    "http\":\"off\","
    "\"env.gomaxprocs\":\"off\",\"env.gomemlimit\":\"off\",\"env.otel\":\"off\"}}";
static const char DEFAULT[] = "{\"rules\":{\"entry.found\":\"off\"}}";

static const struct {
    const char *file;
    const char *exempt;
    uint32_t uid; /* after the default policy */
    size_t min_edits;
} samples[] = {
    { "cri-container-1.6.20-basespec-hooks", NULL, 1000, 1 },
    { "cri-container-1.6.20-podannotations", NULL, 1000, 1 },
    { "cri-container-1.6.20", NULL, 1000, 1 },
    { "cri-container-1.7.24-nri-hook-injector", NULL, 1000, 1 },
    { "cri-container-2.1.9", NULL, 1000, 1 },
    { "cri-sandbox-1.6.20-basespec-hooks", "sandbox", 0, 0 },
    { "cri-sandbox-1.6.20-cni", "sandbox", 0, 0 },
    { "cri-sandbox-1.6.20-podannotations", "sandbox", 0, 0 },
    { "cri-sandbox-1.6.20", "sandbox", 0, 0 },
    { "cri-sandbox-1.7.24", "sandbox", 0, 0 },
    { "cri-sandbox-2.1.9", "sandbox", 0, 0 },
    { "crio-1.26-container", NULL, 1000, 0 },
    { "crio-1.26-sandbox", "sandbox", 0, 0 },
    { "ctr-container-1.6.20", NULL, 1001, 3 },
    { "docker-26.1.5-create", NULL, 1001, 3 },
    { "podman-4.3.1-create", NULL, 1000, 0 },
    { "podman-4.3.1-image-run", NULL, 1001, 3 },
    { "podman-4.3.1-precreate-stdin", NULL, 1001, 3 },
    { "podman-5.4.2-create", "hostNamespaces", 1000, 0 },
    { "podman-5.4.2-image-run", NULL, 1001, 3 },
    { "umoci-unpacked-with-labels", NULL, 1001, 3 },
};

static void read_sample(const char *name, struct ocn_buf *ret)
{
    char path[512];
    struct ocn_error err = { 0 };

    snprintf(path, sizeof(path), "%s/../fixtures/%s.config.json", OCN_CASES_DIR, name);
    ck_assert_msg(ocn_io_read_file(path, OCN_CONFIG_MAX_SIZE, ret, &err) == 0, "%s: %s", path,
                  err.msg);
}

/* Where its engine keeps it: the id is the end of cgroupsPath, with all four. */
static void set_place(struct ocn_container *container, const char *name)
{
    static const struct {
        const char *sample;
        const char *before; /* the id */
        const char *behind;
    } places[] = {
        { "cri-", "/run/containerd/io.containerd.runtime.v2.task/k8s.io/", "" },
        { "crio-", "/run/containers/storage/overlay-containers/", "/userdata" },
        { "podman-", "/var/lib/containers/storage/vfs-containers/", "/userdata" },
        { "docker-", "/run/containerd/io.containerd.runtime.v2.task/moby/", "" },
    };
    const char *path = container->linux_.cgroups_path;

    for (size_t i = 0; path != NULL && i < OCN_COUNT(places); i++) {
        if (strncmp(name, places[i].sample, strlen(places[i].sample)) == 0) {
            const char *id = path + strlen(path);
            while (id > path && strchr("/:-", id[-1]) == NULL) {
                id--;
            }
            container->bundle = ocn_arena_printf(&container->arena, "%s%s%s", places[i].before, id,
                                                 places[i].behind);
            ck_assert_ptr_nonnull(container->bundle);
        }
    }
}

struct result {
    char exempt[32];
    size_t edits;
    uint32_t uid;
};

/* Applies @policy to @text; the result is in @ret. */
static struct result apply(const char *name, const char *policy_text, struct ocn_bytes text,
                           struct ocn_buf *ret)
{
    struct ocn_error err = { 0 };
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    OCN_CLEANUP(ocn_config_freep) struct ocn_config *config = NULL;
    OCN_CLEANUP(ocn_container_freep) struct ocn_container *container = NULL;
    OCN_CLEANUP(ocn_container_freep) struct ocn_container *after = NULL;
    OCN_CLEANUP(ocn_outcome_freep) struct ocn_outcome *outcome = NULL;
    OCN_CLEANUP(ocn_mem_view_done) struct ocn_mem_view mem = { 0 };
    const struct ocn_layer layer = { "test", { policy_text, strlen(policy_text) }, NULL };
    struct ocn_identity identity;
    struct ocn_policy policy;
    struct result result = { .exempt = "" };

    ocn_mem_view_init(&mem, json_object());
    const struct ocn_view view = ocn_mem_view_as_view(&mem);
    ck_assert_msg(ocn_config_load(&layer, 1, &config, &err) == 0, "%s %s", err.where, err.msg);
    ck_assert_msg(ocn_container_parse(text, &container, &err) == 0, "%s %s", err.where, err.msg);
    set_place(container, name);
    ck_assert_int_eq(ocn_identity_read(container, &arena, &identity, &err), 0);
    ck_assert_int_eq(ocn_config_select(config, &identity, container, &arena, &policy, &err), 0);
    ck_assert_msg(ocn_normalize(container, &policy, &view, &outcome, &err) == 0, "%s", err.msg);
    ck_assert_int_eq(outcome->verdict, OCN_ALLOW);
    ck_assert_int_eq(ocn_splice_edits(text, "", outcome->edits, outcome->edits_len, ret, &err), 0);
    ck_assert_msg(ocn_container_parse(ocn_buf_bytes(ret), &after, &err) == 0, "%s", err.msg);
    result.edits = outcome->edits_len;
    result.uid = after->process.user.uid;
    snprintf(result.exempt, sizeof(result.exempt), "%s",
             outcome->exempt != NULL ? outcome->exempt : "");
    return result;
}

START_TEST(test_samples__a_policy_that_edits_nothing_gives_the_same_bytes)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf before = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf after = { 0 };

    read_sample(samples[_i].file, &before);
    ck_assert_uint_eq(apply(samples[_i].file, NOTHING, ocn_buf_bytes(&before), &after).edits, 0);
    ck_assert_uint_eq(after.len, before.len);
    ck_assert_mem_eq(after.ptr, before.ptr, before.len);
}
END_TEST

START_TEST(test_samples__the_default_policy_is_done_after_one_pass)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf before = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf once = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf twice = { 0 };

    read_sample(samples[_i].file, &before);
    struct result first = apply(samples[_i].file, DEFAULT, ocn_buf_bytes(&before), &once);
    ck_assert_str_eq(first.exempt, samples[_i].exempt != NULL ? samples[_i].exempt : "");
    ck_assert_uint_eq(first.uid, samples[_i].uid);
    ck_assert_uint_ge(first.edits, samples[_i].min_edits);
    ck_assert_uint_eq(apply(samples[_i].file, DEFAULT, ocn_buf_bytes(&once), &twice).edits, 0);
    ck_assert_uint_eq(once.len, twice.len);
    ck_assert_mem_eq(once.ptr, twice.ptr, once.len);
}
END_TEST

/* Everything but the edited members is equal as JSON, too: the splice put nothing elsewhere. */
START_TEST(test_samples__only_named_members_change)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf before = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf once = { 0 };
    static const char *const touched[] = { "user", "env", "capabilities", "noNewPrivileges" };

    read_sample(samples[_i].file, &before);
    apply(samples[_i].file, DEFAULT, ocn_buf_bytes(&before), &once);
    json_t *old = json_loadb(before.ptr, before.len, JSON_DECODE_INT_AS_REAL, NULL);
    json_t *new = json_loadb(once.ptr, once.len, JSON_DECODE_INT_AS_REAL, NULL);
    for (size_t i = 0; i < OCN_COUNT(touched); i++) {
        json_object_del(json_object_get(old, "process"), touched[i]);
        json_object_del(json_object_get(new, "process"), touched[i]);
    }
    json_object_del(json_object_get(new, "annotations"),
                    ocn_edit_annotation(OCN_EDIT_ORIGINAL_USER));
    json_object_del(json_object_get(new, "annotations"), ocn_edit_annotation(OCN_EDIT_ADDED_ENV));
    if (json_object_get(old, "annotations") == NULL &&
        json_object_size(json_object_get(new, "annotations")) == 0) {
        json_object_del(new, "annotations");
    }
    ck_assert(json_equal(old, new));
    json_decref(old);
    json_decref(new);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("samples");
    Suite *suite = suite_create("samples");

    tcase_add_loop_test(tcase, test_samples__a_policy_that_edits_nothing_gives_the_same_bytes, 0,
                        (int)OCN_COUNT(samples));
    tcase_add_loop_test(tcase, test_samples__the_default_policy_is_done_after_one_pass, 0,
                        (int)OCN_COUNT(samples));
    tcase_add_loop_test(tcase, test_samples__only_named_members_change, 0, (int)OCN_COUNT(samples));
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
