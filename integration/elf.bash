# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Files that are programs for another machine, as far as a kernel can tell: no compiler is needed.

make_elf() { # arm64|amd64 FILE
    local machine
    case $1 in
        arm64) machine='\267\0' ;; # EM_AARCH64
        amd64) machine='\076\0' ;; # EM_X86_64
    esac
    {
        printf '\177ELF\2\1\1\0\0\0\0\0\0\0\0\0'            # 64 bits, little-endian
        printf '\2\0%b\1\0\0\0\0\0\100\0\0\0\0\0' "$machine" # EXEC, its machine, entry 0x400000
        printf '\100\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0' # phoff 64, no sections, no flags
        printf '\100\0\070\0\1\0\0\0\0\0\0\0'               # sizes, one program header
        printf '\1\0\0\0\5\0\0\0\0\0\0\0\0\0\0\0'           # LOAD, R+X, from offset 0
        printf '\0\0\100\0\0\0\0\0\0\0\100\0\0\0\0\0'       # to 0x400000
        printf '\170\0\0\0\0\0\0\0\170\0\0\0\0\0\0\0\0\20\0\0\0\0\0\0'
    } >"$2"
    chmod 0755 "$2"
}
