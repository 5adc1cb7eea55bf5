/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/program/variant.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define NAME_SIZE 32 /* of "ARCH/VARIANT"; no row's name is longer */

/*
 * A CPU of the left is also one of those on the right, and of what those are. arm64 v9.x is
 * v8.(x+5), as Arm counts.
 */
static const struct level {
    char name[20];
    char includes[2][20];
} levels[] = {
    { "amd64/v1", { "386" } },
    { "amd64/v2", { "amd64/v1" } },
    { "amd64/v3", { "amd64/v2" } },
    { "amd64/v4", { "amd64/v3" } },
    { "arm/v5", { "" } },
    { "arm/v6", { "arm/v5" } },
    { "arm/v7", { "arm/v6" } },
    { "arm/v8", { "arm/v7" } },
    { "arm64/v8", { "arm/v8" } },
    { "arm64/v8.1", { "arm64/v8" } },
    { "arm64/v8.2", { "arm64/v8.1" } },
    { "arm64/v8.3", { "arm64/v8.2" } },
    { "arm64/v8.4", { "arm64/v8.3" } },
    { "arm64/v8.5", { "arm64/v8.4" } },
    { "arm64/v8.6", { "arm64/v8.5" } },
    { "arm64/v8.7", { "arm64/v8.6" } },
    { "arm64/v8.8", { "arm64/v8.7" } },
    { "arm64/v8.9", { "arm64/v8.8" } },
    { "arm64/v9", { "arm64/v8.5" } },
    { "arm64/v9.1", { "arm64/v9", "arm64/v8.6" } },
    { "arm64/v9.2", { "arm64/v9.1", "arm64/v8.7" } },
    { "arm64/v9.3", { "arm64/v9.2", "arm64/v8.8" } },
    { "arm64/v9.4", { "arm64/v9.3", "arm64/v8.9" } },
    { "arm64/v9.5", { "arm64/v9.4" } },
    { "arm64/v9.6", { "arm64/v9.5" } },
    { "arm64/v9.7", { "arm64/v9.6" } },
    { "386", { "" } },
    { "ppc64/power8", { "" } },
    { "ppc64/power9", { "ppc64/power8" } },
    { "ppc64/power10", { "ppc64/power9" } },
    { "ppc64/power11", { "ppc64/power10" } },
    { "ppc64le/power8", { "" } },
    { "ppc64le/power9", { "ppc64le/power8" } },
    { "ppc64le/power10", { "ppc64le/power9" } },
    { "ppc64le/power11", { "ppc64le/power10" } },
    { "riscv64/rva20u64", { "" } },
    { "riscv64/rva22u64", { "riscv64/rva20u64" } },
    { "riscv64/rva23u64", { "riscv64/rva22u64" } },
};

/* Other names, in any case; @variant is what containerd takes the name to say besides. */
struct alias {
    char written[8];
    char name[8];
    char variant[4];
};

static const struct alias os_names[] = {
    { "macos", "darwin", "" },
    { .written = "" },
};

static const struct alias arch_names[] = {
    { "i386", "386", "" },      { "x86_64", "amd64", "" }, { "x86-64", "amd64", "" },
    { "aarch64", "arm64", "" }, { "armhf", "arm", "v7" },  { "armel", "arm", "v6" },
    { .written = "" },
};

/*
 * Which build setting tells the variant, what counts where an image is silent, and what every CPU
 * has that 64-bit Linux runs on.
 */
static const struct {
    char arch[8];
    char go_key[12];
    char silent[4];  /* "": none */
    char lowest[12]; /* "": none */
} archs[] = {
    { "amd64", "GOAMD64", "v1", "v1" },     { "arm", "GOARM", "v7", "" },
    { "arm64", "GOARM64", "v8", "v8" },     { "ppc64", "GOPPC64", "", "" },
    { "ppc64le", "GOPPC64", "", "power8" }, { "riscv64", "GORISCV64", "", "rva20u64" },
};

/* ---- names ------------------------------------------------------------------------------ */

static const struct alias *find_alias(const struct alias *table, const char *written)
{
    const struct alias *row = table;

    while (row->written[0] != '\0' && strcasecmp(row->written, written) != 0) {
        row++;
    }
    return row->written[0] != '\0' ? row : NULL;
}

/* The variant of @level if that is one of @arch, else NULL. */
static const char *variant_of(const char *level, const char *arch)
{
    size_t len = strlen(arch);

    return strncasecmp(level, arch, len) == 0 && level[len] == '/' ? level + len + 1 : NULL;
}

static const char *skip_v(const char *variant)
{
    return variant +
           ((variant[0] == 'v' || variant[0] == 'V') && variant[1] >= '0' && variant[1] <= '9');
}

