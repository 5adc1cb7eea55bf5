/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/lint/save.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "hook/sys/io.h"
#include "hook/sys/replace.h"

#define MODE 0644

int ocn_save(const char *path, struct ocn_bytes bytes, struct ocn_error *err)
{
    struct stat st;

    if (stat(path, &st) < 0) {
        return errno == ENOENT ? ocn_replace_new_file(path, bytes, MODE, err)
                               : ocn_fail_sys(err, errno, path, "cannot be written");
    }
    if (S_ISREG(st.st_mode)) {
        return ocn_replace_file(path, bytes, err);
    }
    ocn_autoclose int fd = open(path, O_WRONLY | O_CLOEXEC);
    return fd < 0 ? ocn_fail_sys(err, errno, path, "cannot be written")
                  : ocn_io_write_fd(fd, path, bytes, err);
}
