/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/view/seen.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static struct ocn_seen seen;

static void enter(void)
{
    seen = (struct ocn_seen){ 0 };
}

static void leave(void)
{
    ocn_seen_done(&seen);
}

/* Of a number that no other one had. */
static int open_something(void)
{
    static int next = 50;
    int first = open("/", O_PATH | O_CLOEXEC);
    int fd = fcntl(first, F_DUPFD_CLOEXEC, next++);

    ck_assert_int_ge(fd, 0);
    (void)close(first);
    return fd;
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

/* A place of its own for each @number; nothing is opened. */
static struct ocn_seen_place *add(unsigned number, char path[32])
{
    (void)snprintf(path, 32, "/place/%u", number);
    struct ocn_seen_place *place =
        ocn_seen_add(&seen, (struct ocn_ref){ .space = OCN_ROOTFS, .path = path });
    ck_assert_ptr_nonnull(place);
    place->stat.ino = number;
    return place;
}

START_TEST(test_seen__a_place_is_known_by_space_path_and_base)
{
    const struct ocn_ref refs[] = {
        { OCN_ROOTFS, "/etc/passwd", NULL },  { OCN_HOST, "/etc/passwd", NULL },
        { OCN_MOUNT, "/etc/passwd", "/src" }, { OCN_MOUNT, "/etc/passwd", "/other" },
        { OCN_ROOTFS, "/etc/group", NULL },
    };

    for (size_t i = 0; i < OCN_COUNT(refs); i++) {
        ck_assert_ptr_null(ocn_seen_find(&seen, refs[i]));
        struct ocn_seen_place *place = ocn_seen_add(&seen, refs[i]);
        ck_assert_ptr_nonnull(place);
        ck_assert_int_eq(place->path_fd, -1);
        ck_assert_int_eq(place->read_fd, -1);
        ck_assert_int_eq(place->error, 0);
        place->stat.ino = i + 1;
    }
    for (size_t i = 0; i < OCN_COUNT(refs); i++) {
        const struct ocn_seen_place *place = ocn_seen_find(&seen, refs[i]);
        ck_assert_ptr_nonnull(place);
        ck_assert_uint_eq(place->stat.ino, i + 1);
    }
}
END_TEST

START_TEST(test_seen__the_oldest_place_is_forgotten_and_closed)
{
    char path[32];
    struct ocn_seen_place *first = add(0, path);
    int fd = open_something();

    ocn_seen_keep(&seen, first, fd, -1);
    for (unsigned i = 1; i < OCN_SEEN_MAX; i++) {
        (void)add(i, path);
    }
    ck_assert(is_open(fd));
    ck_assert_ptr_nonnull(ocn_seen_find(&seen, (struct ocn_ref){ OCN_ROOTFS, "/place/0", NULL }));
    (void)add(OCN_SEEN_MAX, path);
    ck_assert(!is_open(fd));
    ck_assert_ptr_null(ocn_seen_find(&seen, (struct ocn_ref){ OCN_ROOTFS, "/place/0", NULL }));
    ck_assert_ptr_nonnull(ocn_seen_find(&seen, (struct ocn_ref){ OCN_ROOTFS, "/place/1", NULL }));
}
END_TEST

/* The child may have 32 descriptors. What loses them is still known. */
START_TEST(test_seen__few_places_have_descriptors)
{
    int fds[OCN_SEEN_OPEN + 2][2];
    char path[32];

    for (unsigned i = 0; i < OCN_COUNT(fds); i++) {
        struct ocn_seen_place *place = add(i, path);
        fds[i][0] = open_something();
        fds[i][1] = open_something();
        ocn_seen_keep(&seen, place, fds[i][0], -1);
        ocn_seen_keep(&seen, place, -1, fds[i][1]);
        ck_assert_int_eq(place->path_fd, fds[i][0]);
        ck_assert_int_eq(place->read_fd, fds[i][1]);
    }
    for (unsigned i = 0; i < OCN_COUNT(fds); i++) {
        bool kept = i >= OCN_COUNT(fds) - OCN_SEEN_OPEN;
        (void)snprintf(path, sizeof(path), "/place/%u", i);
        const struct ocn_seen_place *place =
            ocn_seen_find(&seen, (struct ocn_ref){ OCN_ROOTFS, path, NULL });
        ck_assert_ptr_nonnull(place);
        ck_assert_uint_eq(place->stat.ino, i);
        ck_assert_int_eq(place->path_fd, kept ? fds[i][0] : -1);
        ck_assert_int_eq(is_open(fds[i][0]), kept);
        ck_assert_int_eq(is_open(fds[i][1]), kept);
    }
    ocn_seen_done(&seen);
    for (unsigned i = 0; i < OCN_COUNT(fds); i++) {
        ck_assert(!is_open(fds[i][0]));
        ck_assert(!is_open(fds[i][1]));
    }
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("seen");
    Suite *suite = suite_create("seen");

    tcase_add_checked_fixture(tcase, enter, leave);
    tcase_add_test(tcase, test_seen__a_place_is_known_by_space_path_and_base);
    tcase_add_test(tcase, test_seen__the_oldest_place_is_forgotten_and_closed);
    tcase_add_test(tcase, test_seen__few_places_have_descriptors);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
