/* SPDX-License-Identifier: Apache-2.0 */
#include "config/config.h"
#include "hook/judge/edits.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* The container that most rows are about, and a process that joins it. */
static const char config_text[] =
    "{\"process\":{\"user\":{\"uid\":0,\"gid\":7,\"additionalGids\":[0,5,7e1]},"
    "\"env\":[\"PATH=/bin\",\"GOMAXPROCS=2\",\"HOME=/root\",\"OURS=A\",\"LD_PRELOAD=x\"],"
    "\"capabilities\":{\"bounding\":[\"CAP_KILL\",\"CAP_SETUID\"],"
    "\"permitted\":[\"CAP_\\u004bILL\"],\"inheritable\":null}},"
    "\"annotations\":{\"run.oci.keep_original_groups\":\"1\",\"golang.org/version\":\"go1\"}}";
static const char lowered_text[] = "{\"process\":{\"user\":{\"uid\":1001,\"gid\":0},"
                                   "\"env\":[\"GOMAXPROCS=2\",\"OURS=A\",\"LD_PRELOAD=x\"]}}";
static const char process_text[] =
    "{\"user\":{\"uid\":0,\"gid\":0,\"additionalGids\":[0,5]},\"env\":[],"
    "\"capabilities\":{\"effective\":[\"CAP_KILL\"]}}";
static const char policy_text[] = "{\"env\":{\"set\":{\"OURS\":\"A\",\"PATH\":\"/ours\"}}}";

static struct ocn_config *config;
static struct ocn_policy policy;
static struct ocn_outcome outcome;
static struct ocn_edit edit;
static struct ocn_edits_bounds bounds;
static struct ocn_error err;

static struct ocn_bytes bytes_of(const char *text)
{
    return (struct ocn_bytes){ text, strlen(text) };
}

static void enter(void)
{
    const struct ocn_layer layer = { "test", bytes_of(policy_text), NULL };

    err = (struct ocn_error){ 0 };
    ck_assert_msg(ocn_config_load(&layer, 1, &config, &err) == 0, "%s", err.msg);
    policy = *ocn_config_base(config);
    bounds =
        (struct ocn_edits_bounds){ &policy, OCN_ON_CREATE, bytes_of(config_text), { 0 }, NULL };
    edit = (struct ocn_edit){ OCN_RULE_USER_ROOT, "/process/user/uid", "0", "1001", "because" };
    outcome = (struct ocn_outcome){ .edits = &edit, .edits_len = 1 };
}

static void leave(void)
{
    ocn_arena_done(&outcome.arena);
    ocn_config_free(config);
}

static void join(void)
{
    bounds = (struct ocn_edits_bounds){ &policy, OCN_ON_EXEC, bytes_of(process_text),
                                        bytes_of(lowered_text), NULL };
}

static int check(void)
{
    err = (struct ocn_error){ 0 };
    return ocn_edits_check(&bounds, &outcome, &err);
}

static void expect_refused(const char *what)
{
    ck_assert_msg(check() == -1, "accepted: %s", what);
    ck_assert_int_eq(err.code, OCN_E_FORMAT);
    ck_assert_str_ne(err.msg, "");
}

/* Short names of the rules that edit. */
enum {
    ROOT = OCN_RULE_USER_ROOT,
    GROUPS = OCN_RULE_USER_GROUPS,
    HOME = OCN_RULE_USER_HOME,
    CAPS = OCN_RULE_USER_CAPABILITIES,
    SPARE = OCN_RULE_USER_ESCALATION,
    PROCS = OCN_RULE_ENV_GOMAXPROCS,
    MEMORY = OCN_RULE_ENV_GOMEMLIMIT,
    HTTP = OCN_RULE_ENV_HTTP,
    OTEL = OCN_RULE_ENV_OTEL,
    SET = OCN_RULE_ENV_SET,
    DERIVE = OCN_RULE_ANNOTATIONS_DERIVE,
};

struct row {
    int rule;
    const char *path;
    const char *to;
    const char *spelled; /* as it is taken; NULL: refused */
};

