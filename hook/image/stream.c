/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/image/stream.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "hook/image/tar.h"
#include "hook/sys/io.h"

#define CHUNK ((size_t)64 << 10)
#define MAX_MEMBERS 100000 /* of an archive of blobs */
#define MAX_NAME 512
#define MAX_LINKS 4 /* docker save before 1.25: layer.tar is a link to another layer's */

/* ---- files, and members of archives ---------------------------------------------------------- */

/* Bytes of a descriptor from its beginning on; as libarchive wants them. */
struct source {
    int fd;
    uint64_t at;
    uint64_t size;
    char bytes[CHUNK];
};

struct ocn_stream {
    struct source source;
    struct archive *archive; /* of the member that is read; NULL: it is a file */
    const char *digest;      /* borrowed */
    double want;             /* bytes; -1: not said */
    double got;
    struct ocn_hash *hash;
};

static ssize_t read_chunk(struct source *source)
{
    ssize_t len;

    do {
        len = pread(source->fd, source->bytes, sizeof(source->bytes), (off_t)source->at);
    } while (len < 0 && errno == EINTR);
    source->at += len > 0 ? (uint64_t)len : 0;
    return len;
}

static la_ssize_t read_archive(struct archive *archive, void *ctx, const void **ret)
{
    struct source *source = ctx;
    ssize_t len = read_chunk(source);

    *ret = source->bytes;
    if (len < 0) {
        archive_set_error(archive, errno, "cannot read it");
    }
    return len;
}

static la_int64_t skip_archive(struct archive *archive, void *ctx, la_int64_t request)
{
    struct source *source = ctx;
    uint64_t left = source->size > source->at ? source->size - source->at : 0;
    uint64_t skipped = request > 0 && (uint64_t)request < left ? (uint64_t)request : left;

    (void)archive;
    source->at += skipped;
    return (la_int64_t)skipped;
}

void ocn_stream_free(struct ocn_stream *stream)
{
    if (stream == NULL) {
        return;
    }
    ocn_tar_freep(&stream->archive);
    ocn_hash_free(stream->hash);
    if (stream->source.fd >= 0) {
        ocn_closep(&stream->source.fd);
    }
    free(stream);
}

void ocn_stream_freep(struct ocn_stream **stream)
{
    ocn_stream_free(*stream);
}

static bool is_tar(const struct ocn_blobs *blobs)
{
    return blobs->form == OCN_BLOBS_OCI_TAR || blobs->form == OCN_BLOBS_DOCKER_TAR;
}

/* The name of a blob in @directory, or where layouts share theirs. */
static int name_of(const struct ocn_blobs *blobs, const struct ocn_descriptor *blob, bool shared,
                   char name[MAX_NAME], struct ocn_error *err)
{
    const char *hex = NULL;

    if (blobs->form == OCN_BLOBS_DOCKER_TAR) {
        (void)snprintf(name, MAX_NAME, "%s", blob->media_type != NULL ? blob->media_type : "");
        return 0;
    }
    if (ocn_object_digest_kind(blob->digest, &hex) == OCN_DIGEST_MALFORMED) {
        return ocn_fail(err, OCN_E_FORMAT, blob->digest, "not a digest (image-spec descriptor.md)");
    }
    int algorithm = (int)(hex - blob->digest) - 1;
    if (blobs->form == OCN_BLOBS_DIR) {
        (void)snprintf(name, MAX_NAME, "%s", hex);
    } else {
        (void)snprintf(name, MAX_NAME, "%s%.*s/%s", shared ? "" : "blobs/", algorithm, blob->digest,
                       hex);
    }
    return 0;
}

/* A regular file at @name below @dir; -1 with errno. */
static int open_regular(int dir, const char *name, uint64_t *ret_size)
{
    struct stat st;
    ocn_autoclose int fd =
        openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

    if (fd < 0) {
        return -1;
    }
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        errno = ENOENT;
        return -1;
    }
    *ret_size = (uint64_t)st.st_size;
    int opened = fd;
    fd = -1;
    return opened;
}

/* "./index.json" and "index.json" are one. */
static const char *member_name(struct archive_entry *entry)
{
    const char *name = archive_entry_pathname(entry);

    while (name != NULL && name[0] == '.' && name[1] == '/') {
        name += 2;
    }
    return name != NULL ? name : "";
}

