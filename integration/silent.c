/* SPDX-License-Identifier: Apache-2.0 */
/*
 * silent DIRECTORY: mounts a file system (fuse) there that takes every request and answers none.
 * Who asks waits, and no signal ends that: a network's volume behaves so when its server is gone.
 */
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

static int answer_first(int fd, const struct fuse_in_header *request)
{
    const struct {
        struct fuse_out_header header;
        struct fuse_init_out init;
    } answer = {
        .header = { .len = sizeof(answer), .unique = request->unique },
        .init = { .major = FUSE_KERNEL_VERSION,
                  .minor = FUSE_KERNEL_MINOR_VERSION,
                  .max_write = 4096 },
    };

    return write(fd, &answer, sizeof(answer)) == (ssize_t)sizeof(answer) ? 0 : -1;
}

int main(int argc, char **argv)
{
    static _Alignas(struct fuse_in_header) char request[1 << 17];
    char options[96];
    int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

    (void)snprintf(options, sizeof(options),
                   "fd=%d,rootmode=40755,user_id=0,group_id=0,allow_other", fd);
    if (argc != 2 || fd < 0 || mount("silent", argv[1], "fuse", 0, options) < 0) {
        perror("silent");
        return 1;
    }
    while (read(fd, request, sizeof(request)) > 0) {
        const struct fuse_in_header *header = (const void *)request;
        if (header->opcode == FUSE_INIT && answer_first(fd, header) < 0) {
            perror("silent");
            return 1;
        }
    }
    return 0;
}
