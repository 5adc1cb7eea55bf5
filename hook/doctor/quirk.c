/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/doctor/quirk.h"

#include <stdbool.h>
#include <string.h>

#include "hook/sys/io.h"

#define VERSION_IS " version "
#define MAX_PART 999

static const struct ocn_quirk quirks[] = {
    /* maybe_chown_std_streams(): since cab3d524, devices left alone since a9d12996 */
    { "crun", "crun devices", 1003, 1024,
      "this crun gives a device that is standard input, output or error to the process's user: "
      "with exec the node's own /dev/null, too",
      "chown 0:0 /dev/null; crun 1.24 and runc leave devices alone" },
};

/* MAJOR.MINOR of @text, whatever is behind it. */
static bool read_version(const char *text, unsigned *ret)
{
    unsigned long major = 0;
    unsigned long minor = 0;

    if (!ocn_io_take_number(&text, &major) || *text++ != '.' ||
        !ocn_io_take_number(&text, &minor) || major > MAX_PART || minor > MAX_PART) {
        return false;
    }
    *ret = (unsigned)(major * (MAX_PART + 1) + minor);
    return true;
}

const struct ocn_quirk *ocn_quirk_find(const char *line)
{
    for (size_t i = 0; i < OCN_COUNT(quirks); i++) {
        const size_t len = strlen(quirks[i].program);
        unsigned version = 0;
        bool same = strncmp(line, quirks[i].program, len) == 0 &&
                    strncmp(line + len, VERSION_IS, strlen(VERSION_IS)) == 0 &&
                    read_version(line + len + strlen(VERSION_IS), &version);
        if (same && version >= quirks[i].since && version < quirks[i].before) {
            return &quirks[i];
        }
    }
    return NULL;
}