static int begin_archive(struct ocn_stream *stream, struct ocn_error *err)
{
    /* Whole archives are compressed, too (docker save | gzip): the library may look for both here.
     */
    stream->archive = ocn_tar_new();
    if (stream->archive == NULL ||
        archive_read_support_filter_gzip(stream->archive) < ARCHIVE_WARN ||
        archive_read_support_filter_zstd(stream->archive) < ARCHIVE_WARN) {
        return ocn_fail_nomem(err);
    }
    (void)archive_read_set_read_callback(stream->archive, read_archive);
    (void)archive_read_set_skip_callback(stream->archive, skip_archive);
    (void)archive_read_set_callback_data(stream->archive, &stream->source);
    return archive_read_open1(stream->archive) == ARCHIVE_OK
               ? 0
               : ocn_tar_fail(stream->archive, "archive", err);
}

/* Goes to the member @name. 1: it is there; 0: it is not; a link is followed in another pass. */
static int find_member(struct ocn_stream *stream, const char *name, char link[MAX_NAME],
                       uint64_t *ret_size, struct ocn_error *err)
{
    struct archive_entry *entry = NULL;

    link[0] = '\0';
    for (size_t i = 0; i < MAX_MEMBERS; i++) {
        int status = archive_read_next_header(stream->archive, &entry);
        if (status == ARCHIVE_EOF) {
            return 0;
        }
        if (status < ARCHIVE_WARN) {
            return ocn_tar_fail(stream->archive, "archive", err);
        }
        if (strcmp(member_name(entry), name) != 0) {
            continue;
        }
        if (archive_entry_symlink(entry) != NULL) {
            const char *slash = strrchr(name, '/');
            (void)snprintf(link, MAX_NAME, "%.*s%s", slash != NULL ? (int)(slash - name) + 1 : 0,
                           name, archive_entry_symlink(entry));
        } else if (archive_entry_hardlink(entry) != NULL) {
            (void)snprintf(link, MAX_NAME, "%s", archive_entry_hardlink(entry));
        } else if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_size(entry) < 0) {
            return 0;
        }
        *ret_size = (uint64_t)archive_entry_size(entry);
        return 1;
    }
    return ocn_fail(err, OCN_E_LIMIT, "archive", "it has more than %d members", MAX_MEMBERS);
}

/* "ID/../HEX.tar" is "HEX.tar": what links of docker-archives look like. */
static void fold_parents(char *name)
{
    char *up;

    while ((up = strstr(name, "/../")) != NULL) {
        char *begin = up;
        while (begin > name && begin[-1] != '/') {
            begin--;
        }
        memmove(begin, up + 4, strlen(up + 4) + 1);
    }
}

static int open_member(struct ocn_stream *stream, int fd, const char *asked, uint64_t *ret_size,
                       struct ocn_error *err)
{
    char name[MAX_NAME];
    char link[MAX_NAME];
    struct stat st;

    (void)snprintf(name, sizeof(name), "%s", asked);
    if (fstat(fd, &st) < 0) {
        return ocn_fail_sys(err, errno, "archive", "cannot read it");
    }
    for (int i = 0; i <= MAX_LINKS; i++) {
        ocn_tar_freep(&stream->archive);
        stream->archive = NULL;
        stream->source.at = 0;
        stream->source.size = (uint64_t)st.st_size;
        stream->source.fd =
            stream->source.fd >= 0 ? stream->source.fd : fcntl(fd, F_DUPFD_CLOEXEC, 0);
        if (stream->source.fd < 0) {
            return ocn_fail_sys(err, errno, "archive", "cannot read it");
        }
        int found =
            begin_archive(stream, err) < 0 ? -1 : find_member(stream, name, link, ret_size, err);
        if (found <= 0) {
            return found < 0 ? -1
                             : ocn_fail(err, OCN_E_NOENT, asked, "the archive has no such file");
        }
        if (link[0] == '\0') {
            return 0;
        }
        fold_parents(link);
        (void)snprintf(name, sizeof(name), "%s", link);
    }
    return ocn_fail(err, OCN_E_FORMAT, asked, "a link that leads to a link, and so on");
}

static struct ocn_stream *new_stream(void)
{
    struct ocn_stream *stream = calloc(1, sizeof(*stream));

    if (stream != NULL) {
        stream->want = -1;
        stream->source.fd = -1;
    }
    return stream;
}

static int open_at(const struct ocn_blobs *blobs, int dir, const char *name,
                   struct ocn_stream **ret, uint64_t *ret_size, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_stream_freep) struct ocn_stream *stream = new_stream();

    if (stream == NULL) {
        return ocn_fail_nomem(err);
    }
    if (is_tar(blobs)) {
        if (open_member(stream, dir, name, ret_size, err) < 0) {
            return -1;
        }
    } else {
        stream->source.fd = open_regular(dir, name, ret_size);
        if (stream->source.fd < 0) {
            return ocn_fail_sys(err, errno, name, "cannot open it");
        }
    }
    *ret = stream;
    stream = NULL;
    return 0;
}

