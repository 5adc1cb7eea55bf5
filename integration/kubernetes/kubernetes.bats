#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154 # other shells expand $; bin, root and kubernetes are set by what is loaded
# The manifests against the schemas of Kubernetes; the installer, confined as the DaemonSet says, on
# the tree of a node.

load ../lib.bash
load lab.bash

setup_file() {
    fetch_tools "$BATS_FILE_TMPDIR/tools" >"$BATS_FILE_TMPDIR/tools.log" 2>&1 ||
        { cat "$BATS_FILE_TMPDIR/tools.log" >&2; return 1; }
    bash "$kubernetes/image/image.sh" "$bin" "$BATS_FILE_TMPDIR/image"
    make_rootfs "$BATS_FILE_TMPDIR/rootfs"
}

# A node as it is after `apt install containerd runc`: its engine has never been configured by us.
setup() {
    id=ocn-$BASHPID-$RANDOM
    state=$BATS_TEST_TMPDIR/state
    node=$BATS_TEST_TMPDIR/node
    policy=$BATS_TEST_TMPDIR/policy
    dir=$node/opt/ocinorm/bin
    on_disk
    mkdir -p "$node"/{bin,dev,etc/containerd,opt,proc,run/containerd,sys,tmp,usr/sbin,var} "$policy"
    echo 'version = 2' >"$node/etc/containerd/config.toml"
    echo '{"version": 1, "user": {"uid": 2000}}' >"$policy/policy.json"
    snapshot "$node" >"$BATS_TEST_TMPDIR/before"
}

