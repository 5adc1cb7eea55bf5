/* SPDX-License-Identifier: Apache-2.0 */
/* The least that a wrapper can do: becomes the program that EXEC_ONLY names. */
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv, char **envp)
{
    const char *program = getenv("EXEC_ONLY");

    (void)argc;
    if (program != NULL) {
        (void)execve(program, argv, envp);
    }
    return 127;
}
