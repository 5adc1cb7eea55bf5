/* SPDX-License-Identifier: Apache-2.0 */
/* platform.declared: what the image says it is, against what its program is. */
#include <string.h>
#include <strings.h>

#include "normalize/program/variant.h"
#include "normalize/rules/entry.h"
#include "normalize/rules/image.h"
#include "normalize/rules/judge.h"
#include "normalize/rules/level.h"
#include "normalize/rules/rules.h"

#define KEY "org.opencontainers.image."

/* "linux/arm64/v8", with "?" for what is not told. */
static const char *spell(struct ocn_judge *judge, struct ocn_platform platform)
{
    return ocn_arena_printf(
        &judge->outcome->arena, "%s/%s%s%s", platform.os != NULL ? platform.os : "?",
        platform.arch != NULL ? platform.arch : "?", platform.variant != NULL ? "/" : "",
        platform.variant != NULL ? platform.variant : "");
}

static bool differs(const char *declared, const char *real)
{
    return declared != NULL && real != NULL && strcasecmp(declared, real) != 0;
}

/* A program may need less than the image declares, but not more. */
static bool contradicts(struct ocn_platform declared, struct ocn_platform real)
{
    if (differs(declared.os, real.os) || differs(declared.arch, real.arch)) {
        return true;
    }
    return declared.arch != NULL && declared.variant != NULL && real.variant != NULL &&
           ocn_variant_runs(declared, real) == OCN_RUNS_NOT;
}

int ocn_rule_platform_declared(struct ocn_judge *judge, struct ocn_error *err)
{
    const struct ocn_platform declared = ocn_variant_normalize((struct ocn_platform){
        .os = ocn_oci_annotation_get(judge->container, KEY "os"),
        .arch = ocn_oci_annotation_get(judge->container, KEY "architecture"),
        .variant = ocn_oci_annotation_get(judge->container, KEY "variant"),
    });
    struct ocn_platform real = { 0 };

    if ((declared.os == NULL && declared.arch == NULL) || ocn_entry_find(judge, err) < 0) {
        return declared.os == NULL && declared.arch == NULL ? 0 : -1;
    }
    struct ocn_image *image = ocn_entry_program(judge);
    if (image == NULL || image->problem != NULL) {
        return 0;
    }
    if (ocn_image_os(judge, image, &real.os, err) < 0 || ocn_level_read(judge, image, err) < 0) {
        return -1;
    }
    real.arch = image->abi;
    real.variant = image->variant;
    if (!contradicts(declared, real)) {
        return 0;
    }
    const char *said = spell(judge, declared);
    const char *is = spell(judge, real);
    return ocn_judge_report(judge, OCN_RULE_PLATFORM_DECLARED,
                            ocn_arena_printf(&judge->outcome->arena,
                                             "the image declares %s, but its program %s is for %s",
                                             said, image->path, is),
                            "build the image for the platform that it declares (docker build "
                            "--platform), or correct its labels " KEY "{os,architecture,variant}",
                            err);
}
