/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/image/layer.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "hook/image/tar.h"
#include "hook/image/tar_guard.h"

#define SMALL ((uint64_t)16 << 10)
#define MAX_SMALL ((size_t)8 << 20)    /* bytes of small files that are kept of a layer */
#define MAX_NAMED ((uint64_t)64 << 20) /* of a file that is kept for its name */
#define MAX_XATTR_NAME 255             /* XATTR_NAME_MAX */
#define NO_ENTRY SIZE_MAX

/* ---- decompressed bytes ---------------------------------------------------------------------- */

/*
 * A layer's bytes go through two readers: one decompresses, one reads tar. Between them the diff_id
 * is made, and behind the tar's end what is left is read, too: both digests are of all of it.
 */
struct pipe {
    struct ocn_stream *stream;
    struct archive *raw;
    struct archive *tar;
    struct ocn_hash *hash;
    struct ocn_tar_guard *guard;
    const char *where;
    uint64_t len;         /* of what it holds */
    uint64_t compressed;  /* bytes of the blob that were read */
    bool padded;          /* the padding that the last file lacked was added */
    struct ocn_error err; /* of a callback: libarchive has no room for it */
};

static void close_pipe(struct pipe *pipe)
{
    ocn_tar_freep(&pipe->tar);
    ocn_tar_freep(&pipe->raw);
    ocn_hash_free(pipe->hash);
    ocn_tar_guard_free(pipe->guard);
    ocn_stream_free(pipe->stream);
}

static la_ssize_t next_compressed(struct archive *archive, void *ctx, const void **ret)
{
    struct pipe *pipe = ctx;
    size_t len = 0;

    if (ocn_stream_next(pipe->stream, ret, &len, &pipe->err) < 0) {
        archive_set_error(archive, EIO, "%s", pipe->err.msg);
        return -1;
    }
    pipe->compressed += len;
    return (la_ssize_t)len;
}

/* Behind the last byte: padding that is no part of the layer, and of no digest. */
static la_ssize_t pad(struct pipe *pipe, const void **ret)
{
    static const char zeros[512];
    size_t lacks = pipe->padded ? 0 : ocn_tar_guard_lacks(pipe->guard);

    pipe->padded = true;
    *ret = zeros;
    return (la_ssize_t)lacks;
}

static la_ssize_t next_plain(struct archive *archive, void *ctx, const void **ret)
{
    struct pipe *pipe = ctx;
    la_int64_t offset = 0;
    size_t len = 0;
    int status = archive_read_data_block(pipe->raw, ret, &len, &offset);

    if (status == ARCHIVE_EOF) {
        return pad(pipe, ret);
    }
    if (status < ARCHIVE_WARN) {
        (void)ocn_tar_fail(pipe->raw, pipe->where, &pipe->err);
        archive_set_error(archive, EIO, "%s", pipe->err.msg);
        return -1;
    }
    pipe->len += len;
    if (pipe->len > OCN_LAYER_MAX_BYTES) {
        (void)ocn_fail(&pipe->err, OCN_E_LIMIT, pipe->where,
                       "holds more than %llu bytes: a decompression bomb?",
                       (unsigned long long)OCN_LAYER_MAX_BYTES);
        archive_set_error(archive, EIO, "%s", pipe->err.msg);
        return -1;
    }
    ocn_hash_add(pipe->hash, *ret, len);
    if (ocn_tar_guard_pass(pipe->guard, *ret, len, &pipe->err) < 0) {
        ocn_error_locate(&pipe->err, pipe->where, 0);
        archive_set_error(archive, EIO, "%s", pipe->err.msg);
        return -1;
    }
    return (la_ssize_t)len;
}

/* What a callback has recorded is nearer to the truth than what libarchive makes of it. */
static int fail_pipe(struct pipe *pipe, struct archive *archive, struct ocn_error *err)
{
    return pipe->err.code != OCN_OK
               ? ocn_fail(err, pipe->err.code, pipe->err.where, "%s", pipe->err.msg)
               : ocn_tar_fail(archive, pipe->where, err);
}

