#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154 # the inner shell's variables; bin and lab are set by what is loaded
# ocinorm install containerd: what it wrote is what Debian's containerd runs on. The node is a directory
# with the system's programs in it; containerd sees its /etc/containerd in a mount namespace.

load ../lib.bash
load lab.bash

node=$lab/node
export CONTAINERD_ADDRESS=$lab/sock CONTAINERD_NAMESPACE=k8s.io
app=live.local/app:1

setup_file() { lab_up >"$BATS_FILE_TMPDIR/up.log" 2>&1 || { cat "$BATS_FILE_TMPDIR/up.log" >&2; return 1; }; }
teardown_file() { lab_down; }

# A node as it was before anybody thought of ocinorm.
setup() {
    rm -rf "$node"
    mkdir -p "$node"/{etc/containerd/conf.d,usr,var/lib,dev,proc} "$node$bin"
    ln -s usr/lib usr/lib64 usr/bin usr/sbin "$node/"
    sed '/runtimes.ocinorm\]/,$d' "$BATS_FILE_TMPDIR/config.toml" >"$node/etc/containerd/config.toml"
    chmod 0600 "$node/etc/containerd/config.toml"
    cp -a "$node" "$BATS_TEST_TMPDIR/before"
}

# The first containerd of lab_up has loaded the images; from then on it is the node's.
eval "lab_$(declare -f write_config)"
write_config() {
    lab_write_config
    cp "$lab/config.toml" "$BATS_FILE_TMPDIR/config.toml"
}

# ocinorm, with the system's containerd to be found below the node's root.
on_node() { # COMMAND ARGUMENT...
    unshare --mount bash -c '
        node=$1 bin=$2; shift 2
        mount --bind /usr "$node/usr" && mount --bind "$bin" "$node$bin" &&
            exec "$bin/ocinorm" "$@" --root "$node"' on_node "$node" "$bin" "$@"
}

restart() {
    local pid
    for pid in $(pgrep -f "containerd --config $lab/config.toml"); do
        kill "$pid"
        within 600 has_ended "$pid" || true
    done
    ln -sf /etc/containerd/config.toml "$lab/config.toml"
    start_daemon "$lab/log" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin OCINORM_CONFIG="$lab/policy.json" \
        unshare --mount sh -c 'mount --bind "$1/etc/containerd" /etc/containerd &&
            exec setsid containerd --config "$2"' sh "$node" "$lab/config.toml"
    within 600 ctr version >/dev/null 2>&1 || { cat "$lab/log" >&2; return 1; }
}

same_as_before() { # everything but what the mount points are for
    diff -r --no-dereference "$BATS_TEST_TMPDIR/before" "$node" &&
        [[ $(stat -c '%a %U' "$node/etc/containerd/config.toml") == "600 root" ]]
}

@test "install containerd: a pod with the handler is 1001, one without stays as it was" {
    run -0 on_node install containerd --program "$bin/ocinorm-runtime"
    assert_has "$output" "wrote /etc/containerd/conf.d/99-ocinorm.toml"
    [[ $output != *"nobody has checked"* ]]
    restart
    run -0 cri run ocinorm default "$app" /bin/sh -c 'id; env'
    assert_normal_user "$output"
    assert_has "$output" "GOMAXPROCS=2"
    run -0 cri run runc default "$app" /bin/id
    assert_has "$output" "uid=0(root)"

    run -0 on_node install containerd --program "$bin/ocinorm-runtime"
    assert_has "$output" "nothing to do"
    run -0 on_node uninstall containerd
    same_as_before
    restart
    run ! cri run ocinorm default "$app" /bin/id
    run -0 cri run runc default "$app" /bin/id
    assert_has "$output" "uid=0(root)"
}

@test "install containerd --set-default: a pod that names no handler is 1001" {
    run -0 on_node install containerd --set-default --program "$bin/ocinorm-runtime"
    restart
    run -0 cri run "" default "$app" /bin/id
    assert_normal_user "$output"
    run -0 on_node uninstall containerd
    same_as_before
}

@test "install containerd --mode hook: a pod with the handler is 1001" {
    run -0 on_node install containerd --mode hook --program "$bin/ocinorm-hook" --runtime-class hooked
    jq -e '.hooks.createRuntime[0].env | length > 0' "$node/etc/containerd/ocinorm-spec.json"
    restart
    run -0 cri run hooked default "$app" /bin/sh -c 'id; env; grep CapEff /proc/self/status'
    assert_normal_user "$output"
    assert_has "$output" "CapEff:	0000000000000000"
    run -0 on_node uninstall containerd
    same_as_before
}

@test "install containerd: a configuration that containerd does not load is left alone" {
    printf '[grpc]\n  max_recv_message_size = "x"\n' >"$BATS_TEST_TMPDIR/before/etc/containerd/conf.d/bad.toml"
    cp "$BATS_TEST_TMPDIR/before/etc/containerd/conf.d/bad.toml" "$node/etc/containerd/conf.d/"
    for dir in "$node" "$BATS_TEST_TMPDIR/before"; do
        sed -i '1a imports = ["/etc/containerd/conf.d/*.toml"]' "$dir/etc/containerd/config.toml"
        chmod 0600 "$dir/etc/containerd/config.toml"
    done
    run -2 on_node install containerd --program "$bin/ocinorm-runtime"
    assert_has "$output" "does not accept it"
    same_as_before
}

@test "uninstall containerd: what somebody has changed is shown and kept, --force removes it" {
    run -0 on_node install containerd --program "$bin/ocinorm-runtime"
    echo '# mine' >>"$node/etc/containerd/conf.d/99-ocinorm.toml"
    run -2 on_node uninstall containerd
    assert_has "$output" "+# mine"
    assert_has "$output" "changed since ocinorm wrote it"
    [[ -e $node/etc/containerd/conf.d/99-ocinorm.toml ]]
    run -0 on_node uninstall containerd --force
    same_as_before
}
