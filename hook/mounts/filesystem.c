/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/mounts/filesystem.h"

#include <stddef.h>

#include "hook/sys/io.h"

static const struct row {
    char name[12];
    uint64_t magic;
    unsigned long major;
    unsigned long minor;
} rows[] = {
#define OCN_FILE_SYSTEM(name, magic, major, minor) { name, magic, major, minor },
#include "hook/mounts/filesystems.def"
#undef OCN_FILE_SYSTEM
};

/* statfs(2) has a signed word there: on 32 bits the larger numbers come out negative. */
static const struct row *find(uint64_t magic)
{
    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        if (rows[i].magic == (magic & UINT32_MAX)) {
            return &rows[i];
        }
    }
    return NULL;
}

const char *ocn_filesystem_name(uint64_t magic)
{
    const struct row *row = find(magic);

    return row != NULL ? row->name : NULL;
}

bool ocn_filesystem_maps(uint64_t magic, const char *release)
{
    const struct row *row = find(magic);
    unsigned long major = 0;
    unsigned long minor = 0;

    if (row == NULL || row->major == 0 || !ocn_io_take_number(&release, &major) ||
        *release++ != '.' || !ocn_io_take_number(&release, &minor)) {
        return false;
    }
    return major > row->major || (major == row->major && minor >= row->minor);
}
