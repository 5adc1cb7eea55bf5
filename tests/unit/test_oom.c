/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation of the whole core fails once: the n-th for n = 1, 2, 3 ... until a run ends
 * without reaching it. What is taken of an arena counts as one, though few of them need a new
 * block. Each run must end in OCN_E_NOMEM with nothing leaked (LSan), or do without and decide and
 * say the same; and the last one in the right outcome.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "hook/judge/report.h"
#include "normalize/normalize.h"
#include "normalize/outcome/splice.h"
#include "tests/lib/mem_view.h"
#include "tests/lib/starve.h"
#include "tests/lib/suite.h"

#define MANY 100000

static const char CONFIG[] =
    "{\"process\":{\"user\":{\"uid\":0,\"gid\":0,\"additionalGids\":[0,1,5]},\"args\":[\"run\"],"
    "\"env\":[\"PATH=/usr/bin:/bin\",\"HOME=/root\",\"TEAM=x\"],\"cwd\":\"/"
    "srv\",\"capabilities\":{\"ambient\":"
    "[\"CAP_CHOWN\"],\"inheritable\":[\"CAP_CHOWN\"],\"bounding\":[\"CAP_CHOWN\"]}},"
    "\"mounts\":[{\"destination\":\"/var/run/x\",\"type\":\"bind\",\"source\":\"/s\",\"options\":["
    "\"rbind\"]}],\"annotations\":{\"team\":"
    "\"a\",\"io.kubernetes.cri.container-type\":\"container\","
    "\"io.kubernetes.cri-o.ContainerType\":\"container\",\"io.kubernetes.cri-o.SandboxName\":"
    "\"k8s_cart_shop_uid-1_0\",\"io.kubernetes.cri-o.Name\":\"k8s_c_cart_shop_uid-1_0\"},"
    "\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"}],"
    "\"resources\":{\"cpu\":{\"quota\":150000,\"period\":100000},\"memory\":{\"limit\":536870912},"
    "\"unified\":{\"cpu.max\":\"max\"}},\"cgroupsPath\":\"a-b.slice:crio:d\"}}";
static const char LAUNCHED[] =
    "{\"process\":{\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"tini\",\"-"
    "-\",\"gosu\",\"app:g\",\"/app\"],"
    "\"env\":[\"PATH=/usr/bin:/bin\"],\"cwd\":\"/\"},\"linux\":{\"namespaces\":["
    "{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"}]}}";
static const char SCRIPTED[] =
    "{\"process\":{\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"/start\"],"
    "\"env\":[\"PATH=/usr/bin:/bin\"],\"cwd\":\"/\"},\"linux\":{\"namespaces\":["
    "{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"}]}}";
static const char FOREIGN[] =
    "{\"process\":{\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"/foreign\"],"
    "\"env\":[\"PATH=/usr/bin:/bin\"],\"cwd\":\"/\"},\"linux\":{\"namespaces\":["
    "{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"}]},"
    "\"annotations\":{\"half\":\"\\ud800\"}}";
static const char PROCESS[] =
    "{\"user\":{\"uid\":0,\"gid\":0,\"additionalGids\":[0]},\"args\":[\"id\"],"
    "\"env\":[\"A=b\"],\"cwd\":\"/\"}";
static const char POLICY[] =
    "{\"env\":{\"set\":{\"TEAM\":\"x\"},\"override\":true},\"rules\":{\"user.access\":\"warn\","
    "\"entry.interpreter\":\"warn\",\"user.launcher\":\"edit\",\"user.volumes\":\"edit\"},"
    "\"user\":{\"lowPorts\":true},\"match\":[{\"when\":{\"annotations\":{\"team\":\"*\"}},"
    "\"policy\":{\"env\":{\"set\":{\"MORE\":\"y\"}}}}]}";
/* One volume that is mapped, one that cannot be, one with a token in it. */
static const char MOUNTED[] =
    "{\"process\":{\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"/app\"],"
    "\"env\":[\"PATH=/usr/bin:/bin\"],\"cwd\":\"/data\"},\"mounts\":[{\"destination\":\"/data\","
    "\"type\":\"bind\",\"source\":\"/srv/data\"},{\"destination\":\"/nfs\",\"type\":\"bind\","
    "\"source\":\"srv/nfs\"},{\"destination\":\"/token\",\"type\":\"bind\",\"source\":"
    "\"/kubernetes.io~projected/token\",\"options\":[\"ro\"]}],\"linux\":{\"namespaces\":["
    "{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"}]}}";