static int open_pipe(struct pipe *pipe, const struct ocn_blobs *blobs,
                     const struct ocn_layer_name *name, struct ocn_error *err)
{
    struct archive_entry *entry = NULL;

    pipe->where = name->blob.digest != NULL ? name->blob.digest : name->blob.media_type;
    if (ocn_stream_open(blobs, &name->blob, &pipe->stream, err) < 0 ||
        ocn_hash_new(blobs->digests, name->diff_id, &pipe->hash, err) < 0) {
        return -1;
    }
    pipe->raw = ocn_tar_new_raw();
    pipe->tar = ocn_tar_new();
    pipe->guard = ocn_tar_guard_new();
    if (pipe->raw == NULL || pipe->tar == NULL || pipe->guard == NULL) {
        return ocn_fail_nomem(err);
    }
    if (archive_read_open(pipe->raw, pipe, NULL, next_compressed, NULL) < ARCHIVE_WARN ||
        archive_read_next_header(pipe->raw, &entry) < ARCHIVE_WARN) {
        return fail_pipe(pipe, pipe->raw, err);
    }
    return archive_read_open(pipe->tar, pipe, NULL, next_plain, NULL) < ARCHIVE_WARN
               ? fail_pipe(pipe, pipe->tar, err)
               : 0;
}

/* Go's gzip takes another member behind the last one, and fails with all else, zeros too. */
static int check_rest(const struct pipe *pipe, struct ocn_error *err)
{
    const la_int64_t taken = archive_filter_bytes(pipe->raw, -1);

    return taken >= 0 && (uint64_t)taken < pipe->compressed
               ? ocn_fail(err, OCN_E_FORMAT, pipe->where,
                          "has %llu bytes behind its compressed end: engines refuse this layer; "
                          "build the image anew",
                          (unsigned long long)(pipe->compressed - (uint64_t)taken))
               : 0;
}

/* After the tar's end: padding, other members of a compressed file, and then both digests. */
static int finish_pipe(struct pipe *pipe, const struct ocn_layer_name *name, struct ocn_error *err)
{
    const void *bytes = NULL;
    la_ssize_t len;

    do {
        len = next_plain(pipe->tar, pipe, &bytes);
    } while (len > 0);
    size_t left = 1;
    while (len == 0 && left > 0) {
        if (ocn_stream_next(pipe->stream, &bytes, &left, err) < 0) {
            return -1;
        }
        pipe->compressed += left;
    }
    if (len < 0) {
        return fail_pipe(pipe, pipe->raw, err);
    }
    if (ocn_stream_verify(pipe->stream, err) < 0 || check_rest(pipe, err) < 0) {
        return -1;
    }
    if (ocn_tar_guard_end(pipe->guard, err) < 0) {
        ocn_error_locate(err, pipe->where, 0);
        return -1;
    }
    return ocn_hash_is(pipe->hash, name->diff_id)
               ? 0
               : ocn_fail(
                     err, OCN_E_FORMAT, name->diff_id,
                     "is the diff_id in the image's configuration, and what the layer %s holds "
                     "has another one",
                     pipe->where);
}

/* ---- entries --------------------------------------------------------------------------------- */

/* What is kept, and what of it is asked for. */
struct reading {
    struct pipe pipe;
    struct ocn_image_layer *layer;
    const struct ocn_strings *names; /* NULL: a second reading */
    size_t wanted;                   /* of a second reading: this entry */
    struct ocn_hash *seal;           /* NULL: entries are not sealed */
};

static bool is_named(const struct ocn_strings *names, const char *path)
{
    return ocn_strings_hold(names, ocn_strings_base_name(path));
}

static bool is_kept(const struct reading *reading, const struct ocn_tree_entry *entry)
{
    if (!S_ISREG(entry->mode)) {
        return false;
    }
    return (entry->size <= SMALL && reading->layer->kept < MAX_SMALL) ||
           (entry->size <= MAX_NAMED && is_named(reading->names, entry->path));
}

