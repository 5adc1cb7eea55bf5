/* SPDX-License-Identifier: Apache-2.0 */
/* The ELF files that the kernel maps: read once, and only as far as rules ask. */
#include "normalize/rules/image.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "normalize/node/ia32.h"
#include "normalize/program/arch.h"
#include "normalize/rules/judge.h"
#include "normalize/rules/lookup.h"

int ocn_image_open(struct ocn_judge *judge, const struct ocn_path *path, struct ocn_file *file,
                   struct ocn_bytes *ret_head, struct ocn_error *err)
{
    const struct ocn_view *view = judge->view;
    struct ocn_error problem = { 0 };
    size_t got = 0;

    *file = (struct ocn_file){ .view = view, .ref = path->ref, .size = path->stat.size };
    if (view->read_at(view->ctx, path->ref, 0, file->window, sizeof(file->window), &got,
                      &problem) == 0) {
        file->len = got;
        *ret_head = (struct ocn_bytes){ file->window, got };
        return 0;
    }
    if (problem.sys == EACCES) {
        *ret_head = (struct ocn_bytes){ NULL, 0 };
        return 0;
    }
    *err = problem;
    return -1;
}

struct ocn_image *ocn_image_new(struct ocn_judge *judge, const struct ocn_path *path,
                                const struct ocn_file *file, struct ocn_bytes head)
{
    struct ocn_arena *arena = &judge->outcome->arena;
    struct ocn_image *image = ocn_arena_alloc(arena, sizeof(*image));
    struct ocn_error problem = { 0 };

    if (image == NULL) {
        return NULL;
    }
    image->path = path->path;
    image->file = *file;
    if (ocn_elf_read(head, &image->elf, &problem) == 0) {
        image->arch = ocn_arch_of_elf(&image->elf);
        image->abi = ocn_arch_or_abi(&image->elf);
        return image;
    }
    image->problem = ocn_arena_copy(arena, problem.msg, strlen(problem.msg));
    return image;
}

/* Takes what is wrong with the file for an answer: only the system and memory fail. */
static int accept(const struct ocn_error *problem, struct ocn_error *err)
{
    if (problem->code == OCN_E_FORMAT || problem->code == OCN_E_LIMIT) {
        return 0;
    }
    *err = *problem;
    return -1;
}

int ocn_image_read_segments(struct ocn_judge *judge, struct ocn_image *image, struct ocn_error *err)
{
    struct ocn_arena *arena = &judge->outcome->arena;
    struct ocn_error problem = { 0 };

    if (image->has_segments || image->problem != NULL) {
        return 0;
    }
    image->has_segments = true;
    if (ocn_elf_segments(&image->file, &image->elf, arena, &image->segments, &image->segments_len,
                         &problem) == 0) {
        return 0;
    }
    if (problem.code == OCN_E_FORMAT) { /* past a limit of ours is none of the kernel's */
        image->segments_problem = ocn_arena_copy(arena, problem.msg, strlen(problem.msg));
        return 0;
    }
    return accept(&problem, err);
}

static int open_loader(struct ocn_judge *judge, struct ocn_image *image, struct ocn_error *err)
{
    struct ocn_file file;
    struct ocn_bytes head = { NULL, 0 };

    if (ocn_lookup_file(judge, image->loader_name, &image->loader_path, err) < 0) {
        return -1;
    }
    if (!ocn_path_is_program(&image->loader_path)) {
        return 0;
    }
    if (ocn_image_open(judge, &image->loader_path, &file, &head, err) < 0) {
        return -1;
    }
    if (!ocn_elf_is(head)) {
        image->loader_other = head.ptr != NULL;
        return 0;
    }
    image->loader = ocn_image_new(judge, &image->loader_path, &file, head);
    return image->loader != NULL ? 0 : ocn_fail_nomem(err);
}

