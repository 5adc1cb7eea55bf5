# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # bin and root are set by lib.bash
# What the tests of the manifests need: kustomize, the schemas of Kubernetes, a node's tree.

# shellcheck source=../../packaging/private-apt.bash
. "$root/packaging/private-apt.bash"

kubernetes=$root/integration/kubernetes

# Debian 12's kubectl has a kustomize of 2019; the next release's is one static program. The schemas
# are npm's, and none of its scripts is run.
fetch_tools() { # DIRECTORY
    apt_dir=$1/apt
    mkdir -p "$1/npm"
    private_apt_init trixie "$(dpkg --print-architecture)"
    (cd "$apt_dir" && private_apt download kubectl && dpkg -x ./kubectl_*.deb x)
    mv "$apt_dir/x/usr/bin/kubectl" "$1/kubectl"
    npm install --prefix "$1/npm" --ignore-scripts --no-audit --no-fund --no-save --loglevel=error \
        kubernetes-models@4.5.1 js-yaml@4.1.0
}

render() { "$BATS_FILE_TMPDIR/tools/kubectl" kustomize "$kubernetes/$1"; }

# Validates the manifests on stdin.
validate() { NODE_MODULES=$BATS_FILE_TMPDIR/tools/npm/node_modules node "$kubernetes/validate.js"; }

# The manifests on stdin as one JSON list.
to_json() {
    NODE_PATH=$BATS_FILE_TMPDIR/tools/npm/node_modules node -e '
        const yaml = require("js-yaml");
        console.log(JSON.stringify(yaml.loadAll(require("fs").readFileSync(0, "utf8"))));'
}

# A bundle whose container is the DaemonSet's init container of the manifests @1 (base, uninstall):
# its arguments, user, capabilities and mounts, on the node at $node, which has this machine's /proc
# and /dev, as a node's root has.
make_installer() { # MANIFESTS
    bundle=$BATS_TEST_TMPDIR/bundle-$1
    mkdir -p "$bundle"
    (cd "$bundle" && rm -f config.json && runc spec)
    render "$1" | to_json |
        jq '.[] | select(.kind == "DaemonSet") | .spec.template.spec.initContainers[0]' >"$bundle/pod.json"
    jq --slurpfile pod "$bundle/pod.json" --arg image "$BATS_FILE_TMPDIR/image/rootfs" --arg node "$node" \
        --arg policy "$policy" --arg cgroup "$cgroups/$id" '
        ($pod[0].securityContext.capabilities.add | map("CAP_" + .)) as $capabilities |
        .root = {path: $image, readonly: $pod[0].securityContext.readOnlyRootFilesystem} |
        .process.terminal = false |
        .process.args = ["/ocinorm/installer.sh"] + $pod[0].args |
        .process.env = ["PATH=/bin"] |
        .process.user = {uid: $pod[0].securityContext.runAsUser, gid: $pod[0].securityContext.runAsGroup} |
        .process.noNewPrivileges = ($pod[0].securityContext.allowPrivilegeEscalation | not) |
        .process.capabilities = {bounding: $capabilities, effective: $capabilities, permitted: $capabilities} |
        .linux.cgroupsPath = $cgroup |
        .mounts += [{destination: "/host", type: "none", source: $node, options: ["rbind", "rslave", "rw"]},
                    {destination: "/host/proc", type: "none", source: "/proc", options: ["rbind", "rslave"]},
                    {destination: "/host/dev", type: "none", source: "/dev", options: ["rbind", "rslave"]},
                    {destination: "/ocinorm/policy", type: "none", source: $policy, options: ["rbind", "ro"]},
                    {destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["nosuid", "size=16m"]}]' \
        "$bundle/config.json" >"$bundle/config.json.new"
    mv "$bundle/config.json.new" "$bundle/config.json"
}

# Runs it: on_node base|uninstall [ARGUMENT-OF-THE-INSTALLER...]
on_node() {
    local added
    make_installer "$1"
    added=$(jq -n '$ARGS.positional' --args -- "${@:2}")
    jq --argjson added "$added" '.process.args += $added' "$bundle/config.json" >"$bundle/config.json.new"
    mv "$bundle/config.json.new" "$bundle/config.json"
    runc --root "$state" run --bundle "$bundle" "$id"
}

# All that can be told of the node's files.
snapshot() { # NODE
    (cd "$1" && find . -printf '%p %y %m %U:%G %l\n' | sort && find . -type f -print0 | sort -z | xargs -0r sha256sum)
}

# A containerd whose state lies where the node has it, with the node's policy.
start_containerd() {
    export CONTAINERD_ADDRESS=$node/run/containerd/containerd.sock CONTAINERD_NAMESPACE=k8s.io
    printf 'version = 2\nroot = "%s"\nstate = "%s"\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n' \
        "$BATS_TEST_TMPDIR/containerd" "$node/run/containerd" >"$BATS_TEST_TMPDIR/containerd.toml"
    start_daemon "$BATS_TEST_TMPDIR/containerd.log" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        OCINORM_CONFIG="$node/etc/ocinorm/conf.d/90-kubernetes-policy.json" \
        setsid containerd --config "$BATS_TEST_TMPDIR/containerd.toml" --address "$CONTAINERD_ADDRESS"
    containerd=$!
    within 600 ctr version >/dev/null 2>&1 || { cat "$BATS_TEST_TMPDIR/containerd.log" >&2; return 1; }
}

# With what it runs, if a test ended early.
stop_containerd() {
    [[ -n ${containerd:-} ]] || return 0
    ctr task ls -q 2>/dev/null | while read -r task; do
        ctr task delete --force "$task"
    done || true
    kill "$containerd" 2>/dev/null || true
    wait "$containerd" 2>/dev/null || true
    containerd=
}
