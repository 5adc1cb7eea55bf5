/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML of a pull request: read, judged by every target and printed in every format. All that is
 * found is printable, stands in the text, and gets through to the parent; a refusal has a place.
 */
#include <string.h>

#include "hook/lint/manifest.h"
#include "hook/lint/report_write.h"
#include "hook/lint/targets.h"
#include "hook/lint/yaml.h"
#include "normalize/lint/wire.h"
#include "tests/fuzz/fuzz.h"

static size_t lines_of(struct ocn_bytes text)
{
    size_t lines = 1;

    for (size_t i = 0; i < text.len; i++) {
        lines += text.ptr[i] == '\n' || text.ptr[i] == '\r';
    }
    return lines;
}

/* Line breaks of YAML that are more than a byte; then the lines are not counted. */
static bool is_ascii(struct ocn_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] >= 0x80 || text.ptr[i] == '\0') {
            return false;
        }
    }
    return true;
}

static void check_findings(const struct ocn_lint *lint, struct ocn_bytes text)
{
    const struct ocn_lint_input *inputs = lint->inputs.items;

    for (size_t i = 0; i < lint->inputs.len; i++) {
        const struct ocn_lint_finding *findings = inputs[i].findings.items;
        for (size_t k = 0; k < inputs[i].findings.len; k++) {
            ocn_fuzz_require(ocn_lint_summary(findings[k].rule) != NULL);
            ocn_fuzz_require(findings[k].line > 0);
            ocn_fuzz_require(!is_ascii(text) || findings[k].line <= lines_of(text));
            for (const char *c = findings[k].message; *c != '\0'; c++) {
                ocn_fuzz_require(*c >= 0x20 && *c <= 0x7e);
            }
        }
    }
}

/* What the child says is what the parent has. */
static void check_wire(const struct ocn_lint *lint, const struct ocn_targets *targets)
{
    OCN_CLEANUP(ocn_lint_done)
    struct ocn_lint again = { .targets = targets->items, .targets_len = targets->len };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf first = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf second = { 0 };
    struct ocn_error err = { 0 };

    ocn_fuzz_require(ocn_lint_dump(lint, &first, &err) == 0);
    ocn_fuzz_require(ocn_lint_load(&again, ocn_buf_bytes(&first), &err) == 0);
    ocn_fuzz_require(ocn_lint_dump(&again, &second, &err) == 0);
    ocn_fuzz_require(first.len == second.len && memcmp(first.ptr, second.ptr, first.len) == 0);
}

static void check_formats(const struct ocn_lint *lint)
{
    const struct ocn_list none = { 0 };
    const struct ocn_lint_report report = { .lint = lint, .problems = &none };

    for (size_t i = 0; ocn_lint_report_formats[i] != NULL; i++) {
        OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
        struct ocn_error err = { 0 };
        ocn_fuzz_require(ocn_lint_report_write(&report, ocn_lint_report_formats[i], &out, &err) ==
                         0);
        for (size_t at = 0; at < out.len; at++) {
            ocn_fuzz_require((unsigned char)out.ptr[at] >= 0x20 || out.ptr[at] == '\n');
        }
    }
}

/* Read once: they are larger than what is fuzzed. */
static struct ocn_targets *read_targets(void)
{
    static struct ocn_targets targets;
    static const char *const names[] = { "pss-restricted", "cloud-run", "ecs" };
    struct ocn_error err = { 0 };

    for (size_t i = targets.len; i < OCN_COUNT(names); i++) {
        ocn_fuzz_require(ocn_targets_add(&targets, names[i], &err) == 0);
    }
    return &targets;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct ocn_targets *targets = read_targets();
    OCN_CLEANUP(ocn_lint_done) struct ocn_lint lint = { 0 };
    const char *platforms[] = { "linux/amd64" };
    const struct ocn_lint_image image = { .name = "a",
                                          .user = "app",
                                          .platforms = { platforms, OCN_COUNT(platforms) } };
    const struct ocn_manifest_settings settings = { .images = &image, .images_len = 1 };
    const struct ocn_manifest manifest = { "a.yaml", ocn_fuzz_bytes(data, size), &settings };
    struct ocn_error err = { 0 };
    const char *other = NULL;

    lint.targets = targets->items;
    lint.targets_len = targets->len;
    if (ocn_manifest_judge(&manifest, &lint, &other, &err) < 0) {
        ocn_fuzz_require(err.code != OCN_OK && err.msg[0] != '\0');
        return 0;
    }
    ocn_fuzz_require((other == NULL) == (lint.inputs.len != 0));
    check_findings(&lint, manifest.text);
    check_wire(&lint, targets);
    check_formats(&lint);
    return 0;
}
