/* SPDX-License-Identifier: Apache-2.0 */
/* platform.variant: which micro-architecture level a program needs, and whether this CPU has it. */
#include "normalize/rules/level.h"

#include <elf.h>
#include <string.h>

#include "normalize/program/arch.h"
#include "normalize/program/variant.h"
#include "normalize/rules/entry.h"
#include "normalize/rules/image.h"
#include "normalize/rules/judge.h"
#include "normalize/rules/rules.h"

#define ISA_NEEDED 0xc0008002U   /* GNU_PROPERTY_X86_ISA_1_NEEDED */
#define ARM_ATTRIBUTES_SIZE 1024 /* .ARM.attributes of a program is shorter */
#define ARM_ATTRIBUTES_TYPE 0x70000003U
#define TAG_CPU_ARCH 6

/* Takes what is wrong with the file for "it does not say": only the system and memory fail. */
static int accept(const struct ocn_error *problem, struct ocn_error *err)
{
    if (problem->code == OCN_E_FORMAT || problem->code == OCN_E_LIMIT) {
        return 0;
    }
    *err = *problem;
    return -1;
}

/* Raises the level of @image to @variant, which @why says, if that is known to be more. */
static void raise_level(struct ocn_judge *judge, struct ocn_image *image, const char *variant,
                        const char *why)
{
    const struct ocn_platform wanted = { .arch = image->arch, .variant = variant };
    const struct ocn_platform known = { .arch = image->arch, .variant = image->variant };

    if (variant == NULL ||
        (image->variant != NULL && ocn_variant_runs(known, wanted) != OCN_RUNS_NOT)) {
        return;
    }
    image->variant = variant;
    image->variant_why = ocn_judge_printable(judge, why);
}

/* ---- Go's build settings ---------------------------------------------------------------- */

static int read_setting(struct ocn_judge *judge, struct ocn_image *image, struct ocn_error *err)
{
    const char *key = ocn_variant_go_key(image->arch);

    if (key == NULL) {
        return 0;
    }
    if (ocn_image_read_build(judge, image, err) < 0) {
        return -1;
    }
    const char *value = ocn_gobuild_setting(image->build, key);
    if (value != NULL) {
        raise_level(judge, image, ocn_variant_of_go(image->arch, value),
                    ocn_arena_printf(&judge->outcome->arena, "%s=%.32s", key, value));
    }
    return 0;
}

/* ---- GNU properties --------------------------------------------------------------------- */

/* The highest bit of X86_ISA_1_NEEDED in a list of properties, as a level; NULL: none. */
static const char *isa_of(const struct ocn_elf *elf, struct ocn_bytes properties)
{
    static const char names[][4] = { "v1", "v2", "v3", "v4" };
    size_t align = elf->bits == 64 ? 8 : 4;
    const char *found = NULL;

    for (size_t at = 0; properties.len - at >= 12;) {
        uint64_t type = ocn_elf_number(elf, properties.ptr + at, 4);
        uint64_t size = ocn_elf_number(elf, properties.ptr + at + 4, 4);
        at += 8;
        if (type == ISA_NEEDED && size == 4) {
            uint64_t needed = ocn_elf_number(elf, properties.ptr + at, 4);
            for (size_t bit = 0; bit < OCN_COUNT(names); bit++) {
                found = (needed >> bit & 1) != 0 ? names[bit] : found;
            }
        }
        uint64_t step = (size + align - 1) & ~(uint64_t)(align - 1);
        if (step > properties.len - at) {
            return found;
        }
        at += (size_t)step;
    }
    return found;
}

static int read_properties(struct ocn_judge *judge, const struct ocn_image *image, const char **ret,
                           struct ocn_error *err)
{
    struct ocn_bytes properties = { NULL, 0 };
    struct ocn_file file = image->file;

    *ret = NULL;
    if (ocn_elf_note(&file, &image->elf, image->segments, image->segments_len, "GNU",
                     NT_GNU_PROPERTY_TYPE_0, &judge->outcome->arena, &properties, err) < 0) {
        return -1;
    }
    *ret = properties.ptr != NULL ? isa_of(&image->elf, properties) : NULL;
    return 0;
}

