/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A confined child in the hands of who wrote the image: the real child of the real judge, but what
 * it says is an attacker's (the linker puts lie() in the place of ocn_answer_write). Whatever that
 * is, the parent takes nothing that the policy could not want.
 */
#include "hook/judge/judge.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hook/confine/child.h"
#include "hook/judge/answer.h"
#include "hook/policy/node_policy.h"
#include "tests/lib/suite.h"

#define SAYS_POLICY 2 /* hook/judge/judge.c */
#define ASKS_FOR_MAPPING 5

static const char config_text[] =
    "{\"process\":{\"user\":{\"uid\":0,\"gid\":0,\"additionalGids\":[10]},\"args\":[\"gosu\","
    "\"app\",\"/app\"],"
    "\"env\":[\"PATH=/bin\"],\"cwd\":\"/\","
    "\"capabilities\":{\"bounding\":[\"CAP_KILL\"],\"permitted\":[\"CAP_KILL\"]}},"
    "\"root\":{\"path\":\"rootfs\"},\"linux\":{\"mountLabel\":\"label\",\"namespaces\":["
    "{\"type\":\"pid\"},{\"type\":\"network\",\"path\":\"/run/netns/x\"},{\"type\":\"ipc\"},"
    "{\"type\":\"mount\"}]},\"hooks\":{\"startContainer\":[{\"path\":\"/hook\"}]}}";

static const char policy_text[] =
    "{\"profile\":\"bare-metal\",\"rules\":{\"entry.found\":\"off\",\"user.launcher\":\"edit\","
    "\"user.volumes\":\"edit\"},\"volumes\":{\"allow\":[\"/tmp/**\"]},"
    "\"match\":[{\"when\":{\"namespaces\":[\"a\"]},\"policy\":{\"user\":{\"uid\":2000}}}]}";

static char dir[64];
static struct ocn_error err;
static struct ocn_node_policy policy;

/* What the child of the next judging says. */
static struct ocn_edit lies[4];
static size_t lies_len;
static uint32_t numbers[3];
static size_t numbers_len; /* of a SAYS_POLICY before the answer, told @repeats times */
static size_t repeats;
static uint32_t says = SAYS_POLICY;      /* what these numbers are */
static const char *config = config_text; /* of the container that is judged */
static void (*distort)(struct ocn_outcome *outcome, struct ocn_container *container);

int lie(const struct ocn_answer *answer, struct ocn_buf *out,
        struct ocn_error *ret) __asm__("__wrap_ocn_answer_write");
int tell(const struct ocn_answer *answer, struct ocn_buf *out,
         struct ocn_error *ret) __asm__("__real_ocn_answer_write");

/* Numbers that the writer would not write, in the place of those that are there. */
static uint32_t written[2];
static uint32_t forged[2];

static int forge(struct ocn_buf *out, struct ocn_error *ret)
{
    char *at = written[1] != 0 ? memmem(out->ptr, out->len, written, sizeof(written)) : out->ptr;

    if (at == NULL) {
        return ocn_fail(ret, OCN_E_USAGE, NULL, "there is nothing to forge");
    }
    if (written[1] != 0) {
        memcpy(at, forged, sizeof(forged));
    }
    return 0;
}

int lie(const struct ocn_answer *answer, struct ocn_buf *out, struct ocn_error *ret)
{
    struct ocn_answer hostile = *answer;

    if (answer->outcome != NULL) {
        hostile.outcome->edits = lies;
        hostile.outcome->edits_len = lies_len;
    }
    struct ocn_container container =
        answer->container != NULL ? *answer->container : (struct ocn_container){ 0 };
    if (answer->container != NULL) {
        hostile.container = &container;
    }
    if (answer->outcome != NULL && distort != NULL) {
        distort(hostile.outcome, &container);
    }
    for (size_t i = 0; i < repeats; i++) {
        const struct ocn_bytes said = { (const char *)numbers, numbers_len * sizeof(numbers[0]) };
        if (ocn_child_send(says, said, NULL) < 0) { /* Check's own words would be a SIGSYS */
            return -1;
        }
    }
    return tell(&hostile, out, ret) < 0 ? -1 : forge(out, ret);
}

