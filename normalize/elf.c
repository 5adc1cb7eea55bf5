/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/elf.h"

#include <elf.h>
#include <string.h>

int ocn_elf_is(struct ocn_bytes head)
{
    return head.len >= SELFMAG && memcmp(head.ptr, ELFMAG, SELFMAG) == 0;
}

static uint32_t get(const unsigned char *at, size_t bytes, bool big_endian)
{
    uint32_t value = 0;

    for (size_t i = 0; i < bytes; i++) {
        value = value << 8 | at[big_endian ? i : bytes - 1 - i];
    }
    return value;
}

int ocn_elf_read(struct ocn_bytes head, struct ocn_elf *ret, struct ocn_error *err)
{
    const unsigned char *at = (const unsigned char *)head.ptr;

    if (head.len < EI_NIDENT) {
        return ocn_fail(err, OCN_E_FORMAT, NULL, "its ELF header is cut short after %zu bytes",
                        head.len);
    }
    unsigned char class = at[EI_CLASS];
    unsigned char data = at[EI_DATA];
    if ((class != ELFCLASS32 && class != ELFCLASS64) ||
        (data != ELFDATA2LSB && data != ELFDATA2MSB) || at[EI_VERSION] != EV_CURRENT) {
        return ocn_fail(err, OCN_E_FORMAT, NULL,
                        "its ELF header names class %u, byte order %u, version %u, which are none",
                        class, data, at[EI_VERSION]);
    }
    bool wide = class == ELFCLASS64;
    bool big = data == ELFDATA2MSB;
    if (head.len < (wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr))) {
        return ocn_fail(err, OCN_E_FORMAT, NULL, "its ELF header is cut short after %zu bytes",
                        head.len);
    }
    size_t flags_at = wide ? offsetof(Elf64_Ehdr, e_flags) : offsetof(Elf32_Ehdr, e_flags);
    *ret = (struct ocn_elf){
        .bits = wide ? 64 : 32,
        .big_endian = big,
        .type = (uint16_t)get(at + offsetof(Elf64_Ehdr, e_type), 2, big),
        .machine = (uint16_t)get(at + offsetof(Elf64_Ehdr, e_machine), 2, big),
        .flags = get(at + flags_at, 4, big),
    };
    return 0;
}
