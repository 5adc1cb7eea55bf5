/* SPDX-License-Identifier: Apache-2.0 */
/* Which file systems can be idmapped. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The name of the file system with @magic (statfs(2)), or NULL. */
const char *ocn_filesystem_name(uint64_t magic);

/*
 * true: the kernel of version @release (uname(2), "6.12.5-amd64") can idmap it for sure. false:
 * nobody knows but the kernel itself.
 */
bool ocn_filesystem_maps(uint64_t magic, const char *release);