int ocn_stream_open(const struct ocn_blobs *blobs, const struct ocn_descriptor *blob,
                    struct ocn_stream **ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_stream_freep) struct ocn_stream *stream = NULL;
    char name[MAX_NAME];
    uint64_t size = 0;
    struct ocn_error problem = { 0 };

    if (name_of(blobs, blob, false, name, err) < 0) {
        return -1;
    }
    if (open_at(blobs, blobs->fd, name, &stream, &size, &problem) < 0 &&
        (blobs->shared_fd < 0 || problem.code != OCN_E_NOENT ||
         name_of(blobs, blob, true, name, err) < 0 ||
         open_at(blobs, blobs->shared_fd, name, &stream, &size, NULL) < 0)) {
        return ocn_fail(err, problem.code, problem.where, "%s", problem.msg);
    }
    if (blob->digest != NULL && stream != NULL) {
        /* Before a byte of it is read (descriptor.md, "size"). */
        if (blob->size >= 0 && (double)size != blob->size) {
            return ocn_fail(err, OCN_E_FORMAT, blob->digest,
                            "has %llu bytes, and its descriptor says %.0f: it is not to be trusted",
                            (unsigned long long)size, blob->size);
        }
        if (ocn_hash_new(blobs->digests, blob->digest, &stream->hash, err) < 0) {
            return -1;
        }
        stream->digest = blob->digest;
        stream->want = blob->size;
    }
    *ret = stream;
    stream = NULL;
    return 0;
}

static int next_of_member(struct ocn_stream *stream, const void **ret, size_t *ret_len,
                          struct ocn_error *err)
{
    la_int64_t offset = 0;
    int status = archive_read_data_block(stream->archive, ret, ret_len, &offset);

    if (status == ARCHIVE_EOF) {
        *ret_len = 0;
        return 0;
    }
    if (status < ARCHIVE_WARN) {
        return ocn_tar_fail(stream->archive, stream->digest, err);
    }
    return (double)offset == stream->got
               ? 0
               : ocn_fail(err, OCN_E_FORMAT, stream->digest, "is stored with holes");
}

int ocn_stream_next(struct ocn_stream *stream, const void **ret, size_t *ret_len,
                    struct ocn_error *err)
{
    const void *bytes = stream->source.bytes;
    size_t len = 0;

    if (stream->archive != NULL) {
        if (next_of_member(stream, &bytes, &len, err) < 0) {
            return -1;
        }
    } else {
        ssize_t got = read_chunk(&stream->source);
        if (got < 0) {
            return ocn_fail_sys(err, errno, stream->digest, "cannot read it");
        }
        len = (size_t)got;
    }
    ocn_hash_add(stream->hash, bytes, len);
    stream->got += (double)len;
    *ret = bytes;
    *ret_len = len;
    return 0;
}

int ocn_stream_verify(struct ocn_stream *stream, struct ocn_error *err)
{
    if (stream->want >= 0 && stream->got != stream->want) {
        return ocn_fail(err, OCN_E_FORMAT, stream->digest,
                        "has %.0f bytes, and its descriptor says %.0f: it is not to be trusted",
                        stream->got, stream->want);
    }
    return ocn_hash_is(stream->hash, stream->digest)
               ? 0
               : ocn_fail(err, OCN_E_FORMAT, stream->digest,
                          "its bytes have another digest: it is damaged, or was changed");
}

int ocn_stream_file(const struct ocn_stream *stream)
{
    return stream->archive == NULL ? stream->source.fd : -1;
}

int ocn_stream_open_file(const struct ocn_blobs *blobs, const char *name, struct ocn_stream **ret,
                         struct ocn_error *err)
{
    uint64_t size = 0;

    return open_at(blobs, blobs->fd, name, ret, &size, err);
}

double ocn_stream_size(const struct ocn_blobs *blobs, const struct ocn_descriptor *blob)
{
    OCN_CLEANUP(ocn_stream_freep) struct ocn_stream *stream = NULL;
    const struct ocn_descriptor any = { .media_type = blob->media_type,
                                        .digest = blob->digest,
                                        .size = -1 };
    struct stat st;

    if (is_tar(blobs) || ocn_stream_open(blobs, &any, &stream, NULL) < 0 || stream == NULL ||
        fstat(stream->source.fd, &st) < 0) {
        return -1;
    }
    return (double)st.st_size;
}
