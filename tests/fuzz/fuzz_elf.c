/* SPDX-License-Identifier: Apache-2.0 */
/* A file of the image that the container is to start: ELF header, "#!" line, or neither. */
#include "normalize/program/arch.h"
#include "tests/fuzz/fuzz.h"

static const char config_text[] =
    "{\"process\":{\"args\":[\"/app\"],\"cwd\":\"/\",\"env\":[\"PATH=/bin\"]},"
    "\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"}]}}";

static void read_header(struct ocn_bytes head)
{
    struct ocn_elf elf = { 0 };
    struct ocn_error err = { 0 };

    if (ocn_elf_is(head) && ocn_elf_read(head, &elf, &err) == 0) {
        const char *arch = ocn_arch_of_elf(&elf);
        ocn_fuzz_require(elf.bits == 32 || elf.bits == 64);
        ocn_fuzz_require(arch == NULL || ocn_arch_runs(arch, arch));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ocn_container *container; /* read once */
    OCN_CLEANUP(ocn_fuzz_trial_done) struct ocn_fuzz_trial trial = { 0 };
    const struct ocn_bytes config = { config_text, sizeof(config_text) - 1 };
    struct ocn_error err = { 0 };

    if (container == NULL) {
        ocn_fuzz_require(ocn_container_parse(config, &container, &err) == 0);
    }
    trial.container = container;
    trial.app = ocn_fuzz_bytes(data, size);
    read_header(trial.app);
    if (ocn_fuzz_judge(&trial, &err) < 0) {
        ocn_fuzz_require(err.code == OCN_E_IO); /* the world has a file that cannot be read */
        return 0;
    }
    ocn_fuzz_require(trial.outcome->facts.entry.kind != OCN_ENTRY_MISSING);
    return 0;
}
