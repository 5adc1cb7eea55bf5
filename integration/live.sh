#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs the live tests of a folder: integration/live.sh runc|crun|containerd|doctor|kubernetes [BATS
# OPTION...], as root. The programs under test are those of OCN_BIN (default: build/bin).
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

here=$(cd -- "$(dirname -- "$0")" && pwd)
runtime=${1:?name a folder: runc, crun, containerd, doctor or kubernetes}
shift
run=(bats "$@" "$here/$runtime")
unified=/sys/fs/cgroup/unified
if [[ $runtime == crun ]] && mountpoint -q "$unified"; then
    # crun refuses hybrid cgroups that have a controller in the second hierarchy. The mount is gone
    # in this mount namespace only; its directory stays, or the node would lose it too.
    exec unshare --mount --propagation private sh -c "umount $unified && exec \"\$@\"" live "${run[@]}"
fi
exec "${run[@]}"
