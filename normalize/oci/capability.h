/* SPDX-License-Identifier: Apache-2.0 */
/* The names of capabilities(7) in config.json, by the kernel's numbers. */
#pragma once

#include <linux/capability.h>
#include <stdbool.h>

#include "normalize/base/strings.h"

#define OCN_CAPABILITY_COUNT 64 /* as many bits as the kernel's sets have */
#define OCN_CAPABILITY_NAME_SIZE 32

/*
 * libcap's names, "" where it knows none: made by normalize/oci/capability_gen.c when we are built.
 * In one piece, so that nothing of it is relocated at a start.
 */
extern const char ocn_capability_names[OCN_CAPABILITY_COUNT][OCN_CAPABILITY_NAME_SIZE];

/* "CAP_SYS_ADMIN" of CAP_SYS_ADMIN; NULL for a number without a name. All of Linux 5.9 have one. */
const char *ocn_capability_name(unsigned number);

/*
 * Whether @name is that of @number, letter by letter as runtime-spec and runc have it. crun also
 * takes "cap_kill" and "5": for us these are no names, so no rule relies on them or keeps them.
 */
bool ocn_capability_is(const char *name, unsigned number);

/* Whether one of @names is. */
bool ocn_capability_in(const struct ocn_strings *names, unsigned number);
