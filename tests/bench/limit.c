/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least that a wrapper does, whoever wrote it, if it edits what the runtime will read:
 *   limit create --bundle BUNDLE ID   reads config.json, and puts another in its place
 *   limit exec --process FILE ID      reads FILE, in which nothing is to be changed
 *   limit COMMAND ...                 touches nothing
 * Where it reads, it forks and waits once: what a container's author wrote is read by a child that
 * can do nothing else. Then it becomes the runtime.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUNTIME "/bin/true"
#define CONFIG "config.json"
#define AFRESH ".config.json.new"

static char text[1 << 20];

/* The word behind @letter or @name, or NULL. */
static const char *find_value(char **argv, const char *letter, const char *name)
{
    for (; argv[0] != NULL && argv[1] != NULL; argv++) {
        if (strcmp(argv[0], letter) == 0 || strcmp(argv[0], name) == 0) {
            return argv[1];
        }
    }
    return NULL;
}

static ssize_t read_text(int dir, const char *path)
{
    int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
    ssize_t len = read(fd, text, sizeof(text));

    (void)close(fd);
    return len;
}

static int write_text(int dir, ssize_t len)
{
    int fd = openat(dir, AFRESH, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    int whole = len > 0 && write(fd, text, (size_t)len) == len && fsync(fd) == 0;

    (void)close(fd);
    return whole ? renameat(dir, AFRESH, dir, CONFIG) : -1;
}

static int wait_for_child(void)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        _exit(0);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}

int main(int argc, char **argv, char **envp)
{
    const char *bundle = find_value(argv, "-b", "--bundle");
    const char *process = find_value(argv, "-p", "--process");
    int dir = bundle != NULL ? open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC) : AT_FDCWD;
    ssize_t len = 0;

    (void)argc;
    if (bundle != NULL || process != NULL) {
        len = read_text(dir, bundle != NULL ? CONFIG : process);
        if (len <= 0 || wait_for_child() < 0) {
            perror("limit: read");
            return 1;
        }
    }
    if (bundle != NULL && write_text(dir, len) < 0) {
        perror("limit: write");
        return 1;
    }
    (void)execve(RUNTIME, argv, envp);
    return 127;
}