static const struct row created[] = {
    { ROOT, "/process/user/uid", "1001", "1001" },
    { ROOT, "/process/user/uid", " 1001\n", "1001" },
    { ROOT, "/process/user/uid", "1", NULL }, /* not the policy's */
    { ROOT, "/process/user/uid", "0", NULL },
    { ROOT, "/process/user/uid", "-0", NULL },
    { ROOT, "/process/user/uid", "-1", NULL },
    { ROOT, "/process/user/uid", "4294967295", NULL },
    { ROOT, "/process/user/uid", "4294968297", NULL },           /* 2^32 + 1001 */
    { ROOT, "/process/user/uid", "18446744073709552617", NULL }, /* 2^64 + 1001 */
    { ROOT, "/process/user/uid", "1001.0", NULL },
    { ROOT, "/process/user/uid", "\"1001\"", NULL },
    { ROOT, "/process/user/uid", "1001,\"x\":1", NULL },
    { ROOT, "/process/user/uid", "", NULL },
    { GROUPS, "/process/user/uid", "1001", NULL },
    { OCN_RULE_PLATFORM_ARCH, "/process/user/uid", "1001", NULL }, /* judges, and edits nothing */
    { ROOT, "/process/user/gid", "1001", "1001" },
    { ROOT, "/process/user/gid", "0", NULL },
    { ROOT, "/process/user/gid", "4294967295", NULL },
    { ROOT, "/process/user/gid", "null", NULL },
    { ROOT, "/process/user/username", "\"x\"", NULL },
    { ROOT, "/process/user", "{\"uid\":1001,\"gid\":0}", NULL },
    { GROUPS, "/process/user/additionalGids", "[]", "[]" },
    { GROUPS, "/process/user/additionalGids", "[5, 70]", "[5,70]" },
    { GROUPS, "/process/user/additionalGids", "[70,5]", NULL }, /* in another order */
    { GROUPS, "/process/user/additionalGids", "[5,5]", NULL },
    { GROUPS, "/process/user/additionalGids", "[5,6]", NULL }, /* one that nobody gave */
    { GROUPS, "/process/user/additionalGids", "[4294967295]", NULL },
    { GROUPS, "/process/user/additionalGids", "[4294967301]", NULL }, /* 2^32 + 5 */
    { GROUPS, "/process/user/additionalGids", "[5,-2]", NULL },
    { GROUPS, "/process/user/additionalGids", "[[5]]", NULL },
    { GROUPS, "/process/user/additionalGids", "5", NULL },
    { GROUPS, "/annotations/run.oci.keep_original_groups", "\"0\"", "\"0\"" },
    { GROUPS, "/annotations/run.oci.keep_original_groups", "\"1\"", NULL },
    { GROUPS, "/annotations/run.oci.handler", "\"0\"", NULL },
    { CAPS, "/process/noNewPrivileges", "true", "true" },
    { SPARE, "/process/noNewPrivileges", "true", "true" },
    { CAPS, "/process/noNewPrivileges", "false", NULL },
    { CAPS, "/process/capabilities/ambient", "[]", "[]" },
    { CAPS, "/process/capabilities/bounding", "[\"CAP_KILL\"]", "[\"CAP_KILL\"]" },
    { SPARE, "/process/capabilities/permitted", "[\"CAP_KILL\"]", "[\"CAP_KILL\"]" },
    { CAPS, "/process/capabilities/bounding", "[\"CAP_SYS_ADMIN\"]", NULL },
    { CAPS, "/process/capabilities/ambient", "[\"CAP_KILL\"]", NULL }, /* of another set */
    { CAPS, "/process/capabilities/inheritable", "[\"CAP_KILL\"]", NULL },
    { CAPS, "/process/capabilities/bounding", "[\"CAP_NET_BIND_SERVICE\"]", NULL },
    { CAPS, "/process/capabilities/bounding", "[\"CAP_KILL \"]", NULL },
    { CAPS, "/process/capabilities/bounding", "[\"CAP_KILL\",1]", NULL },
    { CAPS, "/process/capabilities/bounding", "\"CAP_KILL\"", NULL },
    { CAPS, "/process/capabilities/other", "[]", NULL },
    { HOME, "/process/env/HOME", "\"/\"", "\"/\"" },
    { HOME, "/process/env/HOME", " \"/\"", "\"/\"" },
    { HOME, "/process/env/HOME", "\"\\u002fA\"", "\"/A\"" },
    { HOME, "/process/env/HOME", "\"root\"", NULL },
    { HOME, "/process/env/HOME", "\"/\xc3\xa9\"", NULL },
    { HOME, "/process/env/HOME", "\"/a\\nb\"", NULL },
    { HOME, "/process/env/HOME", "\"/a\\u0000b\"", NULL },
    { HOME, "/process/env/HOME", "\"/a\xff\"", NULL },
    { HOME, "/process/env/HOME", "\"/a\",\"LD_PRELOAD=x\"", NULL },
    { HOME, "/process/env/HOME", "1", NULL },
    { HOME, "/process/env/LD_PRELOAD", "\"/x\"", NULL },
    { SET, "/process/env/LD_PRELOAD", "\"/x\"", NULL },
    { PROCS, "/process/env/GOMAXPROCS", "\"12\"", "\"12\"" },
    { PROCS, "/process/env/GOMAXPROCS", "\"0\"", NULL },
    { PROCS, "/process/env/GOMAXPROCS", "\"2 \"", NULL },
    { PROCS, "/process/env/GOMAXPROCS", "\"\"", NULL },
    { SET, "/process/env/GOMAXPROCS", "\"2\"", NULL },
    { MEMORY, "/process/env/GOMEMLIMIT", "\"120795955\"", "\"120795955\"" },
    { MEMORY, "/process/env/GOMEMLIMIT", "\"1GiB\"", NULL },
    { HTTP, "/process/env/OCINORM_HTTP_TLS_HANDSHAKE_TIMEOUT", "\"5s\"", NULL },
    { OTEL, "/process/env/OTEL_RESOURCE_ATTRIBUTES", "\"a=b\"", "\"a=b\"" },
    { OTEL, "/process/env/OTEL_RESOURCE_ATTRIBUTES", "\"a=b\\nx\"", NULL },
    { OTEL, "/process/env/OTEL_RESOURCE_ATTRIBUTES", "\"\"", NULL },
    { OTEL, "/process/env/OTEL_EXPORTER_OTLP_ENDPOINT", "\"http://x\"", NULL },
    { OTEL, "/process/env/OTEL_GO_AUTO_INSTRUMENTATION_ENABLED", "\"true\"", NULL },
    { SET, "/process/env/OURS", "\"A\"", "\"A\"" },
    { SET, "/process/env/OURS", "\"B\"", NULL },
    { SET, "/process/env/PATH", "\"/ours\"", "\"/ours\"" },
    { SET, "/process/env/PATH", "\"/x\"", NULL },
    { SET, "/process/env/", "\"A\"", NULL },
    { SET, "/process/env/OURS=A", "\"A\"", NULL },
    { SET, "/process/env/OURS/0", "\"A\"", NULL },
    { SET, "/process/env", "[]", NULL },
    { SET, "/process/args", "[\"/bin/sh\"]", NULL },
    { SET, "/process/args/0", "\"/bin/sh\"", NULL },
    { SET, "/hooks/prestart", "[]", NULL },
    { SET, "/root/path", "\"/\"", NULL },
    { SET, "/mounts", "[]", NULL },
    { SET, "/linux/namespaces", "[]", NULL },
    { SET, "", "{}", NULL },
    { ROOT, "/annotations/io.ocinorm.original-user", "\"0:7\"", "\"0:7\"" },
    { ROOT, "/annotations/io.ocinorm.original-user", "\"0:0\"", NULL },
    { ROOT, "/annotations/io.ocinorm.original-user", "\"root\"", NULL },
    { PROCS, "/annotations/io.ocinorm.added-env", "\"A,B_2\"", "\"A,B_2\"" },
    { PROCS, "/annotations/io.ocinorm.added-env", "\"A B\"", NULL },
    { DERIVE, "/annotations/golang.org~1module", "\"example.com/app\"", "\"example.com/app\"" },
    { DERIVE, "/annotations/golang.org~1module", "\"a\\u001bb\"", NULL },
    { DERIVE, "/annotations/golang.org~1version", "\"go2\"", NULL }, /* it is there */
    { DERIVE, "/annotations/org.example", "\"x\"", NULL },
};

