/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every look of the core fails once: the n-th for n = 1, 2, 3 ... until a run ends without reaching
 * it. It is an error. Few looks are not missed: their number is in the table.
 */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "config/config.h"
#include "normalize/normalize.h"
#include "tests/lib/mem_view.h"
#include "tests/lib/suite.h"

#define MANY 10000

/* A view that fails at one look. */
struct blind {
    struct ocn_view view; /* the whole one */
    long looks;           /* before it fails */
    bool failed;
};

static bool fails(struct blind *blind)
{
    if (blind->looks-- != 0) {
        return false;
    }
    blind->failed = true;
    return true;
}

static int blind_stat(void *ctx, struct ocn_ref ref, struct ocn_stat *ret, struct ocn_error *err)
{
    struct blind *blind = ctx;

    return fails(blind) ? ocn_fail_sys(err, EIO, ref.path, "blind")
                        : blind->view.stat(blind->view.ctx, ref, ret, err);
}

static int blind_readlink(void *ctx, struct ocn_ref ref, char *buf, size_t size,
                          struct ocn_error *err)
{
    struct blind *blind = ctx;

    return fails(blind) ? ocn_fail_sys(err, EIO, ref.path, "blind")
                        : blind->view.readlink(blind->view.ctx, ref, buf, size, err);
}

static int blind_read_at(void *ctx, struct ocn_ref ref, uint64_t offset, void *buf, size_t len,
                         size_t *ret_len, struct ocn_error *err)
{
    struct blind *blind = ctx;

    return fails(blind) ? ocn_fail_sys(err, EIO, ref.path, "blind")
                        : blind->view.read_at(blind->view.ctx, ref, offset, buf, len, ret_len, err);
}

static int blind_list(void *ctx, struct ocn_ref ref, struct ocn_arena *arena, const char ***ret,
                      size_t *ret_len, struct ocn_error *err)
{
    struct blind *blind = ctx;

    return fails(blind) ? ocn_fail_sys(err, EIO, ref.path, "blind")
                        : blind->view.list(blind->view.ctx, ref, arena, ret, ret_len, err);
}

static const char *blind_variant(void *ctx)
{
    const struct blind *blind = ctx;

    return blind->view.variant(blind->view.ctx);
}

static enum ocn_runs blind_runs_32bit(void *ctx)
{
    const struct blind *blind = ctx;

    return blind->view.runs_32bit(blind->view.ctx);
}

static int blind_map(void *ctx, const uint32_t *mounts, size_t len, struct ocn_mapping_answer *ret,
                     struct ocn_error *err)
{
    struct blind *blind = ctx;

    return fails(blind) ? ocn_fail_sys(err, EIO, "/mounts", "blind")
                        : blind->view.map(blind->view.ctx, mounts, len, ret, err);
}

static struct ocn_view view_of(struct blind *blind)
{
    struct ocn_view view = blind->view;

    view.ctx = blind;
    view.stat = blind_stat;
    view.readlink = blind_readlink;
    view.read_at = blind_read_at;
    view.list = blind_list;
    view.variant = blind_variant;
    view.runs_32bit = blind_runs_32bit;
    view.map = blind_map;
    return view;
}

#define CONFIG(ARGS)                                                                               \
    "{\"process\":{\"user\":{\"uid\":0,\"gid\":0,\"additionalGids\":[0,1]},\"args\":[" ARGS "],"   \
    "\"env\":[\"PATH=/usr/bin:/bin\"],\"cwd\":\"/\"},\"linux\":{\"namespaces\":["                  \
    "{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"}],\"seccomp\":{"                  \
    "\"defaultAction\":\"SCMP_ACT_ERRNO\"}}}"

/* More than the window of an ELF file. */
#define FOUR(TEXT) TEXT TEXT TEXT TEXT
#define LONG FOUR(FOUR(FOUR("01234567890123456789012345678901234567890123456789012345")))

