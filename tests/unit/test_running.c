/* SPDX-License-Identifier: Apache-2.0 */
/* A node as a tree of files: states as the runtimes write them, /proc as far as it is read. */
#include "hook/running/report.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hook/running/place.h"

#define TASK "/run/containerd/io.containerd.runtime.v2.task"
#define LONG_ID "4444444444444444444444444444444444444444444444444444444444444444"

/* @1: of process and root, @2: annotations, @3: of "linux", each with a comma before it. */
#define CONFIG(process, annotations, rest)                                                         \
    "{\"process\":{\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"/app\"],\"cwd\":\"/\"" process       \
    "},\"root\":{\"path\":\"rootfs\"},\"annotations\":{\"x\":\"y\"" annotations                    \
    "},\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"},"   \
    "{\"type\":\"mount\"}]" rest "}}"

/* The target ids do not exist in the container: user.mapped denies, and no file is looked at. */
#define UNMAPPED                                                                                   \
    ",\"uidMappings\":[{\"containerID\":0,\"hostID\":9,\"size\":1}],"                              \
    "\"gidMappings\":[{\"containerID\":0,\"hostID\":9,\"size\":1}]"

static char dir[64];
static struct ocn_runnings found;
static struct ocn_buf out;
static struct ocn_error err;

static void run(const char *command)
{
    ck_assert_int_eq(system(command), 0);
}

/* Writes @text to the path below the tree that the format makes. */
static void put(const char *text, const char *fmt, ...) OCN_PRINTF(2, 3);

static void put(const char *text, const char *fmt, ...)
{
    char path[512];
    char command[600];
    va_list args;
    int len = snprintf(path, sizeof(path), "%s", dir);

    va_start(args, fmt);
    (void)vsnprintf(path + len, sizeof(path) - (size_t)len, fmt, args);
    va_end(args);
    (void)snprintf(command, sizeof(command), "mkdir -p \"$(dirname '%s')\"", path);
    run(command);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

/* A bundle whose rootfs is there, empty. */
static void put_bundle(const char *bundle, const char *config)
{
    put(config, "%s/config.json", bundle);
    put("", "%s/rootfs/nothing", bundle);
}

static void put_runc(const char *state, const char *bundle, unsigned pid)
{
    char text[512];

    (void)snprintf(text, sizeof(text),
                   "{\"init_process_pid\":%u,\"init_process_start\":%u,\"config\":{\"labels\":"
                   "[\"bundle=/evil\",\"bundle=%s\"]}}",
                   pid, pid * 10, bundle);
    put(text, "%s/state.json", state);
}

static void put_crun(const char *state, const char *bundle, unsigned pid)
{
    char text[512];

    (void)snprintf(text, sizeof(text), "{\"pid\":%u,\"process-start-time\":%u,\"bundle\":\"%s\"}",
                   pid, pid * 10, bundle);
    put(text, "%s/status", state);
}

/* The process @pid as proc(5) has it; its name is hostile. */
static void put_process(unsigned pid, char state, unsigned start, unsigned uid, unsigned gid)
{
    char text[512];

    (void)snprintf(text, sizeof(text),
                   "%u (a) Z b) %c 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 %u 20 21\n", pid,
                   state, start);
    put(text, "/proc/%u/stat", pid);
    (void)snprintf(text, sizeof(text), "Name:\ta\nUid:\t7\t%u\t7\t7\nGid:\t7\t%u\t7\t7\n", uid,
                   gid);
    put(text, "/proc/%u/status", pid);
    put("         0     100000      65536\n", "/proc/%u/uid_map", pid);
    put("         0     100000       1000\n     1000       1000         10\n", "/proc/%u/gid_map",
        pid);
}

static void enter(void)
{
    (void)umask(022);
    strcpy(dir, "/tmp/ocn-running-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    put("{\"profile\":\"bare-metal\",\"rules\":{\"entry.found\":\"off\",\"env.otel\":\"off\"}}",
        "/etc/ocinorm/config.json");
    put("Linux\n", "/proc/version");
}

static void leave(void)
{
    char command[128];

    ocn_running_done(&found);
    ocn_buf_done(&out);
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", dir);
    run(command);
}

static int read_all(const char *who)
{
    const struct ocn_world world = { .root = dir, .all_facts = true, .any_owner = true };

    ocn_running_done(&found);
    err = (struct ocn_error){ 0 };
    return ocn_running_read(&world, who, &found, &err);
}

static const char *text(void)
{
    ocn_buf_done(&out);
    ck_assert_int_eq(ocn_running_text(&found, false, &out, &err), 0);
    ocn_buf_add(&out, "", 1);
    ck_assert_int_eq(ocn_buf_check(&out, &err), 0);
    return out.ptr;
}

static json_t *json(void)
{
    ocn_buf_done(&out);
    ck_assert_int_eq(ocn_running_json(&found, &out, &err), 0);
    json_t *ret = json_loadb(out.ptr, out.len, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_ptr_nonnull(ret);
    return ret;
}

static const char *member(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* Every engine's, with its own bundles; see the table in place.c. */
static void put_engines(void)
{
    put_bundle(TASK "/k8s.io/1", CONFIG("",
                                        ",\"io.kubernetes.cri.sandbox-namespace\":\"shop\","
                                        "\"io.kubernetes.cri.sandbox-name\":\"web-0\","
                                        "\"io.kubernetes.cri.container-name\":\"web\"",
                                        ""));
    put_runc("/run/containerd/runc/k8s.io/1", TASK "/k8s.io/1", 101);
    put_process(101, 'S', 1010, 100000, 100000);

    put_bundle(TASK "/default/two", CONFIG("", "", UNMAPPED));
    put_crun("/run/containerd/runc/default/two", TASK "/default/two", 102);
    put_process(102, 'S', 1020, 100033, 100033);

    put_bundle("/data/overlay-containers/3/userdata",
               CONFIG("", "", ",\"cgroupsPath\":\"/libpod_parent/libpod-3\""));
    put_crun("/run/crun/3", "/data/overlay-containers/3/userdata", 103);
    put_process(103, 'S', 1030, 101001, 1001);
    put("[{\"id\":\"2\",\"names\":[\"other\"]},{\"id\":\"3\",\"names\":[\"lone\",\"alias\"]}]",
        "/data/overlay-containers/containers.json");

    /* The engine's own /var/run is a link, which must not lead out of the tree. */
    char command[256];
    (void)snprintf(command, sizeof(command), "mkdir -p '%s/var' && ln -s /run '%s/var/run'", dir,
                   dir);
    run(command);
    put_bundle("/run/docker/containerd/daemon/io.containerd.runtime.v2.task/moby/" LONG_ID,
               CONFIG("", "", ""));
    put_runc("/run/docker/runtime-runc/moby/" LONG_ID,
             "/var/run/docker/containerd/daemon/io.containerd.runtime.v2.task/moby/" LONG_ID, 104);
    put_process(104, 'R', 1040, 100000, 100000);

    put_bundle("/b/hand", CONFIG("", "", ""));
    put_runc("/run/runc/hand", "/b/hand", 105);
    put_process(105, 'S', 1050, 101001, 1001);
}

START_TEST(test_running__lists_the_containers_of_all_engines)
{
    put_engines();
    ck_assert_msg(read_all(NULL) == 0, "%s: %s", err.where, err.msg);
    ck_assert_str_eq(
        text(), "ENGINE      NAMESPACE  NAME          USER              RULES\n"
                "containerd  default    two           33:33             deny [user.mapped] "
                "uid 1001 is not mapped in the container's user namespace (linux.uidMappings)\n"
                "containerd  shop       web-0/web     0:0 -> 1001:1001  ok\n"
                "docker      -          444444444444  0:0 -> 1001:1001  ok\n"
                "podman      -          lone          1001:1001         ok\n"
                "runc        -          hand          1001:1001         ok\n"
                "5 running: 1 would be denied, 2 would get another user, 0 undecided; "
                "ocinorm explain ID says why\n");
}
END_TEST

START_TEST(test_running__json_has_the_outcome_as_explain_has_it)
{
    put_engines();
    ck_assert_int_eq(read_all(NULL), 0);
    json_auto_t *all = json();
    ck_assert_int_eq(json_integer_value(json_object_get(all, "version")), 1);
    ck_assert_uint_eq(json_array_size(json_object_get(all, "problems")), 0);
    const json_t *list = json_object_get(all, "containers");
    ck_assert_uint_eq(json_array_size(list), 5);
    const json_t *docker = json_array_get(list, 2);
    ck_assert_str_eq(member(docker, "engine"), "docker");
    ck_assert_str_eq(member(docker, "id"), LONG_ID);
    ck_assert(json_is_null(json_object_get(docker, "name")));
    ck_assert(json_is_null(json_object_get(docker, "problem")));
    ck_assert_int_eq(json_integer_value(json_object_get(docker, "pid")), 104);
    const json_t *outcome = json_object_get(docker, "outcome");
    ck_assert_str_eq(member(outcome, "verdict"), "allow");
    ck_assert_str_eq(member(outcome, "bundle"), member(docker, "bundle"));
    const json_t *user = json_object_get(docker, "user");
    ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(user, "then"), "uid")),
                     1001);
    /* Who is denied is nobody then. */
    user = json_object_get(json_array_get(list, 0), "user");
    ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(user, "now"), "gid")), 33);
    ck_assert(json_is_null(json_object_get(user, "then")));
}
END_TEST

