#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Makes the build context of the webhook's image: image.sh BIN DIR. BIN holds ocinorm-webhook (build/bin, or
# /usr/bin); the libraries that it needs are this machine's, so make it where they are up to date. There is no shell
# and no other program in it. Then, for example:
#   podman build --tag REGISTRY/ocinorm-webhook:0.1.0 DIR
set -euo pipefail

here=$(cd -- "$(dirname -- "$0")" && pwd)
bin=${1:?name the directory of the program, then the one to make}
out=${2:?name the directory to make}
program=$bin/ocinorm-webhook

[[ -x $program ]] || { echo "image.sh: there is no $program" >&2; exit 1; }
needed=$(ldd "$program")
if grep -q 'not found' <<<"$needed"; then
    echo "image.sh: a library of $program is missing:" >&2
    grep 'not found' <<<"$needed" >&2
    exit 1
fi

mkdir -p "$out/rootfs"/{dev,proc,sys,etc,tls,policy,usr/bin}
install -m 0644 "$here/Containerfile" "$out/Containerfile"
install -m 0755 "$program" "$out/rootfs/usr/bin/ocinorm-webhook"
# "NAME => /PATH (...)" and, of the loader, "/PATH (...)".
while read -r library; do
    install -D -m 0755 "$library" "$out/rootfs$library"
done < <(grep -oE '/[^ ]+' <<<"$needed" | sort -u)
printf 'root:x:0:0:root:/:/nonexistent\nwebhook:x:65532:65532:webhook:/:/nonexistent\n' >"$out/rootfs/etc/passwd"
printf 'root:x:0:\nwebhook:x:65532:\n' >"$out/rootfs/etc/group"