static void try_row(const struct row *row)
{
    edit = (struct ocn_edit){ (enum ocn_rule_id)row->rule, row->path, NULL, row->to, "because" };
    if (row->spelled == NULL) {
        expect_refused(row->to);
    } else {
        ck_assert_msg(check() == 0, "%s", err.msg);
        ck_assert_str_eq(edit.to, row->spelled);
    }
}

START_TEST(test_edits__created)
{
    policy.env.http.tls_handshake = NULL;
    try_row(&created[_i]);
}
END_TEST

/* The same words, where the policy says otherwise. */
START_TEST(test_edits__the_policy_decides)
{
    static const struct row low_port = { CAPS, "/process/capabilities/ambient",
                                         "[\"CAP_NET_BIND_SERVICE\"]",
                                         "[\"CAP_NET_BIND_SERVICE\"]" };
    static const struct row set_id = { ROOT, "/process/user/uid", "1001", NULL };
    static const struct row other_id = { ROOT, "/process/user/uid", "2000", "2000" };
    static const struct row group_0 = { ROOT, "/process/user/gid", "0", "0" };
    static const struct row timeout = { HTTP, "/process/env/A_TIMEOUT", "\"5\"", "\"5\"" };
    static const struct row go_timeout = { HTTP, "/process/env/A_TIMEOUT", "\"5s\"", NULL };
    static const struct row probe = { OTEL, "/process/env/OTEL_GO_AUTO_INSTRUMENTATION_ENABLED",
                                      "\"true\"", "\"true\"" };
    static const struct row home = { HOME, "/process/env/HOME", "\"/data\"", "\"/data\"" };
    static const struct row other_home = { HOME, "/process/env/HOME", "\"/\"", NULL };

    policy.user.low_ports = true;
    try_row(&low_port);
    policy.user.uid = 2000;
    policy.user.gid = 0;
    try_row(&set_id);
    try_row(&other_id);
    try_row(&group_0);
    policy.env.http.server_idle = "A_TIMEOUT";
    policy.env.http.format = OCN_DURATION_SECONDS;
    try_row(&timeout);
    try_row(&go_timeout);
    policy.env.otel_probe = true;
    try_row(&probe);
    policy.user.home = "/data";
    try_row(&home);
    try_row(&other_home);
}
END_TEST

