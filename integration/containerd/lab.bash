# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # bin and root are set by lib.bash
# A containerd of our own, with its own root, state, socket and network, and a CRI client.

# shellcheck source=../../packaging/private-apt.bash
. "$root/packaging/private-apt.bash"

lab=/run/ocinorm-live
bridge=ocnlab0

# A docker-archive made by hand: one layer, no registry. @1 is the file, @2 the reference, @3 the
# root file system, @4 the JSON of .config.
make_image() {
    local dir layer config
    dir=$(mktemp -d "$lab/image.XXXX")
    tar --sort=name --numeric-owner -C "$3" -cf "$dir/layer.tar" .
    layer=$(sha256sum "$dir/layer.tar" | cut -d' ' -f1)
    jq -n --argjson config "$4" --arg layer "sha256:$layer" \
        '{architecture: "amd64", os: "linux", config: $config,
          rootfs: {type: "layers", diff_ids: [$layer]}}' >"$dir/config.json"
    config=$(sha256sum "$dir/config.json" | cut -d' ' -f1).json
    mv "$dir/config.json" "$dir/$config"
    jq -n --arg config "$config" --arg tag "$2" \
        '[{Config: $config, RepoTags: [$tag], Layers: ["layer.tar"]}]' >"$dir/manifest.json"
    tar -C "$dir" -cf "$1" .
    rm -rf "$dir"
}

# Debian 12 has no package with CRI's protocol; the next release's is only text.
fetch_protocol() { # DIRECTORY
    apt_dir=$lab/apt
    mkdir -p "$1"
    private_apt_init trixie "$(dpkg --print-architecture)"
    (cd "$apt_dir" && private_apt download golang-github-kubernetes-cri-api-dev && dpkg -x ./*.deb x)
    cp "$apt_dir"/x/usr/share/gocode/src/k8s.io/cri-api/pkg/apis/runtime/v1/api.proto "$1/cri.proto"
    (cd "$1" && /usr/bin/python3 -m grpc_tools.protoc -I. -I/usr/share/gocode/src \
        --python_out=. --grpc_python_out=. cri.proto \
        github.com/gogo/protobuf/gogoproto/gogo.proto)
}

# The runtime handlers under test beside plain runc. Debian 12's containerd has schema version 2.
write_config() {
    local cri=plugins.\"io.containerd.grpc.v1.cri\"
    cat >"$lab/config.toml" <<EOF
version = 2
root = "$lab/root"
state = "$lab/state"
[grpc]
  address = "$lab/sock"
[ttrpc]
  address = "$lab/sock.ttrpc"
[plugins."io.containerd.internal.v1.opt"]
  path = "$lab/opt"
[$cri]
  sandbox_image = "live.local/pause:1"
  disable_apparmor = true
  restrict_oom_score_adj = true
  [$cri.cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$lab/cni"
  [$cri.containerd]
    snapshotter = "native"
    [$cri.containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
    [$cri.containerd.runtimes.ocinorm]
      runtime_type = "io.containerd.runc.v2"
      [$cri.containerd.runtimes.ocinorm.options]
        BinaryName = "$bin/ocinorm-runtime"
    [$cri.containerd.runtimes.hook]
      runtime_type = "io.containerd.runc.v2"
      base_runtime_spec = "$lab/hook.json"
EOF
    mkdir -p "$lab/cni"
    jq -n --arg bridge "$bridge" '{cniVersion: "0.4.0", name: "live", plugins: [
        {type: "bridge", bridge: $bridge, isGateway: false, ipMasq: false,
         ipam: {type: "host-local", dataDir: "/run/ocinorm-live/ipam",
                ranges: [[{subnet: "10.199.0.0/24"}]]}}]}' >"$lab/cni/10-live.conflist"
    ctr oci spec | jq --arg hook "$bin/ocinorm-hook" --arg policy "$lab/policy.json" \
        '.hooks.prestart = [{path: $hook, args: ["ocinorm-hook", "--config", $policy, "prestart"],
                             env: ["PATH=/usr/bin:/bin"], timeout: 20}]' >"$lab/hook.json"
}

lab_up() {
    lab_down
    mkdir -p "$lab"
    fetch_protocol "$lab/protocol"
    make_rootfs "$lab/app"
    make_image "$lab/app.tar" live.local/app:1 "$lab/app" '{"Env": ["PATH=/bin"], "Cmd": ["/bin/sh"]}'
    cp -r "$lab/app" "$lab/foreign"
    make_elf arm64 "$lab/foreign/app"
    make_image "$lab/foreign.tar" live.local/foreign:1 "$lab/foreign" '{"Env": ["PATH=/bin"]}'
    make_image "$lab/pause.tar" live.local/pause:1 "$lab/app" \
        '{"Env": ["PATH=/bin"], "Entrypoint": ["/bin/sleep", "1000000"]}'
    echo '{"runtimes": ["runc"]}' >"$lab/policy.json"
    write_config
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin OCINORM_CONFIG="$lab/policy.json" \
        setsid containerd --config "$lab/config.toml" >"$lab/log" 2>&1 </dev/null 3>&- &
    export CONTAINERD_ADDRESS=$lab/sock CONTAINERD_NAMESPACE=k8s.io
    for _ in $(seq 100); do
        ctr version >/dev/null 2>&1 && break
        sleep 0.1
    done
    for image in app foreign pause; do
        ctr images import --snapshotter native "$lab/$image.tar"
    done
}

lab_down() {
    local dir
    pkill -f "containerd --config $lab/config.toml" 2>/dev/null || true
    for _ in $(seq 50); do
        pgrep -f "containerd --config $lab/config.toml" >/dev/null || break
        sleep 0.1
    done
    pkill -f "containerd-shim.*-address $lab/sock" 2>/dev/null || true
    awk -v lab="$lab/" 'index($5, lab) == 1 { print $5 }' /proc/self/mountinfo | sort -r |
        while read -r dir; do umount -l "$dir"; done
    rm -rf "$lab"
    ip link delete "$bridge" 2>/dev/null || true
    find /sys/fs/cgroup -depth -type d -path '*/ocinorm-live*' -exec rmdir {} + 2>/dev/null || true
}

cri() { /usr/bin/python3 "$BATS_TEST_DIRNAME/cri.py" "$lab/sock" "$lab/protocol" "$@"; }
