# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # jq's variables; what tests read, and what bats sets
# For the live tests: real bundles, real containers, and nothing left behind. The runtime is the
# name of the folder that a test file lies in, or OCN_LOW.

PATH=$PATH:/usr/sbin:/sbin
bats_require_minimum_version 1.5.0

root=$(cd -- "$BATS_TEST_DIRNAME/../.." && pwd)
bin=${OCN_BIN:-$root/build/bin}
low=${OCN_LOW:-${BATS_TEST_DIRNAME##*/}}
cgroups=${OCN_CGROUPS:-/ocinorm-live}
# shellcheck source=elf.bash
. "$root/integration/elf.bash"

# Once per file: a root file system of busybox, owned by root and shared by all containers.
make_rootfs() { # DIRECTORY
    mkdir -p "$1"/{bin,dev,etc,proc,root,srv,sys,tmp}
    cp "$(command -v busybox)" "$1/bin/busybox"
    local applet
    for applet in cat env false grep id ls ps sh sleep stty test touch true tty; do
        ln -s busybox "$1/bin/$applet"
    done
    printf 'root:x:0:0:root:/root:/bin/sh\napp:x:1001:1001:app:/srv:/bin/sh\n' >"$1/etc/passwd"
    printf 'root:x:0:\nwheel:x:10:root\napp:x:1001:\n' >"$1/etc/group"
    chmod 1777 "$1/tmp"
}

# An /etc that only this mount namespace sees (enter.sh), without a policy: for engines that give the
# runtime an environment of their own.
own_etc() { # SCRATCH-DIRECTORY
    mkdir -p "$1"/{upper,work}
    mount -t overlay -o "lowerdir=/etc,upperdir=$1/upper,workdir=$1/work" overlay /etc
    rm -rf /etc/ocinorm
    mkdir /etc/ocinorm
}

# Once per test: a bundle as `runc spec` makes it, a policy that names the runtime under test, and a
# state directory of our own.
make_bundle() {
    low_path=$(command -v "$low") || { echo "$low is not installed" >&2; return 1; }
    id=ocn-$BASHPID-$RANDOM
    cgroup=$cgroups/$id
    bundle=$BATS_TEST_TMPDIR/bundle
    state=$BATS_TEST_TMPDIR/state
    rootfs=$BATS_FILE_TMPDIR/rootfs
    policy=$BATS_TEST_TMPDIR/etc/config.json
    mkdir -p "$bundle" "${policy%/*}"
    (cd "$bundle" && "$low" spec)
    edit '.process.terminal = false | .root = {path: $rootfs, readonly: true} |
          .linux.cgroupsPath = $cgroup | .process.env += ["HOME=/root"] |
          .process.args = ["/bin/sh", "-c", "id"]' --arg rootfs "$rootfs" --arg cgroup "$cgroup"
    cp "$bundle/config.json" "$BATS_TEST_TMPDIR/original.json"
    set_policy '{}'
    export OCINORM_CONFIG=$policy
}

edit() { # JQ-PROGRAM [JQ-OPTION...]
    jq "${@:2}" "$1" "$bundle/config.json" >"$bundle/config.json.new"
    mv "$bundle/config.json.new" "$bundle/config.json"
}

# Moves the bundle to where containerd's CRI plugin keeps one: there its annotations count.
lie_in_containerd() {
    local place=$BATS_TEST_TMPDIR/io.containerd.runtime.v2.task/k8s.io
    mkdir -p "$place"
    mv "$bundle" "$place/$id"
    bundle=$place/$id
}

# The script that the container runs.
container_runs() { # SHELL-SCRIPT
    edit '.process.args = ["/bin/sh", "-c", $script]' --arg script "$1"
}

set_policy() { # JSON
    jq --arg low "$low_path" '. + {runtimes: [$low]}' <<<"$1" >"$policy"
}

bare() { "$low_path" --root "$state" "$@"; }
wrapped() { "$bin/ocinorm-runtime" --root "$state" "$@"; }

# Runs the container through the wrapper, to its end.
run_wrapped() { wrapped "$@" run --bundle "$bundle" "$id"; }

# A volume whose file system never answers, at @1: whoever looks at what is on it waits. $silent is its daemon.
mount_silent() { # DIRECTORY
    mkdir "$1"
    "${CC:-cc}" -O1 -o "$BATS_TEST_TMPDIR/silent" "$root/integration/silent.c"
    start_daemon "$BATS_TEST_TMPDIR/silent.log" "$BATS_TEST_TMPDIR/silent" "$1"
    silent=$!
    within 600 grep -q " $1 " /proc/self/mountinfo # to stat it is to wait
}

# Starts a container that waits, for `exec`.
start_sleeper() {
    container_runs 'sleep 1000'
    # The container inherits the descriptors: it must not hold the ones that bats waits for.
    wrapped run --detach --bundle "$bundle" "$id" >"$BATS_TEST_TMPDIR/sleeper.log" 2>&1 </dev/null 3>&-
}

# A process.json that asks for UID:GID and runs a script.
make_process() { # UID GID SHELL-SCRIPT
    jq --argjson uid "$1" --argjson gid "$2" --arg script "$3" \
        '.process | .user = {uid: $uid, gid: $gid} | .args = ["/bin/sh", "-c", $script] |
         .env = ["PATH=/bin"]' "$BATS_TEST_TMPDIR/original.json" >"$BATS_TEST_TMPDIR/process.json"
}

# bats ends when all have closed its descriptors, of which it has more than the 3 that it speaks of.
close_descriptors() {
    local fd
    for fd in /proc/self/fd/*; do
        fd=${fd##*/}
        ((fd <= 2)) || eval "exec $fd>&-"
    done
}

# What runs on behind the tests, with the containers that it starts. $! is its pid.
start_daemon() { # LOG COMMAND...
    (
        close_descriptors
        exec "${@:2}"
    ) >>"$1" 2>&1 </dev/null &
}

# A machine may be busy: what comes at all is waited for.
within() { # SECONDS COMMAND...
    local deadline=$((SECONDS + $1 + 1))
    until "${@:2}"; do
        ((SECONDS < deadline)) || return 1
        sleep 0.02
    done
}

# Its parent may not have taken note of it yet.
has_ended() { ! grep -q '^State:.[^XZ]' "/proc/$1/status" 2>/dev/null; } # PID

# What engines take away a little after they have said so.
# What was there before may still have been on its way out.
has_mounts() { (($(grep -c . /proc/self/mountinfo) <= $1)); } # COUNT-AT-MOST

no_container() {
    [[ -z $(ls -A "$state" 2>/dev/null) ]]
}

# What a script says in a container of containerd's. ctr does not wait for the last words of a program that
# has ended, so it lives on for a while.
ctr_says() { # CONTAINER SCRIPT
    local said status rest
    for rest in 2 20 60; do
        status=0
        said=$(ctr task exec --exec-id "exec-$rest" "$1" /bin/sh -c "$2; echo all said; /bin/sleep $rest") || status=$?
        [[ $status == 0 && $said != *'all said' ]] || break
    done
    printf '%s\n' "$said"
    return "$status"
}

# Podman and Docker now and then show nothing of a container that ends at once: then it is run again.
seen() { # COMMAND...
    local said status
    for _ in 1 2 3; do
        status=0
        said=$("$@" 2>&1) || status=$?
        [[ -z $said && $status -eq 0 ]] || break
    done
    printf '%s\n' "$said"
    return "$status"
}

# Fails with both texts, so that a log says what was seen.
assert_has() { # TEXT PART
    [[ $1 == *"$2"* ]] && return
    printf 'expected: %s\nin:\n%s\n' "$2" "$1" >&2
    return 1
}

assert_hasnt() { # TEXT PART
    [[ $1 != *"$2"* ]] && return
    printf 'not expected: %s\nin:\n%s\n' "$2" "$1" >&2
    return 1
}

# What a container in the background has printed, once it has printed COUNT times what `id` prints.
logs_of() { # CONTAINER COUNT ENGINE-COMMAND...
    local said
    within 600 has_logs "$@" || true
    printf '%s\n' "$said"
}

has_logs() { # see logs_of
    said=$("${@:3}" logs "$1" 2>&1)
    (($(grep -c '^uid=' <<<"$said") >= $2))
}

# "uid=1001 gid=1001" and nothing of root among the groups.
assert_normal_user() { # OUTPUT-OF-ID
    [[ $1 =~ uid=1001(\(app\))?\ gid=1001(\(app\))? && ! $1 =~ [=,]0(\(|,|$|[[:space:]]) ]] && return
    printf 'expected uid=1001 gid=1001 without group 0, got:\n%s\n' "$1" >&2
    return 1
}

# A process that joins as root, in a container whose state is where the runtime has it by default.
assert_exec_is_lowered() {
    container_runs 'sleep 1000'
    "$bin/ocinorm-runtime" run --detach --bundle "$bundle" "$id" >/dev/null 2>&1 </dev/null 3>&-
    make_process 0 0 id
    run "$bin/ocinorm-runtime" exec --process "$BATS_TEST_TMPDIR/process.json" "$id"
    "$low_path" delete --force "$id"
    assert_normal_user "$output"
}

cleanup() {
    local dir
    if [[ -n ${id:-} ]]; then
        bare delete --force "$id" >/dev/null 2>&1 || true
        # Only ours, in every hierarchy; a directory that another test still uses stays.
        for dir in /sys/fs/cgroup{,/*}"$cgroups"; do
            rmdir "$dir/$id" "$dir" 2>/dev/null || rmdir "$dir" 2>/dev/null
        done
    fi
    return 0
}
