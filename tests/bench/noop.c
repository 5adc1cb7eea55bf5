/* SPDX-License-Identifier: Apache-2.0 */
/* In the place of runc, or of a container's program: what is measured is only what comes before it.
 */
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    /* A container that others are started in. */
    return argc == 2 && strcmp(argv[1], "wait") == 0 ? pause() : 0;
}
