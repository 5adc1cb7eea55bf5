/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/view/dir_view.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>

#include "hook/sys/io.h"
#include "hook/view/cpu.h"
#include "normalize/base/sort.h"
#include "normalize/program/arch.h"

#define CPUINFO_SIZE 16384 /* of /proc/cpuinfo: more than its first processor takes */

static int fail_at(struct ocn_error *err, struct ocn_ref ref, const char *what)
{
    static const char *const spaces[] = {
        [OCN_ROOTFS] = "the root file system",
        [OCN_HOST] = "the host",
        [OCN_MOUNT] = "the bind mount of ",
    };
    int sys = errno;

    return ocn_fail_sys(err, sys, ref.path, "cannot %s it in %s%s", what, spaces[ref.space],
                        ref.space == OCN_MOUNT ? ref.base : "");
}

/* One step of the walk: replaces *fd by its child @name; no link is followed, nothing leads up. */
static int step(int *fd, const char *name)
{
    if (strcmp(name, "..") == 0) {
        errno = EXDEV;
        return -1;
    }
    int next = openat(*fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (next < 0) {
        return -1;
    }
    ocn_closep(fd);
    *fd = next;
    return 0;
}

static bool is_link(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISLNK(st.st_mode);
}

/*
 * The same by hand for kernels before 5.6. The core hands over paths without links in them, so a
 * link on the way was put there since, and is refused. (In a captured machine links of the host's
 * own are not followed either: less is seen, nothing wrong.)
 */
static int walk(int root, const char *path)
{
    char name[NAME_MAX + 1];

    ocn_autoclose int fd = fcntl(root, F_DUPFD_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    for (const char *at = path + strspn(path, "/"); *at != '\0'; at += strspn(at, "/")) {
        size_t len = strcspn(at, "/");
        if (len > NAME_MAX) {
            errno = ENAMETOOLONG;
            return -1;
        }
        if (is_link(fd)) {
            errno = ELOOP;
            return -1;
        }
        memcpy(name, at, len);
        name[len] = '\0';
        if (step(&fd, name) < 0) {
            return -1;
        }
        at += len;
    }
    int found = fd;
    fd = -1;
    return found;
}

static bool is_root(const char *path)
{
    return path[strspn(path, "/")] == '\0';
}

/* An O_PATH descriptor of @path within @root, or -1 with errno. */
static int find_beneath(struct ocn_dir_view *view, int root, const char *path, bool follow)
{
    if (root < 0) {
        errno = ENOENT;
        return -1;
    }
    if (is_root(path)) {
        return fcntl(root, F_DUPFD_CLOEXEC,
                     0); /* the root itself, which may be a file's bind mount */
    }
    if (!view->no_openat2) {
        int fd = ocn_io_open_in(root, path, O_PATH | (follow ? 0 : O_NOFOLLOW));
        if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) {
            return fd;
        }
        /* Opening with O_PATH has no EPERM of its own: a seccomp filter does not know the call. */
        view->no_openat2 = true;
    }
    return walk(root, path);
}

static int find_on_host(struct ocn_dir_view *view, const char *path, bool follow)
{
    if (view->captured) {
        return find_beneath(view, view->host_fd, path, follow);
    }
    /* As a runtime opens it: /proc/PID/ns entries are magic links, and meant. */
    return openat(view->host_fd, path, O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW));
}

/* An O_PATH descriptor of what @ref names, or -1 with errno. @follow: the last link, on the host.
 */
static int find(struct ocn_dir_view *view, struct ocn_ref ref, bool follow)
{
    if (ref.space == OCN_HOST) {
        return find_on_host(view, ref.path, follow);
    }
    if (ref.space == OCN_ROOTFS) {
        return find_beneath(view, view->rootfs_fd, ref.path, false);
    }
    ocn_autoclose int source = find_on_host(view, ref.base, true);
    return source >= 0 ? find_beneath(view, source, ref.path, false) : -1;
}

/*
 * The name of @ref directly below the container's root; NULL: it lies elsewhere. No link can lie on
 * the way to it, so one call without openat2 does.
 */
static const char *name_in_rootfs(const struct ocn_dir_view *view, struct ocn_ref ref)
{
    const char *name = ref.path + strspn(ref.path, "/");
    bool is = ref.space == OCN_ROOTFS && view->rootfs_fd >= 0 && name[0] != '\0' &&
              strchr(name, '/') == NULL && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;

    return is ? name : NULL;
}

