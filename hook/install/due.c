/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/install/due.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hook/sys/io.h"

#define REASON_MAX 4096

enum { PATH_SIZE = 64 };

static void name_file(const struct ocn_engine *engine, char ret[PATH_SIZE])
{
    (void)snprintf(ret, PATH_SIZE, "/run/ocinorm-restart-%s", engine->name);
}

int ocn_due_note(const struct ocn_engine *engine, const char *reason, struct ocn_error *err)
{
    char path[PATH_SIZE];

    name_file(engine, path);
    ocn_autoclose int fd =
        open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0) {
        return ocn_fail_sys(err, errno, path, "cannot remember that %s is to be restarted",
                            engine->name);
    }
    return ocn_io_write_fd(fd, path, (struct ocn_bytes){ reason, strlen(reason) }, err);
}

/* An engine makes its socket anew when it starts. */
static bool has_started_since(const struct ocn_engine *engine, const struct stat *note)
{
    struct stat socket;

    if (engine->socket == NULL || stat(engine->socket, &socket) < 0 || !S_ISSOCK(socket.st_mode)) {
        return false;
    }
    return socket.st_mtim.tv_sec > note->st_mtim.tv_sec ||
           (socket.st_mtim.tv_sec == note->st_mtim.tv_sec &&
            socket.st_mtim.tv_nsec > note->st_mtim.tv_nsec);
}

bool ocn_due_find(const struct ocn_engine *engine, struct ocn_buf *ret)
{
    char path[PATH_SIZE];
    struct stat note;

    name_file(engine, path);
    if (lstat(path, &note) < 0 || !S_ISREG(note.st_mode)) {
        return false;
    }
    if (has_started_since(engine, &note)) {
        ocn_due_done(engine);
        return false;
    }
    if (ocn_io_read_file(path, REASON_MAX, ret, NULL) < 0) {
        ocn_buf_printf(ret, "for a reason that cannot be read in %s", path);
    }
    return true;
}

void ocn_due_done(const struct ocn_engine *engine)
{
    char path[PATH_SIZE];

    name_file(engine, path);
    (void)unlink(path);
}