START_TEST(test_running__docker_names_lie_above_the_root_file_system)
{
    put_bundle("/b/1", CONFIG("", "", ""));
    put("{\"pid\":9,\"bundle\":\"/b/1\",\"rootfs\":\"/big/disk/overlay2/x/merged\"}",
        "/run/docker/runtime-runc/moby/77/status");
    put_process(9, 'S', 1, 100000, 100000);
    put("{\"Name\":\"/boat\"}", "/big/disk/containers/77/config.v2.json");
    ck_assert_int_eq(read_all("boat"), 0);
    ck_assert_str_eq(found.items[0].engine, "docker");
    ck_assert_str_eq(found.items[0].name, "boat");
}
END_TEST

/* Not there, another one of that number, a zombie. */
START_TEST(test_running__what_has_ended_does_not_run)
{
    put_bundle("/b/1", CONFIG("", "", ""));
    put_runc("/run/runc/gone", "/b/1", 11);
    put_runc("/run/runc/other", "/b/1", 12);
    put_process(12, 'S', 121, 0, 0);
    put_runc("/run/runc/zombie", "/b/1", 13);
    put_process(13, 'Z', 130, 0, 0);
    put("not a container\n", "/run/runc/lock");
    put("", "/run/crun/.cache/seccomp/x");
    ck_assert_int_eq(read_all(NULL), 0);
    ck_assert_str_eq(text(), "no container runs here\n");

    /* Of a tree without /proc nobody knows. */
    char command[128];
    (void)snprintf(command, sizeof(command), "rm -r '%s/proc'", dir);
    run(command);
    ck_assert_int_eq(read_all(NULL), 0);
    ck_assert_uint_eq(found.len, 3);
    uint32_t uid = 7;
    uint32_t gid = 7;
    ck_assert(ocn_running_user_now(&found.items[0], &uid, &gid));
    ck_assert_uint_eq(uid, 0);
}
END_TEST

