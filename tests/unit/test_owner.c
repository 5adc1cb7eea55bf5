/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/policy/owner.h"
#include "hook/policy/policy_files.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64];
static char etc[96];
static char file[128];
static struct ocn_arena arena;
static struct ocn_error err;

static void put(const char *path)
{
    FILE *out = fopen(path, "w");

    ck_assert_ptr_nonnull(out);
    ck_assert_int_ge(fputs("{}\n", out), 0);
    ck_assert_int_eq(fclose(out), 0);
}

static void enter(void)
{
    strcpy(dir, "/tmp/ocn-owner-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_assert_int_eq(chmod(dir, 0755), 0);
    (void)snprintf(etc, sizeof(etc), "%s/etc", dir);
    (void)snprintf(file, sizeof(file), "%s/config.json", etc);
    ck_assert_int_eq(mkdir(etc, 0755), 0);
    put(file);
}

static void leave(void)
{
    char command[128];

    ocn_arena_done(&arena);
    (void)snprintf(command, sizeof(command), "rm -rf %s", dir);
    ck_assert_int_eq(system(command), 0);
}

/* Gives @path to @uid, 0 being who runs this; false: only root can give files away. */
static bool give(const char *path, uid_t uid)
{
    bool can = uid == 0 || geteuid() == 0;

    if (can) {
        ck_assert_int_eq(chown(path, uid == 0 ? geteuid() : uid, (gid_t)-1), 0);
    }
    return can;
}

static int read_layers(bool any_owner)
{
    const struct ocn_world world = { .config = file, .any_owner = any_owner };
    struct ocn_layer *layers;
    size_t count;

    err = (struct ocn_error){ 0 };
    return ocn_policy_layers(&world, &arena, &layers, &count, &err);
}

/* Whose a file or its directory is, and with which mode; what comes of it. */
static const struct {
    uid_t file_uid;
    mode_t file_mode;
    uid_t dir_uid;
    mode_t dir_mode;
    const char *refused; /* part of the reason; NULL: taken */
} rows[] = {
    { 0, 0644, 0, 0755, NULL },
    { 0, 0600, 0, 0700, NULL },
    { 0, 0644, 0, 01777, NULL }, /* as /tmp: nobody can replace root's file in it */
    { 1000, 0644, 0, 0755, "belongs to uid 1000" },
    { 65534, 0644, 0, 0755, "belongs to uid 65534" },
    { 0, 0664, 0, 0755, "mode 0664" },
    { 0, 0646, 0, 0755, "mode 0646" },
    { 0, 0644, 1000, 0755, "belongs to uid 1000" },
    { 0, 0644, 0, 0775, "mode 0775" },
    { 0, 0644, 0, 0757, "mode 0757" },
};

START_TEST(test_owner__a_policy_is_roots)
{
    if (!give(file, rows[_i].file_uid) || !give(etc, rows[_i].dir_uid)) {
        return; /* the build of a package, as nobody's user */
    }
    ck_assert_int_eq(chmod(file, rows[_i].file_mode), 0);
    ck_assert_int_eq(chmod(etc, rows[_i].dir_mode), 0);
    int result = read_layers(false);
    if (rows[_i].refused == NULL) {
        ck_assert_msg(result == 0, "%s: %s", err.where, err.msg);
    } else {
        ck_assert_int_eq(result, -1);
        ck_assert_int_eq(err.code, OCN_E_UNSUPPORTED);
        ck_assert_msg(strstr(err.msg, rows[_i].refused) != NULL, "%s", err.msg);
        ck_assert_ptr_nonnull(strstr(err.where, etc));
    }
    ck_assert_int_eq(read_layers(true), 0);
}
END_TEST

START_TEST(test_owner__a_layer_of_conf_d_is_roots)
{
    char path[256];

    (void)snprintf(path, sizeof(path), "%s/conf.d", etc);
    ck_assert_int_eq(mkdir(path, 0755), 0);
    ck_assert_int_eq(read_layers(false), 0);
    ck_assert_int_eq(chmod(path, 0777), 0);
    ck_assert_int_eq(read_layers(false), -1);
    ck_assert_int_eq(chmod(path, 0755), 0);
    (void)snprintf(path, sizeof(path), "%s/conf.d/10-x.json", etc);
    put(path);
    ck_assert_int_eq(read_layers(false), 0);
    if (give(path, 1000)) {
        ck_assert_int_eq(read_layers(false), -1);
        ck_assert_ptr_nonnull(strstr(err.where, "10-x.json"));
    }
}
END_TEST

/* The file of a profile may be root's: whoever can write the directory chooses which. */
START_TEST(test_owner__the_directory_of_profiles_is_roots)
{
    const struct ocn_world world = { .config = file };
    const char *places[2];
    struct ocn_layer layer;
    char path[256];

    (void)snprintf(path, sizeof(path), "%s/profiles", etc);
    ck_assert_int_eq(mkdir(path, 0755), 0);
    (void)snprintf(path, sizeof(path), "%s/profiles/mine.json", etc);
    put(path);
    err = (struct ocn_error){ 0 };
    ck_assert_int_eq(ocn_policy_profile(&world, "mine", &arena, &layer, places, &err), 0);
    (void)snprintf(path, sizeof(path), "%s/profiles", etc);
    ck_assert_int_eq(chmod(path, 0777), 0);
    ck_assert_int_eq(ocn_policy_profile(&world, "mine", &arena, &layer, places, &err), -1);
    ck_assert_int_eq(err.code, OCN_E_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(err.where, "profiles"));
}
END_TEST

START_TEST(test_owner__nobody_else_switches_off)
{
    const struct ocn_world world = { .config = file };
    char path[256];

    (void)snprintf(path, sizeof(path), "%s/disabled", etc);
    put(path);
    ck_assert(ocn_policy_is_disabled(&world));
    if (give(path, 1000)) {
        ck_assert(!ocn_policy_is_disabled(&world));
        ck_assert(give(path, 0));
    }
    ck_assert_int_eq(chmod(etc, 0777), 0);
    ck_assert(!ocn_policy_is_disabled(&world));
}
END_TEST

/* A link is looked at as what it leads to: chmod and chown follow it, and so does who reads it. */
START_TEST(test_owner__a_link_is_what_it_leads_to)
{
    char target[160];

    (void)snprintf(target, sizeof(target), "%s/target", dir);
    put(target);
    ck_assert_int_eq(unlink(file), 0);
    ck_assert_int_eq(symlink(target, file), 0);
    ck_assert_int_eq(read_layers(false), 0);
    ck_assert_int_eq(chmod(target, 0666), 0);
    ck_assert_int_eq(read_layers(false), -1);
}
END_TEST

/* Whoever can write a directory above can put another policy into this one's place. */
START_TEST(test_owner__the_directories_above_are_roots)
{
    static const char *const names[] = { "", "/conf.d", "/profiles" };
    const struct ocn_world world = { .config = file };
    char path[256];
    char to[160];

    (void)snprintf(path, sizeof(path), "%s%s", etc, names[_i]);
    (void)mkdir(path, 0755);
    ck_assert_int_eq(read_layers(false), 0);
    ck_assert_int_eq(chmod(dir, 0777), 0);
    ck_assert_int_eq(read_layers(false), -1);
    ck_assert_int_eq(err.code, OCN_E_UNSUPPORTED);
    ck_assert_str_eq(err.where, dir);
    ck_assert_ptr_nonnull(strstr(err.msg, "chmod go-w"));
    ck_assert_int_eq(read_layers(true), 0);
    ck_assert_int_eq(chmod(dir, 01777), 0); /* as /tmp */
    ck_assert_int_eq(read_layers(false), 0);
    (void)snprintf(to, sizeof(to), "%s/disabled", etc);
    put(to);
    ck_assert(ocn_policy_is_disabled(&world));
    ck_assert_int_eq(chmod(dir, 0777), 0);
    ck_assert(!ocn_policy_is_disabled(&world));
    ck_assert_int_eq(chmod(dir, 0755), 0);
    if (give(dir, 1000)) {
        ck_assert_int_eq(read_layers(false), -1);
        ck_assert_ptr_nonnull(strstr(err.msg, "belongs to uid 1000"));
    }
}
END_TEST

/* A link leads to where its target's directories count, too. */
START_TEST(test_owner__the_directories_above_a_links_target_are_roots)
{
    char place[96];
    char target[160];

    (void)snprintf(place, sizeof(place), "%s/place", dir);
    (void)snprintf(target, sizeof(target), "%s/target", place);
    ck_assert_int_eq(mkdir(place, 0755), 0);
    put(target);
    ck_assert_int_eq(unlink(file), 0);
    ck_assert_int_eq(symlink(target, file), 0);
    ck_assert_int_eq(read_layers(false), 0);
    ck_assert_int_eq(chmod(place, 0777), 0);
    ck_assert_int_eq(read_layers(false), -1);
    ck_assert_str_eq(err.where, place);
}
END_TEST

/* 0 to 999 are the node's 1000 to 1999 there; nobody else is anybody. 0: it could not be made. */
static int enter_user_namespace(void)
{
    static const char map[] = "0 1000 1000";
    int ready[2];
    int mapped[2];
    char byte;

    if (geteuid() != 0 || pipe(ready) < 0 || pipe(mapped) < 0) {
        return 0;
    }
    pid_t pid = getpid();
    pid_t mapper = fork();
    if (mapper == 0) {
        char path[64];
        int done = read(ready[0], &byte, 1) == 1;
        for (int i = 0; i < 2; i++) {
            (void)snprintf(path, sizeof(path), "/proc/%d/%s", pid, i == 0 ? "uid_map" : "gid_map");
            int fd = open(path, O_WRONLY);
            done &= fd >= 0 && write(fd, map, sizeof(map) - 1) > 0;
        }
        byte = (char)done;
        _exit(write(mapped[1], &byte, 1) == 1 ? 0 : 1);
    }
    return unshare(CLONE_NEWUSER) == 0 && write(ready[1], "x", 1) == 1 &&
           read(mapped[0], &byte, 1) == 1 && byte == 1 && setresuid(0, 0, 0) == 0;
}

/* In a process of its own, which cannot come back: the number of the first check that fails. */
static int check_in_user_namespace(int fd, int own)
{
    static const struct {
        const char *path;
        int result;
    } places[] = {
        { OCN_SYSCONFDIR "/ocinorm/config.json", 0 },
        { OCN_VENDOR_DIR "/10-site.json", 0 },
        { OCN_SYSCONFDIR "/ocinorm/../x.json", -1 },
        { OCN_SYSCONFDIR "/ocinorm-x/config.json", -1 },
    };

    if (!enter_user_namespace()) {
        return 0;
    }
    if (!ocn_owner_in_user_namespace() || ocn_owner_check(own, etc, NULL) < 0) {
        return 1;
    }
    if (ocn_owner_check(fd, file, &err) == 0 ||
        strstr(err.msg, "outside of this user namespace") == NULL) {
        return 2;
    }
    for (size_t i = 0; i < OCN_COUNT(places); i++) {
        if (ocn_owner_check(fd, places[i].path, NULL) != places[i].result) {
            return (int)i + 3;
        }
    }
    return ocn_owner_check_above(file, NULL) == 0 ? 0 : 9;
}

/*
 * All that is not mapped has one uid there: root's files, and those of everybody else. What lies
 * where only root can put it counts; a file that a variable names anywhere is the user's own.
 */
START_TEST(test_owner__an_unmapped_owner_is_not_root)
{
    int status = 0;

    if (geteuid() != 0) {
        return;
    }
    ck_assert_int_eq(chown(file, 3000, 3000), 0);
    ck_assert_int_eq(chown(etc, 1000, 1000), 0);
    int fd = open(file, O_RDONLY);
    int own = open(etc, O_RDONLY);
    ck_assert(fd >= 0 && own >= 0);
    err = (struct ocn_error){ 0 };
    pid_t pid = fork();
    if (pid == 0) {
        _exit(check_in_user_namespace(fd, own));
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(close(fd), 0);
    ck_assert_int_eq(close(own), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("owner");
    TCase *tcase = tcase_create("owner");

    tcase_add_checked_fixture(tcase, enter, leave);
    tcase_add_loop_test(tcase, test_owner__a_policy_is_roots, 0, (int)OCN_COUNT(rows));
    tcase_add_test(tcase, test_owner__a_layer_of_conf_d_is_roots);
    tcase_add_test(tcase, test_owner__the_directory_of_profiles_is_roots);
    tcase_add_test(tcase, test_owner__nobody_else_switches_off);
    tcase_add_test(tcase, test_owner__a_link_is_what_it_leads_to);
    tcase_add_loop_test(tcase, test_owner__the_directories_above_are_roots, 0, 3);
    tcase_add_test(tcase, test_owner__the_directories_above_a_links_target_are_roots);
    tcase_add_test(tcase, test_owner__an_unmapped_owner_is_not_root);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