/* Fills @ret; an O_PATH descriptor that was needed for it is *ret_fd, else that is -1. */
static int look_at(struct ocn_dir_view *view, struct ocn_ref ref, struct stat *ret, int *ret_fd)
{
    const char *name = name_in_rootfs(view, ref);

    *ret_fd = -1;
    /* With a flag always: without one musl calls stat(2), which the confined child may not. */
    if (name != NULL) {
        return fstatat(view->rootfs_fd, name, ret, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT);
    }
    if (ref.space == OCN_ROOTFS && view->rootfs_fd >= 0 && is_root(ref.path)) {
        return fstat(view->rootfs_fd, ret); /* which may be a file's bind mount */
    }
    if (ref.space == OCN_HOST && !view->captured) {
        return fstatat(view->host_fd, ref.path, ret, AT_NO_AUTOMOUNT);
    }
    if (ref.space == OCN_MOUNT && is_root(ref.path) && !view->captured) {
        return fstatat(view->host_fd, ref.base, ret, AT_NO_AUTOMOUNT);
    }
    ocn_autoclose int fd = find(view, ref, true);
    if (fd < 0 || fstat(fd, ret) < 0) {
        return -1;
    }
    *ret_fd = fd;
    fd = -1;
    return 0;
}

static struct ocn_stat as_stat(const struct stat *st)
{
    return (struct ocn_stat){
        .mode = st->st_mode,
        .uid = st->st_uid,
        .gid = st->st_gid,
        .size = (uint64_t)st->st_size,
        .dev = st->st_dev,
        .ino = st->st_ino,
    };
}

static bool is_worth_keeping(const struct ocn_stat *stat)
{
    return S_ISREG(stat->mode) || S_ISLNK(stat->mode);
}

/* Looks at @ref, unless that was done before; NULL: no memory. */
static struct ocn_seen_place *see(struct ocn_dir_view *view, struct ocn_ref ref)
{
    struct ocn_seen_place *place = ocn_seen_find(&view->seen, ref);
    struct stat st;

    if (place != NULL) {
        return place;
    }
    place = ocn_seen_add(&view->seen, ref);
    if (place == NULL) {
        return NULL;
    }
    ocn_autoclose int fd = -1;
    if (look_at(view, ref, &st, &fd) < 0) {
        place->error = errno;
        return place;
    }
    place->stat = as_stat(&st);
    if (fd >= 0 && is_worth_keeping(&place->stat)) {
        ocn_seen_keep(&view->seen, place, fd, -1);
        fd = -1;
    }
    return place;
}

static int stat_ref(void *ctx, struct ocn_ref ref, struct ocn_stat *ret, struct ocn_error *err)
{
    const struct ocn_seen_place *place = see(ctx, ref);

    if (place == NULL) {
        return ocn_fail_nomem(err);
    }
    if (place->error != 0 && place->error != ENOENT && place->error != ENOTDIR) {
        errno = place->error;
        return fail_at(err, ref, "stat");
    }
    *ret = place->stat; /* 0 where nothing is */
    return 0;
}

/* As readlinkat(2) of the link itself. */
static ssize_t read_link(struct ocn_dir_view *view, struct ocn_ref ref, char *buf, size_t size)
{
    const char *name = name_in_rootfs(view, ref);
    const struct ocn_seen_place *place = ocn_seen_find(&view->seen, ref);

    if (name != NULL) {
        return readlinkat(view->rootfs_fd, name, buf, size);
    }
    if (ref.space == OCN_HOST && !view->captured) {
        return readlinkat(view->host_fd, ref.path, buf, size);
    }
    /* On the host a look follows the link. */
    if (place != NULL && place->path_fd >= 0 && S_ISLNK(place->stat.mode)) {
        return readlinkat(place->path_fd, "", buf, size);
    }
    ocn_autoclose int fd = find(view, ref, false);
    if (fd < 0) {
        return -1;
    }
    ssize_t len = readlinkat(fd, "", buf, size);
    if (len < 0 && errno == ENOENT) {
        errno = EINVAL; /* what is there is no link */
    }
    return len;
}

static int readlink_ref(void *ctx, struct ocn_ref ref, char *buf, size_t size,
                        struct ocn_error *err)
{
    /* One byte more than fits would show a longer target; there is none: size counts the NUL. */
    ssize_t len = read_link(ctx, ref, buf, size);

    if (len < 0) {
        return fail_at(err, ref, "read the link");
    }
    if ((size_t)len >= size) {
        return ocn_fail(err, OCN_E_LIMIT, ref.path, "the link's target is longer than %zu bytes",
                        size - 1);
    }
    buf[len] = '\0';
    return 0;
}

/*
 * Without /proc: opens @ref once more, through its directory, and takes it only if it is still the
 * file of @seen. Nothing waits for a FIFO that took its place.
 */
