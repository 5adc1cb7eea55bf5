#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs the live tests of a runtime or an engine, as root: integration/live.sh NAME [BATS OPTION...]
# NAME is runc, crun, containerd, podman, podman-crun, docker, running, volumes, image, doctor, kubernetes or webhook of this
# system, or a row of engines.bash: containerd@trixie; --list prints those. The programs under test are those of
# OCN_BIN (default: build/bin).
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

here=$(cd -- "$(dirname -- "$0")" && pwd)
root=${here%/*}
# shellcheck source=engines.bash
. "$here/engines.bash"
name=${1:?name a runtime or an engine: runc, crun, containerd, podman, docker, containerd@trixie}
shift
run=(bats --print-output-on-failure "$@")
unified=/sys/fs/cgroup/unified
# Two of these may run at the same time: each has a parent of its control groups, and its own mounts.
export OCN_CGROUPS=/ocinorm-live-$$
own_mounts=(unshare --mount --propagation private)
case $name in
    crun)
        # The same files as for runc, and its own.
        export OCN_LOW=crun
        for file in "$here"/runc/*.bats; do
            [[ $file == */runc.bats ]] || run+=("$file")
        done
        run+=("$here/crun/crun.bats")
        # crun refuses hybrid cgroups that have a controller in the second hierarchy. The mount is gone
        # in this mount namespace only; its directory stays, or the node would lose it too.
        if mountpoint -q "$unified"; then
            run=(sh -c "umount $unified && mount -t tmpfs tmpfs $unified && exec \"\$@\"" live "${run[@]}")
        fi
        exec "${own_mounts[@]}" "${run[@]}"
        ;;
    --list)
        sed -n 's/ *|.*//p' <<<"$engine_rows"
        ;;
    runc | doctor | image | kubernetes | webhook)
        exec "${own_mounts[@]}" "${run[@]}" "$here/$name"
        ;;
    *)
        # What has to be fetched is fetched here; in there is no network.
        prepare=$here/${name%@*}/prepare.bash
        # shellcheck source=/dev/null
        [[ ! -e $prepare ]] || . "$prepare"
        engine_run "$name" "${run[@]}" "$here/${name%@*}"
        ;;
esac
