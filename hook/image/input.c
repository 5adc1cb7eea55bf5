/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/image/input.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "hook/image/fetch.h"
#include "hook/sys/io.h"

/* What stands before the colon. */
static const struct transport {
    const char *prefix;
    enum ocn_blobs_form form;
    bool fetched;       /* by skopeo, which knows the transport */
    bool has_reference; /* PATH:REFERENCE */
} transports[] = {
    { "oci:", OCN_BLOBS_OCI_DIR, false, true },
    { "oci-archive:", OCN_BLOBS_OCI_TAR, false, true },
    { "docker-archive:", OCN_BLOBS_DOCKER_TAR, false, true },
    { "dir:", OCN_BLOBS_DIR, false, false },
    { "docker://", OCN_BLOBS_OCI_DIR, true, false },
    { "docker-daemon:", OCN_BLOBS_OCI_DIR, true, false },
    { "containers-storage:", OCN_BLOBS_OCI_DIR, true, false },
};

static const struct transport *transport_of(const char *text)
{
    for (size_t i = 0; i < OCN_COUNT(transports); i++) {
        if (strncmp(text, transports[i].prefix, strlen(transports[i].prefix)) == 0) {
            return &transports[i];
        }
    }
    return NULL;
}

void ocn_image_input_done(struct ocn_image_input *input)
{
    ocn_closep(&input->blobs.fd);
    ocn_closep(&input->blobs.shared_fd);
    ocn_hash_digests_free(input->digests);
    ocn_arena_done(&input->arena);
    *input = (struct ocn_image_input)OCN_IMAGE_INPUT_NONE;
}

/* ---- by content ------------------------------------------------------------------------------ */

static bool has(int dir, const char *name)
{
    struct stat st;

    return fstatat(dir, name, &st, 0) == 0 && S_ISREG(st.st_mode);
}

/* A directory: a layout, or what skopeo's dir: writes. */
static bool sniff_directory(int fd, enum ocn_blobs_form *ret)
{
    if (has(fd, "oci-layout") && has(fd, "index.json")) {
        *ret = OCN_BLOBS_OCI_DIR;
        return true;
    }
    if (has(fd, "version") && has(fd, "manifest.json")) {
        *ret = OCN_BLOBS_DIR;
        return true;
    }
    return false;
}

/* Whether a file begins as tar, gzip or zstd do; its members are looked at by the confined child.
 */
static bool sniff_archive(int fd)
{
    unsigned char begin[512] = { 0 };
    ssize_t len = pread(fd, begin, sizeof(begin), 0);

    return len >= 4 &&
           ((begin[0] == 0x1f && begin[1] == 0x8b) || memcmp(begin, "\x28\xb5\x2f\xfd", 4) == 0 ||
            (len == (ssize_t)sizeof(begin) && memcmp(begin + 257, "ustar", 5) == 0));
}

/* true: it is an image; an archive's form is OCN_BLOBS_OCI_TAR until its members are known. */
static bool sniff(int fd, enum ocn_blobs_form *ret)
{
    struct stat st;

    if (fstat(fd, &st) < 0) {
        return false;
    }
    if (S_ISDIR(st.st_mode)) {
        return sniff_directory(fd, ret);
    }
    *ret = OCN_BLOBS_OCI_TAR;
    return S_ISREG(st.st_mode) && sniff_archive(fd);
}

static int open_path(const char *path)
{
    return open(path, OCN_IO_READING);
}

bool ocn_image_input_is(const char *text)
{
    enum ocn_blobs_form form;

    if (transport_of(text) != NULL) {
        return true;
    }
    ocn_autoclose int fd = open_path(text);
    return fd >= 0 && sniff(fd, &form);
}

/* ---- opening --------------------------------------------------------------------------------- */

/* PATH[:REFERENCE]: the whole text where it is a path, else up to its first colon. */
static const char *split(struct ocn_image_input *input, const char *text, bool has_reference)
{
    struct stat st;
    const char *colon = strchr(text, ':');

    if (!has_reference || colon == NULL || stat(text, &st) == 0) {
        return text;
    }
    input->reference = ocn_arena_copy(&input->arena, colon + 1, strlen(colon + 1));
    return ocn_arena_copy(&input->arena, text, (size_t)(colon - text));
}

