/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/image/annotate_layout.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "hook/sys/io.h"

#define TEMPORARY ".ocinorm.tmp" /* one at a time: the directory is locked */
#define MAX_ALGORITHM 32
#define FILE_MODE 0644
#define DIR_MODE 0755

static int fail(const struct ocn_annotate_layout *layout, const char *what, struct ocn_error *err)
{
    return ocn_fail_sys(err, errno, layout->path, "%s", what);
}

/* ---- opening --------------------------------------------------------------------------------- */

static bool is_file(int dir, const char *name)
{
    struct stat st;

    return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

/* Nothing is there but what a run of ours that was interrupted leaves. */
static bool is_unused(int dir)
{
    static const char ours[] = "/./../blobs/oci-layout/" TEMPORARY "/";
    int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = copy >= 0 ? fdopendir(copy) : NULL;
    const struct dirent *entry = NULL;
    char name[sizeof(entry->d_name) + 2];
    bool unused = list != NULL;

    if (list == NULL) {
        ocn_closep(&copy);
        return false;
    }
    while (unused && (entry = readdir(list)) != NULL) {
        (void)snprintf(name, sizeof(name), "/%s/", entry->d_name);
        unused = strstr(ours, name) != NULL;
    }
    (void)closedir(list);
    return unused;
}

/* A directory of ours below @dir, which is made if it is not there. */
static int open_dir(int dir, const char *name, int *ret)
{
    bool made = mkdirat(dir, name, DIR_MODE) == 0;
    int fd = -1;

    if (!made && errno != EEXIST) {
        return -1;
    }
    fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && made && fchmod(fd, DIR_MODE) < 0) {
        ocn_closep(&fd);
        return -1;
    }
    *ret = fd;
    return fd >= 0 ? 0 : -1;
}

static int read_index(struct ocn_annotate_layout *layout, struct ocn_buf *ret,
                      struct ocn_error *err)
{
    ocn_autoclose int fd = -1;