static void enter(void)
{
    struct ocn_layer layer = { "test", { policy_text, sizeof(policy_text) - 1 }, NULL };
    char rootfs[80];

    (void)umask(022); /* the new user may come to the rootfs, whoever runs this */
    strcpy(dir, "/tmp/ocn-hostile-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    (void)snprintf(rootfs, sizeof(rootfs), "%s/rootfs", dir);
    ck_assert_int_eq(mkdir(rootfs, 0755), 0);
    const struct ocn_world world = { .root = dir };
    ck_assert_msg(ocn_node_policy_load(&world, &layer, 1, &policy, &err) == 0, "%s", err.msg);
}

static void leave(void)
{
    char rootfs[80];

    (void)snprintf(rootfs, sizeof(rootfs), "%s/rootfs", dir);
    (void)rmdir(rootfs);
    (void)rmdir(dir);
    ocn_node_policy_done(&policy);
}

static int judge(struct ocn_judgement *ret)
{
    const struct ocn_world world = { 0 };

    err = (struct ocn_error){ 0 };
    const struct ocn_subject subject = { .event = OCN_ON_CREATE,
                                         .bundle = dir,
                                         .id = "id",
                                         .unedited = true,
                                         .config = { config, strlen(config) } };
    return ocn_judge_container(&world, &policy, &subject, ret, &err);
}

/* What is there to be done, and where something is, the hook makes its plan of the container. */
static const struct ocn_edit lowered = { OCN_RULE_USER_ROOT, "/process/user/uid", "0", "1001",
                                         "x" };

static const struct ocn_edit wishes[] = {
    { OCN_RULE_USER_ROOT, "/process/user/uid", "0", "0", "x" },
    { OCN_RULE_USER_ROOT, "/process/user/uid", "0", "2000", "x" }, /* of a row that does not hold */
    { OCN_RULE_USER_ROOT, "/process/user/gid", "0", "10", "x" },
    { OCN_RULE_USER_GROUPS, "/process/user/additionalGids", "[]", "[0,10]", "x" },
    { OCN_RULE_USER_CAPABILITIES, "/process/capabilities/bounding", "[]", "[\"CAP_SYS_ADMIN\"]",
      "x" },
    { OCN_RULE_USER_CAPABILITIES, "/process/capabilities/effective", "[]", "[\"CAP_KILL\"]", "x" },
    { OCN_RULE_USER_CAPABILITIES, "/process/capabilities/ambient", "[]", "[\"CAP_SETUID\"]", "x" },
    { OCN_RULE_USER_CAPABILITIES, "/process/noNewPrivileges", "true", "false", "x" },
    { OCN_RULE_ENV_SET, "/process/env/LD_PRELOAD", NULL, "\"/tmp/x.so\"", "x" },
    { OCN_RULE_ENV_SET, "/process/env/PATH", "\"/bin\"", "\"/evil\"", "x" },
    { OCN_RULE_USER_HOME, "/process/env/LD_LIBRARY_PATH", NULL, "\"/evil\"", "x" },
    { OCN_RULE_ENV_SET, "/process/args", NULL, "[\"/evil\"]", "x" },
    { OCN_RULE_USER_LAUNCHER, "/process/args", NULL, "[\"/evil\"]", "x" },
    { OCN_RULE_USER_LAUNCHER, "/process/args", NULL, "[\"/app\"]", "x" }, /* and root starts it */
    { OCN_RULE_USER_LAUNCHER, "/process/user/uid", "0", "5", "x" },       /* and it is there */
    { OCN_RULE_USER_LAUNCHER, "/process/user/uid", "0", "0", "x" },
    { OCN_RULE_USER_ROOT, "/process/args", NULL, "[\"/app\"]", "x" },
    { OCN_RULE_USER_GROUPS, "/annotations/run.oci.handler", NULL, "\"krun\"", "x" },
    /* a path that is edited and a value that it may have, but no such rule edits it */
    { OCN_RULE_USER_GROUPS, "/process/user/uid", "0", "1001", "x" },
    { OCN_RULE_PLATFORM_ARCH, "/process/user/uid", "0", "1001", "x" },
    { OCN_RULE_ENV_SET, "/process/capabilities/bounding", "[]", "[]", "x" },
    { OCN_RULE_ENV_HTTP, "/process/env/HOME", NULL, "\"/\"", "x" },
    { OCN_RULE_ANNOTATIONS_DERIVE, "/process/noNewPrivileges", "false", "true", "x" },
    /* what starts, where, and under which label */
    { OCN_RULE_USER_ROOT, "/process/cwd", "\"/\"", "\"/tmp\"", "x" },
    { OCN_RULE_USER_ROOT, "/process/apparmorProfile", NULL, "\"unconfined\"", "x" },
    { OCN_RULE_USER_ROOT, "/process/selinuxLabel", NULL, "\"\"", "x" },
    { OCN_RULE_USER_ROOT, "/linux/mountLabel", "\"label\"", "\"\"", "x" },
    { OCN_RULE_USER_ROOT, "/linux/namespaces", NULL, "[]", "x" },
    { OCN_RULE_USER_ROOT, "/linux/maskedPaths", NULL, "[]", "x" },
    { OCN_RULE_USER_ROOT, "/linux/seccomp", NULL, "null", "x" },
    { OCN_RULE_USER_ROOT, "/mounts", NULL, "[]", "x" },
    { OCN_RULE_USER_VOLUMES, "/mounts/0/uidMappings", NULL, "[]", "x" },
    { OCN_RULE_USER_VOLUMES, "/mounts/0/source", NULL, "\"/\"", "x" },
    { OCN_RULE_USER_ROOT, "/hooks/startContainer", NULL, "[]", "x" },
    { OCN_RULE_USER_ROOT, "/root/path", "\"rootfs\"", "\"/\"", "x" },
    { OCN_RULE_USER_ROOT, "", NULL, "{}", "x" },
};

START_TEST(test_hostile__no_such_edit_is_taken)
{
    OCN_CLEANUP(ocn_judge_done) struct ocn_judgement judgement = { 0 };

    lies[0] = wishes[_i];
    lies_len = 1;
    ck_assert_int_eq(judge(&judgement), -1);
    ck_assert_int_eq(err.code, OCN_E_FORMAT);
    ck_assert_msg(strstr(err.msg, "never made") != NULL, "%s", err.msg);
    ck_assert_ptr_null(judgement.outcome);
}
END_TEST

START_TEST(test_hostile__nothing_is_edited_twice)
{
    OCN_CLEANUP(ocn_judge_done) struct ocn_judgement judgement = { 0 };

    lies[0] = lowered;
    lies[1] = lies[0];
    lies_len = 2;
    ck_assert_int_eq(judge(&judgement), -1);
    ck_assert_msg(strstr(err.msg, "never made") != NULL, "%s", err.msg);
}
END_TEST

/* Like an image with another USER: the launcher's words go, somebody who is not root starts. */
START_TEST(test_hostile__a_launcher_goes_and_root_with_it)
{
    static const char *const refused[][3] = {
        { "[\"/app\"]", "0", "6" },
        { "[\"/app\"]", "5", "0" },
        { "[\"app\"]", "5", "6" },
        { "[\"/app\",\"app\"]", "5", "6" },
    };
    OCN_CLEANUP(ocn_judge_done) struct ocn_judgement taken = { 0 };

    lies[0] = (struct ocn_edit){ OCN_RULE_USER_LAUNCHER, "/process/args", NULL, NULL, "x" };
    lies[1] = (struct ocn_edit){ OCN_RULE_USER_LAUNCHER, "/process/user/uid", NULL, NULL, "x" };
    lies[2] = (struct ocn_edit){ OCN_RULE_USER_LAUNCHER, "/process/user/gid", NULL, NULL, "x" };
    lies_len = 3;
    for (size_t i = 0; i < OCN_COUNT(refused); i++) {
        OCN_CLEANUP(ocn_judge_done) struct ocn_judgement judgement = { 0 };
        for (size_t k = 0; k < 3; k++) {
            lies[k].to = refused[i][k];
        }
        ck_assert_msg(judge(&judgement) == -1, "%zu", i);
        ck_assert_msg(strstr(err.msg, "never made") != NULL, "%s", err.msg);
    }
    lies[0].to = "[\"/app\"]";
    lies[1].to = "5";
    lies[2].to = "6";
    ck_assert_msg(judge(&taken) == 0, "%s", err.msg);
}
END_TEST

START_TEST(test_hostile__nothing_to_change_is_all_it_can_say)
{
    OCN_CLEANUP(ocn_judge_done) struct ocn_judgement judgement = { 0 };

    lies_len = 0;
    ck_assert_msg(judge(&judgement) == 0, "%s", err.msg);
    ck_assert_uint_eq(judgement.outcome->edits_len, 0);
}
END_TEST

/* The real child has told the policy before: an image chooses no other. */
START_TEST(test_hostile__no_other_policy_is_taken)
{
    static const struct {
        uint32_t numbers[3];
        size_t len;
    } rows[] = {
        { { OCN_NODE_PROFILE, 0 }, 2 }, /* a row that does not hold */
        { { OCN_NODE_PROFILE }, 1 },    /* the same again */
        { { OCN_NODE_PROFILE, 1 }, 2 }, /* no such row */
        { { 0 }, 1 },                   /* the node's profile is named */
        { { 0 }, 0 },
    };
    OCN_CLEANUP(ocn_judge_done) struct ocn_judgement judgement = { 0 };

    lies_len = 0;
    memcpy(numbers, rows[_i].numbers, sizeof(numbers));
    numbers_len = rows[_i].len;
    repeats = 1;
    ck_assert_int_eq(judge(&judgement), -1);
    ck_assert_int_eq(err.code, OCN_E_FORMAT);
    ck_assert_uint_eq(judgement.policy.user.uid, 1001);
}
END_TEST

/* Of these the hook makes its plan, and judges what it can do. */
static void say_other_uid(struct ocn_outcome *outcome, struct ocn_container *container)
{
    (void)outcome;
    container->process.user.uid = 5;
}

static void say_other_gid(struct ocn_outcome *outcome, struct ocn_container *container)
{
    (void)outcome;
    container->process.user.gid = 6;
}

static void say_more_groups(struct ocn_outcome *outcome, struct ocn_container *container)
{
    static uint32_t gids[] = { 10, 6 };

    (void)outcome;
    container->process.user.additional_gids = (struct ocn_u32s){ gids, 2 };
}

static void say_other_groups(struct ocn_outcome *outcome, struct ocn_container *container)
{
    static uint32_t gids[] = { 6 };

    (void)outcome;
    container->process.user.additional_gids = (struct ocn_u32s){ gids, 1 };
}

static void say_no_groups(struct ocn_outcome *outcome, struct ocn_container *container)
{
    (void)outcome;
    container->process.user.additional_gids.len = 0;
}

static void say_other_rootfs(struct ocn_outcome *outcome, struct ocn_container *container)
{
    (void)outcome;
    container->root.path = "/";
}

static void say_more_capabilities(struct ocn_outcome *outcome, struct ocn_container *container)
{
    static const char *names[] = { "CAP_KILL", "CAP_SETUID" };

    (void)outcome;
    container->process.capabilities.bounding = (struct ocn_strings){ names, 2 };
}

static void say_ambient_capabilities(struct ocn_outcome *outcome, struct ocn_container *container)
{
    static const char *names[] = { "CAP_KILL" };

    (void)outcome;
    container->process.capabilities.ambient = (struct ocn_strings){ names, 1 };
}

static void say_no_new_privileges(struct ocn_outcome *outcome, struct ocn_container *container)
{
    (void)outcome;
    container->process.no_new_privileges = true;
}

static void say_other_label(struct ocn_outcome *outcome, struct ocn_container *container)
{
    (void)outcome;
    container->linux_.mount_label = "another";
}

static void say_no_label(struct ocn_outcome *outcome, struct ocn_container *container)
{
    (void)outcome;
    container->linux_.mount_label = NULL;
}

static void say_one_namespace_less(struct ocn_outcome *outcome, struct ocn_container *container)
{
    (void)outcome;
    container->linux_.namespaces.len--;
}

static void say_namespace_is_own(struct ocn_outcome *outcome, struct ocn_container *container)
{
    (void)outcome;
    ((struct ocn_oci_namespace *)container->linux_.namespaces.items)[1].path = NULL;
}

static void say_no_hooks(struct ocn_outcome *outcome, struct ocn_container *container)
{
    (void)outcome;
    container->start_hooks.len = 0;
}

static void say_other_hook(struct ocn_outcome *outcome, struct ocn_container *container)
{
    (void)outcome;
    ((struct ocn_oci_hook *)container->start_hooks.items)[0].path = "/another";
}

static void (*const distortions[])(struct ocn_outcome *outcome, struct ocn_container *container) = {
    say_other_uid,         say_other_gid,    say_more_groups,       say_other_groups,
    say_no_groups,         say_other_rootfs, say_more_capabilities, say_ambient_capabilities,
    say_no_new_privileges, say_other_label,  say_no_label,          say_one_namespace_less,
    say_namespace_is_own,  say_no_hooks,     say_other_hook,
};

START_TEST(test_hostile__the_container_is_as_config_json_has_it)
{
    OCN_CLEANUP(ocn_judge_done) struct ocn_judgement judgement = { 0 };

    distort = distortions[_i];
    lies[0] = lowered;
    lies_len = 1;
    ck_assert_int_eq(judge(&judgement), -1);
    ck_assert_int_eq(err.code, OCN_E_FORMAT);
    ck_assert_msg(strstr(err.msg, "another container than config.json") != NULL, "%s", err.msg);
    ck_assert_ptr_null(judgement.container);
}
END_TEST

/* ---- findings, and what else an outcome has ----------------------------------------------- */

static struct ocn_finding found[] = {
    { OCN_RULE_USER_ACCESS, OCN_LEVEL_WARN, "message", "hint" },
};

static void say_finding(struct ocn_outcome *outcome, struct ocn_container *container)
{
    (void)container;
    outcome->findings = found;
    outcome->findings_len = 1;
}

static const struct ocn_finding no_texts[] = {
    { OCN_RULE_USER_ACCESS, OCN_LEVEL_WARN, "two\nlines", "hint" },
    { OCN_RULE_USER_ACCESS, OCN_LEVEL_WARN, "message", "\033[2J" },
    { OCN_RULE_USER_ACCESS, OCN_LEVEL_WARN, "\xc2\x9b", "hint" },
    { OCN_RULE_USER_ACCESS, OCN_LEVEL_DENY, "message", "hint" }, /* and the verdict is "allow" */
};

START_TEST(test_hostile__no_such_finding_is_shown)
{
    OCN_CLEANUP(ocn_judge_done) struct ocn_judgement judgement = { 0 };

    distort = say_finding;
    found[0] = no_texts[_i];
    ck_assert_int_eq(judge(&judgement), -1);
    ck_assert_int_eq(err.code, OCN_E_FORMAT);
    ck_assert_ptr_null(judgement.outcome);
}
END_TEST

/* A rule and a level; and those of the finding that is there. */
static const uint32_t no_numbers[][2] = {
    { OCN_RULE_COUNT, OCN_LEVEL_WARN },      { UINT32_MAX, OCN_LEVEL_WARN },
    { OCN_RULE_USER_ACCESS, OCN_LEVEL_OFF }, { OCN_RULE_USER_ACCESS, OCN_LEVEL_EDIT },
    { OCN_RULE_USER_ACCESS, UINT32_MAX },
};

START_TEST(test_hostile__no_such_rule_and_no_such_level_is_shown)
{
    OCN_CLEANUP(ocn_judge_done) struct ocn_judgement judgement = { 0 };

    distort = say_finding;
    written[0] = OCN_RULE_USER_ACCESS;
    written[1] = OCN_LEVEL_WARN;
    memcpy(forged, no_numbers[_i], sizeof(forged));
    ck_assert_int_eq(judge(&judgement), -1);
    ck_assert_int_eq(err.code, OCN_E_FORMAT);
    ck_assert_ptr_null(judgement.outcome);
}
END_TEST

/* One that is as they are, so that the others are refused for what they say. */
START_TEST(test_hostile__a_finding_is_shown)
{
    OCN_CLEANUP(ocn_judge_done) struct ocn_judgement judgement = { 0 };

    distort = say_finding;
    ck_assert_msg(judge(&judgement) == 0, "%s", err.msg);
    ck_assert_uint_eq(judgement.outcome->findings_len, 1);
}
END_TEST

static void say_too_many(struct ocn_outcome *outcome, struct ocn_container *container)
{
    static struct ocn_finding many[300];

    (void)container;
    for (size_t i = 0; i < OCN_COUNT(many); i++) {
        many[i] = (struct ocn_finding){ OCN_RULE_USER_ACCESS, OCN_LEVEL_WARN, "m", "h" };
    }
    outcome->findings = many;
    outcome->findings_len = forged[0];
}

START_TEST(test_hostile__no_flood_of_findings_is_shown)
{
    OCN_CLEANUP(ocn_judge_done) struct ocn_judgement judgement = { 0 };

    distort = say_too_many;
    forged[0] = 257;
    ck_assert_int_eq(judge(&judgement), -1);
    ck_assert_ptr_null(judgement.outcome);
}
END_TEST

/* An exemption is "nothing to change", of which there is no more than that. */
static void say_exempt(struct ocn_outcome *outcome, struct ocn_container *container)
{
    (void)container;
    outcome->exempt = "sandbox";
    outcome->findings_len = 0;
    outcome->kept_len = 0;
}

START_TEST(test_hostile__an_exempt_container_is_not_edited)
{
    OCN_CLEANUP(ocn_judge_done) struct ocn_judgement judgement = { 0 };
    OCN_CLEANUP(ocn_judge_done) struct ocn_judgement plain = { 0 };

    distort = say_exempt;
    lies[0] = lowered;
    lies_len = 1;
    ck_assert_int_eq(judge(&judgement), -1);
    ck_assert_msg(strstr(err.msg, "contradicts itself") != NULL, "%s", err.msg);
    lies_len = 0;
    ck_assert_msg(judge(&plain) == 0, "%s", err.msg);
    ck_assert_uint_eq(plain.outcome->edits_len, 0);
}
END_TEST

/* The parent has no other word on which file is started: who covers another one starts nothing
 * (integration/runc/hold.bats), and no path leaves the rootfs (entry.bats). */
static void say_other_file(struct ocn_outcome *outcome, struct ocn_container *container)
{
    (void)container;
    outcome->facts.entry.real = "/bin/\nother";
    outcome->facts.entry.dev = 1;
    outcome->facts.entry.ino = 2;
}

START_TEST(test_hostile__another_file_is_named_and_nothing_else)
{
    OCN_CLEANUP(ocn_judge_done) struct ocn_judgement judgement = { 0 };

    distort = say_other_file;
    lies[0] = lowered;
    lies_len = 1;
    ck_assert_msg(judge(&judgement) == 0, "%s", err.msg);
    ck_assert_uint_eq(judgement.outcome->facts.entry.ino, 2);
    ck_assert_str_eq(judgement.container->root.path, "rootfs");
}
END_TEST

/* ---- volumes ------------------------------------------------------------------------------ */

#define SWAPPED(TO, BETWEEN, NEXT, LEFT)                                                           \
    "[{\"containerID\":0,\"hostID\":" TO                                                           \
    ",\"size\":1},{\"containerID\":1,\"hostID\":1,\"size\":" BETWEEN "},{\"containerID\":" TO      \
    ",\"hostID\":0,\"size\":1},{\"containerID\":" NEXT ",\"hostID\":" NEXT ",\"size\":" LEFT "}]"
#define TO_1001 SWAPPED("1001", "1000", "1002", "4294966293")

static char mounted_text[2048];
static char volume[80];

/* A container with two mounts: a volume of whoever runs this, and the node's /etc. */
static void mount_volume(void)
{
    (void)snprintf(volume, sizeof(volume), "%s/volume", dir);
    ck_assert_int_eq(mkdir(volume, 0700), 0);
    (void)snprintf(
        mounted_text, sizeof(mounted_text),
        "%.*s,\"mounts\":[{\"destination\":\"/data\",\"type\":\"bind\",\"source\":\"%s\"},"
        "{\"destination\":\"/etc\",\"type\":\"bind\",\"source\":\"/etc\"}]}",
        (int)(sizeof(config_text) - 2), config_text, volume);
    config = mounted_text;
}

static void lie_of_mount(const char *uids, const char *gids, const char *uid_map)
{
    lies[0] = lowered;
    lies[1] = (struct ocn_edit){ OCN_RULE_USER_ROOT, "/process/user/gid", "0", "1001", "x" };
    lies[2] = (struct ocn_edit){ OCN_RULE_USER_VOLUMES, uids, NULL, uid_map, "x" };
    lies[3] = (struct ocn_edit){ OCN_RULE_USER_VOLUMES, gids, NULL, TO_1001, "x" };
    lies_len = 4;
}

/* The child that asked for nothing gets nothing; who has asked, gets what was granted. */
START_TEST(test_hostile__only_a_granted_mount_is_mapped)
{
    static const struct {
        const char *uids, *gids, *map;
        bool asks;
        bool taken; /* by the node's root */
    } rows[] = {
        { "/mounts/0/uidMappings", "/mounts/0/gidMappings", TO_1001, true, true },
        { "/mounts/0/uidMappings", "/mounts/0/gidMappings", TO_1001, false, false },
        { "/mounts/1/uidMappings", "/mounts/1/gidMappings", TO_1001, true, false },
        { "/mounts/2/uidMappings", "/mounts/2/gidMappings", TO_1001, true, false },
        { "/mounts/0/uidMappings", "/mounts/1/gidMappings", TO_1001, true, false },
        { "/mounts/0/uidMappings", "/mounts/0/gidMappings", SWAPPED("5", "4", "6", "4294967289"),
          true, false },
        { "/mounts/0/uidMappings", "/mounts/0/gidMappings", "[]", true, false },
    };
    OCN_CLEANUP(ocn_judge_done) struct ocn_judgement judgement = { 0 };

    mount_volume();
    lie_of_mount(rows[_i].uids, rows[_i].gids, rows[_i].map);
    /* The real child finds two mounts of root's to ask for, before it lies; the other asks itself.
     */
    if (!rows[_i].asks) {
        (void)rmdir(volume);
        ck_assert_int_eq(symlink("/proc/self", volume), 0);
    }
    int result = judge(&judgement);
    bool taken = rows[_i].taken && geteuid() == 0;
    ck_assert_msg((result == 0) == taken, "%d: %s", _i, err.msg);
    ck_assert_msg(taken || strstr(err.msg, "never made") != NULL, "%s", err.msg);
    ck_assert_uint_eq(judgement.grants.len, taken || (rows[_i].asks && geteuid() == 0) ? 1 : 0);
    (void)unlink(volume);
    (void)rmdir(volume);
}
END_TEST

/* One question, of so many mounts, while the policy is known: all else is an attack. */
START_TEST(test_hostile__nobody_asks_for_mappings_twice)
{
    OCN_CLEANUP(ocn_judge_done) struct ocn_judgement judgement = { 0 };

    says = ASKS_FOR_MAPPING;
    numbers_len = (size_t)_i;
    repeats = _i == 0 ? 1 : 2;
    ck_assert_int_eq(judge(&judgement), -1);
    ck_assert_int_eq(err.code, OCN_E_FORMAT);
    ck_assert_msg(strstr(err.msg, "malformed") != NULL, "%s", err.msg);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hostile");
    TCase *tcase = tcase_create("hostile");

    tcase_add_checked_fixture(tcase, enter, leave);
    tcase_add_loop_test(tcase, test_hostile__no_such_edit_is_taken, 0, (int)OCN_COUNT(wishes));
    tcase_add_test(tcase, test_hostile__nothing_is_edited_twice);
    tcase_add_test(tcase, test_hostile__a_launcher_goes_and_root_with_it);
    tcase_add_test(tcase, test_hostile__nothing_to_change_is_all_it_can_say);
    tcase_add_loop_test(tcase, test_hostile__no_other_policy_is_taken, 0, 5);
    tcase_add_loop_test(tcase, test_hostile__the_container_is_as_config_json_has_it, 0,
                        (int)OCN_COUNT(distortions));
    tcase_add_test(tcase, test_hostile__a_finding_is_shown);
    tcase_add_loop_test(tcase, test_hostile__no_such_finding_is_shown, 0, (int)OCN_COUNT(no_texts));
    tcase_add_loop_test(tcase, test_hostile__no_such_rule_and_no_such_level_is_shown, 0,
                        (int)OCN_COUNT(no_numbers));
    tcase_add_test(tcase, test_hostile__no_flood_of_findings_is_shown);
    tcase_add_test(tcase, test_hostile__an_exempt_container_is_not_edited);
    tcase_add_test(tcase, test_hostile__another_file_is_named_and_nothing_else);
    tcase_add_loop_test(tcase, test_hostile__only_a_granted_mount_is_mapped, 0, 7);
    tcase_add_loop_test(tcase, test_hostile__nobody_asks_for_mappings_twice, 0, 3);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