/* Reads the bytes of the file where the reader is; @entry is its place in the table. */
static int keep(struct reading *reading, size_t entry, uint64_t size, struct ocn_error *err)
{
    struct ocn_image_layer *layer = reading->layer;
    struct ocn_layer_file *files =
        ocn_arena_grow(&layer->arena, layer->files.items, layer->files.len, sizeof(*files));
    char *bytes = malloc(size != 0 ? size : 1);
    size_t done = 0;

    if (files == NULL || bytes == NULL) {
        free(bytes);
        return ocn_fail_nomem(err);
    }
    layer->files.items = files;
    files[layer->files.len++] = (struct ocn_layer_file){ entry, bytes, 0 };
    while (done < size) {
        la_ssize_t len = archive_read_data(reading->pipe.tar, bytes + done, size - done);
        if (len < 0) {
            return fail_pipe(&reading->pipe, reading->pipe.tar, err);
        }
        if (len == 0) {
            break;
        }
        done += (size_t)len;
    }
    files[layer->files.len - 1].len = done;
    layer->kept += done;
    return 0;
}

/* No system takes a longer one; every reading has to leave out the same. */
static bool is_name(const char *name)
{
    return name != NULL && strnlen(name, OCN_TREE_MAX_PATH) < OCN_TREE_MAX_PATH;
}

/* What a member of the tar is, in the table's words. false: nothing that a root file system has. */
static bool describe(struct archive_entry *from, struct ocn_image_layer *layer,
                     struct ocn_tree_entry *ret)
{
    const char *name = archive_entry_pathname(from);
    const char *hard = archive_entry_hardlink(from);
    const char *soft = archive_entry_symlink(from);
    bool odd = false;
    bool odd_link = false;

    if (!is_name(name)) {
        layer->odd_names++;
        return false;
    }
    *ret = (struct ocn_tree_entry){
        .path = ocn_tree_clean(name, &layer->arena, &odd),
        .size = archive_entry_size(from) > 0 ? (uint64_t)archive_entry_size(from) : 0,
        .mode = (uint32_t)archive_entry_mode(from),
        .uid = (uint32_t)archive_entry_uid(from),
        .gid = (uint32_t)archive_entry_gid(from),
    };
    if (hard != NULL) {
        ret->link = ocn_tree_clean(hard, &layer->arena, &odd_link);
        ret->mode = 0;
        ret->size = 0;
    } else if (S_ISLNK(ret->mode)) {
        ret->link = ocn_arena_copy(&layer->arena, soft != NULL ? soft : "",
                                   soft != NULL ? strnlen(soft, OCN_TREE_MAX_PATH) : 0);
    }
    layer->odd_names += odd || odd_link ? 1 : 0;
    return true;
}

/* ---- seals ----------------------------------------------------------------------------------- */

static int hash_content(struct reading *reading, unsigned char ret[OCN_HASH_SHA256],
                        struct ocn_error *err)
{
    const void *bytes = NULL;
    la_int64_t offset = 0;
    size_t len = 0;
    int status;

    while ((status = archive_read_data_block(reading->pipe.tar, &bytes, &len, &offset)) ==
           ARCHIVE_OK) {
        ocn_hash_add(reading->seal, bytes, len);
    }
    if (status != ARCHIVE_EOF) {
        return fail_pipe(&reading->pipe, reading->pipe.tar, err);
    }
    return ocn_hash_take(reading->seal, ret) ? 0 : ocn_fail_nomem(err);
}

/* Each by itself, and all of them added: their order in a tar says nothing. */
static int hash_xattrs(struct reading *reading, struct archive_entry *from,
                       struct ocn_layer_seal *seal, struct ocn_error *err)
{
    unsigned char one[OCN_HASH_SHA256];
    const char *name = NULL;
    const void *value = NULL;
    size_t len = 0;

