#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154
# The limits that a container has in effect: its own, and those of the pod's cgroup above it.
load ../lib.bash

setup_file() { make_rootfs "$BATS_FILE_TMPDIR/rootfs"; }
setup() {
    make_bundle
    pod=$cgroups/pod-$id
    edit '.linux.cgroupsPath = $pod + "/app"' --arg pod "$pod"
    set_policy '{"env": {"maxprocs": {"min": 1}}}'
    container_runs 'echo "procs=$GOMAXPROCS mem=$GOMEMLIMIT"'
}
teardown() {
    local dir
    cleanup
    for dir in /sys/fs/cgroup{,/*}"$pod"; do
        [[ ! -d $dir ]] || rmdir "$dir"
        rmdir "${dir%/*}" 2>/dev/null || true # another test may use it still
    done
}

# The file of a controller in the pod's cgroup, wherever this node has the controller.
pod_file() { # V1-CONTROLLER V1-FILE V2-FILE
    local dir
    if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then
        mkdir -p "/sys/fs/cgroup$pod"
        echo "+$1" >/sys/fs/cgroup/cgroup.subtree_control
        echo "+$1" >"/sys/fs/cgroup${pod%/*}/cgroup.subtree_control"
        echo "/sys/fs/cgroup$pod/$3"
        return
    fi
    dir=/sys/fs/cgroup/$1$pod
    mkdir -p "$dir"
    echo "$dir/$2"
}

limit_cpu() { # QUOTA of 100000
    local file
    file=$(pod_file cpu cpu.cfs_quota_us cpu.max)
    [[ $file != *cfs* ]] || echo 100000 >"${file%/*}/cpu.cfs_period_us"
    echo "$1" >"$file"
}

limit_memory() { # BYTES
    echo "$1" >"$(pod_file memory memory.limit_in_bytes memory.max)"
}

# What explain says; before the wrapper runs, for it edits the bundle.
explain() { # JQ-PROGRAM
    "$bin/ocinorm" explain --bundle "$bundle" --config "$policy" --format json | jq -r "$1"
}

why() { # VARIABLE
    explain ".edits[] | select(.path == \"/process/env/$1\") | .why"
}

@test "a container without limits gets the pod's" {
    limit_cpu 100000
    limit_memory 268435456
    run -0 explain '.facts | "\(.cpuLimit) \(.memoryLimit)"'
    [[ $output == '1 268435456' ]]
    run -0 why GOMAXPROCS
    [[ $output == "quota 100000/100000 in /sys/fs/cgroup/"*"$pod/cpu."*' = 1, up = 1, at least 1, '* ]]
    run -0 why GOMEMLIMIT
    [[ $output == "0.9 of the memory limit of 268435456 bytes in /sys/fs/cgroup/"*"$pod/memory."* ]]
    run -0 run_wrapped
    assert_has "$output" 'procs=1 mem=241591910'
}

@test "the pod's limits are tighter than the container's own" {
    limit_cpu 100000
    limit_memory 268435456
    # A quota of its own that is above the pod's is refused on cgroup v1, so it has none.
    edit '.linux.resources.memory.limit = 536870912'
    run -0 run_wrapped
    assert_has "$output" 'procs=1 mem=241591910'
}

@test "the container's own limits are tighter than the pod's" {
    limit_cpu 150000
    limit_memory 536870912
    edit '.linux.resources.memory.limit = 268435456 |
          .linux.resources.cpu = {quota: 50000, period: 100000}'
    run -0 why GOMAXPROCS
    [[ $output == 'quota 50000/100000 = 0.5, '* ]]
    run -0 run_wrapped
    assert_has "$output" 'procs=1 mem=241591910'
}

@test "what the container sets stays, and explain says so" {
    limit_cpu 100000
    limit_memory 268435456
    edit '.process.env += ["GOMAXPROCS=7", "GOMEMLIMIT=1GiB"]'
    run -0 explain '.kept[] | "\(.path) \(.value) \(.why)"'
    assert_has "$output" '/process/env/GOMAXPROCS 7 the container sets it'
    assert_has "$output" '/process/env/GOMEMLIMIT 1GiB the container sets it'
    run -0 run_wrapped
    assert_has "$output" 'procs=7 mem=1GiB'
}

@test "the pod's limits count for the hook, too" {
    limit_cpu 100000
    limit_memory 268435456
    edit '.process.capabilities[] += ["CAP_SETUID", "CAP_SETGID"] | .process.capabilities.ambient = [] |
          .hooks.prestart = [{path: $hook, args: ["ocinorm-hook", "--config", $policy, "prestart"]}]' \
        --arg hook "$bin/ocinorm-hook" --arg policy "$policy"
    run -0 bare run --bundle "$bundle" "$id"
    assert_has "$output" 'procs=1 mem=241591910'
}