teardown() {
    local mount
    stop_containerd
    runc --root "$state" delete --force "$id" >/dev/null 2>&1 || true
    awk -v node="$node" 'index($5, node) == 1 { print $5 }' /proc/self/mountinfo | sort -r |
        while read -r mount; do umount "$mount"; done
    for mount in /sys/fs/cgroup{,/*}"$cgroups"; do
        rmdir "$mount/$id" "$mount" 2>/dev/null || rmdir "$mount" 2>/dev/null || true
    done
}

# What the installer says of a node in memory is not said of this one, wherever tests have their files.
on_disk() {
    mkdir "$node"
    [[ $(stat -f -c %T "$node") == @(tmpfs|ramfs) ]] || return 0
    truncate -s 1G "$node.disk"
    mkfs.ext4 -q "$node.disk"
    mount -o loop "$node.disk" "$node"
    rmdir "$node/lost+found"
}

assert_unchanged() { snapshot "$node" | diff "$BATS_TEST_TMPDIR/before" -; }

refused() { # TEXT [ARGUMENT...]: the installer fails, says TEXT, and changes nothing
    run -1 on_node base "${@:2}"
    assert_has "$output" "installer: error: "
    assert_has "$output" "$1"
    assert_unchanged
}

# ---- manifests --------------------------------------------------------------------------------

@test "the manifests are what Kubernetes' schemas demand" {
    run -0 validate < <(render base)
    assert_has "$output" "DaemonSet ocinorm: valid"
    assert_has "$output" "RuntimeClass ocinorm: valid"
    assert_has "$output" "ConfigMap ocinorm-policy-"
    run -0 validate < <(render uninstall)
    assert_has "$output" "DaemonSet ocinorm: valid"
    assert_hasnt "$output" RuntimeClass
    run -0 validate <"$kubernetes/example/pod.yaml"
    assert_has "$output" "Pod ocinorm-example: valid"
}

@test "a broken manifest is refused" {
    local rows row
    rows=('s/hostPath:/hostPat:/ | hostPat: no such field'
        's/  selector:/  selectr:/ | "missingProperty":"selector"'
        's/runAsUser: 0/runAsUser: root/ | runAsUser: not as type'
        's/operator: Exists/operator: Is/ | "allowedValues":["Equal","Exists"]'
        's/type: RollingUpdate/type: Rolling/ | /spec/updateStrategy/type: not as enum'
        's/memory: 256Mi/memory: [256Mi]/ | /resources/limits/memory: not as'
        's/handler: ocinorm/handlers: ocinorm/ | "missingProperty":"handler"'
        's/kind: RuntimeClass/kind: RuntimeClas/ | no such kind'
        's/apiVersion: apps.v1/apiVersion: apps/ | no such kind')
    for row in "${rows[@]}"; do
        run -1 validate < <(render base | sed "${row%% | *}")
        assert_has "$output" "${row#* | }"
    done
    run -1 validate </dev/null
}

@test "the parts of the manifests fit each other, and the program" {
    render base | to_json >"$BATS_TEST_TMPDIR/all.json"
    of() { jq -c --arg kind "$1" ".[] | select(.kind == \$kind) | $2" "$BATS_TEST_TMPDIR/all.json"; }
    # The ConfigMap's name has a hash, and the volume names it so.
    [[ $(of ConfigMap .metadata.name) == \"ocinorm-policy-* ]]
    [[ $(of ConfigMap .metadata.name) == "$(of DaemonSet '.spec.template.spec.volumes[] | select(.name == "policy") | .configMap.name')" ]]
    # Pods of the class go where the installer went, and not before somebody says that it is done.
    label=$(of RuntimeClass '.scheduling.nodeSelector | del(."ocinorm.io/ready")')
    [[ $label != '{}' && $(of DaemonSet ".spec.template.spec.nodeSelector | contains($label)") == true ]]
    [[ $(of RuntimeClass '.scheduling.nodeSelector."ocinorm.io/ready"') == '"true"' ]]
    [[ $(of DaemonSet '.spec.template.spec.nodeSelector | has("ocinorm.io/ready")') == false ]]
    # Old maps can be selected.
    [[ $(of ConfigMap '.metadata.labels."app.kubernetes.io/name"') == '"ocinorm"' ]]
    # The class of the example is the class, and its handler the one that is registered by default.
    grep -q "runtimeClassName: $(of RuntimeClass -r .metadata.name | tr -d '"')" "$kubernetes/example/pod.yaml"
    [[ $(of RuntimeClass .handler) == '"ocinorm"' ]]
    # The shipped policy is one.
    of ConfigMap '.data["policy.json"]' | jq -r . >"$BATS_TEST_TMPDIR/policy.json"
    run -0 "$bin/ocinorm" config check "$BATS_TEST_TMPDIR/policy.json"
    # Nothing privileged stays.
    [[ $(of DaemonSet '.spec.template.spec.containers[0] | has("volumeMounts")') == false ]]
    [[ $(of DaemonSet '.spec.template.spec.containers[0].securityContext.runAsNonRoot') == true ]]
    [[ $(of DaemonSet '[.. | .privileged?, .hostPID?, .hostNetwork?] | any') == false ]]
}

# ---- installing -------------------------------------------------------------------------------

@test "install: programs, policy and handler are on the node, and they work" {
    run -0 on_node base
    for program in ocinorm ocinorm-runtime ocinorm-hook ocinorm-entry; do
        cmp "$bin/$program" "$dir/$program"
        [[ $(stat -c '%a %u:%g' "$dir/$program") == "755 0:0" ]]
    done
    cmp "$policy/policy.json" "$node/etc/ocinorm/conf.d/90-kubernetes-policy.json"
    grep -rqF 'BinaryName = "/opt/ocinorm/bin/ocinorm-runtime"' "$node/etc/containerd"
    cp "$(command -v busybox)" "$node/usr/sbin/runc"
    run -0 "$bin/ocinorm" doctor --root "$node"
    assert_has "$output" "/opt/ocinorm/bin/ocinorm-runtime, version"
    run -0 "$bin/ocinorm" config show --root "$node"
    assert_has "$output" "/user/uid = 2000"
}

@test "install again changes nothing" {
    on_node base
    find "$node" -printf '%p %i %T@\n' | sort >"$BATS_TEST_TMPDIR/first"
    on_node base
    # A probe came and went in these.
    find "$node" -printf '%p %i %T@\n' | sort | diff "$BATS_TEST_TMPDIR/first" - |
        grep '^[<>]' | grep -vE "^[<>] $node(/opt/ocinorm/bin|/etc/ocinorm/conf.d) " >"$BATS_TEST_TMPDIR/diff" || true
    [[ ! -s $BATS_TEST_TMPDIR/diff ]] || { cat "$BATS_TEST_TMPDIR/diff"; false; }
}

@test "install: a new program replaces the old file, which a container may be running" {
    on_node base
    echo old >"$dir/ocinorm-runtime"
    old=$(stat -c %i "$dir/ocinorm-runtime")
    on_node base
    cmp "$bin/ocinorm-runtime" "$dir/ocinorm-runtime"
    [[ $(stat -c %i "$dir/ocinorm-runtime") != "$old" ]]
    [[ -z $(find "$node" -name '*.new') ]]
}

@test "install: what leaves the policy's map leaves the node, and only that" {
    echo '{"user": {"gid": 2000}}' >"$policy/second.json"
    mkdir -p "$node/etc/ocinorm/conf.d"
    echo '{}' >"$node/etc/ocinorm/conf.d/50-site.json"
    on_node base
    rm "$policy/second.json"
    on_node base
    [[ $(ls "$node/etc/ocinorm/conf.d") == $'50-site.json\n90-kubernetes-policy.json' ]]
}

@test "refused: the target is mounted noexec" {
    mkdir -p "$node/opt/ocinorm"
    snapshot "$node" >"$BATS_TEST_TMPDIR/before"
    truncate -s 64M "$BATS_TEST_TMPDIR/disk"
    mkfs.ext4 -q "$BATS_TEST_TMPDIR/disk"
    mount -o loop,noexec "$BATS_TEST_TMPDIR/disk" "$node/opt/ocinorm"
    rmdir "$node/opt/ocinorm/lost+found"
    refused "cannot be executed in /opt/ocinorm/bin"
    mount -o remount,exec "$node/opt/ocinorm"
    run -0 on_node base
}

@test "refused: the target, or the policy's place, is read-only" {
    mkdir -p "$node/opt/ocinorm"
    snapshot "$node" >"$BATS_TEST_TMPDIR/before"
    mount -t tmpfs -o ro,mode=755 none "$node/opt/ocinorm"
    refused "is in memory"
    umount "$node/opt/ocinorm"
    mount --bind "$node/opt/ocinorm" "$node/opt/ocinorm"
    mount -o remount,bind,ro "$node/opt/ocinorm"
    refused "cannot write to /opt/ocinorm on the node"
    assert_has "$output" "Read-only file system"
    umount "$node/opt/ocinorm"
    mount --bind "$node/etc" "$node/etc"
    mount -o remount,bind,ro "$node/etc"
    refused "cannot write to /etc on the node"
}

@test "refused: the target is in memory, unless the configuration is as well" {
    mkdir -p "$node/opt/ocinorm"
    snapshot "$node" >"$BATS_TEST_TMPDIR/before"
    mount -t tmpfs -o mode=755 none "$node/opt/ocinorm"
    refused "is in memory, and gone after a restart"
    mount -t tmpfs -o mode=755 none "$node/etc"
    mkdir "$node/etc/containerd"
    echo 'version = 2' >"$node/etc/containerd/config.toml"
    run -0 on_node base
    # The node starts again: nothing of either is there, but what is in /var.
    umount "$node/etc" "$node/opt/ocinorm"
    mount -t tmpfs -o mode=755 none "$node/opt/ocinorm"
    mount -t tmpfs -o mode=755 none "$node/etc"
    mkdir "$node/etc/containerd"
    echo 'version = 2' >"$node/etc/containerd/config.toml"
    run -0 on_node base
    grep -rqF 'BinaryName = "/opt/ocinorm/bin/ocinorm-runtime"' "$node/etc/containerd"
}

@test "refused: the policy is invalid, alone or with what the node has" {
    echo '{"user": {"uid": "me"}}' >"$policy/policy.json"
    refused "the policy would be invalid on this node"
    assert_has "$output" "90-kubernetes-policy.json:1: /user/uid"
    echo '{}' >"$policy/policy.json"
    mkdir -p "$node/etc/ocinorm"
    echo '{"profile": "nowhere"}' >"$node/etc/ocinorm/config.json"
    snapshot "$node" >"$BATS_TEST_TMPDIR/before"
    refused "the policy would be invalid on this node"
}

@test "refused: an absolute link would lead into the installer's own image" {
    mv "$node/opt" "$node/var/opt"
    ln -s /var/opt "$node/opt"
    snapshot "$node" >"$BATS_TEST_TMPDIR/before"
    refused "/opt is a link to /var/opt"
    run -0 on_node base --dir /var/opt/ocinorm
    [[ -x $node/var/opt/ocinorm/ocinorm-runtime ]]
    rm "$node/opt"
    ln -s var/opt "$node/opt"
    run -0 on_node base --dir /opt/other
    [[ -x $node/var/opt/other/ocinorm-runtime ]]
}

@test "refused: the engine's configuration is not understood" {
    echo 'version = ' >"$node/etc/containerd/config.toml"
    snapshot "$node" >"$BATS_TEST_TMPDIR/before"
    refused "containerd on this node cannot be configured"
}

@test "refused: the image is for another machine" {
    cp -r "$BATS_FILE_TMPDIR/image" "$BATS_TEST_TMPDIR/image"
    make_elf arm64 "$BATS_TEST_TMPDIR/image/rootfs/ocinorm/bin/ocinorm"
    make_installer base
    jq --arg rootfs "$BATS_TEST_TMPDIR/image/rootfs" '.root.path = $rootfs' "$bundle/config.json" >"$bundle/new"
    mv "$bundle/new" "$bundle/config.json"
    run -1 runc --root "$state" run --bundle "$bundle" "$id"
    assert_has "$output" "is the image for another machine?"
    assert_unchanged
}

@test "refused: wrong usage" {
    run -2 on_node base --dir relative
    run -2 on_node base --dir '/opt/a b'
    run -2 on_node base --dir '/opt/../etc'
    run -2 on_node base --bogus x
    run -2 on_node base --dir
    assert_unchanged
}

# ---- uninstalling -----------------------------------------------------------------------------

@test "what stands behind -- reaches ocinorm install" {
    run -0 on_node base -- --set-default --runtime-class other
    grep -rqF 'default_runtime_name = "other"' "$node/etc/containerd"
    run -1 on_node base -- --bogus
    run -0 on_node uninstall -- --set-default --runtime-class other
    assert_unchanged
}

@test "the mode behind -- decides which of the programs is registered" {
    # A node's ctr prints the spec that containerd starts from.
    cp "$(command -v busybox)" "$node/bin/sh"
    printf '#!/bin/sh\necho "{}"\n' >"$node/usr/sbin/ctr"
    chmod 0755 "$node/usr/sbin/ctr"
    run -0 on_node base -- --mode hook
    jq -e '.hooks.createRuntime[0].path == "/opt/ocinorm/bin/ocinorm-hook"' "$node/etc/containerd/ocinorm-spec.json"
    run -0 on_node uninstall
    run -0 on_node base -- --mode=hook --mode runtime
    grep -rqF 'BinaryName = "/opt/ocinorm/bin/ocinorm-runtime"' "$node/etc/containerd"
}

@test "uninstall: the node is as it was, byte for byte" {
    on_node base
    run -0 on_node uninstall
    assert_has "$output" "removed"
    assert_unchanged
    run -0 on_node uninstall
    assert_has "$output" "nothing to do"
}

@test "uninstall: programs stay while a configuration names them" {
    on_node base
    printf '[crio.runtime.runtimes.mine]\nruntime_path = "/opt/ocinorm/bin/ocinorm-runtime"\n' |
        install -D /dev/stdin "$node/etc/crio/crio.conf.d/10-mine.conf"
    run -1 on_node uninstall
    assert_has "$output" "still needed by configuration /etc/crio/crio.conf.d/10-mine.conf"
    [[ -x $dir/ocinorm-runtime && -f $node/etc/ocinorm/conf.d/90-kubernetes-policy.json ]]
    run ! grep -rqF ocinorm "$node/etc/containerd"
    rm -r "$node/etc/crio"
    run -0 on_node uninstall
    [[ ! -e $dir ]]
}

@test "uninstall: the handler stays for a running container, the programs until the engine has been restarted" {
    on_node base
    start_containerd
    ctr run --detach --rootfs --cgroup "$cgroups/$id" --runc-binary "$dir/ocinorm-runtime" \
        "$BATS_FILE_TMPDIR/rootfs" sleeper /bin/sleep 1000 3>&-
    sleep 1.1 # files' times are coarse
    run -1 on_node uninstall
    assert_has "$output" "still needed by container sleeper"
    assert_has "$output" "nothing was changed: the handler stays registered"
    grep -rqF 'BinaryName = "/opt/ocinorm/bin/ocinorm-runtime"' "$node/etc/containerd"
    # Which is why: the container can be entered, killed and removed.
    run -0 ctr_says sleeper /bin/id
    assert_has "$output" "uid=2000"
    ctr task delete --force sleeper || true # its exit status is the container's
    ctr container delete sleeper
    run -1 on_node uninstall
    assert_hasnt "$output" "container sleeper"
    assert_has "$output" "still needed by engine /run/containerd/containerd.sock"
    run ! grep -rqF ocinorm "$node/etc/containerd"
    [[ -x $dir/ocinorm-runtime && -f $node/etc/ocinorm/conf.d/90-kubernetes-policy.json ]]
    stop_containerd
    sleep 1.1
    start_containerd
    run -0 on_node uninstall
    [[ ! -e $dir && ! -e $node/etc/ocinorm ]]
}

# A shim's directory, as containerd leaves it for a container of a pod.
make_task() { # ID POD [CONTAINER]
    local task=$node/run/containerd/io.containerd.runtime.v2.task/k8s.io/$1
    mkdir -p "$task"
    echo '{"binary_name":"/opt/ocinorm/bin/ocinorm-runtime"}' >"$task/options.json"
    jq -nc --arg pod "$2" --arg name "${3:-}" '{annotations: ({"io.kubernetes.cri.sandbox-name": $pod,
        "io.kubernetes.cri.sandbox-namespace": "shop"} +
        if $name == "" then {} else {"io.kubernetes.cri.container-name": $name} end)}' >"$task/config.json"
}

@test "uninstall names namespace, pod and container" {
    on_node base
    make_task 0123 cart
    make_task 4567 cart web
    run -1 on_node uninstall
    assert_has "$output" "still needed by container shop/cart/(sandbox)"
    assert_has "$output" "still needed by container shop/cart/web"
    assert_hasnt "$output" "this pod was started"
}

@test "uninstall: the default runtime is unregistered at once, and a pod that waits for itself says so" {
    on_node base -- --set-default
    make_task 0123 runc # the hostname of the installer's container here
    run -1 on_node uninstall
    assert_has "$output" "still needed by container shop/runc/(sandbox)"
    assert_has "$output" "this pod was started through ocinorm itself"
    run ! grep -rqF ocinorm "$node/etc/containerd"
    rm -r "$node/run/containerd/io.containerd.runtime.v2.task"
    run -0 on_node uninstall
    [[ ! -e $dir ]]
}

@test "a restart that failed is tried again until it is done" {
    cp "$(command -v busybox)" "$node/bin/sh"
    printf '#!/bin/sh\n[ "$1" = is-active ] && exit 3\n[ -e /works ] || { echo "no bus" >&2; exit 1; }\n' \
        >"$node/usr/sbin/systemctl"
    chmod 0755 "$node/usr/sbin/systemctl"
    for action in base uninstall; do
        rm -f "$node/works"
        run -2 on_node "$action" -- --restart
        assert_has "$output" "no bus"
        run -2 on_node "$action" -- --restart
        assert_has "$output" "containerd was not restarted the last time: "
        assert_has "${lines[-1]}" "no bus"
        touch "$node/works"
        run -0 on_node "$action" -- --restart
        assert_has "$output" "restarted containerd"
        [[ ! -e $node/run/ocinorm-restart-containerd ]]
    done
    [[ ! -e $dir ]]
}

@test "installing after a removal that waits takes it back" {
    on_node base
    mkdir -p "$node/etc/crio"
    echo '# /opt/ocinorm/bin/ocinorm-runtime' >"$node/etc/crio/crio.conf"
    run -1 on_node uninstall
    [[ -e $dir/unregistered ]]
    run -0 on_node base
    grep -rqF 'BinaryName = "/opt/ocinorm/bin/ocinorm-runtime"' "$node/etc/containerd"
    [[ ! -e $dir/unregistered ]]
}

# ---- the webhook ------------------------------------------------------------------------------

@test "the webhook's manifests are what Kubernetes' schemas demand, and the same each time" {
    local tls=$BATS_TEST_TMPDIR/tls first
    # shellcheck disable=SC2120 # run passes them
    webhook() { "$bin/ocinorm" admission --webhook --service ocinorm-system/ocinorm-webhook "$@"; }
    run -0 webhook --tls "$tls"
    first=$output
    run -0 validate <<<"$first"
    [[ $(grep -c ': valid$' <<<"$output") == 9 ]]
    run -0 webhook --tls "$tls"
    [[ $output == "$first" ]]
    run -0 validate < <(render admission/base)
    assert_has "$output" "ValidatingWebhookConfiguration ocinorm-webhook: valid"
    assert_has "$output" "MutatingWebhookConfiguration ocinorm-webhook: valid"
    # The base is what is printed, without the policy.
    diff <(webhook | to_json | jq 'map(select(.kind != "ConfigMap"))') \
        <(to_json <"$kubernetes/admission/base/webhook.yaml" | jq .)
}

@test "the webhook's manifests: safe by default, and their parts fit each other" {
    "$bin/ocinorm" admission --webhook --service gate/keeper --tls "$BATS_TEST_TMPDIR/tls" | to_json >"$BATS_TEST_TMPDIR/all"
    jq -e 'map({key: .kind, value: .}) | from_entries |
        (.ValidatingWebhookConfiguration, .MutatingWebhookConfiguration | .webhooks[] |
            .failurePolicy == "Ignore" and .timeoutSeconds == 3 and .sideEffects == "None" and
            .matchPolicy == "Equivalent" and (.matchConditions | length) > 0 and
            (has("objectSelector") | not) and .clientConfig.service.name == "keeper" and
            (.namespaceSelector.matchExpressions[0].values | index("kube-system", "gate") != null)),
        (.Deployment.spec | .replicas == 2 and (.template.spec |
            .automountServiceAccountToken == false and .securityContext.runAsNonRoot and
            .containers[0].securityContext.readOnlyRootFilesystem and
            (.topologySpreadConstraints | length) == 2)),
        (.Service.spec.selector as $selector | .Deployment.spec.template.metadata.labels | contains($selector)),
        .Service.spec.ports[0].targetPort == "https",
        .Secret.metadata.name == .Deployment.spec.template.spec.volumes[0].secret.secretName,
        .ConfigMap.metadata.name == .Deployment.spec.template.spec.volumes[1].configMap.name' \
        "$BATS_TEST_TMPDIR/all" | { ! grep -v '^true$'; }
    # The certificate is the Service's, and of the CA that the API server is told.
    jq -r '.[] | select(.kind == "Secret") | .data["tls.crt"] | @base64d' "$BATS_TEST_TMPDIR/all" >"$BATS_TEST_TMPDIR/leaf"
    jq -r '[.[] | select(.kind == "MutatingWebhookConfiguration")][0].webhooks[0].clientConfig.caBundle | @base64d' \
        "$BATS_TEST_TMPDIR/all" >"$BATS_TEST_TMPDIR/ca"
    openssl verify -x509_strict -purpose sslserver -verify_hostname keeper.gate.svc -CAfile "$BATS_TEST_TMPDIR/ca" \
        "$BATS_TEST_TMPDIR/leaf"
    run ! openssl verify -verify_hostname other.gate.svc -CAfile "$BATS_TEST_TMPDIR/ca" "$BATS_TEST_TMPDIR/leaf"
    # The policy that is printed is one.
    jq -r '.[] | select(.kind == "ConfigMap") | .data["config.json"]' "$BATS_TEST_TMPDIR/all" >"$BATS_TEST_TMPDIR/config.json"
    "$bin/ocinorm" config show --config "$BATS_TEST_TMPDIR/config.json" >/dev/null
}

@test "the webhook's options that do not go together, and names that are none" {
    local words
    for words in "--webhook" "--webhook --service web" "--webhook --service Kube/web" "--webhook --service kube-system/web" \
        "--service a/b" "--webhook --service a/b --static" "--webhook --service a/b --format json" \
        "--webhook --service a/b --ca-bundle /nowhere" "--webhook --service a/b --ca-bundle /nowhere --tls /tmp"; do
        # shellcheck disable=SC2086 # words
        run -2 "$bin/ocinorm" admission $words
    done
}

@test "the webhook's image: the program, its libraries, no shell; it runs with nothing to write" {
    local image=$BATS_TEST_TMPDIR/webhook
    bash "$kubernetes/admission/image/image.sh" "$bin" "$image"
    [[ -z $(find "$image/rootfs" -name '*sh') ]]
    "$bin/ocinorm" admission --webhook --service a/b --tls "$BATS_TEST_TMPDIR/tls" >/dev/null
    cp "$BATS_TEST_TMPDIR"/tls/tls.* "$image/rootfs/tls/"
    chmod 0444 "$image/rootfs/tls"/*
    echo '{"version": 1}' >"$image/rootfs/policy/config.json"
    (cd "$BATS_TEST_TMPDIR" && mkdir b && cd b && runc spec)
    jq --arg root "$image/rootfs" --arg cgroup "$cgroups/$id" '.root = {path: $root, readonly: true} |
        .process.terminal = false | .process.user = {uid: 65532, gid: 65532} | .process.noNewPrivileges = true |
        .process.capabilities = {} | .process.args = ["/usr/bin/ocinorm-webhook", "--cert=/tls/tls.crt",
            "--key=/tls/tls.key", "--listen=127.0.0.1:8443", "--config=/policy/config.json"] |
        .linux.cgroupsPath = $cgroup' "$BATS_TEST_TMPDIR/b/config.json" >"$BATS_TEST_TMPDIR/b/new"
    mv "$BATS_TEST_TMPDIR/b/new" "$BATS_TEST_TMPDIR/b/config.json"
    runc --root "$state" run --bundle "$BATS_TEST_TMPDIR/b" "$id" >"$BATS_TEST_TMPDIR/said" 2>&1 3>&- &
    local running=$! i
    for ((i = 0; i < 600; i++)); do
        ! grep -q 'certificate holds' "$BATS_TEST_TMPDIR/said" || break
        sleep 0.1
    done
    runc --root "$state" kill "$id" INT
    wait "$running" || { cat "$BATS_TEST_TMPDIR/said"; return 1; }
    grep -q '"stopped"' "$BATS_TEST_TMPDIR/said"
}