START_TEST(test_running__what_cannot_be_read_is_a_line)
{
    char command[256];

    put_bundle("/b/1", "{");
    put_crun("/run/crun/config", "/b/1", 11);
    put_process(11, 'S', 110, 100000, 100000);
    put_crun("/run/crun/bundle", "/nowhere", 11);
    put("{", "/run/crun/state/status");
    put("{\"pid\":11,\"process-start-time\":110,\"bundle\":\"relative\"}",
        "/run/crun/where/status");
    put("{\"pid\":11,\"bundle\":\"/b/1\"}", "/run/crun/a\x1b[2J/status");
    put("{\"pid\":11,\"bundle\":\"/no\\u001bwhere\"}", "/run/crun/b\n\x1b]\xff/status");
    (void)snprintf(command, sizeof(command),
                   "mkdir '%s/run/crun/fifo' && mkfifo '%s/run/crun/fifo/status'", dir, dir);
    run(command);
    ck_assert_msg(read_all(NULL) == 0, "%s: %s", err.where, err.msg);
    ck_assert_uint_eq(found.len, 6);
    ck_assert_uint_eq(found.problems_len, 1);
    ck_assert_uint_eq(ocn_running_count(&found).undecided, 6);
    for (const char *c = text(); *c != '\0'; c++) {
        ck_assert_msg(*c == '\n' || ((unsigned char)*c >= 0x20 && (unsigned char)*c < 0x7f), "%s",
                      out.ptr);
    }
    ck_assert_ptr_nonnull(strstr(out.ptr, "not a regular file"));
    ck_assert_ptr_nonnull(strstr(out.ptr, "names no process"));
    ck_assert_ptr_nonnull(strstr(out.ptr, "names no absolute bundle directory"));
    ck_assert_ptr_nonnull(strstr(out.ptr, " b??]?  "));
    ck_assert_ptr_nonnull(strstr(out.ptr, "/b/1/config.json"));
    json_auto_t *all = json();
    ck_assert_uint_eq(json_array_size(json_object_get(all, "problems")), 1);
    ck_assert(json_is_null(
        json_object_get(json_array_get(json_object_get(all, "containers"), 0), "outcome")));
    /* Whoever asks for one of these hears why. */
    ck_assert_int_eq(read_all("fifo"), 0);
    ck_assert_ptr_null(found.items[0].judgement.outcome);
    ck_assert_ptr_nonnull(found.items[0].problem);
}
END_TEST

