#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016 # jq's variables stand in single quotes
# Debian's `hello` for every architecture that Debian has, judged and really started under runc:
# tests/platform/foreign.sh [DIRECTORY OF OUR PROGRAMS]. As root. Packages come through apt with
# directories of its own: nothing is installed, nothing of the system's apt is touched. What was
# downloaded is kept in OCN_FOREIGN_CACHE, if that names a directory.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
cd -- "$(dirname -- "$0")"
bin=${1:-../../build/bin}
bin=$(cd -- "$bin" && pwd)
tmp=$(mktemp -d)
apt_dir=$tmp/apt
# shellcheck source=../../packaging/private-apt.bash
. ../../packaging/private-apt.bash
cache=${OCN_FOREIGN_CACHE:-$tmp/cache}
trap 'rm -rf "$tmp"; rmdir /sys/fs/cgroup{,/*}/ocinorm-foreign/{$$,} 2>/dev/null || true' EXIT
failed=0
checks=0

# DEBIAN'S NAME | GOARCH | LEVEL THAT THE PROGRAM SAYS IT NEEDS | WHAT READELF SAYS
arches='
amd64    | amd64    | v1   | ELF64 little Advanced Micro Devices X86-64
arm64    | arm64    | null | ELF64 little AArch64
armhf    | arm      | v7   | ELF32 little ARM
armel    | arm      | v5   | ELF32 little ARM
i386     | 386      | null | ELF32 little Intel 80386
s390x    | s390x    | null | ELF64 big IBM S/390
ppc64el  | ppc64le  | null | ELF64 little PowerPC64
mips64el | mips64le | null | ELF64 little MIPS R3000
mipsel   | mipsle   | null | ELF32 little MIPS R3000
'

check() { # WHAT EXPECTED ACTUAL
    checks=$((checks + 1))
    if [[ $2 != "$3" ]]; then
        failed=$((failed + 1))
        printf 'FAILED %s: "%s" instead of "%s"\n' "$1" "$3" "$2"
    fi
}

check_has() { # WHAT TEXT PART
    checks=$((checks + 1))
    if [[ $2 != *"$3"* ]]; then
        failed=$((failed + 1))
        printf 'FAILED %s: no "%s" in "%s"\n' "$1" "$3" "$2"
    fi
}

download() { # ARCHITECTURE...
    mkdir -p "$cache"
    private_apt_init bookworm "$(IFS=,; echo "$*")"
    (cd "$cache" && private_apt download "${@/#/hello:}" "${@/#/libc6:}")
}

make_rootfs() { # ARCHITECTURE
    local package
    rm -rf "$tmp/bundle/rootfs"
    mkdir -p "$tmp/bundle/rootfs"/{dev,proc,sys,tmp,etc}
    for package in hello libc6; do
        dpkg-deb -x "$cache/${package}"_*_"$1".deb "$tmp/bundle/rootfs"
    done
}

make_config() { # [JQ-PROGRAM]
    jq --arg cgroup "/ocinorm-foreign/$$" \
        '.process.terminal = false | .process.args = ["/usr/bin/hello"] |
         .linux.cgroupsPath = $cgroup | del(.process.rlimits) | '"${1:-.}" \
        "$tmp/spec/config.json" >"$tmp/bundle/config.json"
}

start() { # RUNTIME; what it prints, and then its exit status in a line of its own
    local status=0
    "$1" --root "$tmp/state" run --bundle "$tmp/bundle" "ocn-foreign-$$" 2>&1 </dev/null || status=$?
    printf '\nstatus %d\n' "$status"
    runc --root "$tmp/state" delete --force "ocn-foreign-$$" >/dev/null 2>&1 || true
}

# What this kernel really does with the program, without us.
runs_bare() { [[ $(start runc) == *'Hello, world!'* ]]; }

