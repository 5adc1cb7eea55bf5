# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # bin and root are set by lib.bash
# The containerd that is in PATH, with its own root, state, socket and network, and a CRI client.

lab=/run/ocinorm-live
bridge=ocnlab0
export CONTAINERD_ADDRESS=$lab/sock CONTAINERD_NAMESPACE=k8s.io

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

# Where the two schema versions of containerd's configuration differ.
configure_cri() { # SCHEMA-VERSION
    if (($1 >= 3)); then
        runtime=plugins.\"io.containerd.cri.v1.runtime\"
        cat <<EOT
[plugins."io.containerd.cri.v1.images"]
  snapshotter = "$snapshotter"
[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "live.local/pause:1"
[$runtime]
  disable_apparmor = true
  restrict_oom_score_adj = true
  enable_unprivileged_ports = false
  enable_unprivileged_icmp = false
[$runtime.cni]
  bin_dirs = ["/usr/lib/cni"]
  conf_dir = "$lab/cni"
EOT
    else
        runtime=plugins.\"io.containerd.grpc.v1.cri\"
        cat <<EOT
[$runtime]
  sandbox_image = "live.local/pause:1"
  disable_apparmor = true
  restrict_oom_score_adj = true
[$runtime.cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "$lab/cni"
[$runtime.containerd]
  snapshotter = "$snapshotter"
EOT
    fi
}

# The runtime handlers under test, beside plain runc.
configure_handlers() {
    local handler runtime_name binary base crun rows
    crun=$(command -v crun)
    rows='
runc      |                        |
ocinorm   | '$bin'/ocinorm-runtime |
hook      |                        | '$lab'/hook.json
crun      | '$lab'/wrapped-crun    |
hook-crun | '$crun'                | '$lab'/hook.json
'
    while IFS='|' read -r handler binary base; do
        read -r handler <<<"$handler"
        read -r binary <<<"$binary"
        read -r base <<<"$base"
        runtime_name=$runtime.containerd.runtimes.$handler
        printf '[%s]\n  runtime_type = "io.containerd.runc.v2"\n' "$runtime_name"
        [[ -z $base ]] || printf '  base_runtime_spec = "%s"\n' "$base"
        [[ -z $binary ]] || printf '[%s.options]\n  BinaryName = "%s"\n' "$runtime_name" "$binary"
    done < <(sed '/^$/d' <<<"$rows")
}

write_config() {
    local version runtime snapshotter=overlayfs
    version=$(containerd config default | sed -n 's/^version = //p')
    {
        cat <<EOT
version = $version
root = "$lab/root"
state = "$lab/state"
[grpc]
  address = "$lab/sock"
[ttrpc]
  address = "$lab/sock.ttrpc"
[plugins."io.containerd.internal.v1.opt"]
  path = "$lab/opt"
EOT
        configure_cri "$version"
        configure_handlers
    } >"$lab/config.toml"
}

write_network() {
    mkdir -p "$lab/cni"
    jq -n --arg bridge "$bridge" --arg data "$lab/ipam" '{cniVersion: "0.4.0", name: "live", plugins: [
        {type: "bridge", bridge: $bridge, isGateway: false, ipMasq: false,
         ipam: {type: "host-local", dataDir: $data,
                ranges: [[{subnet: "10.199.0.0/24"}]]}}]}' >"$lab/cni/10-live.conflist"
}

# What base_runtime_spec names, and the wrapper with crun behind it.
write_modes() {
    ctr oci spec | jq --arg hook "$bin/ocinorm-hook" --arg policy "$lab/policy.json" \
        '.hooks.prestart = [{path: $hook, args: ["ocinorm-hook", "--config", $policy, "prestart"],
                             env: ["PATH=/usr/bin:/bin"], timeout: 600}]' >"$lab/hook.json"
    echo '{"runtimes": ["runc"]}' >"$lab/policy.json"
    echo '{"runtimes": ["crun"]}' >"$lab/policy-crun.json"
    printf '#!/bin/sh\nOCINORM_CONFIG=%s exec %s "$@"\n' "$lab/policy-crun.json" \
        "$bin/ocinorm-runtime" >"$lab/wrapped-crun"
    chmod 0755 "$lab/wrapped-crun"
}

make_images() {
    make_rootfs "$lab/app"
    cp "$lab/app/bin/busybox" "$lab/app/srv/id" # another program than the entrypoint's
    make_image "$lab/app.tar" live.local/app:1 "$lab/app" '{"Env": ["PATH=/bin"], "Cmd": ["/bin/sh"]}'
    cp -r "$lab/app" "$lab/foreign"
    make_elf arm64 "$lab/foreign/app"
    make_image "$lab/foreign.tar" live.local/foreign:1 "$lab/foreign" '{"Env": ["PATH=/bin"]}'
    make_image "$lab/pause.tar" live.local/pause:1 "$lab/app" \
        '{"Env": ["PATH=/bin"], "Entrypoint": ["/bin/sleep", "1000000"]}'
}

start_containerd() {
    start_daemon "$lab/log" env -i PATH="$PATH" OCINORM_CONFIG="$lab/policy.json" \
        containerd --config "$lab/config.toml"
    echo $! >"$lab/pid"
    within 600 ctr version >/dev/null 2>&1 || true
}

lab_up() {
    local image
    : "${OCN_FILES:?run this through integration/live.sh}"
    mkdir -p "$lab"
    export lab_cgroup=$cgroups/containerd-$BASHPID-$RANDOM
    make_images
    write_network
    write_modes
    write_config
    start_containerd
    for image in app foreign pause; do
        ctr images import "$lab/$image.tar"
    done
}

# Mounts and network end with the namespaces that enter.sh has made. In these are no shims but ours; one
# that a failed test has left would keep its container's cgroup.
lab_down() {
    local hierarchy
    kill "$(cat "$lab/pid")" 2>/dev/null || true
    pkill -KILL -x containerd-shim 2>/dev/null || true
    pkill -KILL -x sleep 2>/dev/null || true
    sleep 0.2
    for hierarchy in /sys/fs/cgroup{,/*}; do
        find "$hierarchy$lab_cgroup" -depth -type d -exec rmdir {} + 2>/dev/null || true
        rmdir "$hierarchy$cgroups" 2>/dev/null || true
    done
}

cri() {
    PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$BATS_TEST_DIRNAME/cri.py" "$lab/sock" "$lab/state" \
        "$lab_cgroup/pods" "$OCN_FILES/cri.pb" "$@"
}