/* A script, env, a launcher and a Go program whose loader is missing: every turn of the way. */
static const char WORLD[] =
    "{\"maps\":{\"1\":\"NO_FILE_SYSTEM nfs\",\"2\":\"NO_RUNTIME runc 1.1.5\"},\"mounts\":{"
    "\"/srv/data\":{\"/\":{\"dir\":true,\"mode\":\"0700\"}},"
    "\"/run/overlay-containers/d/userdata/srv/nfs\":{\"/\":{\"dir\":true,\"mode\":\"0700\"}},"
    "\"/kubernetes.io~projected/token\":{\"/..data\":{\"link\":\"..1\"},\"/..1/token\":{"
    "\"text\":\"t\",\"mode\":\"0600\"}}},"
    "\"rootfs\":{\"/bin/run\":{\"text\":\"#!/bin/env -S tini -- /app -x\\n\",\"mode\":\"0700\"},"
    "\"/bin/env\":{\"link\":\"../lib/sh\"},\"/lib/sh\":{\"elf\":\"amd64\"},"
    "\"/usr/bin/tini\":{\"elf\":\"amd64\"},\"/bin/gosu\":{\"elf\":\"amd64\"},\"/start\":{\"text\":"
    "\"#!/lib/sh\\nu=$(id -u)\\ncat <<E\\nE\\ngosu a \\\"$@\\\"\\n\",\"mode\":\"0755\"},"
    "\"/foreign\":{\"elf\":\"arm64\"},\"/app\":{\"elf\":\"amd64\",\"interp\":"
    "\"/lib64/ld-linux-x86-64.so.2\",\"go\":\"path\\ta.b/c\\nmod\\ta.b/c\\tv1.2.3\\t\\n"
    "dep\\td\\tv1\\n=>\\te\\tv2\\t\\nbuild\\tGOARCH=amd64\\nbuild\\tvcs.revision=0123456789\\n\","
    "\"buildId\":\"x/y\"},\"/lib/ld-musl-x86_64.so.1\":{\"elf\":\"amd64\"},\"/etc/passwd\":"
    "{\"text\":\"root:x:0:0::/root:\\napp:x:1001:1::/home/app:\\n\"},\"/etc/group\":"
    "{\"text\":\"g:x:1:root\\n\"}},\"host\":{\"/proc/sys/fs/binfmt_misc/qemu-aarch64\":{\"text\":"
    "\"enabled\\ninterpreter /usr/bin/qemu-aarch64\\nflags: POCF\\noffset 0\\n"
    "magic 7f454c460201010000000000000000000200b700\\n"
    "mask ffffffffffffff00fffffffffffffffffeffffff\\n\"},"
    "\"/sys/fs/cgroup/cpu/a.slice/cpu.cfs_quota_us\":"
    "{\"text\":\"140000\\n\"},\"/sys/fs/cgroup/cpu/a.slice/"
    "cpu.cfs_period_us\":{\"text\":\"100000\\n\"},"
    "\"/sys/fs/cgroup/memory/a.slice/a-b.slice/"
    "memory.limit_in_bytes\":{\"text\":\"99999999\\n\"}}}";

struct world {
    struct ocn_mem_view mem;
    struct ocn_config *config;
    struct ocn_container *container;
    struct ocn_container *joined;
    struct ocn_outcome *outcome;
    struct ocn_policy policy;
    struct ocn_arena arena;
    struct ocn_buf spliced;
    struct ocn_buf json;
    struct ocn_buf text;
};

static void done(struct world *w)
{
    ocn_buf_done(&w->text);
    ocn_buf_done(&w->json);
    ocn_buf_done(&w->spliced);
    ocn_outcome_free(w->outcome);
    ocn_container_free(w->container);
    ocn_container_free(w->joined);
    ocn_config_free(w->config);
    ocn_arena_done(&w->arena);
}

/* Everything that happens between the bytes and the answer. */
static int pipeline(struct world *w, struct ocn_bytes config, bool exec, struct ocn_error *err)
{
    const struct ocn_layer layer = { "policy", { POLICY, sizeof(POLICY) - 1 }, NULL };
    const struct ocn_bytes process = { PROCESS, sizeof(PROCESS) - 1 };
    const struct ocn_view view = ocn_mem_view_as_view(&w->mem);
    struct ocn_identity identity;

    if (ocn_config_load(&layer, 1, &w->config, err) < 0 ||
        ocn_container_parse(config, exec ? &w->joined : &w->container, err) < 0 ||
        (exec && ocn_container_join(w->joined, process, &w->container, err) < 0)) {
        return -1;
    }
    w->container->bundle = "/run/overlay-containers/d/userdata"; /* where CRI-O keeps one */
    if (ocn_identity_read(w->container, &w->arena, &identity, err) < 0 ||
        ocn_config_select(w->config, &identity, w->container, &w->arena, &w->policy, err) < 0) {
        return -1;
    }
    if (!exec && ocn_normalize(w->container, &w->policy, &view, &w->outcome, err) < 0) {
        return -1;
    }
    if (exec &&
        ocn_normalize_exec(w->container, w->joined, &w->policy, &view, &w->outcome, err) < 0) {
        return -1;
    }
    if (ocn_splice_edits(exec ? process : config, exec ? "/process" : "", w->outcome->edits,
                         w->outcome->edits_len, &w->spliced, err) < 0 ||
        ocn_report_json(w->outcome, "b", &w->json, err) < 0 ||
        ocn_report_text(w->outcome, "b", true, &w->text, err) < 0) {
        return -1;
    }
    return ocn_outcome_verify_only(w->outcome, err);
}