    for (int left = archive_entry_xattr_reset(from); left > 0; left--) {
        if (archive_entry_xattr_next(from, &name, &value, &len) != ARCHIVE_OK || name == NULL) {
            break;
        }
        ocn_hash_add(reading->seal, name, strlen(name) + 1);
        ocn_hash_add(reading->seal, value, len);
        if (!ocn_hash_take(reading->seal, one)) {
            return ocn_fail_nomem(err);
        }
        for (size_t i = 0; i < sizeof(one); i++) {
            seal->xattrs[i] = (unsigned char)(seal->xattrs[i] + one[i]);
        }
        seal->xattr_names =
            seal->xattr_names == NULL
                ? ocn_arena_copy(&reading->layer->arena, name, strnlen(name, MAX_XATTR_NAME))
                : ocn_arena_printf(&reading->layer->arena, "%.*s,%.*s", MAX_XATTR_NAME,
                                   seal->xattr_names, MAX_XATTR_NAME, name);
    }
    return 0;
}

static int seal_entry(struct reading *reading, struct archive_entry *from,
                      const struct ocn_tree_entry *entry, struct ocn_error *err)
{
    struct ocn_image_layer *layer = reading->layer;
    size_t at = layer->table.len - 1;
    struct ocn_layer_seal *seals = ocn_arena_grow(&layer->arena, layer->seals, at, sizeof(*seals));

    if (seals == NULL) {
        return ocn_fail_nomem(err);
    }
    layer->seals = seals;
    seals[at] = (struct ocn_layer_seal){ .device = (uint64_t)archive_entry_rdev(from) };
    return hash_xattrs(reading, from, &seals[at], err) < 0 ||
                   (S_ISREG(entry->mode) && hash_content(reading, seals[at].content, err) < 0)
               ? -1
               : 0;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* A whiteout of nothing, of its directory or of the one above: engines fail, or remove all. */
static bool is_bad_whiteout(const char *path)
{
    const char *name = ocn_strings_base_name(path);

    return strcmp(name, ".wh.") == 0 || strcmp(name, ".wh..") == 0 || strcmp(name, ".wh...") == 0;
}

static int add_entry(struct reading *reading, struct archive_entry *from, struct ocn_error *err)
{
    struct ocn_image_layer *layer = reading->layer;
    struct ocn_tree_entry entry;

    if (!describe(from, layer, &entry)) {
        return ocn_arena_check(&layer->arena, err);
    }
    if (is_bad_whiteout(entry.path)) {
        return ocn_fail(err, OCN_E_FORMAT, reading->pipe.where,
                        "the whiteout %s names no file, and engines refuse the layer; build the "
                        "image anew",
                        entry.path);
    }
    if (layer->table.len >= OCN_TREE_MAX_ENTRIES) {
        return ocn_fail(err, OCN_E_LIMIT, reading->pipe.where,
                        "holds more than the limit of %zu files", OCN_TREE_MAX_ENTRIES);
    }
    struct ocn_tree_entry *entries =
        ocn_arena_grow(&layer->arena, layer->table.entries, layer->table.len, sizeof(*entries));
    if (entries == NULL || ocn_arena_check(&layer->arena, err) < 0) {
        return ocn_fail_nomem(err);
    }
    layer->table.entries = entries;
    entries[layer->table.len++] = entry;
    if (reading->seal != NULL) {
        return seal_entry(reading, from, &entry, err);
    }
    return is_kept(reading, &entry) ? keep(reading, layer->table.len - 1, entry.size, err) : 0;
}

/* A second reading makes nothing new; @seen counts what the first one took. */
static int revisit(struct reading *reading, struct archive_entry *from, size_t *seen,
                   struct ocn_error *err)
{
    const char *name = archive_entry_pathname(from);

    if (!is_name(name)) {
        return 0;
    }
    if ((*seen)++ != reading->wanted) {
        return 0;
    }
    return keep(reading, reading->wanted, reading->layer->table.entries[reading->wanted].size, err);
}

static int read_entries(struct reading *reading, struct ocn_error *err)
{
    struct archive_entry *entry = NULL;
    size_t seen = 0;

    for (;;) {
        int status = archive_read_next_header(reading->pipe.tar, &entry);
        if (status == ARCHIVE_EOF) {
            return 0;
        }
        if (status < ARCHIVE_WARN) {
            return fail_pipe(&reading->pipe, reading->pipe.tar, err);
        }
        if ((reading->names != NULL ? add_entry(reading, entry, err)
                                    : revisit(reading, entry, &seen, err)) < 0) {
            return -1;
        }
    }
}

/* What cannot be read may have been changed: then its digest is what there is to say. */
static int explain_failure(struct pipe *pipe, const struct ocn_error *problem,
                           struct ocn_error *err)
{
    const void *bytes = NULL;
    size_t left = 1;

    while (pipe->stream != NULL && problem->code == OCN_E_FORMAT && left > 0) {
        if (ocn_stream_next(pipe->stream, &bytes, &left, err) < 0) {
            return -1;
        }
        if (left == 0 && ocn_stream_verify(pipe->stream, err) < 0) {
            return -1;
        }
    }
    return ocn_fail(err, problem->code, problem->where, "%s", problem->msg);
}

static int read_layer(const struct ocn_blobs *blobs, const struct ocn_layer_name *name,
                      struct reading *reading, struct ocn_error *err)
{
    struct ocn_error problem = { 0 };
    int status =
        open_pipe(&reading->pipe, blobs, name, &problem) < 0 || read_entries(reading, &problem) < 0
            ? explain_failure(&reading->pipe, &problem, err)
            : finish_pipe(&reading->pipe, name, err);

    close_pipe(&reading->pipe);
    return status;
}

int ocn_image_layer_read(const struct ocn_blobs *blobs, const struct ocn_layer_name *name,
                         const struct ocn_strings *names, struct ocn_image_layer *ret,
                         struct ocn_error *err)
{
    struct reading reading = { .layer = ret, .names = names, .wanted = NO_ENTRY };

    return read_layer(blobs, name, &reading, err);
}

int ocn_image_layer_seal(const struct ocn_blobs *blobs, const struct ocn_layer_name *name,
                         struct ocn_image_layer *ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_hash_freep) struct ocn_hash *seal = NULL;
    static const struct ocn_strings no_names = { NULL, 0 };

    if (ocn_hash_new_sha256(blobs->digests, &seal, err) < 0) {
        return -1;
    }
    struct reading reading = { .layer = ret, .names = &no_names, .wanted = NO_ENTRY, .seal = seal };
    return read_layer(blobs, name, &reading, err);
}

