#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs a command as on a node of its own: integration/enter.sh ROOT COMMAND..., as root.
#
# It has its own mounts, processes and network: what it leaves ends with it, and two can run at the
# same time. /run and /tmp are empty; this tree, OCN_BIN and OCN_FILES (what was fetched for the tests)
# are at their paths, read-only. Only control groups are shared with the system. ROOT is / for this
# system, or a Debian that engines.bash has made; that one stays as it is, for the command writes to a
# layer above it.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

# Prepares @1 as a root: a layer above ROOT, with what the kernel shows.
lay_over() { # DIRECTORY ROOT
    mount -t tmpfs -o mode=755 tmpfs /run
    mkdir "$1" /run/{upper,work}
    mount -t overlay -o "lowerdir=$2,upperdir=/run/upper,workdir=/run/work" overlay "$1"
    mount --rbind /sys "$1/sys"
    mount --rbind /dev "$1/dev"
}

# No overlay, so that an engine can lay its own over it.
mount_scratch() { # DIRECTORY
    mount -t tmpfs -o mode=755 tmpfs "$1/run"
    mount -t tmpfs -o mode=1777 tmpfs "$1/tmp"
    mkdir "$1/run/lock"
}

# What is shown at its own path below @1. Its path leads elsewhere by then, hence descriptors.
show() { # DIRECTORY
    local seen
    for seen in "${!shown[@]}"; do
        mkdir -p "$1${shown[seen]}"
        mount --no-canonicalize --bind -o ro "/proc/self/fd/$seen" "$1${shown[seen]}"
    done
}

# crun refuses hybrid cgroups that have a controller in the second hierarchy, and without its mount makes
# directories where it was.
hide_unified() {
    local unified=/sys/fs/cgroup/unified
    if mountpoint -q "$unified"; then
        umount "$unified"
        mount -t tmpfs tmpfs "$unified"
    fi
}

# Never chroot: pivot_root of a runtime leaves it, and its container gets this system's files.
pivot_to() { # DIRECTORY
    cd "$1"
    mkdir .old
    pivot_root . .old
    umount --lazy /.old
    cd /
}

if [[ ${1:?name a root} != --inside ]]; then
    tree=$(cd -- "$(dirname -- "$0")/.." && pwd)
    OCN_BIN=$(realpath -- "${OCN_BIN:-$tree/build/bin}")
    export tree OCN_BIN OCN_FILES=${OCN_FILES:-$tree/integration}
    exec unshare --mount --propagation private --net --pid --fork --kill-child \
        bash "$tree/integration/enter.sh" --inside "$@"
fi
root=$2
shift 2
new=
shown=([7]="$tree" [8]="$OCN_BIN" [9]="$OCN_FILES")
exec 7<"$tree" 8<"$OCN_BIN" 9<"$OCN_FILES"
if [[ $root != / ]]; then
    new=/run/root
    lay_over "$new" "$root"
fi
mount -t proc proc "$new/proc"
mount_scratch "$new"
show "$new"
exec 7<&- 8<&- 9<&-
[[ -z $new ]] || pivot_to "$new"
hide_unified
ip link set lo up
# Not exec: this shell is process 1, and takes in the processes that lose their parent.
env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM="${TERM:-dumb}" LC_ALL=C.UTF-8 \
    OCN_BIN="$OCN_BIN" OCN_FILES="$OCN_FILES" OCN_CGROUPS="${OCN_CGROUPS:-}" "$@"
exit
