/* SPDX-License-Identifier: Apache-2.0 */
/* A view (normalize/view.h) over a table in memory, written as JSON: the world of a test case. */
#pragma once

#include <jansson.h>

#include "normalize/view.h"

/*
 * {"machine": "x86_64", "variant": "v3", "no32bit": false, "cpus": 4,
 *  "rootfs": {"/bin/app": FILE, ...}, "host": {"/proc/self/ns/net": FILE},
 *  "mounts": {"/srv/data": {"/app": FILE, "/": FILE}},
 *  "maps": {"3": "", "4": "NO_RUNTIME", "5": "NO_FILE_SYSTEM nfs"}}
 * "maps" says of a mount, by its number, that it can be idmapped (""), or why it cannot
 * (mapping.def) and what that names; without "maps" nobody can tell. "no32bit" is what a try has
 * shown; without it nobody has tried. Test cases also have the container's "id" and the path of its
 * "bundle" here, as the runtime would tell them, "event": "restore" where a checkpoint is restored,
 * the name of the "runtime", and "hook": true where it goes by config.json as it is.
 *
 * FILE: {"text": "..."} | {"hex": "7f45..."} | {"elf": "arm64"} | {"link": "target"} | {"dir":
 * true} | {"fifo": true} | {"fail": "EACCES"}, each with "mode": "0755", "uid", "gid", "dev",
 * "ino", "noexec": true. An ELF file may have parts (tests/lib/elf_file.h): "interp": "/lib/ld.so",
 * "go": "build\tGOAMD64=v3\n", "goVersion", "buildId", "isa": 4, "osabi": 9, and in hexadecimal
 * "notes" and "armAttributes". Parents need not be listed: they are directories of root, mode 0755.
 */
struct ocn_mem_view {
    json_t *world;
    unsigned long calls; /* how often the core looked */
};

/* Takes over the reference to @world. */
void ocn_mem_view_init(struct ocn_mem_view *mem, json_t *world);
void ocn_mem_view_done(struct ocn_mem_view *mem);
struct ocn_view ocn_mem_view_as_view(struct ocn_mem_view *mem);

/* A header of a Go program for @arch (facts: measured of Go 1.19), 64 bytes. 0, or -1. */
int ocn_test_elf_header(const char *arch, unsigned char header[64]);
