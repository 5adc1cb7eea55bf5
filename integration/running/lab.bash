# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # bin and root are set by lib.bash
# containerd, Podman and Docker beside each other, with their state where it is on a node (enter.sh gives
# us a /run of our own), and runc by hand. Every container's root file system is the same directory, but
# for Docker's.

lab=/run/ocinorm-running
app=live.local/app:1
policy=/etc/ocinorm/config.json
export CONTAINERD_ADDRESS=$lab/containerd.sock DOCKER_HOST=unix://$lab/docker.sock
export PODMAN_IGNORE_CGROUPSV1_WARNING=1

podman() {
    command podman --root "$lab/podman/root" --runroot "$lab/podman/run" --tmpdir "$lab/podman/tmp" \
        --storage-driver vfs "$@"
}

start_engines() {
    local version
    version=$(containerd config default | sed -n 's/^version = //p')
    cat >"$lab/containerd.toml" <<END
version = $version
root = "$lab/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "$CONTAINERD_ADDRESS"
[ttrpc]
  address = "$CONTAINERD_ADDRESS.ttrpc"
END
    start_daemon "$lab/containerd.log" env -i PATH="$PATH" containerd --config "$lab/containerd.toml"
    jq -n --arg lab "$lab" --arg bin "$bin" '{
        "data-root": ($lab + "/docker"), pidfile: ($lab + "/docker.pid"), hosts: ["unix://" + $lab + "/docker.sock"],
        "storage-driver": "vfs", bridge: "none", iptables: false, ip6tables: false, "ip-forward": false,
        "ip-masq": false, "cgroup-parent": "/ocinorm-docker",
        runtimes: {ocinorm: {path: ($bin + "/ocinorm-runtime")}}}' >"$lab/daemon.json"
    start_daemon "$lab/docker.log" env -i PATH="$PATH" dockerd --config-file "$lab/daemon.json"
    within 600 ctr version >/dev/null 2>&1 && within 600 docker version >/dev/null 2>&1
}

configure_podman() {
    rm -rf /etc/containers/containers.conf.d
    mkdir -p /etc/containers/containers.conf.d
    cat >/etc/containers/containers.conf.d/live.conf <<'END'
[containers]
netns = "none"
default_ulimits = ["nofile=1024:4096", "nproc=1024:4096"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
runtime = "runc"
END
}

# One of each, as root, before anybody has heard of ocinorm.
start_containers() (
    close_descriptors
    cri=io.kubernetes.cri
    ctr --namespace k8s.io run --detach --rootfs --cgroup "$lab_cgroup/web" \
        --annotation $cri.container-type=container --annotation $cri.sandbox-id=pause \
        --annotation $cri.sandbox-namespace=shop --annotation $cri.sandbox-name=web-0 \
        --annotation $cri.container-name=web "$lab/app" web /bin/sleep 1000
    ctr --namespace default run --detach --rootfs --cgroup "$lab_cgroup/secret" "$lab/app" secret /secret/sleep 1000
    podman run --detach --name lone --rootfs "$lab/app" sleep 1000
    podman run --detach --name strong --privileged --rootfs "$lab/app" sleep 1000
    podman run --detach --name lowered --runtime "$bin/ocinorm-runtime" --rootfs "$lab/app" sleep 1000
    docker run --detach --name boat --network none "$app" sleep 1000
    (cd "$lab/hand" && runc spec && jq --arg rootfs "$lab/app" --arg cgroup "$lab_cgroup/hand" \
        '.process.terminal = false | .process.args = ["/bin/sleep", "1000"] | .root.path = $rootfs |
         .linux.cgroupsPath = $cgroup' config.json >new && mv new config.json && runc run --detach byhand)
) >"$lab/started" 2>"$lab/start.log" </dev/null

lab_up() {
    mkdir -p "$lab/hand"
    export lab_cgroup=$cgroups/running-$BASHPID
    own_etc "$lab/etc"
    echo '{"runtimes": ["runc"]}' >"$policy"
    make_rootfs "$lab/app"
    mkdir -m 0700 "$lab/app/secret"
    cp "$lab/app/bin/busybox" "$lab/app/secret/sleep"
    configure_podman
    start_engines
    tar -C "$lab/app" -c . | docker import -c 'ENV PATH=/bin' -c 'CMD ["/bin/sh"]' - "$app"
    start_containers
}

setup_lab() { lab_up >"$BATS_FILE_TMPDIR/up.log" 2>&1 || { cat "$BATS_FILE_TMPDIR/up.log" "$lab"/*.log >&2; return 1; }; }

# The processes end with the namespace that enter.sh has made, and with them the containers.
lab_down() {
    docker ps --all --quiet | xargs -r docker rm --force
    podman rm --force --all --time 0
    runc delete --force byhand
    ctr --namespace k8s.io tasks kill --signal KILL web
    ctr --namespace default tasks kill --signal KILL secret
    pkill -KILL -x 'dockerd|containerd|containerd-shim.*'
    sleep 0.5
    umount --lazy /etc
    find /sys/fs/cgroup -depth -type d \( -path '*/ocinorm-docker*' -o -path '*/libpod_parent*' -o -path "*$lab_cgroup*" \) \
        -exec rmdir {} + || true
    rmdir /sys/fs/cgroup/*"$cgroups" || true
} >/dev/null 2>&1