static int open_again(struct ocn_dir_view *view, struct ocn_ref ref, const struct ocn_stat *seen)
{
    bool source = ref.space == OCN_MOUNT && is_root(ref.path);
    const char *path = source ? ref.base : ref.path;
    const char *slash = strrchr(path, '/');
    struct stat st;

    if (slash == NULL) {
        errno = ENOENT;
        return -1;
    }
    OCN_CLEANUP(ocn_freep) char *above = strndup(path, (size_t)(slash - path) + 1);
    if (above == NULL) {
        return -1;
    }
    struct ocn_ref parent = { source ? OCN_HOST : ref.space, above, ref.base };
    ocn_autoclose int dir = find(view, parent, true);
    ocn_autoclose int fd = dir >= 0 ? openat(dir, slash + 1, OCN_IO_READING | O_NOFOLLOW) : -1;
    if (fd < 0 || fstat(fd, &st) < 0) {
        return -1;
    }
    if (st.st_dev != seen->dev || st.st_ino != seen->ino) {
        errno = ESTALE;
        return -1;
    }
    int found = fd;
    fd = -1;
    return found;
}

/*
 * Holds the regular file at @place by an O_PATH descriptor; errno 0: it is another kind of file.
 * Where a look needed no descriptor, somebody may have put another one there since, as of a file
 * that is mounted: that is no reason to refuse a start, and the newer one counts from here on.
 */
static int pin(struct ocn_dir_view *view, struct ocn_ref ref, struct ocn_seen_place *place)
{
    struct stat st;

    if (place->path_fd >= 0) {
        return 0;
    }
    ocn_autoclose int fd = find(view, ref, true);
    if (fd < 0 || fstat(fd, &st) < 0) {
        return -1;
    }
    if (!S_ISREG(st.st_mode)) {
        errno = 0;
        return -1;
    }
    place->stat = as_stat(&st);
    ocn_seen_keep(&view->seen, place, fd, -1);
    fd = -1;
    return 0;
}

/*
 * Opens for reading what was looked at before: a device or a FIFO that an image put there must not
 * even be opened, and nobody can swap the file in between when it is opened through its O_PATH
 * descriptor.
 */
static int open_regular(struct ocn_dir_view *view, struct ocn_ref ref, struct ocn_seen_place *place)
{
    char self[OCN_IO_LINK_SIZE];

    if (pin(view, ref, place) < 0) {
        return -1;
    }
    ocn_io_link_of(place->path_fd, self);
    int readable = openat(AT_FDCWD, self, OCN_IO_READING);
    return readable < 0 && errno == ENOENT ? open_again(view, ref, &place->stat) : readable;
}

/* What the kernel says, which is a regular file, and of no size. */
static bool is_kernels(const char *path)
{
    return strncmp(path, "/proc/", strlen("/proc/")) == 0 ||
           strncmp(path, "/sys/", strlen("/sys/")) == 0;
}

/*
 * Of an attribute the kernel gives all at once, as far as there is room (sysfs(5); a limit of a
 * cgroup): what is shorter was all.
 */
static bool is_attribute(const struct ocn_dir_view *view, struct ocn_ref ref)
{
    return ref.space == OCN_HOST && !view->captured &&
           strncmp(ref.path, "/sys/", strlen("/sys/")) == 0;
}

/* What the node itself says is not an image's: it is opened without a look before. */
static struct ocn_seen_place *open_on_host(struct ocn_dir_view *view, struct ocn_ref ref)
{
    struct stat st = { .st_mode = S_IFREG };

    ocn_autoclose int fd = openat(view->host_fd, ref.path, OCN_IO_READING);
    if (fd < 0 || (!is_kernels(ref.path) && fstat(fd, &st) < 0)) {
        return NULL;
    }
    struct ocn_seen_place *place = ocn_seen_find(&view->seen, ref);
    if (place == NULL) {
        place = ocn_seen_add(&view->seen, ref);
        if (place == NULL) {
            errno = ENOMEM;
            return NULL;
        }
        place->stat = as_stat(&st);
    }
    ocn_seen_keep(&view->seen, place, -1, fd);
    fd = -1;
    return place;
}

/* The place of the regular file @ref, open for reading; NULL and errno, 0 if it is another file. */
static struct ocn_seen_place *open_place(struct ocn_dir_view *view, struct ocn_ref ref)
{
    bool on_host = ref.space == OCN_HOST && !view->captured;
    struct ocn_seen_place *place = on_host ? open_on_host(view, ref) : see(view, ref);