/* The program's own, and its dynamic loader's: that one runs in the same process. */
static int read_isa(struct ocn_judge *judge, struct ocn_image *image, struct ocn_error *err)
{
    const char *isa = NULL;

    if (strcmp(image->arch, "amd64") != 0) {
        return 0;
    }
    if (ocn_image_read_loader(judge, image, err) < 0 ||
        read_properties(judge, image, &isa, err) < 0) {
        return -1;
    }
    raise_level(judge, image, isa, "its GNU property note");
    struct ocn_image *loader = image->loader;
    if (loader == NULL || loader->arch == NULL || strcmp(loader->arch, image->arch) != 0) {
        return 0;
    }
    if (ocn_image_read_segments(judge, loader, err) < 0 ||
        read_properties(judge, loader, &isa, err) < 0) {
        return -1;
    }
    raise_level(judge, image, isa,
                ocn_arena_printf(&judge->outcome->arena, "the GNU property note of its loader %s",
                                 loader->path));
    return 0;
}

/* ---- .ARM.attributes (ABI for the Arm Architecture, addenda 32) ------------------------- */

struct cursor {
    const struct ocn_elf *elf;
    const unsigned char *at;
    const unsigned char *end;
};

/* A ULEB128 number; past the end it is 0. */
static uint64_t take_number(struct cursor *cursor)
{
    uint64_t value = 0;
    unsigned shift = 0;

    while (cursor->at < cursor->end) {
        unsigned char byte = *cursor->at++;
        if (shift < 64) {
            value |= (uint64_t)(byte & 0x7f) << shift;
        }
        shift += 7;
        if ((byte & 0x80) == 0) {
            return value;
        }
    }
    return 0;
}

static void skip_string(struct cursor *cursor)
{
    const unsigned char *nul = memchr(cursor->at, '\0', (size_t)(cursor->end - cursor->at));

    cursor->at = nul != NULL ? nul + 1 : cursor->end;
}

/* Steps into a block that begins with its own size; its header took @taken bytes before that. */
static struct cursor take_block(struct cursor *cursor, size_t taken)
{
    struct cursor block = { cursor->elf, cursor->end, cursor->end };
    size_t left = (size_t)(cursor->end - cursor->at);

    if (left >= 4) {
        uint64_t size = ocn_elf_number(cursor->elf, cursor->at, 4);
        if (size >= taken + 4 && size - taken <= left) {
            block.at = cursor->at + 4;
            block.end = cursor->at + (size - taken);
        }
    }
    cursor->at = block.end;
    return block;
}

static bool is_string(uint64_t tag)
{
    return tag == 4 || tag == 5 || (tag > 32 && tag % 2 == 1);
}

/* Tag_CPU_arch of the attributes of a file, -1: they do not say. */
static int cpu_arch_of(struct cursor attributes)
{
    while (attributes.at < attributes.end) {
        uint64_t tag = take_number(&attributes);
        if (is_string(tag)) {
            skip_string(&attributes);
            continue;
        }
        uint64_t value = take_number(&attributes);
        if (tag == TAG_CPU_ARCH) {
            return value < 64 ? (int)value : -1;
        }
        if (tag == 32) { /* compatibility: a number and a string */
            skip_string(&attributes);
        }
    }
    return -1;
}

static int find_cpu_arch(struct cursor section)
{
    if (section.at == section.end || *section.at++ != 'A') {
        return -1;
    }
    struct cursor vendor = take_block(&section, 0);
    if ((size_t)(vendor.end - vendor.at) < sizeof("aeabi") ||
        memcmp(vendor.at, "aeabi", sizeof("aeabi")) != 0) {
        return -1;
    }
    vendor.at += sizeof("aeabi");
    if (vendor.at == vendor.end || *vendor.at++ != 1) { /* 1: of the whole file */
        return -1;
    }
    return cpu_arch_of(take_block(&vendor, 1));
}

/* Architectures that run Linux programs; the others are for microcontrollers or too old. */
static const char *variant_of_cpu_arch(int number)
{
    static const char *const variants[] = {
        [3] = "v5",  [4] = "v5",  [5] = "v5",  [6] = "v6",  [7] = "v6",  [8] = "v6",  [9] = "v6",
        [10] = "v7", [14] = "v8", [18] = "v8", [19] = "v8", [20] = "v8", [22] = "v8",
    };

    return number >= 0 && (size_t)number < OCN_COUNT(variants) ? variants[number] : NULL;
}

