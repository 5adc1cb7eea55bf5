#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The cases of tests/install/containerd on real containerds of three generations, which replace (1.6,
# 1.7) and merge (2) the sections of a plugin: tests/install/containerds.sh DIRECTORY-OF-PROGRAMS. Each
# is unpacked, with the libraries that it needs, below a root that --root names. As root.
#
# Nothing that `containerd config dump` printed before may be lost or different, but `imports`, the
# default runtime where it was asked for, and values of nothing.
set -euo pipefail

here=$(cd -- "$(dirname -- "$0")" && pwd)
ocinorm=$(cd -- "${1:?name the directory of the programs}" && pwd)/ocinorm
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
count=0
# shellcheck source=tree.bash
. "$here/tree.bash"
# shellcheck source=../../packaging/private-apt.bash
. "$here/../../packaging/private-apt.bash"

# Debian's release | the highest schema version that its containerd reads.
releases='
bookworm | 2
trixie   | 2
forky    | 3
'

complain() { # TEXT...
    printf '%s: %s: %s\n' "$release" "$case" "$*"
    failed=$((failed + 1))
}

unpack() { # RELEASE DIRECTORY
    local package
    apt_dir=$work/apt-$1
    private_apt_init "$1" "$(dpkg --print-architecture)"
    (cd "$apt_dir" && private_apt download containerd libc6 libseccomp2)
    mkdir -p "$2/usr/lib" "$2/usr/lib64" "$2/usr/bin" "$2/usr/sbin"
    ln -s usr/lib usr/lib64 usr/bin usr/sbin "$2/"
    for package in "$apt_dir"/*.deb; do
        dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$2" \
            --exclude=./usr/share --exclude='./etc/*' --exclude='./var/*'
    done
    mkdir -p "$2/etc" "$2/var/lib"
}

# One setting a line, with the table that it stands in.
dump() { # ROOT
    local how=(--config /etc/containerd/config.toml config dump)
    [[ -e $1/etc/containerd/config.toml || -L $1/etc/containerd ]] || how=(config default)
    chroot "$1" /usr/bin/containerd "${how[@]}" </dev/null 2>"$work/dump-err" |
        awk '/^ *\[/ { table = $1; next } NF { sub(/^ */, ""); print table " " $0 }' | sort
}

# What stood there before and does not any more.
lost() { # BEFORE AFTER
    comm -23 "$1" "$2" | grep -vE "^ imports = | = (\"\"|''|0|false|\[\])$|default_runtime_name = " || true
}

run_case() { # ROOT HIGHEST
    local root=$1 version args name=ocinorm
    rm -rf "${root:?}/etc" "${root:?}/var"
    mkdir -p "$root/etc" "$root/var/lib"
    make_tree "$root"
    read -ra args <"$here/$case/args" || true
    [[ ${args[*]} != *hardened* ]] || name=hardened
    version=$(find "$here/$case/before" -name config.toml -exec sed -nE 's/^version = ([0-9]+).*/\1/p' {} +)
    snapshot "$root" >"$work/before"
    dump "$root" >"$work/dump-before" || true
    count=$((count + 1))
    if "$ocinorm" install containerd --root "$root" "${args[@]}" >"$work/out" 2>&1; then
        dump "$root" >"$work/dump-after" || complain "does not load: $(cat "$work/dump-err")"
        grep -q "runtimes.$name" "$work/dump-after" || grep -q 'switches CRI off' "$work/out" ||
            complain "has no runtime $name"
        [[ -z $(lost "$work/dump-before" "$work/dump-after") ]] ||
            complain "lost: $(lost "$work/dump-before" "$work/dump-after")"
        "$ocinorm" uninstall containerd --root "$root" >"$work/out" 2>&1 || complain "$(cat "$work/out")"
    elif ((${version:-2} > $2)); then
        grep -qE 'does not accept it|does not read' "$work/out" || complain "$(cat "$work/out")"
    elif [[ $version == 1 && $2 == 3 ]]; then
        grep -q 'containerd config migrate' "$work/out" || complain "$(cat "$work/out")"
    else
        complain "$(cat "$work/out")"
    fi
    snapshot "$root" | diff -u "$work/before" - || complain "is not as it was before"
}

# What only containerd knows to be wrong.
run_rollback() { # ROOT
    local root=$1
    case=rollback
    rm -rf "${root:?}/etc" "${root:?}/var"
    mkdir -p "$root/etc/containerd/conf.d" "$root/usr/bin" "$root/var/lib"
    printf 'version = 2\nimports = ["/etc/containerd/conf.d/*.toml"]\n' >"$root/etc/containerd/config.toml"
    printf '[grpc]\n  max_recv_message_size = "x"\n' >"$root/etc/containerd/conf.d/50-bad.toml"
    snapshot "$root" >"$work/before"
    count=$((count + 1))
    if "$ocinorm" install containerd --root "$root" >"$work/out" 2>&1; then
        complain "was to fail"
    fi
    grep -q 'does not accept it' "$work/out" || complain "$(cat "$work/out")"
    snapshot "$root" | diff -u "$work/before" - || complain "is not as it was before"
}

# containerd 1.6 looks for relative patterns in its working directory, so it does not find our file: what
# is written is taken back. The later ones find it.
run_relative() { # ROOT
    local root=$1
    case=relative
    rm -rf "${root:?}/etc" "${root:?}/var"
    mkdir -p "$root/etc/containerd" "$root/var/lib"
    printf 'version = 2\nimports = ["conf.d/*.toml"]\n' >"$root/etc/containerd/config.toml"
    snapshot "$root" >"$work/before"
    count=$((count + 1))
    if "$ocinorm" install containerd --root "$root" >"$work/out" 2>&1; then
        [[ $release != bookworm ]] || complain "was to fail"
        "$ocinorm" uninstall containerd --root "$root" >"$work/out" 2>&1 || complain "$(cat "$work/out")"
    else
        [[ $release == bookworm ]] || complain "$(cat "$work/out")"
        grep -q 'everything was put back as it was' "$work/out" || complain "$(cat "$work/out")"
    fi
    snapshot "$root" | diff -u "$work/before" - || complain "is not as it was before"
}

while IFS='| ' read -r release highest; do
    [[ -n $release ]] || continue
    unpack "$release" "$work/$release"
    chroot "$work/$release" /usr/bin/containerd --version
    for case in "$here"/containerd/*/; do
        case=containerd/$(basename "$case")
        if [[ ! -e $here/$case/error && $case != */k3s-only ]]; then
            run_case "$work/$release" "$highest"
        fi
    done
    run_rollback "$work/$release"
    run_relative "$work/$release"
    rm -rf "${work:?}/$release"
done <<<"$releases"
echo "$count cases, $failed complaints"
((failed == 0 && count > 0))