    if (place == NULL || place->error != 0) {
        errno = place != NULL ? place->error : errno;
        return NULL;
    }
    if (!S_ISREG(place->stat.mode)) {
        errno = 0;
        return NULL;
    }
    if (place->read_fd < 0) {
        int fd = open_regular(view, ref, place);
        if (fd < 0) {
            return NULL;
        }
        ocn_seen_keep(&view->seen, place, -1, fd);
    }
    return place;
}

/* The same; NULL and @err. */
static const struct ocn_seen_place *open_ref(struct ocn_dir_view *view, struct ocn_ref ref,
                                             struct ocn_error *err)
{
    const struct ocn_seen_place *place = ocn_seen_find(&view->seen, ref);

    if (place != NULL && place->read_fd >= 0) {
        return place;
    }
    place = open_place(view, ref);
    if (place == NULL && errno == 0) {
        (void)ocn_fail(err, OCN_E_FORMAT, ref.path, "not a regular file");
    } else if (place == NULL && errno == ENOMEM) {
        (void)ocn_fail_nomem(err);
    } else if (place == NULL) {
        (void)fail_at(err, ref, "open");
    }
    return place;
}

static int read_ref(void *ctx, struct ocn_ref ref, uint64_t offset, void *buf, size_t len,
                    size_t *ret_len, struct ocn_error *err)
{
    const struct ocn_seen_place *place = open_ref(ctx, ref, err);
    size_t done = 0;

    if (place == NULL) {
        return -1;
    }
    /* Files of proc(5) have no size, and one of sysfs(5) is shorter than it says. */
    uint64_t size = place->stat.size != 0 ? place->stat.size : UINT64_MAX;
    /* No file reaches beyond what off_t can say, and the kernel refuses to look there. */
    bool possible = len <= INT64_MAX && offset <= (uint64_t)INT64_MAX - len;
    while (possible && done < len && offset + done < size) {
        ssize_t got = pread(place->read_fd, (char *)buf + done, len - done, (off_t)(offset + done));
        if (got < 0 && errno != EINTR) {
            return fail_at(err, ref, "read");
        }
        if (got == 0) {
            break;
        }
        done += got > 0 ? (size_t)got : 0;
        if (got > 0 && is_attribute(ctx, ref)) {
            break;
        }
    }
    *ret_len = done;
    return 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Appends the names that @stream has still to give. */
static int read_names(DIR *stream, struct ocn_ref ref, struct ocn_arena *arena, const char ***ret,
                      size_t *ret_len, struct ocn_error *err)
{
    const struct dirent *entry;

    errno = 0;
    while ((entry = readdir(stream)) != NULL) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
            continue;
        }
        if (*ret_len == OCN_VIEW_MAX_NAMES) {
            return ocn_fail(err, OCN_E_LIMIT, ref.path, "holds more than %d files",
                            OCN_VIEW_MAX_NAMES);
        }
        const char **list = ocn_arena_grow(arena, *ret, *ret_len, sizeof(*list));
        if (list == NULL) {
            return ocn_fail_nomem(err);
        }
        list[(*ret_len)++] = ocn_arena_copy(arena, name, strlen(name));
        *ret = list;
    }
    return errno == 0 ? 0 : fail_at(err, ref, "list");
}

static int list_ref(void *ctx, struct ocn_ref ref, struct ocn_arena *arena, const char ***ret,
                    size_t *ret_len, struct ocn_error *err)
{
    const char **names = NULL;
    size_t len = 0;

    ocn_autoclose int found = find(ctx, ref, true);
    int fd = found >= 0 ? openat(found, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd < 0 && errno != ENOENT && errno != ENOTDIR) {
        return fail_at(err, ref, "list");
    }
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    if (fd >= 0 && stream == NULL) {
        ocn_closep(&fd);
        return fail_at(err, ref, "list");
    }
    int status = stream != NULL ? read_names(stream, ref, arena, &names, &len, err) : 0;
    if (stream != NULL) {
        (void)closedir(stream);
    }
    if (ocn_arena_check(arena, err) < 0 || status < 0) {
        return -1;
    }
    ocn_sort(names, len, sizeof(*names), compare_names);
    *ret = names;
    *ret_len = len;
    return 0;
}

/* A captured tree lies on a file system of ours. */
static bool is_noexec(void *ctx, struct ocn_ref ref)
{
    struct ocn_dir_view *view = ctx;
    struct statfs fs;

    ocn_autoclose int fd = view->captured ? -1 : find(view, ref, true);
    return fd >= 0 && fstatfs(fd, &fs) == 0 && (fs.f_flags & ST_NOEXEC) != 0;
}

/*
 * A 64-bit program runs on a kernel of its own architecture only, whereas uname(2) says "i686" or
 * "armv8l" to a process that inherited the personality of `setarch`.
 */