START_TEST(test_running__one_is_found_by_id_name_or_how_its_id_begins)
{
    static const struct {
        const char *who;
        const char *id; /* NULL: none */
    } rows[] = {
        { "3", "3" },      { "lone", "3" },   { "web-0/web", "1" }, { LONG_ID, LONG_ID },
        { "44", LONG_ID }, { "han", "hand" }, { "alias", NULL },    { "web", NULL },
        { "handy", NULL }, { "/", NULL },
    };

    put_engines();
    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        int status = read_all(rows[i].who);
        ck_assert_msg(status == (rows[i].id != NULL ? 0 : -1), "%s: %s", rows[i].who, err.msg);
        if (status == 0) {
            ck_assert_uint_eq(found.len, 1);
            ck_assert_str_eq(found.items[0].id, rows[i].id);
        } else {
            ck_assert_int_eq(err.code, OCN_E_NOENT);
        }
    }
    put_bundle("/b/handle", CONFIG("", "", ""));
    put_runc("/run/runc/handle", "/b/handle", 105);
    ck_assert_int_eq(read_all("hand"), 0);
    ck_assert_str_eq(found.items[0].id, "hand");
    ck_assert_int_eq(read_all("han"), -1);
    ck_assert_int_eq(err.code, OCN_E_USAGE);
}
END_TEST

/* Somebody else's container of the same id is not passed off for it; an id is surer than a
 * beginning. */