/* What was decided, and for which reasons. */
static bool is_same(const struct world *a, const struct world *b)
{
    return a->json.len == b->json.len && memcmp(a->json.ptr, b->json.ptr, a->json.len) == 0 &&
           a->spliced.len == b->spliced.len &&
           memcmp(a->spliced.ptr, b->spliced.ptr, a->spliced.len) == 0;
}

/* Runs until no allocation is left to fail; the bytes of the last run are in @ret. */
static long fail_each(struct ocn_bytes config, bool exec, struct ocn_buf *ret)
{
    struct ocn_mem_view mem;

    ocn_mem_view_init(&mem, json_loads(WORLD, 0, NULL));
    struct world whole = { .mem = mem };
    ck_assert_int_eq(pipeline(&whole, config, exec, NULL), 0);
    for (long n = 0; n < MANY; n++) {
        struct world w = { .mem = mem };
        struct ocn_error err = { 0 };
        ocn_starve_at(n);
        int result = pipeline(&w, config, exec, &err);
        if (!ocn_starve_end()) {
            ck_assert_msg(result == 0, "%s: %s", err.where, err.msg);
            ocn_buf_add(ret, w.spliced.ptr, w.spliced.len);
            done(&w);
            done(&whole);
            ocn_mem_view_done(&mem);
            return n;
        }
        ck_assert_msg(result == 0 ? is_same(&w, &whole) : err.code == OCN_E_NOMEM,
                      "allocation %ld failed, and the answer was %d, %d: %s %s", n, result,
                      (int)err.code, err.where, err.msg);
        done(&w);
    }
    ck_abort_msg("more than %d allocations", MANY);
    return 0;
}

START_TEST(test_oom__every_allocation_of_the_core)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf created = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf joined = { 0 };

    ck_assert_int_gt(fail_each((struct ocn_bytes){ CONFIG, sizeof(CONFIG) - 1 }, false, &created),
                     50);
    ck_assert_ptr_nonnull(strstr(created.ptr, "\"uid\":1001"));
    ck_assert_ptr_nonnull(strstr(created.ptr, "GOMAXPROCS=2"));
    ck_assert_ptr_nonnull(strstr(created.ptr, "\"golang.org/module\""));
    ck_assert_int_gt(fail_each(ocn_buf_bytes(&created), true, &joined), 50);
    ck_assert_ptr_nonnull(strstr(joined.ptr, "\"uid\":1001"));
    ck_assert_ptr_nonnull(strstr(joined.ptr, "GOMAXPROCS=2"));
}
END_TEST

START_TEST(test_oom__a_launcher_that_changes_the_user)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf created = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf same = { 0 };

    ck_assert_int_gt(
        fail_each((struct ocn_bytes){ LAUNCHED, sizeof(LAUNCHED) - 1 }, false, &created), 50);
    ck_assert_ptr_nonnull(strstr(created.ptr, "[\"tini\",\"--\",\"/app\"]"));
    ck_assert_int_gt(fail_each((struct ocn_bytes){ SCRIPTED, sizeof(SCRIPTED) - 1 }, false, &same),
                     50);
}
END_TEST

START_TEST(test_oom__volumes_that_are_mapped_and_are_not)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf created = { 0 };

    ck_assert_int_gt(fail_each((struct ocn_bytes){ MOUNTED, sizeof(MOUNTED) - 1 }, false, &created),
                     50);
    ck_assert_ptr_nonnull(strstr(created.ptr, "\"/srv/data\",\"uidMappings\":[{"));
}
END_TEST

/* And an annotation that jansson refuses: it is read a second time. */
START_TEST(test_oom__a_program_that_is_emulated)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf same = { 0 };

    ck_assert_int_gt(fail_each((struct ocn_bytes){ FOREIGN, sizeof(FOREIGN) - 1 }, false, &same),
                     50);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("oom");
    Suite *suite = suite_create("oom");

    ocn_starve_begin();
    tcase_set_timeout(tcase, OCN_TEST_SECONDS);
    tcase_add_test(tcase, test_oom__every_allocation_of_the_core);
    tcase_add_test(tcase, test_oom__a_launcher_that_changes_the_user);
    tcase_add_test(tcase, test_oom__volumes_that_are_mapped_and_are_not);
    tcase_add_test(tcase, test_oom__a_program_that_is_emulated);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
