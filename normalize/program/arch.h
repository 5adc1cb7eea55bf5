/* SPDX-License-Identifier: Apache-2.0 */
/* Architectures by the names that Go and OCI images use (image-spec image-index.md: GOARCH). */
#pragma once

#include "normalize/program/elf.h"

/* The name of the architecture of a program, or NULL if it is none of the table (arch.def). */
const char *ocn_arch_of_elf(const struct ocn_elf *elf);

/* As that, but also the names that messages use for ABIs which are no port of Go ("x32", "ppc"). */
const char *ocn_arch_or_abi(const struct ocn_elf *elf);

/* The name of the architecture of a host by its `uname -m`, or NULL. */
const char *ocn_arch_of_machine(const char *machine);

/*
 * A name that the kernel of a machine of @arch gives it, as `uname -m` says, into @ret: the first
 * that fits the table. false, and "": the table has none.
 */
bool ocn_arch_machine(const char *arch, char *ret, size_t size);

/*
 * true: a host of architecture @host can run programs of @program, both names of the table. 32-bit
 * siblings count as possible: whether this kernel and CPU really have them, the table cannot know.
 */
bool ocn_arch_runs(const char *host, const char *program);
