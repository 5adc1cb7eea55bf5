# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # whoever loads it sets root, the top of this tree
# Other releases of Debian, for the engines in them: each is made once, below a build directory.

# shellcheck source=../packaging/private-apt.bash
. "$root/packaging/private-apt.bash"

engines=${OCN_ENGINES:-$root/build/engines}
export OCN_FILES=$engines/files

# What the live tests themselves need in a root of their own.
engine_common='bats busybox-static iproute2 jq procps util-linux'

# engine@suite | packages. A suite is one root, with the packages of all its engines.
engine_rows='
containerd@trixie | containerd runc crun containernetworking-plugins python3-grpcio python3-protobuf
podman@trixie     | podman conmon runc crun uidmap catatonit
podman-crun@trixie | podman conmon runc crun uidmap catatonit
docker@trixie     | docker.io docker-cli runc
volumes@trixie    | runc crun
volumes@forky     | runc crun
containerd@forky  | containerd runc crun containernetworking-plugins python3-grpcio python3-protobuf
'

# debootstrap does not know the names of Debian's next releases; they are made like sid. It mounts /proc in the
# new root: whoever has a copy of that mount sees its name change when the root is moved.
engine_make_root() { # SUITE DIRECTORY
    local script=/usr/share/debootstrap/scripts/$1
    [[ -e $script ]] || script=/usr/share/debootstrap/scripts/sid
    rm -rf "$2.new"
    unshare --mount --propagation private debootstrap --variant=minbase "$1" "$2.new" "$(system_mirror)" "$script"
    cp /etc/hosts "$2.new/etc/hosts"
    echo force-unsafe-io >"$2.new/etc/dpkg/dpkg.cfg.d/unsafe-io"
    # A mirror may lag behind; that the index is Debian's is checked all the same.
    echo 'Acquire::Check-Valid-Until "false";' >"$2.new/etc/apt/apt.conf.d/valid-until"
    printf '#!/bin/sh\nexit 101\n' >"$2.new/usr/sbin/policy-rc.d" # no service is started
    chmod 0755 "$2.new/usr/sbin/policy-rc.d"
    mv "$2.new" "$2"
}

engine_has() { # ROOT PACKAGE
    compgen -G "$1/var/lib/dpkg/info/$2.list" >/dev/null ||
        compgen -G "$1/var/lib/dpkg/info/$2:*.list" >/dev/null
}

# Makes Debian's SUITE at $engines/SUITE, with PACKAGEs and what the live tests need, as far as it is not
# there.
engine_root() { # SUITE PACKAGE...
    local dir=$engines/$1 package lock missing=()
    mkdir -p "$engines"
    exec {lock}>"$dir.lock"
    flock "$lock"
    [[ -d $dir ]] || engine_make_root "$1" "$dir"
    shift
    for package in "$@"; do
        engine_has "$dir" "$package" || missing+=("$package")
    done
    if ((${#missing[@]} > 0)); then
        chroot "$dir" apt-get -qq update
        DEBIAN_FRONTEND=noninteractive chroot "$dir" \
            apt-get -qq install --no-install-recommends "${missing[@]}"
        chroot "$dir" apt-get clean
    fi
    exec {lock}>&-
}

# Runs a command as on a node of its own: on this system, or in the root of ENGINE@SUITE.
engine_run() { # ENGINE[@SUITE] COMMAND...
    local suite=${1#*@} packages row dir=/
    mkdir -p "$OCN_FILES"
    if [[ $1 == *@* ]]; then
        row=$(grep -E "^$1 *\|" <<<"$engine_rows") || { echo "no such engine: $1" >&2; return 1; }
        read -ra packages <<<"${row#*|} $engine_common"
        engine_root "$suite" "${packages[@]}"
        dir=$engines/$suite
    fi
    bash "$root/integration/enter.sh" "$dir" "${@:2}"
}