START_TEST(test_edits__when_decides_whose_uid)
{
    static const char others[] = "{\"process\":{\"user\":{\"uid\":5000}}}";
    static const struct row no = { ROOT, "/process/user/uid", "1001", NULL };
    static const struct row yes = { ROOT, "/process/user/uid", "1001", "1001" };

    bounds.text = bytes_of(others);
    try_row(&no);
    policy.user.when = OCN_WHEN_ALWAYS;
    try_row(&yes);
    policy.user.when = OCN_WHEN_NEVER;
    try_row(&no);
    bounds.text = bytes_of(config_text);
    try_row(&no);
}
END_TEST

START_TEST(test_edits__only_at_level_edit)
{
    policy.level[OCN_RULE_USER_ROOT] = OCN_LEVEL_WARN;
    expect_refused("at level warn");
    policy.level[OCN_RULE_USER_ROOT] = OCN_LEVEL_EDIT;
    ck_assert_int_eq(check(), 0);
}
END_TEST

static const struct row joining[] = {
    { ROOT, "/process/user/uid", "1001", "1001" },
    { ROOT, "/process/user/uid", "0", NULL },
    { ROOT, "/process/user/gid", "0", "0" }, /* as the container has it */
    { ROOT, "/process/user/gid", "5", NULL },
    { GROUPS, "/process/user/additionalGids", "[5]", "[5]" },
    { GROUPS, "/process/user/additionalGids", "[70]", NULL },
    { SPARE, "/process/capabilities/effective", "[\"CAP_KILL\"]", "[\"CAP_KILL\"]" },
    { SPARE, "/process/capabilities/effective", "[\"CAP_SETUID\"]", NULL },
    { PROCS, "/process/env/GOMAXPROCS", "\"2\"", "\"2\"" },
    { PROCS, "/process/env/GOMAXPROCS", "\"3\"", NULL }, /* not the container's */
    { SET, "/process/env/OURS", "\"A\"", "\"A\"" },
    { SET, "/process/env/LD_PRELOAD", "\"x\"", NULL }, /* the container's, but no policy's */
    { HOME, "/process/env/HOME", "\"/x\"", "\"/x\"" },
    { ROOT, "/annotations/io.ocinorm.original-user", "\"0:0\"", NULL }, /* process.json has none */
};

START_TEST(test_edits__joining)
{
    join();
    try_row(&joining[_i]);
}
END_TEST

/* A process that names no capabilities has the container's: these may be left to it. */
START_TEST(test_edits__a_process_without_capabilities_has_the_containers)
{
    static const struct row own = { CAPS, "/process/capabilities/permitted", "[\"CAP_KILL\"]",
                                    "[\"CAP_KILL\"]" };
    static const struct row none = { CAPS, "/process/capabilities/permitted", "[\"CAP_KILL\"]",
                                     NULL };

    join();
    bounds.joined = bytes_of(config_text);
    try_row(&none);
    bounds.text = bytes_of("{\"user\":{\"uid\":0},\"capabilities\":null}");
    try_row(&own);
    bounds.text = bytes_of("{\"user\":{\"uid\":0}}");
    try_row(&own);
    bounds.text = bytes_of("{\"user\":{\"uid\":0},\"capabilities\":{}}");
    try_row(&none);
}
END_TEST

START_TEST(test_edits__exec_decides_for_who_joins)
{
    static const struct row joined = { ROOT, "/process/user/uid", "1001", NULL };
    static const struct row policys = { ROOT, "/process/user/uid", "2000", "2000" };

    join();
    policy.user.exec = OCN_EXEC_KEEP;
    try_row(&joined);
    policy.user.exec = OCN_EXEC_STRICT;
    policy.user.uid = 2000;
    try_row(&policys);
}
END_TEST

START_TEST(test_edits__a_checkpoint_is_not_edited)
{
    bounds.event = OCN_ON_RESTORE;
    expect_refused("an edit");
    outcome.edits_len = 0;
    ck_assert_int_eq(check(), 0);
}
END_TEST