static const struct row {
    const char *config, *world;
    int missed; /* looks: of the node its namespace, its maps and a handler, of a program its
                   sections' names */
    int alone;  /* the same, where one rule looks */
} rows[] = {
    { CONFIG("\"app\""),
      "{\"variant\":\"v1\",\"rootfs\":{\"/bin/app\":{\"link\":\"../lib/"
      "app\"},\"/lib/app\":{\"elf\":"
      "\"amd64\",\"interp\":\"/lib64/ld-linux-x86-64.so.2\",\"isa\":4},"
      "\"/lib64/ld-linux-x86-64.so.2\":{\"elf\":\"amd64\",\"isa\":2}}}",
      4, 0 },
    { CONFIG("\"/app\""),
      "{\"variant\":\"v1\",\"rootfs\":{\"/app\":{\"elf\":\"amd64\",\"interp\":\"/lib/"
      "ld.so\",\"go\":"
      "\"path\\ta.b/c\\nmod\\ta.b/c\\tv1.2.3\\t\\nbuild\\tGOAMD64=v3\\n\",\"buildId\":\"x/y\"},"
      "\"/etc/passwd\":{\"text\":\"root:x:0:0::/root:\\napp:x:1001:1::/home/app:\\n\"},"
      "\"/etc/group\":{\"text\":\"g:x:1:root\\n\"}}}",
      4, 0 },
    { CONFIG("\"/app\""),
      "{\"machine\":\"armv6l\",\"variant\":\"v6\",\"rootfs\":{\"/app\":{\"elf\":\"arm\",\"interp\":"
      "\"/lib/ld-linux.so.3\",\"armAttributes\":"
      "\"411d0000006165616269000113000000056e616d6500060a074108011c01\"},"
      "\"/lib/ld-linux.so.3\":{\"elf\":\"arm\"}}}",
      4, 0 },
    { CONFIG("\"/app\""),
      "{\"machine\":\"armv6l\",\"variant\":\"v6\",\"rootfs\":{\"/app\":{\"elf\":\"arm\",\"go\":"
      "\"" LONG "\",\"armAttributes\":"
      "\"411d0000006165616269000113000000056e616d6500060a074108011c01\"}}}",
      7, 3 },
    { CONFIG("\"/run\""),
      "{\"rootfs\":{\"/run\":{\"text\":\"#!/bin/sh\\nexec gosu app /app\\n\",\"mode\":\"0755\"},"
      "\"/bin/sh\":{\"elf\":\"amd64\"},\"/bin/gosu\":{\"elf\":\"amd64\"},\"/"
      "app\":{\"elf\":\"amd64\"},"
      "\"/etc/passwd\":{\"text\":\"app:x:1001:1::/home/app:\\n\"}}}",
      4, 0 },
    { CONFIG("\"tini\",\"--\",\"gosu\",\"app:g\",\"/app\""),
      "{\"rootfs\":{\"/bin/tini\":{\"elf\":\"amd64\"},\"/bin/gosu\":{\"elf\":\"amd64\"},\"/app\":{"
      "\"elf\":\"amd64\"},\"/etc/passwd\":{\"text\":\"app:x:1001:1::/home/app:\\n\"},"
      "\"/etc/group\":{\"text\":\"g:x:1:root\\n\"}}}",
      4, 0 },
    { CONFIG("\"/app\""),
      "{\"rootfs\":{\"/app\":{\"elf\":\"arm64\",\"go\":\"path\\ta.b/"
      "c\\nbuild\\tGOARM64=v8.1\\n\"}},"
      "\"host\":{\"/proc/sys/fs/binfmt_misc/qemu-aarch64\":{\"text\":\"enabled\\ninterpreter "
      "/usr/bin/qemu-aarch64\\nflags: POCF\\noffset 0\\nmagic "
      "7f454c460201010000000000000000000200b700"
      "\\nmask ffffffffffffff00fffffffffffffffffeffffff\\n\"}}}",
      5, 0 },
    /* of volumes their owners, and what a token's directory holds */
    { "{\"process\":{\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"/"
      "app\"],\"env\":[\"PATH=/usr/bin:/bin\"],\"cwd\":\"/\"},\"mounts\":[{\"destination\":\"/a\","
      "\"type\":\"bind\",\"source\":\"/srv/a\"},{\"destination\":\"/"
      "b\",\"type\":\"bind\",\"source\":"
      "\"/kubernetes.io~secret/b\",\"options\":[\"ro\"]}],"
      "\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"}]}}",
      "{\"maps\":{\"1\":\"NO_RUNTIME runc 1.1.5\"},\"rootfs\":{\"/app\":{\"elf\":\"amd64\"}},"
      "\"mounts\":{\"/srv/a\":{\"/\":{\"dir\":true,\"mode\":\"0700\"}},\"/kubernetes.io~secret/"
      "b\":{"
      "\"/..data\":{\"link\":\"..1\"},\"/..1/t\":{\"text\":\"t\",\"mode\":\"0600\"}}}}",
      9, 0 },
};