# The same file by another reader: what the table's name for it stands for, and its loader, which is
# missed as soon as it is gone.
compare_with_readelf() { # DEBIAN'S NAME, WHAT READELF SAYS
    local hello=$tmp/bundle/rootfs/usr/bin/hello loader
    check "$1, readelf" "$2" "$(readelf -hW "$hello" |
        awk -F': *' '/Class:/ { c = $2 } /Data:/ { d = /little/ ? "little" : "big" }
                     /Machine:/ { print c, d, $2 }')"
    loader=$(readelf -lW "$hello" | sed -nE 's/.*program interpreter: (.*)\]/\1/p')
    rm -rf "$tmp/bundle/rootfs"/lib* "$tmp/bundle/rootfs"/usr/lib*
    check_has "$1, loader as readelf has it" \
        "$("$bin/ocinorm" explain --bundle "$tmp/bundle" --config "$tmp/policy.json" --format json |
            jq -r '.findings[] | select(.rule == "entry.interpreter").message')" "$loader"
}

judge() { # DEBIAN'S NAME, GOARCH, LEVEL, WHAT READELF SAYS
    local said host
    make_rootfs "$1"
    make_config
    compare_with_readelf "$1" "$4"
    make_rootfs "$1"
    "$bin/ocinorm" explain --bundle "$tmp/bundle" --config "$tmp/policy.json" --format json \
        >"$tmp/report.json" || [[ $? -eq 1 ]]
    check "$1, arch" "$2" "$(jq -r .facts.entry.arch "$tmp/report.json")"
    check "$1, level" "$3" "$(jq -r .facts.entry.variant "$tmp/report.json")"
    host=$(jq -r .facts.host.arch "$tmp/report.json")
    said=$(start "$bin/ocinorm-runtime")
    if runs_bare; then
        check_has "$1 runs here" "$said" 'Hello, world!'
        return
    fi
    check_has "$1, first words" "$said" 'ocinorm: denied [platform.arch]: entrypoint /usr/bin/hello '
    check_has "$1, program" "$said" "a program for $2"
    check_has "$1, host" "$said" "$host"
    check_has "$1, what to pull" "$said" "use an image for linux/$host"
    check "$1, status" 'status 1' "$(tail -n 1 <<<"$said")"
}

# A filter that knows amd64 only kills a 32-bit program: what platform.seccomp says beforehand.
judge_seccomp() {
    local filter='.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: $list,
        syscalls: [{names: ["swapon"], action: "SCMP_ACT_ERRNO"}]}'
    make_rootfs i386
    make_config "${filter/\$list/[\"SCMP_ARCH_X86_64\"]}"
    check_has 'i386 without SCMP_ARCH_X86' "$(start "$bin/ocinorm-runtime")" \
        'ocinorm: denied [platform.seccomp]: entrypoint /usr/bin/hello is a program for 386'
    [[ $(start runc) != *'Hello, world!'* ]]
    check 'i386 without SCMP_ARCH_X86, bare' 0 $?
    make_config "${filter/\$list/[\"SCMP_ARCH_X86_64\", \"SCMP_ARCH_X86\"]}"
    check_has 'i386 with SCMP_ARCH_X86' "$(start "$bin/ocinorm-runtime")" 'Hello, world!'
}

mkdir -p "$tmp/spec" "$tmp/bundle"
(cd "$tmp/spec" && runc spec)
echo '{"runtimes": ["runc"]}' >"$tmp/policy.json"
export OCINORM_CONFIG=$tmp/policy.json
mapfile -t names < <(awk -F' *[|] *' 'NF > 1 { print $1 }' <<<"$arches")
missing=()
for name in "${names[@]}"; do
    compgen -G "$cache/libc6_*_$name.deb" >/dev/null || missing+=("$name")
done
[[ ${#missing[@]} -eq 0 ]] || download "${missing[@]}"
while IFS='|' read -r name arch level elf; do
    [[ -z ${name// /} ]] || judge "${name// /}" "${arch// /}" "${level// /}" "${elf# }"
done <<<"$arches"
make_rootfs i386
make_config
if [[ $(uname -m) == x86_64 ]] && runs_bare; then
    judge_seccomp
fi
printf '%d checks, %d failed\n' "$checks" "$failed"
[[ $checks -gt 0 && $failed -eq 0 ]]