START_TEST(test_edits__a_broken_from_is_refused)
{
    edit.from = "1}";
    expect_refused("from");
}
END_TEST

/* As many groups as the kernel takes: seconds if each were looked for from the start. */
/* As hostile as they can be: each name stands at the end of the text's list. */
START_TEST(test_edits__many_capabilities_take_no_time)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf to = { 0 };

    ocn_buf_puts(&text, "{\"process\":{\"capabilities\":{\"bounding\":[");
    for (int i = 0; i < 60000; i++) {
        ocn_buf_puts(&text, "\"CAP_KILL\",");
    }
    ocn_buf_puts(&text, "\"CAP_CHOWN\"]}}}");
    for (int i = 0; i < 20000; i++) {
        ocn_buf_puts(&to, i == 0 ? "[\"CAP_CHOWN\"" : ",\"CAP_CHOWN\"");
    }
    ocn_buf_puts(&to, "]");
    ocn_buf_add(&to, "", 1);
    bounds.text = ocn_buf_bytes(&text);
    edit = (struct ocn_edit){ OCN_RULE_USER_CAPABILITIES, "/process/capabilities/bounding", NULL,
                              to.ptr, "because" };
    clock_t begin = clock();
    expect_refused("20000 capabilities");
    ck_assert_int_lt((clock() - begin) / CLOCKS_PER_SEC, 20);
}
END_TEST

START_TEST(test_edits__many_groups_take_no_time)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf kept = { 0 };

    ocn_buf_puts(&text, "{\"process\":{\"user\":{\"additionalGids\":[0");
    ocn_buf_puts(&kept, "[1");
    for (int i = 1; i < 65536; i++) {
        ocn_buf_printf(&text, ",%d", i);
        if (i != 1) {
            ocn_buf_printf(&kept, ",%d", i);
        }
    }
    ocn_buf_puts(&text, "]}}}");
    ocn_buf_puts(&kept, "]");
    bounds.text = ocn_buf_bytes(&text);
    edit = (struct ocn_edit){ OCN_RULE_USER_GROUPS, "/process/user/additionalGids", NULL, kept.ptr,
                              "because" };
    clock_t begin = clock();
    ck_assert_msg(check() == 0, "%s", err.msg);
    ck_assert_int_lt((clock() - begin) / CLOCKS_PER_SEC, 20);
}
END_TEST

START_TEST(test_edits__a_long_value_is_refused)
{
    size_t size = ((size_t)128 << 10) + 3;
    char *value = malloc(size + 1);

    ck_assert_ptr_nonnull(value);
    memset(value, '/', size);
    value[0] = value[size - 1] = '"';
    value[size] = '\0';
    edit = (struct ocn_edit){ OCN_RULE_USER_HOME, "/process/env/HOME", NULL, value, "because" };
    expect_refused("a long value");
    value[size - 2] = '"';
    value[size - 1] = '\0';
    edit.to = value;
    ck_assert_int_eq(check(), 0);
    free(value);
}
END_TEST

/* The text is the container's: whatever it is, it is only walked, and allows nothing. */
START_TEST(test_edits__no_text_is_too_odd)
{
    static const char *const texts[] = {
        "",
        "{",
        "[",
        "{\"process\":{\"capabilities\":{\"ambient\":[",
        "{\"process\":{\"capabilities\":{\"ambient\":[\"CAP_KILL",
        "{\"process\":{\"capabilities\":{\"ambient\":\"CAP_KILL\"",
        "{\"process\":{\"capabilities\":{\"ambient\":[\"X\"\"Y\"]"
    };
    static const struct row row = { CAPS, "/process/capabilities/ambient", "[\"CAP_KILL\"]", NULL };

    for (size_t i = 0; i < OCN_COUNT(texts); i++) {
        bounds.text = bytes_of(texts[i]);
        try_row(&row);
    }
}
END_TEST

/* ---- user.launcher ------------------------------------------------------------------------ */

#define STEP OCN_RULE_USER_LAUNCHER
#define GOSU "[\"tini\",\"--\",\"go\\u0073u\",\"app\",\"/app\",\"-x\"]"

static struct ocn_edit three[3];

/* args, uid and gid as one; what is NULL is not edited. */
static int check_launched(const char *args, const char *uid, const char *gid)
{
    const char *const to[] = { args, uid, gid };
    static const char *const paths[] = { "/process/args", "/process/user/uid",
                                         "/process/user/gid" };

    outcome.edits = three;
    outcome.edits_len = 0;
    for (size_t i = 0; i < 3; i++) {
        if (to[i] != NULL) {
            three[outcome.edits_len++] = (struct ocn_edit){ STEP, paths[i], NULL, to[i], "why" };
        }
    }
    return check();
}

