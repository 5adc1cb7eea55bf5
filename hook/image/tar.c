/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/image/tar.h"

#include <errno.h>

void ocn_tar_freep(struct archive **archive)
{
    if (*archive != NULL) {
        (void)archive_read_free(*archive);
    }
}

static struct archive *checked(struct archive *archive, int status)
{
    if (archive != NULL && status < ARCHIVE_WARN) {
        (void)archive_read_free(archive);
        return NULL;
    }
    return archive;
}

struct archive *ocn_tar_new(void)
{
    struct archive *archive = archive_read_new();

    return archive != NULL ? checked(archive, archive_read_support_format_tar(archive)) : NULL;
}

struct archive *ocn_tar_new_raw(void)
{
    struct archive *archive = archive_read_new();

    if (archive == NULL) {
        return NULL;
    }
    int worst = archive_read_support_format_raw(archive);
    int status = archive_read_support_format_empty(archive);
    worst = status < worst ? status : worst;
    status = archive_read_support_filter_gzip(archive);
    worst = status < worst ? status : worst;
    status = archive_read_support_filter_zstd(archive);
    return checked(archive, status < worst ? status : worst);
}

int ocn_tar_fail(struct archive *archive, const char *where, struct ocn_error *err)
{
    const char *reason = archive_error_string(archive);

    return ocn_fail(err, archive_errno(archive) == ENOMEM ? OCN_E_NOMEM : OCN_E_FORMAT, where, "%s",
                    reason != NULL ? reason : "it cannot be read");
}