/* A policy in which only platform.variant is on: what others look at first hides nothing. */
static void only_variant(struct ocn_buf *ret)
{
    ocn_buf_puts(ret, "{\"rules\":{");
    for (size_t i = 0; i < OCN_RULE_COUNT; i++) {
        ocn_buf_printf(ret, "%s\"%s\":\"%s\"", i != 0 ? "," : "", ocn_rules[i].name,
                       i == OCN_RULE_PLATFORM_VARIANT ? "deny" : "off");
    }
    ocn_buf_puts(ret, "}}");
}

/* 0, or -1 and @err: from the bytes to the outcome, with one look failing. */
static int judge(const struct row *row, struct ocn_bytes text, struct blind *blind,
                 struct ocn_error *err)
{
    const struct ocn_layer layer = { "policy", text, NULL };
    const struct ocn_view view = view_of(blind);
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    struct ocn_container *container = NULL;
    struct ocn_outcome *outcome = NULL;
    struct ocn_config *config = NULL;
    struct ocn_identity identity;
    struct ocn_policy policy;

    ck_assert_msg(ocn_config_load(&layer, 1, &config, err) == 0, "%s", err->msg);
    ck_assert_int_eq(ocn_container_parse((struct ocn_bytes){ row->config, strlen(row->config) },
                                         &container, err),
                     0);
    ck_assert_int_eq(ocn_identity_read(container, &arena, &identity, err), 0);
    ck_assert_int_eq(ocn_config_select(config, &identity, container, &arena, &policy, err), 0);
    int result = ocn_normalize(container, &policy, &view, &outcome, err);
    ck_assert_int_eq(result, outcome != NULL ? 0 : -1);
    ocn_outcome_free(outcome);
    ocn_container_free(container);
    ocn_config_free(config);
    return result;
}

/* How many looks can fail without an error, of *@ret_looks. */
static int count_missed(const struct row *row, struct ocn_bytes text, bool all_facts,
                        long *ret_looks)
{
    struct ocn_mem_view mem;
    bool failed = true;
    int missed = 0;
    long n = 0;

    ocn_mem_view_init(&mem, json_loads(row->world, 0, NULL));
    for (; failed; n++) {
        struct blind blind = { .view = ocn_mem_view_as_view(&mem), .looks = n };
        struct ocn_error err = { 0 };
        blind.view.all_facts = all_facts;
        ck_assert_int_lt(n, MANY);
        int result = judge(row, text, &blind, &err);
        failed = blind.failed;
        if (result == 0) {
            missed += failed;
        } else {
            ck_assert_int_eq(failed, true);
            ck_assert_msg(err.code == OCN_E_IO, "look %ld: %d: %s", n, (int)err.code, err.msg);
        }
    }
    *ret_looks = n;
    ocn_mem_view_done(&mem);
    return missed;
}

START_TEST(test_blind__what_cannot_be_read_is_an_error)
{
    static const char text[] =
        "{\"rules\":{\"user.access\":\"warn\",\"entry.interpreter\":\"warn\","
        "\"user.launcher\":\"edit\",\"user.volumes\":\"edit\",\"platform.declared\":\"warn\"}}";
    const struct ocn_bytes policy = { text, sizeof(text) - 1 };
    long looks = 0;

    ck_assert_int_eq(count_missed(&rows[_i], policy, true, &looks), rows[_i].missed);
    ck_assert_int_gt(looks, 10);
}
END_TEST

START_TEST(test_blind__nor_is_it_missed_by_one_rule)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf policy = { 0 };
    long looks = 0;

    only_variant(&policy);
    ck_assert_int_eq(count_missed(&rows[_i], ocn_buf_bytes(&policy), false, &looks),
                     rows[_i].alone);
    ck_assert_int_gt(looks, 3);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("blind");
    Suite *suite = suite_create("blind");

    tcase_set_timeout(tcase, OCN_TEST_SECONDS);
    tcase_add_loop_test(tcase, test_blind__what_cannot_be_read_is_an_error, 0,
                        (int)OCN_COUNT(rows));
    tcase_add_loop_test(tcase, test_blind__nor_is_it_missed_by_one_rule, 0, (int)OCN_COUNT(rows));
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