static const struct {
    const char *args; /* of the text */
    const char *to, *uid, *gid;
    bool taken;
} launched[] = {
    { GOSU, "[\"tini\",\"--\",\"/app\",\"-x\"]", "999", "998", true },
    { GOSU, "[\"tini\",\"--\",\"-x\"]", "999", "998", true }, /* a longer run of words */
    { "[\"gosu\",\"a\",\"/app\"]", "[\"/app\"]", "1", "1", true },
    { "[\"/x/su-exec\",\"a\",\"b\",\"b\"]", "[\"b\"]", "1", "1", true },
    { GOSU, "[\"tini\",\"--\",\"/app\",\"-x\"]", "0", "998", false },
    { GOSU, "[\"tini\",\"--\",\"/app\",\"-x\"]", "999", "0", false },
    { GOSU, "[\"tini\",\"--\",\"/app\",\"-x\"]", "4294967295", "998", false },
    { GOSU, "[\"tini\",\"--\",\"/app\",\"-x\"]", "999", "4294967295", false },
    { GOSU, "[\"tini\",\"--\",\"/app\",\"-x\"]", "-1", "998", false },
    /* not all of it */
    { GOSU, "[\"tini\",\"--\",\"/app\",\"-x\"]", NULL, NULL, false },
    { GOSU, "[\"tini\",\"--\",\"/app\",\"-x\"]", NULL, "998", false },
    { GOSU, "[\"tini\",\"--\",\"/app\",\"-x\"]", "999", NULL, false }, /* the text's is 0 */
    { GOSU, NULL, "999", "998", false },
    { GOSU, NULL, "1001", NULL, false },
    { GOSU, NULL, NULL, "1001", false },
    /* what is no part of it */
    { GOSU, "[\"tini\",\"--\",\"/bin/sh\"]", "999", "998", false },
    { GOSU, "[\"tini\",\"--\",\"/app\",\"-x\",\"-y\"]", "999", "998", false },
    { GOSU, "[\"tini\",\"--\",\"-x\",\"/app\"]", "999", "998", false },
    { GOSU, "[\"/app\",\"-x\"]", "999", "998", false },          /* tini stays */
    { GOSU, "[\"tini\",\"--\"]", "999", "998", false },          /* a program is left */
    { GOSU, "[\"tini\",\"--\",\"/app\"]", "999", "998", false }, /* and all behind it */
    { GOSU, "[\"tini\",\"--\",\"app\",\"/app\",\"-x\"]", "999", "998", false },
    { GOSU, GOSU, "999", "998", false },
    { GOSU, "[]", "999", "998", false },
    { GOSU, "\"/app\"", "999", "998", false },
    { GOSU, "[\"tini\",\"--\",\"/app\",7]", "999", "998", false },
    { GOSU, "[\"tini\",\"--\",[\"/app\"],\"-x\"]", "999", "998", false },
    { "[\"/app\",\"-x\",\"y\"]", "[\"y\"]", "999", "998", false }, /* without a launcher */
    { "[\"tini\",\"--\",\"/app\"]", "[\"/app\"]", "999", "998", false },
    { "[\"sh\",\"-c\",\"gosu a b\"]", "[\"-c\",\"gosu a b\"]", "999", "998", false },
    { "[\"gosu\",7,\"/app\"]", "[\"/app\"]", "999", "998", true },
    { "[7,\"gosu\",\"a\",\"/app\"]", "[7,\"/app\"]", "999", "998", false },
    { "null", "[\"/app\"]", "999", "998", false },
    { "\"gosu\"", "[\"/app\"]", "999", "998", false },
};

START_TEST(test_edits__a_launcher_is_left_out)
{
    char text[512];

    policy.level[STEP] = OCN_LEVEL_EDIT;
    (void)snprintf(text, sizeof(text), "{\"process\":{\"user\":{\"uid\":0},\"args\":%s}}",
                   launched[_i].args);
    bounds.text = bytes_of(text);
    int status = check_launched(launched[_i].to, launched[_i].uid, launched[_i].gid);
    ck_assert_msg((status == 0) == launched[_i].taken, "%s: %s", launched[_i].args, err.msg);
}
END_TEST