int ocn_image_read_loader(struct ocn_judge *judge, struct ocn_image *image, struct ocn_error *err)
{
    struct ocn_error problem = { 0 };

    if (image->has_loader) {
        return 0;
    }
    image->has_loader = true;
    if (ocn_image_read_segments(judge, image, err) < 0) {
        return -1;
    }
    if (ocn_elf_interpreter(&image->file, image->segments, image->segments_len,
                            &judge->outcome->arena, &image->loader_name, &problem) < 0) {
        if (problem.code != OCN_E_FORMAT) {
            return accept(&problem, err);
        }
        image->segments_problem =
            ocn_arena_copy(&judge->outcome->arena, problem.msg, strlen(problem.msg));
        return 0;
    }
    return image->loader_name != NULL ? open_loader(judge, image, err) : 0;
}

int ocn_image_read_build(struct ocn_judge *judge, struct ocn_image *image, struct ocn_error *err)
{
    struct ocn_arena *arena = &judge->outcome->arena;
    struct ocn_error problem = { 0 };

    if (image->build != NULL) {
        return 0;
    }
    struct ocn_gobuild *build = ocn_arena_alloc(arena, sizeof(*build));
    if (build == NULL) {
        return ocn_fail_nomem(err);
    }
    image->build = build;
    if (ocn_image_read_segments(judge, image, err) < 0) {
        return -1;
    }
    if (image->problem != NULL ||
        ocn_gobuild_read(&image->file, &image->elf, image->segments, image->segments_len, arena,
                         build, &problem) == 0) {
        return 0;
    }
    return accept(&problem, err);
}

/* ---- what it is for --------------------------------------------------------------------- */

int ocn_image_is_native(struct ocn_judge *judge, const struct ocn_image *image, bool *ret,
                        struct ocn_error *err)
{
    const char *host = judge->outcome->facts.host.arch;
    enum ocn_runs runs = OCN_RUNS_UNKNOWN;

    if (host == NULL) {
        *ret = true;
        return 0;
    }
    if (image->abi == NULL || !ocn_arch_runs(host, image->abi)) {
        *ret = false;
        return 0;
    }
    if (strcmp(host, image->abi) != 0) {
        runs = judge->view->runs_32bit(judge->view->ctx);
        if (runs == OCN_RUNS_UNKNOWN && strcmp(host, "amd64") == 0 &&
            ocn_ia32_by_files(judge->view, &runs, err) < 0) {
            return -1;
        }
    }
    *ret = runs != OCN_RUNS_NOT;
    return 0;
}

const char *ocn_image_describe(struct ocn_judge *judge, const struct ocn_image *image)
{
    struct ocn_arena *arena = &judge->outcome->arena;

    if (image->abi != NULL) {
        return ocn_arena_printf(arena, "a program for %s", image->abi);
    }
    return ocn_arena_printf(arena, "a program for ELF machine %u (%u-bit, %s-endian)",
                            image->elf.machine, image->elf.bits,
                            image->elf.big_endian ? "big" : "little");
}

/* The systems whose programs say so in EI_OSABI; Linux's say nothing, or GNU. */
static const struct {
    uint8_t osabi;
    char os[12];
} systems[] = {
    { ELFOSABI_HPUX, "HP-UX" },  { ELFOSABI_NETBSD, "netbsd" },   { ELFOSABI_SOLARIS, "solaris" },
    { ELFOSABI_AIX, "aix" },     { ELFOSABI_IRIX, "IRIX" },       { ELFOSABI_FREEBSD, "freebsd" },
    { ELFOSABI_TRU64, "Tru64" }, { ELFOSABI_MODESTO, "Modesto" }, { ELFOSABI_OPENBSD, "openbsd" },
};

int ocn_image_os(struct ocn_judge *judge, struct ocn_image *image, const char **ret,
                 struct ocn_error *err)
{
    if (ocn_image_read_build(judge, image, err) < 0) {
        return -1;
    }
    const char *goos = ocn_gobuild_setting(image->build, "GOOS");
    *ret = "linux";
    for (size_t i = 0; i < OCN_COUNT(systems); i++) {
        if (systems[i].osabi == image->elf.osabi) {
            *ret = systems[i].os;
        }
    }
    if (goos != NULL && strcmp(goos, "android") != 0) { /* Android's kernel is Linux */
        *ret = goos;
    }
    return 0;
}