int ocn_image_layer_file(const struct ocn_blobs *blobs, const struct ocn_layer_name *name,
                         size_t entry, struct ocn_image_layer *layer, struct ocn_bytes *ret,
                         struct ocn_error *err)
{
    struct reading reading = { .layer = layer, .wanted = entry };

    for (int pass = 0; pass < 2; pass++) {
        const struct ocn_layer_file *files = layer->files.items;
        for (size_t i = 0; i < layer->files.len; i++) {
            if (files[i].entry == entry) {
                *ret = (struct ocn_bytes){ files[i].bytes, files[i].len };
                return 0;
            }
        }
        if (layer->table.entries[entry].size > OCN_LAYER_MAX_FILE) {
            return ocn_fail(err, OCN_E_LIMIT, layer->table.entries[entry].path,
                            "is larger than the limit of %llu bytes",
                            (unsigned long long)OCN_LAYER_MAX_FILE);
        }
        if (pass == 0 && read_layer(blobs, name, &reading, err) < 0) {
            return -1;
        }
    }
    return ocn_fail(err, OCN_E_IO, name->blob.digest, "changed while it was read");
}

void ocn_image_layer_done(struct ocn_image_layer *layer)
{
    struct ocn_layer_file *files = layer->files.items;

    for (size_t i = 0; i < layer->files.len; i++) {
        free(files[i].bytes);
    }
    ocn_arena_done(&layer->arena);
    *layer = (struct ocn_image_layer){ 0 };
}