START_TEST(test_running__which_of_two_is_asked)
{
    const struct ocn_world world = { .root = dir };

    put_bundle("/b/one", CONFIG("", "", ""));
    put_bundle("/b/two", CONFIG("", "", ""));
    put_runc("/run/runc/same", "/b/one", 11);
    put_process(11, 'S', 110, 0, 0);
    put_runc("/run/user/1000/runc/same", "/b/two", 12);
    put_process(12, 'S', 120, 0, 0);
    put_runc("/run/runc/same-again", "/b/two", 12);
    ck_assert_int_eq(ocn_running_read(&world, "same", &found, &err), -1);
    ck_assert_int_eq(err.code, OCN_E_USAGE);
    ck_assert_msg(strstr(err.msg, "2 containers have this id") != NULL, "%s", err.msg);
    ocn_running_done(&found);
    err = (struct ocn_error){ 0 };
    ck_assert_int_eq(ocn_running_read(&world, "same-", &found, &err), 0);
    ck_assert_str_eq(found.items[0].id, "same-again");
}
END_TEST

START_TEST(test_running__one_is_told_as_a_bundle_is)
{
    put_engines();
    ck_assert_int_eq(read_all("lone"), 0);
    ck_assert_int_eq(ocn_running_one(&found.items[0], false, false, &out, &err), 0);
    ocn_buf_add(&out, "", 1);
    ck_assert_ptr_eq(strstr(out.ptr, "container 3 (lone)\n"
                                     "engine    podman\n"
                                     "user      1001:1001, process 103\n"
                                     "bundle    /data/overlay-containers/3/userdata\n"),
                     out.ptr);
    ocn_buf_done(&out);
    ck_assert_int_eq(ocn_running_one(&found.items[0], true, false, &out, &err), 0);
    json_auto_t *one = json_loadb(out.ptr, out.len, 0, NULL);
    ck_assert_str_eq(member(one, "verdict"), "allow");
    ck_assert_str_eq(member(json_object_get(one, "container"), "name"), "lone");
}
END_TEST

/* An id of wildcards must not be taken for a pattern, again and again. */
START_TEST(test_places__wildcards_in_names_end)
{
    struct ocn_places places = { 0 };
    struct ocn_arena arena = { 0 };

    put("", "/run/crun/*/status");
    put("", "/run/crun/plain/status");
    put("", "/run/user/1000/docker/runtime-x/moby/7/state.json");
    put("", "/run/user/*/crun/x/status");
    ck_assert_int_eq(ocn_place_find(dir, NULL, &arena, &places, &err), 0);
    ck_assert_uint_eq(places.len, 2);
    ck_assert_str_eq(places.items[0].id, "plain");
    ck_assert_str_eq(places.items[0].runtime, "crun");
    ck_assert_str_eq(places.items[1].path, "/run/user/1000/docker/runtime-x/moby/7");
    ck_assert_str_eq(places.items[1].engine, "docker");
    ck_assert_uint_ge(places.problems_len, 2);
    ck_assert_ptr_nonnull(strstr(places.problems[0], "/run/crun/*"));
    ocn_arena_done(&arena);
}
END_TEST

START_TEST(test_running__nothing_to_see_is_told)
{
    ck_assert_int_eq(read_all(NULL), 0);
    ck_assert_str_eq(text(), "no container runs here\n");
    put("{\"user\":7}", "/etc/ocinorm/config.json");
    ck_assert_int_eq(read_all(NULL), -1);
    ck_assert_ptr_nonnull(strstr(err.where, "config.json"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("running");
    TCase *tcase = tcase_create("running");

    tcase_add_checked_fixture(tcase, enter, leave);
    tcase_add_test(tcase, test_running__lists_the_containers_of_all_engines);
    tcase_add_test(tcase, test_running__json_has_the_outcome_as_explain_has_it);
    tcase_add_test(tcase, test_running__docker_names_lie_above_the_root_file_system);
    tcase_add_test(tcase, test_running__what_has_ended_does_not_run);
    tcase_add_test(tcase, test_running__what_cannot_be_read_is_a_line);
    tcase_add_test(tcase, test_running__one_is_found_by_id_name_or_how_its_id_begins);
    tcase_add_test(tcase, test_running__which_of_two_is_asked);
    tcase_add_test(tcase, test_running__one_is_told_as_a_bundle_is);
    tcase_add_test(tcase, test_places__wildcards_in_names_end);
    tcase_add_test(tcase, test_running__nothing_to_see_is_told);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
