/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs when ocinorm is built: prints the C source of the table that normalize/oci/capability.h
 * declares, of libcap's names. A program with libcap in it makes system calls before main
 * (hook/confine/README.md): those that start with a container have the table only.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>

#include "normalize/oci/capability.h"

#define LAST_NEEDED CAP_CHECKPOINT_RESTORE /* of Linux 5.9 */

static int fail(unsigned number, const char *what)
{
    (void)fprintf(stderr, "capability_gen: capability %u: %s\n", number, what);
    return -1;
}

/* A row, in the letters of capabilities(7); none for what has a number in place of a name. */
static int print_name(unsigned number, const char *name)
{
    cap_value_t back = -1;

    if (isdigit((unsigned char)name[0])) {
        return number > LAST_NEEDED ? 0 : fail(number, "this libcap is too old to name it");
    }
    if (strlen(name) >= OCN_CAPABILITY_NAME_SIZE) {
        return fail(number, "a longer name than OCN_CAPABILITY_NAME_SIZE");
    }
    if (cap_from_name(name, &back) < 0 || back != (cap_value_t)number) {
        return fail(number, "libcap takes its own name for another one");
    }
    printf("    [%u] = \"", number);
    for (const char *c = name; *c != '\0'; c++) {
        (void)putchar(toupper((unsigned char)*c));
    }
    printf("\",\n");
    return 0;
}

int main(void)
{
    printf("/* SPDX-License-Identifier: Apache-2.0 */\n"
           "/* Made by normalize/oci/capability_gen.c. */\n"
           "#include \"normalize/oci/capability.h\"\n\n"
           "const char ocn_capability_names[OCN_CAPABILITY_COUNT][OCN_CAPABILITY_NAME_SIZE] = {\n");
    for (unsigned number = 0; number < OCN_CAPABILITY_COUNT; number++) {
        char *name = cap_to_name((cap_value_t)number);
        int status = name != NULL ? print_name(number, name) : fail(number, "no memory");
        (void)cap_free(name);
        if (status < 0) {
            return EXIT_FAILURE;
        }
    }
    printf("};\n");
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