/* Whose turn it is; config.json's own group may stay if it is none of root's. */
START_TEST(test_edits__a_launcher_is_left_out_where_root_is_lowered)
{
    static const char to[] = "[\"/app\"]";
    static const char root[] = "{\"process\":{\"user\":{\"uid\":0,\"gid\":5},\"args\":[\"gosu\","
                               "\"a\",\"/app\"]}}";
    static const char other[] = "{\"process\":{\"user\":{\"uid\":7,\"gid\":5},\"args\":["
                                "\"gosu\",\"a\",\"/app\"]}}";

    bounds.text = bytes_of(root);
    ck_assert_int_eq(check_launched(to, "9", "8"), -1); /* built in: deny */
    policy.level[STEP] = OCN_LEVEL_EDIT;
    ck_assert_msg(check_launched(to, "9", "8") == 0, "%s", err.msg);
    ck_assert_msg(check_launched(to, "9", NULL) == 0, "%s", err.msg);
    policy.user.gid = 0;
    ck_assert_int_eq(check_launched(to, "9", NULL), 0);
    three[2] =
        (struct ocn_edit){ OCN_RULE_USER_ROOT, "/process/user/gid", "5", "0", "the policy's" };
    outcome.edits_len = 3;
    expect_refused("root's group, by another rule");
    policy.level[ROOT] = OCN_LEVEL_DENY;
    ck_assert_int_eq(check_launched(to, "9", "8"), -1);
    policy.level[ROOT] = OCN_LEVEL_EDIT;
    policy.user.when = OCN_WHEN_NEVER;
    ck_assert_int_eq(check_launched(to, "9", "8"), -1);
    policy.user.when = OCN_WHEN_ALWAYS;
    ck_assert_int_eq(check_launched(to, "9", "8"), 0);
    bounds.text = bytes_of(other);
    ck_assert_int_eq(check_launched(to, "9", "8"), -1);
}
END_TEST

START_TEST(test_edits__a_launcher_is_no_matter_of_exec)
{
    join();
    policy.level[STEP] = OCN_LEVEL_EDIT;
    policy.user.exec = OCN_EXEC_STRICT;
    bounds.text = bytes_of("{\"user\":{\"uid\":0},\"args\":[\"gosu\",\"a\",\"/app\"]}");
    ck_assert_int_eq(check_launched("[\"/app\"]", "1001", "1001"), -1);
}
END_TEST

#define SWAPPED                                                                                    \
    "[{\"containerID\":0,\"hostID\":1001,\"size\":1},{\"containerID\":1,\"hostID\":1,\"size\":"    \
    "1000},"                                                                                       \
    "{\"containerID\":1001,\"hostID\":0,\"size\":1},{\"containerID\":1002,\"hostID\":1002,"        \
    "\"size\":"                                                                                    \
    "4294966293}]"
#define UIDS "/mounts/3/uidMappings"
#define GIDS "/mounts/3/gidMappings"

/* What one of the four edits is in place of what it should be; all NULL: nothing. */
static const struct {
    size_t index;
    const char *path;
    const char *to;
} unmapped[] = {
    { 0, "/process/env/HOME", "\"/\"" },      /* nobody is lowered */
    { 2, "/mounts/4/uidMappings", SWAPPED },  /* not granted */
    { 2, "/mounts/03/uidMappings", SWAPPED }, /* another spelling */
    { 2, "/mounts/3/uidMappings/0", SWAPPED },
    { 2, "/mounts/3/source", "\"/etc\"" },
    { 2, "/mounts/3", "{}" },
    { 2, GIDS, SWAPPED },
    { 2, UIDS, "[{\"containerID\":0,\"hostID\":1001,\"size\":1}]" },
    { 2, UIDS, "[{\"containerID\":0,\"hostID\":0,\"size\":4294967295}]" },
    { 2, UIDS,
      "[{\"containerID\":0,\"hostID\":2000,\"size\":1},{\"containerID\":1,\"hostID\":1,\"size\":"
      "1999},"
      "{\"containerID\":2000,\"hostID\":0,\"size\":1},{\"containerID\":2001,\"hostID\":2001,"
      "\"size\":"
      "4294965294}]" },
    { 2, UIDS, "null" },
    { 2, UIDS, "[]" },
    { 2, UIDS, SWAPPED "x" },
    { 3, "/mounts/5/gidMappings", SWAPPED },
    { 3, GIDS, "[{\"containerID\":0,\"hostID\":0,\"size\":4294967295}]" },
};

static const char rooted_text[] = "{\"process\":{\"user\":{\"uid\":0,\"gid\":0}}}";
static struct ocn_grant granted[] = { { .mount = 3 }, { .mount = 5 } };
static const struct ocn_grants grants = { .items = granted, .len = OCN_COUNT(granted) };

static int check_mapped(struct ocn_edit mapping[4], size_t len)
{
    bounds.text = bytes_of(rooted_text);
    bounds.grants = &grants;
    outcome.edits = mapping;
    outcome.edits_len = len;
    return check();
}