    if (is_file(layout->dir, "index.json") && is_file(layout->dir, "oci-layout")) {
        fd = openat(layout->dir, "index.json", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        return fd < 0 ? fail(layout, "cannot read its index.json", err)
                      : ocn_io_read_regular(fd, layout->path, OCN_IMAGE_MAX_MANIFEST, ret, err);
    }
    return is_unused(layout->dir)
               ? 0
               : ocn_fail(err, OCN_E_USAGE, layout->path,
                          "is not empty and no layout (oci-layout, index.json): name another "
                          "directory, or one that is not there");
}

static int open_top(struct ocn_annotate_layout *layout, bool dry, struct ocn_error *err)
{
    layout->made = !dry && mkdir(layout->path, DIR_MODE) == 0;
    if (!layout->made && !dry && errno != EEXIST) {
        return fail(layout, "cannot make this directory", err);
    }
    layout->dir = open(layout->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (layout->dir < 0) {
        return dry && errno == ENOENT ? 0 : fail(layout, "cannot open this directory", err);
    }
    if (layout->made && fchmod(layout->dir, DIR_MODE) < 0) {
        return fail(layout, "cannot change its mode", err);
    }
    return 0;
}

int ocn_annotate_layout_open(const char *path, bool dry, const struct ocn_hash_digests *digests,
                             struct ocn_annotate_layout *ret, struct ocn_buf *ret_index,
                             struct ocn_error *err)
{
    ret->path = path;
    ret->digests = digests;
    if (open_top(ret, dry, err) < 0) {
        return -1;
    }
    if (ret->dir < 0) {
        return 0;
    }
    if (!dry && flock(ret->dir, LOCK_EX | LOCK_NB) < 0) {
        return errno == EWOULDBLOCK ? ocn_fail(err, OCN_E_IO, path,
                                               "another ocinorm annotate writes into it: wait "
                                               "for that")
                                    : fail(ret, "cannot lock it", err);
    }
    return read_index(ret, ret_index, err);
}

void ocn_annotate_layout_done(struct ocn_annotate_layout *layout)
{
    if (layout->file >= 0 && layout->dir >= 0) {
        (void)unlinkat(layout->dir, TEMPORARY, 0);
    }
    ocn_closep(&layout->file);
    ocn_closep(&layout->algorithm_dir);
    if (layout->made && layout->dir >= 0) {
        /* Only what is empty goes. */
        (void)unlinkat(layout->dir, "blobs/sha256", AT_REMOVEDIR);
        (void)unlinkat(layout->dir, "blobs", AT_REMOVEDIR);
        (void)rmdir(layout->path);
    }
    ocn_closep(&layout->dir);
    ocn_hash_free(layout->hash);
    *layout = (struct ocn_annotate_layout)OCN_ANNOTATE_LAYOUT_NONE;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* The temporary file; one that an interrupted run has left goes. */
static int open_temporary(struct ocn_annotate_layout *layout, struct ocn_error *err)
{
    (void)unlinkat(layout->dir, TEMPORARY, 0);
    layout->file = openat(layout->dir, TEMPORARY,
                          O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
    return layout->file >= 0 && fchmod(layout->file, FILE_MODE) == 0
               ? 0
               : fail(layout, "cannot write into it", err);
}

/* It gets its name, whatever has that now; a link is replaced, and not what it leads to. */
static int name_temporary(struct ocn_annotate_layout *layout, int dir, const char *name,
                          struct ocn_error *err)
{
    if (fsync(layout->file) < 0 || renameat(layout->dir, TEMPORARY, dir, name) < 0) {
        return fail(layout, "cannot write into it", err);
    }
    ocn_closep(&layout->file);
    layout->file = -1;
    return 0;
}

static int put_file(struct ocn_annotate_layout *layout, const char *name, struct ocn_bytes bytes,
                    struct ocn_error *err)
{
    return open_temporary(layout, err) < 0 ||
                   ocn_io_write_fd(layout->file, layout->path, bytes, err) < 0
               ? -1
               : name_temporary(layout, layout->dir, name, err);
}

int ocn_annotate_layout_finish(struct ocn_annotate_layout *layout, struct ocn_bytes index,
                               struct ocn_error *err)
{
    static const char version[] = "{\"imageLayoutVersion\":\"1.0.0\"}";

    if (!is_file(layout->dir, "oci-layout") &&
        put_file(layout, "oci-layout", (struct ocn_bytes){ version, sizeof(version) - 1 }, err) <
            0) {
        return -1;
    }
    if (put_file(layout, "index.json", index, err) < 0) {
        return -1;
    }
    layout->made = false;
    return fsync(layout->dir) < 0 ? fail(layout, "cannot write into it", err) : 0;
}

/* ---- blobs ----------------------------------------------------------------------------------- */

/* Where @digest lies: its algorithm's directory as *ret_dir, and what stands behind the colon. */
static int open_place(const struct ocn_annotate_layout *layout, const char *digest, int *ret_dir,
                      const char **ret_hex, struct ocn_error *err)
{
    ocn_autoclose int blobs = -1;
    char algorithm[MAX_ALGORITHM];
    const char *hex = NULL;
    enum ocn_digest_kind kind = ocn_object_digest_kind(digest, &hex);

    if (kind != OCN_DIGEST_SHA256 && kind != OCN_DIGEST_SHA512) {
        return ocn_fail(err, OCN_E_UNSUPPORTED, digest,
                        "neither sha256 nor sha512: a blob that cannot be verified is not copied");
    }
    (void)snprintf(algorithm, sizeof(algorithm), "%.*s", (int)(hex - digest) - 1, digest);
    if (open_dir(layout->dir, "blobs", &blobs) < 0 || open_dir(blobs, algorithm, ret_dir) < 0) {
        return fail(layout, "cannot make blobs/ALGORITHM in it (is one of them a link?)", err);
    }
    *ret_hex = hex;
    return 0;
}

/* Whether a file's bytes have @digest. */
static bool fits(const struct ocn_annotate_layout *layout, int fd, const char *digest)
{
    OCN_CLEANUP(ocn_hash_freep) struct ocn_hash *hash = NULL;
    char chunk[65536];
    ssize_t len;

    if (ocn_hash_new(layout->digests, digest, &hash, NULL) < 0 || hash == NULL) {
        return false;
    }
    do {
        len = read(fd, chunk, sizeof(chunk));
        ocn_hash_add(hash, chunk, len > 0 ? (size_t)len : 0);
    } while (len > 0 || (len < 0 && errno == EINTR));
    return len == 0 && ocn_hash_is(hash, digest);
}

bool ocn_annotate_layout_has(const struct ocn_annotate_layout *layout, const char *digest)
{
    ocn_autoclose int dir = -1;
    const char *hex = NULL;
    struct stat st;

    if (open_place(layout, digest, &dir, &hex, NULL) < 0 || hex == NULL) {
        return false;
    }
    ocn_autoclose int fd = openat(dir, hex, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && fits(layout, fd, digest);
}

int ocn_annotate_layout_begin(struct ocn_annotate_layout *layout, const char *digest, double size,
                              struct ocn_error *err)
{
    const char *hex = NULL;

    if (open_place(layout, digest, &layout->algorithm_dir, &hex, err) < 0 ||
        ocn_hash_new(layout->digests, digest, &layout->hash, err) < 0) {
        return -1;
    }
    (void)snprintf(layout->digest, sizeof(layout->digest), "%s", digest);
    layout->want = size;
    layout->got = 0;
    return open_temporary(layout, err);
}

int ocn_annotate_layout_add(struct ocn_annotate_layout *layout, struct ocn_bytes bytes,
                            struct ocn_error *err)
{
    layout->got += (double)bytes.len;
    if (layout->want >= 0 && layout->got > layout->want) {
        return ocn_fail(err, OCN_E_FORMAT, layout->digest,
                        "has more bytes than its descriptor says: it is not to be trusted");
    }
    ocn_hash_add(layout->hash, bytes.ptr, bytes.len);
    return ocn_io_write_fd(layout->file, layout->path, bytes, err);
}

int ocn_annotate_layout_end(struct ocn_annotate_layout *layout, struct ocn_error *err)
{
    const char *hex = strchr(layout->digest, ':') + 1;

    if ((layout->want >= 0 && layout->got != layout->want) ||
        !ocn_hash_is(layout->hash, layout->digest)) {
        return ocn_fail(err, OCN_E_FORMAT, layout->digest,
                        "its bytes have another digest: it is damaged, or was changed; with a "
                        "docker-archive whose layers are compressed: skopeo copy it to oci:DIR "
                        "first");
    }
    if (name_temporary(layout, layout->algorithm_dir, hex, err) < 0) {
        return -1;
    }
    ocn_closep(&layout->algorithm_dir);
    layout->algorithm_dir = -1;
    ocn_hash_free(layout->hash);
    layout->hash = NULL;
    return 0;
}

/* ---- blobs of files -------------------------------------------------------------------------- */

/* A file that only we may write, as blobs are: it can have two names. */
static bool may_link(int fd)
{
    struct stat st;

    return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
           (st.st_mode & 07777) == FILE_MODE;
}

/* 1: it has its name; 0: it has not, and is to be copied. Its bytes have been verified. */
static int link_file(const struct ocn_annotate_layout *layout, int fd, const char *digest,
                     struct ocn_error *err)
{
    ocn_autoclose int dir = -1;
    char path[OCN_IO_LINK_SIZE];
    const char *hex = NULL;

    if (open_place(layout, digest, &dir, &hex, err) < 0 || hex == NULL) {
        return -1;
    }
    ocn_io_link_of(fd, path);
    return linkat(AT_FDCWD, path, dir, hex, AT_SYMLINK_FOLLOW) == 0 ? 1 : 0;
}

/* All of @stream, into the blob that was begun where @write is set. */
static int pass(struct ocn_annotate_layout *layout, struct ocn_stream *stream, bool write,
                struct ocn_error *err)
{
    const void *chunk = NULL;
    size_t len = 0;

    do {
        if (ocn_stream_next(stream, &chunk, &len, err) < 0 ||
            (write && len != 0 &&
             ocn_annotate_layout_add(layout, (struct ocn_bytes){ chunk, len }, err) < 0)) {
            return -1;
        }
    } while (len != 0);
    return ocn_stream_verify(stream, err);
}

static int copy_stream(struct ocn_annotate_layout *layout, struct ocn_stream *stream,
                       const char *digest, double size, struct ocn_error *err)
{
    return ocn_annotate_layout_begin(layout, digest, size, err) < 0 ||
                   pass(layout, stream, true, err) < 0
               ? -1
               : ocn_annotate_layout_end(layout, err);
}

int ocn_annotate_layout_copy(struct ocn_annotate_layout *layout, const struct ocn_blobs *blobs,
                             const char *digest, double size, bool optional, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_stream_freep) struct ocn_stream *stream = NULL;
    OCN_CLEANUP(ocn_stream_freep) struct ocn_stream *again = NULL;
    const struct ocn_descriptor blob = { .digest = digest, .size = size };
    struct ocn_error problem = { 0 };

    if (ocn_annotate_layout_has(layout, digest)) {
        return 0;
    }
    if (ocn_stream_open(blobs, &blob, &stream, &problem) < 0) {
        return optional && problem.code == OCN_E_NOENT
                   ? 0
                   : ocn_fail(err, problem.code, problem.where, "%s", problem.msg);
    }
    if (!may_link(ocn_stream_file(stream))) {
        return copy_stream(layout, stream, digest, size, err);
    }
    if (pass(layout, stream, false, err) < 0) {
        return -1;
    }
    int linked = link_file(layout, ocn_stream_file(stream), digest, err);
    if (linked != 0) {
        return linked < 0 ? -1 : 0;
    }
    return ocn_stream_open(blobs, &blob, &again, err) < 0
               ? -1
               : copy_stream(layout, again, digest, size, err);
}
