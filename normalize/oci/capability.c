/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/oci/capability.h"

#include <string.h>

const char *ocn_capability_name(unsigned number)
{
    bool known = number < OCN_CAPABILITY_COUNT && ocn_capability_names[number][0] != '\0';

    return known ? ocn_capability_names[number] : NULL;
}

bool ocn_capability_is(const char *name, unsigned number)
{
    const char *own = ocn_capability_name(number);

    return own != NULL && strcmp(name, own) == 0;
}

bool ocn_capability_in(const struct ocn_strings *names, unsigned number)
{
    const char *own = ocn_capability_name(number);

    return own != NULL && ocn_strings_hold(names, own);
}