#define MAPPED                                                                                     \
    {                                                                                              \
        { OCN_RULE_USER_ROOT, "/process/user/uid", "0", "1001", "x" },                             \
            { OCN_RULE_USER_ROOT, "/process/user/gid", "0", "1001", "x" },                         \
            { OCN_RULE_USER_VOLUMES, UIDS, "null", SWAPPED, "x" },                                 \
            { OCN_RULE_USER_VOLUMES, GIDS, "null", SWAPPED, "x" },                                 \
    }

START_TEST(test_edits__a_granted_mount_is_mapped)
{
    struct ocn_edit whole[4] = MAPPED;
    struct ocn_edit alone[4] = MAPPED;
    struct ocn_edit again[4] = MAPPED;
    struct ocn_edit joined[4] = MAPPED;

    policy.level[OCN_RULE_USER_VOLUMES] = OCN_LEVEL_EDIT;
    ck_assert_msg(check_mapped(whole, 4) == 0, "%s", err.msg);
    ck_assert_str_eq(whole[2].to, SWAPPED);
    ck_assert_int_eq(check_mapped(alone, 3), -1); /* users without groups */
    policy.level[OCN_RULE_USER_VOLUMES] = OCN_LEVEL_WARN;
    ck_assert_int_eq(check_mapped(again, 4), -1);
    policy.level[OCN_RULE_USER_VOLUMES] = OCN_LEVEL_EDIT;
    join();
    policy.user.exec = OCN_EXEC_STRICT;
    bounds.grants = &grants;
    outcome.edits = joined;
    outcome.edits_len = 4;
    ck_assert_int_eq(check(), -1); /* a process that joins mounts nothing */
}
END_TEST

START_TEST(test_edits__no_other_mapping_is_taken)
{
    struct ocn_edit mapping[4] = MAPPED;

    policy.level[OCN_RULE_USER_VOLUMES] = OCN_LEVEL_EDIT;
    mapping[unmapped[_i].index].path = unmapped[_i].path;
    mapping[unmapped[_i].index].to = unmapped[_i].to;
    if (unmapped[_i].index == 0) {
        mapping[0].rule = OCN_RULE_USER_HOME;
    }
    ck_assert_msg(check_mapped(mapping, 4) == -1, "%s", unmapped[_i].path);
    ck_assert_int_eq(err.code, OCN_E_FORMAT);
}
END_TEST

START_TEST(test_edits__nothing_is_mapped_that_nobody_granted)
{
    struct ocn_edit mapping[4] = MAPPED;
    static const struct ocn_grants none = { .len = 0 };

    policy.level[OCN_RULE_USER_VOLUMES] = OCN_LEVEL_EDIT;
    bounds.text = bytes_of(rooted_text);
    outcome.edits = mapping;
    outcome.edits_len = 4;
    bounds.grants = NULL;
    ck_assert_int_eq(check(), -1);
    bounds.grants = &none;
    ck_assert_int_eq(check(), -1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("edits");
    TCase *tcase = tcase_create("edits");

    tcase_add_checked_fixture(tcase, enter, leave);
    tcase_add_loop_test(tcase, test_edits__created, 0, (int)OCN_COUNT(created));
    tcase_add_test(tcase, test_edits__the_policy_decides);
    tcase_add_test(tcase, test_edits__when_decides_whose_uid);
    tcase_add_test(tcase, test_edits__only_at_level_edit);
    tcase_add_loop_test(tcase, test_edits__joining, 0, (int)OCN_COUNT(joining));
    tcase_add_test(tcase, test_edits__a_process_without_capabilities_has_the_containers);
    tcase_add_test(tcase, test_edits__exec_decides_for_who_joins);
    tcase_add_test(tcase, test_edits__a_checkpoint_is_not_edited);
    tcase_add_test(tcase, test_edits__a_broken_from_is_refused);
    tcase_add_test(tcase, test_edits__many_groups_take_no_time);
    tcase_add_test(tcase, test_edits__many_capabilities_take_no_time);
    tcase_add_test(tcase, test_edits__a_long_value_is_refused);
    tcase_add_test(tcase, test_edits__no_text_is_too_odd);
    tcase_add_loop_test(tcase, test_edits__a_launcher_is_left_out, 0, (int)OCN_COUNT(launched));
    tcase_add_test(tcase, test_edits__a_launcher_is_left_out_where_root_is_lowered);
    tcase_add_test(tcase, test_edits__a_launcher_is_no_matter_of_exec);
    tcase_add_test(tcase, test_edits__a_granted_mount_is_mapped);
    tcase_add_loop_test(tcase, test_edits__no_other_mapping_is_taken, 0, (int)OCN_COUNT(unmapped));
    tcase_add_test(tcase, test_edits__nothing_is_mapped_that_nobody_granted);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