static void name_machine(char *buf, size_t size)
{
#if defined(__x86_64__)
    (void)snprintf(buf, size, "x86_64");
#elif defined(__aarch64__) && !defined(__AARCH64EB__)
    (void)snprintf(buf, size, "aarch64");
#else
    struct utsname name;
    (void)snprintf(buf, size, "%s", uname(&name) == 0 ? name.machine : "");
#endif
}

/* The text of a small file of the host; "" where it cannot be read. */
static const char *read_host(struct ocn_dir_view *view, const char *path, char *buf, size_t size)
{
    const struct ocn_ref ref = { .space = OCN_HOST, .path = path };
    size_t len = 0;

    if (read_ref(view, ref, 0, buf, size - 1, &len, NULL) < 0) {
        len = 0;
    }
    buf[len] = '\0';
    return buf;
}

/* A captured tree says itself which machine it is from, if it holds the file (Linux 6.1). */
static void name_captured_machine(struct ocn_dir_view *view)
{
    char text[sizeof(view->machine)] = "";

    read_host(view, "/proc/sys/kernel/arch", text, sizeof(text));
    text[strcspn(text, "\n")] = '\0';
    if (text[0] != '\0') {
        memcpy(view->machine, text, sizeof(text));
    }
}

/*
 * A program learns the features of its CPU without a file, but of RISC-V only single letters. A
 * captured tree has only the file.
 */
static const char *find_level(struct ocn_dir_view *view)
{
    const char *arch = ocn_arch_of_machine(view->machine);
    char cpuinfo[CPUINFO_SIZE];
    struct ocn_cpu cpu;

    if (arch == NULL) {
        return NULL;
    }
    if (view->captured || strcmp(arch, "riscv64") == 0) {
        read_host(view, "/proc/cpuinfo", cpuinfo, sizeof(cpuinfo));
        return ocn_cpu_level_of_text(arch, cpuinfo);
    }
    ocn_cpu_read(&cpu);
    return ocn_cpu_level(arch, &cpu);
}

static const char *variant_of_host(void *ctx)
{
    struct ocn_dir_view *view = ctx;

    if (!view->has_variant) {
        view->variant = find_level(view);
        view->has_variant = true;
    }
    return view->variant;
}

static enum ocn_runs runs_32bit(void *ctx)
{
    const struct ocn_dir_view *view = ctx;

    return !view->captured && ocn_cpu_no_32bit() ? OCN_RUNS_NOT : OCN_RUNS_UNKNOWN;
}

static int open_directory(const char *path)
{
    return openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int ocn_dir_view_open(struct ocn_dir_view *view, const char *rootfs, const char *root,
                      struct ocn_error *err)
{
    int host_fd = root != NULL ? open_directory(root) : AT_FDCWD;
    if (root != NULL && host_fd < 0) {
        return ocn_fail_sys(err, errno, root, "cannot open the host's root");
    }
    *view = (struct ocn_dir_view){
        .rootfs_fd = -1,
        .host_fd = host_fd,
        .captured = root != NULL,
    };
    name_machine(view->machine, sizeof(view->machine));
    if (view->captured) {
        name_captured_machine(view);
    }
    if (rootfs != NULL && ocn_dir_view_set_rootfs(view, rootfs, err) < 0) {
        ocn_dir_view_done(view);
        return -1;
    }
    return 0;
}

int ocn_dir_view_set_rootfs(struct ocn_dir_view *view, const char *rootfs, struct ocn_error *err)
{
    view->rootfs_fd = open_directory(rootfs);
    if (view->rootfs_fd < 0 && errno != ENOENT && errno != ENOTDIR) {
        return ocn_fail_sys(err, errno, rootfs, "cannot open the container's root file system");
    }
    return 0;
}

void ocn_dir_view_done(struct ocn_dir_view *view)
{
    ocn_seen_done(&view->seen);
    ocn_closep(&view->rootfs_fd);
    ocn_closep(&view->host_fd);
    view->rootfs_fd = -1;
    view->host_fd = -1;
}

int ocn_dir_view_find_host(struct ocn_dir_view *view, const char *path)
{
    return find_on_host(view, path, true);
}

struct ocn_view ocn_dir_view_as_view(struct ocn_dir_view *view)
{
    return (struct ocn_view){
        .ctx = view,
        .machine = view->machine,
        .stat = stat_ref,
        .readlink = readlink_ref,
        .read_at = read_ref,
        .list = list_ref,
        .noexec = is_noexec,
        .variant = variant_of_host,
        .runs_32bit = runs_32bit,
    };
}
