#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Makes the build context of the installer's image: image.sh BIN DIR. BIN holds the static programs of
# ocinorm (build/bin); the shell and its tools are the machine's static busybox. Then, for example:
#   podman build --tag REGISTRY/ocinorm-installer:0.1.0 DIR
set -euo pipefail

here=$(cd -- "$(dirname -- "$0")" && pwd)
bin=${1:?name the directory of the programs, then the one to make}
out=${2:?name the directory to make}

busybox=$(command -v busybox) || { echo "image.sh: busybox is missing; see packaging/deps.sh" >&2; exit 1; }
for program in "$busybox" "$bin"/ocinorm{,-runtime,-hook,-entry}; do
    if ldd "$program" 2>/dev/null | grep -q '=>'; then
        echo "image.sh: $program needs libraries; only static programs run on every node" >&2
        exit 1
    fi
done

mkdir -p "$out/rootfs"/{bin,host,ocinorm/bin,ocinorm/policy,tmp}
install -m 0644 "$here/Containerfile" "$out/Containerfile"
install -m 0755 "$busybox" "$out/rootfs/bin/busybox"
for applet in $("$busybox" --list | grep -vx busybox); do
    ln -sf busybox "$out/rootfs/bin/$applet"
done
install -m 0755 "$here/installer.sh" "$out/rootfs/ocinorm/installer.sh"
install -m 0755 "$bin"/ocinorm{,-runtime,-hook,-entry} "$out/rootfs/ocinorm/bin/"
chmod 1777 "$out/rootfs/tmp"