static int read_attributes(struct ocn_judge *judge, struct ocn_image *image, struct ocn_error *err)
{
    struct ocn_elf_section section = { 0 };
    unsigned char bytes[ARM_ATTRIBUTES_SIZE];
    struct ocn_error problem = { 0 };

    if (strcmp(image->arch, "arm") != 0) {
        return 0;
    }
    if (ocn_elf_section(&image->file, &image->elf, ".ARM.attributes", &section, err) < 0) {
        return -1;
    }
    if (section.type != ARM_ATTRIBUTES_TYPE || section.size > sizeof(bytes)) {
        return 0;
    }
    if (ocn_elf_read_at(&image->file, section.offset, bytes, (size_t)section.size, &problem) < 0) {
        return accept(&problem, err);
    }
    const struct cursor cursor = { &image->elf, bytes, bytes + section.size };
    raise_level(judge, image, variant_of_cpu_arch(find_cpu_arch(cursor)), "its .ARM.attributes");
    return 0;
}

/*
 * The hard-float ABI passes numbers in VFP registers, which Linux requires of no CPU below v6. Go's
 * programs set no such flag, and a loader's name tells where the flags do not.
 */
static int read_float_abi(struct ocn_judge *judge, struct ocn_image *image, struct ocn_error *err)
{
    if (strcmp(image->arch, "arm") != 0) {
        return 0;
    }
    if (ocn_image_read_loader(judge, image, err) < 0) {
        return -1;
    }
    const char *loader = image->loader_name != NULL ? image->loader_name : "";
    bool hard =
        (image->elf.flags & EF_ARM_ABI_FLOAT_HARD) != 0 ||
        ((image->elf.flags & EF_ARM_ABI_FLOAT_SOFT) == 0 && strstr(loader, "armhf") != NULL);
    if (hard) {
        raise_level(judge, image, "v6", "its hard-float ABI");
    }
    return 0;
}

/* ---- the rule --------------------------------------------------------------------------- */

int ocn_level_read(struct ocn_judge *judge, struct ocn_image *image, struct ocn_error *err)
{
    static int (*const sources[])(struct ocn_judge *, struct ocn_image *, struct ocn_error *) = {
        read_setting,
        read_isa,
        read_attributes,
        read_float_abi,
    };

    if (image->has_level || image->arch == NULL) {
        return 0;
    }
    image->has_level = true;
    for (size_t i = 0; i < OCN_COUNT(sources); i++) {
        if (sources[i](judge, image, err) < 0) {
            return -1;
        }
    }
    return 0;
}

void ocn_level_read_host(struct ocn_judge *judge)
{
    judge->outcome->facts.host.variant = judge->view->variant(judge->view->ctx);
}

static int judge_image(struct ocn_judge *judge, const struct ocn_entry *entry,
                       struct ocn_error *err)
{
    const struct ocn_facts *facts = &judge->outcome->facts;
    struct ocn_arena *arena = &judge->outcome->arena;
    struct ocn_image *image = entry->image;

    if (image == NULL || image->problem != NULL) {
        return 0;
    }
    if (ocn_level_read(judge, image, err) < 0) {
        return -1;
    }
    if (image->variant == NULL || ocn_variant_is_lowest(image->arch, image->variant) ||
        facts->host.arch == NULL || !ocn_arch_runs(facts->host.arch, image->arch)) {
        return 0;
    }
    ocn_level_read_host(judge);
    if (facts->host.variant == NULL) {
        return 0;
    }
    const struct ocn_platform host = { "linux", facts->host.arch, facts->host.variant };
    const struct ocn_platform program = { "linux", image->arch, image->variant };
    if (ocn_variant_runs(host, program) != OCN_RUNS_NOT) {
        return 0;
    }
    const char *what = ocn_entry_subject(judge, entry);
    return ocn_judge_report(
        judge, OCN_RULE_PLATFORM_VARIANT,
        ocn_arena_printf(arena, "%s needs %s/%s (%s), but this host is %s/%s", what, image->arch,
                         image->variant, image->variant_why, facts->host.arch, facts->host.variant),
        ocn_arena_printf(arena,
                         "use an image for linux/%s/%s, or schedule it on a "
                         "node with %s/%s",
                         facts->host.arch, facts->host.variant, image->arch, image->variant),
        err);
}

int ocn_rule_platform_variant(struct ocn_judge *judge, struct ocn_error *err)
{
    return ocn_entry_each(judge, judge_image, err);
}