/* "8", "v8", "V8" and "v8.0" are all the level "v8". */
static bool is_spelling(const char *written, const char *variant)
{
    const char *name = skip_v(variant);
    size_t len = strlen(name);

    written = skip_v(written);
    return strncasecmp(written, name, len) == 0 &&
           (written[len] == '\0' || strcmp(written + len, ".0") == 0);
}

/* The name in the table of what is written, or NULL. */
static const char *find_variant(const char *arch, const char *written)
{
    for (size_t i = 0; i < OCN_COUNT(levels); i++) {
        const char *variant = variant_of(levels[i].name, arch);
        if (variant != NULL && is_spelling(written, variant)) {
            return variant;
        }
    }
    return NULL;
}

static const char *told(const char *text)
{
    return text != NULL && text[0] != '\0' ? text : NULL;
}

struct ocn_platform ocn_variant_normalize(struct ocn_platform written)
{
    struct ocn_platform ret = { told(written.os), told(written.arch), told(written.variant) };
    const struct alias *os = ret.os != NULL ? find_alias(os_names, ret.os) : NULL;
    const struct alias *arch = ret.arch != NULL ? find_alias(arch_names, ret.arch) : NULL;

    if (os != NULL) {
        ret.os = os->name;
    }
    if (arch != NULL) {
        ret.arch = arch->name;
        ret.variant = arch->variant[0] != '\0' ? arch->variant : ret.variant;
    }
    if (ret.arch != NULL && strcmp(ret.arch, "386") == 0) {
        ret.variant = NULL; /* containerd drops it, too */
    }
    const char *known =
        ret.arch != NULL && ret.variant != NULL ? find_variant(ret.arch, ret.variant) : NULL;
    ret.variant = known != NULL ? known : ret.variant;
    return ret;
}

const char *ocn_variant_default(const char *arch)
{
    for (size_t i = 0; i < OCN_COUNT(archs); i++) {
        if (strcmp(archs[i].arch, arch) == 0) {
            return told(archs[i].silent);
        }
    }
    return NULL;
}

bool ocn_variant_is_lowest(const char *arch, const char *variant)
{
    for (size_t i = 0; i < OCN_COUNT(archs); i++) {
        if (strcmp(archs[i].arch, arch) == 0) {
            return strcmp(archs[i].lowest, variant) == 0;
        }
    }
    return false;
}

const char *ocn_variant_go_key(const char *arch)
{
    for (size_t i = 0; i < OCN_COUNT(archs); i++) {
        if (strcmp(archs[i].arch, arch) == 0) {
            return archs[i].go_key;
        }
    }
    return NULL;
}

const char *ocn_variant_of_go(const char *arch, const char *value)
{
    char level[NAME_SIZE];
    size_t len = strcspn(value, ",");

    if (len >= sizeof(level)) {
        return NULL;
    }
    memcpy(level, value, len);
    level[len] = '\0';
    const char *variant = find_variant(arch, level);
    /* v8.0 with the atomics that v8.1 brought: what Go's runtime checks for (LSE). */
    bool lse = strcmp(arch, "arm64") == 0 && strstr(value + len, ",lse") != NULL;
    return variant != NULL && lse && strcmp(variant, "v8") == 0 ? "v8.1" : variant;
}

/* ---- the order -------------------------------------------------------------------------- */

static const struct level *find_level(const char *name)
{
    for (size_t i = 0; i < OCN_COUNT(levels); i++) {
        if (strcmp(levels[i].name, name) == 0) {
            return &levels[i];
        }
    }
    return NULL;
}

/* The row of a platform; an architecture without variants has one of its bare name. */
static const struct level *level_of(struct ocn_platform platform)
{
    char name[NAME_SIZE];
    const char *variant = platform.variant;
    int len = snprintf(name, sizeof(name), "%s%s%s", platform.arch, variant != NULL ? "/" : "",
                       variant != NULL ? variant : "");

    return len > 0 && (size_t)len < sizeof(name) ? find_level(name) : NULL;
}

/* The table has no cycles: rows include what is older. */
static bool includes(const struct level *level, const struct level *wanted)
{
    if (level == NULL || level == wanted) {
        return level != NULL;
    }
    for (size_t i = 0; i < OCN_COUNT(level->includes); i++) {
        if (includes(find_level(level->includes[i]), wanted)) {
            return true;
        }
    }
    return false;
}

enum ocn_runs ocn_variant_runs(struct ocn_platform host, struct ocn_platform program)
{
    const struct level *has = level_of(host);
    const struct level *wanted = level_of(program);

    if (has == NULL || wanted == NULL) {
        return OCN_RUNS_UNKNOWN;
    }
    return includes(has, wanted) ? OCN_RUNS : OCN_RUNS_NOT;
}