static int open_local(struct ocn_image_input *input, const char *path, enum ocn_blobs_form form,
                      struct ocn_error *err)
{
    struct stat st;
    bool directory = form == OCN_BLOBS_OCI_DIR || form == OCN_BLOBS_DIR;

    if (ocn_arena_check(&input->arena, err) < 0) {
        return -1;
    }
    if (path[0] == '\0') {
        return ocn_fail(err, OCN_E_USAGE, "IMAGE", "no %s is named behind the colon",
                        directory ? "directory" : "file");
    }
    input->blobs.form = form;
    input->blobs.fd = open_path(path);
    if (input->blobs.fd < 0 || fstat(input->blobs.fd, &st) < 0) {
        return ocn_fail_sys(err, errno, path, "cannot open it");
    }
    if (directory != S_ISDIR(st.st_mode) || (!directory && !S_ISREG(st.st_mode))) {
        return ocn_fail(err, OCN_E_USAGE, path, "not a %s%s", directory ? "directory" : "file",
                        directory ? "; a file is oci-archive:FILE or docker-archive:FILE"
                                  : "; a directory is oci:DIR or dir:DIR");
    }
    return 0;
}

/* A file of another kind: whoever named it may have meant another command. */
static int refuse_file(const char *text, int fd, struct ocn_error *err)
{
    char begin[64] = "";
    struct stat st;
    ssize_t len = pread(fd, begin, sizeof(begin) - 1, 0);

    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        return ocn_fail(
            err, OCN_E_USAGE, text,
            "a directory that is no layout (oci-layout, index.json), no bundle and none "
            "of skopeo's dir:; `ocinorm lint` takes directories of manifests");
    }
    return len > 0 && strncmp(begin,
                              "\x7f"
                              "ELF",
                              4) == 0
               ? ocn_fail(err, OCN_E_USAGE, text,
                          "a program and no image: `ocinorm buildinfo` looks into it")
               : ocn_fail(
                     err, OCN_E_USAGE, text,
                     "neither tar, gzip nor zstd, and so no archive of an image; `ocinorm lint` "
                     "takes manifests");
}

/* "app:1.0" could be in a registry, an engine or a file: nobody should have to guess. */
static int refuse(const char *text, struct ocn_error *err)
{
    return ocn_fail(err, OCN_E_USAGE, text,
                    "not a file or directory that is known. An image is named as oci:DIR[:REF], "
                    "oci-archive:FILE, docker-archive:FILE, dir:DIR, docker://NAME, "
                    "docker-daemon:NAME or containers-storage:NAME");
}

static int open_plain(struct ocn_image_input *input, const char *text, struct ocn_error *err)
{
    enum ocn_blobs_form form = OCN_BLOBS_OCI_DIR;
    const char *path = split(input, text, true);
    ocn_autoclose int fd = open_path(path);

    if (fd < 0) {
        return refuse(text, err);
    }
    return sniff(fd, &form) ? open_local(input, path, form, err) : refuse_file(text, fd, err);
}

int ocn_image_input_open(const char *text, struct ocn_image_input *ret, struct ocn_error *err)
{
    const struct transport *transport = transport_of(text);
    int status = 0;

    ret->name = text;
    if (ocn_hash_digests_new(&ret->digests, err) < 0) {
        return -1;
    }
    ret->blobs.digests = ret->digests;
    if (transport == NULL) {
        status = open_plain(ret, text, err);
    } else if (transport->fetched) {
        status = ocn_fetch(text, &ret->blobs, err);
        ret->reference = OCN_FETCH_REFERENCE;
    } else {
        const char *path = split(ret, text + strlen(transport->prefix), transport->has_reference);
        status = open_local(ret, path, transport->form, err);
    }
    return status < 0 ? -1 : ocn_arena_check(&ret->arena, err);
}
