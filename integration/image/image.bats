#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # jq's variables; bats' subshells; what is loaded
# Images: what `ocinorm explain IMAGE` says, and what then happens to a container of it. Images come from umoci, buildah
# and Podman, through registries of every kind; the container from runc through ocinorm-runtime.
export OCN_LOW=runc
load ../lib.bash
load lab.bash

setup_file() {
    export XDG_CACHE_HOME=$BATS_FILE_TMPDIR/cache
    make_hello "$BATS_FILE_TMPDIR/hello"
    make_base "$BATS_FILE_TMPDIR/layout"
}

setup() {
    layout=$BATS_FILE_TMPDIR/layout
    registries=()
    export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache
}

teardown() {
    local pid
    for pid in "${registries[@]}"; do
        kill "$pid" 2>/dev/null || true
    done
    [[ -z ${id:-} ]] || cleanup
}

# ---- what is foretold is what happens ------------------------------------------------------------

# NAME | what umoci config sets. The program prints what it sees.
images='
no-user         | --config.entrypoint /bin/sh --config.cmd -c --config.cmd "id; env"
user-0          | --config.user 0 --config.entrypoint /bin/sh --config.cmd -c --config.cmd "id; env"
user-root       | --config.user root --config.entrypoint /bin/sh --config.cmd -c --config.cmd "id; env"
user-0-1001     | --config.user 0:1001 --config.entrypoint /bin/sh --config.cmd -c --config.cmd "id; env"
user-00         | --config.user 00 --config.entrypoint /bin/sh --config.cmd -c --config.cmd "id; env"
user-app        | --config.user app --config.entrypoint /bin/sh --config.cmd -c --config.cmd "id; env"
user-app-group  | --config.user app:wheel --config.entrypoint /bin/sh --config.cmd -c --config.cmd "id; env"
user-number     | --config.user 1001 --config.entrypoint /bin/sh --config.cmd -c --config.cmd "id; env"
user-elsewhere  | --config.user 65532 --config.entrypoint /bin/sh --config.cmd -c --config.cmd "id; env"
user-root-group | --config.user 1001:0 --config.entrypoint /bin/sh --config.cmd -c --config.cmd "id; env"
by-path         | --config.entrypoint sh --config.cmd -c --config.cmd "id; env"
by-link         | --config.entrypoint /programs/sh --config.cmd -c --config.cmd "id; env"
by-env          | --config.entrypoint env --config.entrypoint sh --config.cmd -c --config.cmd "id; env"
home-of-root    | --config.env HOME=/root --config.entrypoint /bin/sh --config.cmd -c --config.cmd "id; env"
go-program      | --config.entrypoint /bin/hello
go-maxprocs     | --config.env GOMAXPROCS=7 --config.entrypoint /bin/hello
go-memlimit     | --config.env GOMEMLIMIT=100MiB --config.user 1001:1001 --config.entrypoint /bin/hello
workdir-closed  | --config.workingdir /root --config.entrypoint /bin/sh --config.cmd -c --config.cmd "id; env"
workdir-open    | --config.workingdir /srv --config.entrypoint /bin/sh --config.cmd -c --config.cmd "id; env"
no-program      | --config.entrypoint /bin/none
no-interpreter  | --config.entrypoint /bin/lost
foreign         | --config.entrypoint /bin/foreign
steps-down      | --config.entrypoint /bin/steps-down --config.cmd sh --config.cmd -c --config.cmd "id; env"
launcher        | --config.entrypoint /bin/su-exec --config.cmd app --config.cmd sh
'

# The bundle that umoci unpacks, with the limits that explain was told of.
unpack() { # TAG
    make_bundle
    rm -rf "$bundle"
    umoci unpack --image "$layout:$1" "$bundle"
    edit '.process.terminal = false | .linux.cgroupsPath = $cgroup | .root.readonly = true |
          .linux.resources.cpu = {quota: 150000, period: 100000} | .linux.resources.memory = {limit: 536870912}' \
        --arg cgroup "$cgroup"
    set_policy "$(jq -n --arg profile "$profile" '{profile: $profile}')"
}

# Whether a variable of the container is as foretold; resource attributes know more at a start.
has_variable() { # NAME VALUE OUTPUT
    local part parts
    if [[ $1 != OTEL_RESOURCE_ATTRIBUTES ]]; then
        grep -qxF -- "$1=$2" <<<"$3"
        return
    fi
    IFS=, read -ra parts <<<"$2"
    for part in "${parts[@]}"; do
        grep "^$1=" <<<"$3" | grep -qF -- "$part" || return 1
    done
}

foretell() { # NAME
    local verdict=0
    profile=$1
    image explain "oci:$layout:$2" --as "$profile" --cpus 1.5 --memory 512Mi --format json \
        >"$BATS_TEST_TMPDIR/said.json" || verdict=$?
    ((verdict <= 1))
    said=$(jq '.images[0].profiles[$p]' --arg p "$profile" "$BATS_TEST_TMPDIR/said.json")
}

compare() { # NAME
    local name value uid gid
    unpack "$1"
    run run_wrapped </dev/null
    if [[ $(jq -r .verdict <<<"$said") == deny ]]; then
        [[ $status == 1 ]]
        assert_has "$output" "[$(jq -r '[.findings[] | select(.level == "deny")][0].rule' <<<"$said")]"
        return
    fi
    [[ $status == 0 ]] || { echo "$1: foretold to start: $output" && return 1; }
    uid=$(jq -r --argjson s "$said" '([$s.edits[] | select(.path == "/process/user/uid") | .to] + [.images[0].user.uid])[0]' \
        "$BATS_TEST_TMPDIR/said.json")
    gid=$(jq -r --argjson s "$said" '([$s.edits[] | select(.path == "/process/user/gid") | .to] + [.images[0].user.gid])[0]' \
        "$BATS_TEST_TMPDIR/said.json")
    [[ $output =~ uid=${uid}[^0-9].*gid=${gid}([^0-9]|$) ]] || { echo "$1: foretold $uid:$gid: $output" && return 1; }
    while IFS=$'\t' read -r name value; do
        has_variable "$name" "$value" "$output" || { echo "$1: foretold $name=$value: $output" && return 1; }
    done < <(jq -r '.edits[] | select(.path | startswith("/process/env/")) | [(.path | sub("/process/env/"; "")), .to] | @tsv' \
        <<<"$said")
}

@test "of 24 images, what explain says is what the container shows" {
    local name options profiles=(aws-eks aws-ecs azure-aks bare-metal) count=0 words
    while IFS='|' read -r name options; do
        name=${name// /}
        [[ -n $name ]] || continue
        eval "words=($options)"
        umoci config --image "$layout:base" --tag "$name" "${words[@]}"
        foretell "${profiles[count % 4]}" "$name"
        compare "$name"
        cleanup || true
        rm -rf "$bundle" "$state"
        count=$((count + 1))
    done <<<"$images"
    ((count == 24))
}

@test "a user that is not in the image is foretold, and umoci does not unpack it either" {
    umoci config --image "$layout:base" --tag nobody --config.user nosuch --config.entrypoint /bin/sh
    run -1 image explain "oci:$layout:nobody"
    assert_has "$output" 'no user "nosuch"'
    run ! umoci unpack --image "$layout:nobody" "$BATS_TEST_TMPDIR/nobody"
}

# ---- the same image from every tool --------------------------------------------------------------

essence() { # INPUT
    image explain "$1" --as aws-eks,azure-aks --cpus 2 --memory 1Gi --format json |
        jq -S '.images[] | {user: {uid: .user.uid, gid: .user.gid}, profiles: (.profiles | map_values({verdict,
            entry: .facts.entry, edits: [.edits[] | {path, to}], findings: [.findings[] | {rule, level}]}))}'
}

# buildah and Podman with storage of our own, and no namespaces but those that they need.
own_storage() {
    export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot CONTAINERS_STORAGE_CONF=$BATS_TEST_TMPDIR/storage.conf
    printf '[storage]\ndriver = "vfs"\ngraphroot = "%s"\nrunroot = "%s"\n' "$BATS_TEST_TMPDIR/graph" \
        "$BATS_TEST_TMPDIR/run" >"$CONTAINERS_STORAGE_CONF"
    mkdir -p "$BATS_TEST_TMPDIR/context"
    cp -a "$BATS_FILE_TMPDIR/tree" "$BATS_TEST_TMPDIR/context/tree"
    cp "$BATS_FILE_TMPDIR/hello" "$BATS_TEST_TMPDIR/context/"
    cat >"$BATS_TEST_TMPDIR/context/Containerfile" <<'FILE'
FROM scratch
COPY tree /
COPY hello /bin/hello
ENV PATH=/bin
ENTRYPOINT ["/bin/hello"]
FILE
}

@test "buildah, umoci and podman build make images of the same verdicts" {
    own_storage
    umoci config --image "$layout:base" --tag plain --clear config.env --config.env PATH=/bin \
        --config.entrypoint /bin/hello
    essence "oci:$layout:plain" >"$BATS_TEST_TMPDIR/umoci.json"
    buildah bud --quiet --tag by-buildah "$BATS_TEST_TMPDIR/context"
    buildah push --quiet by-buildah "oci:$BATS_TEST_TMPDIR/by-buildah:1"
    buildah push --quiet by-buildah "docker-archive:$BATS_TEST_TMPDIR/by-buildah.tar:shop/web:1"
    podman build --quiet --tag by-podman "$BATS_TEST_TMPDIR/context"
    podman save --quiet --format oci-archive --output "$BATS_TEST_TMPDIR/by-podman.tar" by-podman
    essence "oci:$BATS_TEST_TMPDIR/by-buildah:1" | diff "$BATS_TEST_TMPDIR/umoci.json" -
    essence "docker-archive:$BATS_TEST_TMPDIR/by-buildah.tar:shop/web:1" | diff "$BATS_TEST_TMPDIR/umoci.json" -
    essence "oci-archive:$BATS_TEST_TMPDIR/by-podman.tar" | diff "$BATS_TEST_TMPDIR/umoci.json" -
    # Compressed as a whole, as `docker save | gzip` makes it.
    gzip -k "$BATS_TEST_TMPDIR/by-buildah.tar"
    essence "docker-archive:$BATS_TEST_TMPDIR/by-buildah.tar.gz" | diff "$BATS_TEST_TMPDIR/umoci.json" -
    # And where they lie, through skopeo.
    essence containers-storage:localhost/by-podman:latest | diff "$BATS_TEST_TMPDIR/umoci.json" -
}

# ---- registries ------------------------------------------------------------------------------------

# The layers in the cache with inode and time: skopeo writes manifests anew, and leaves these.
cached_layers() {
    local blob
    for blob in "$XDG_CACHE_HOME"/ocinorm/blobs/sha256/*; do
        [[ $(head -c 2 "$blob" | od -An -tx1) != *'1f 8b'* ]] || stat -c '%i %y %n' "$blob"
    done
}

@test "docker:// from a registry: plain, with a password, with TLS; the second look copies no layer" {
    local samples=$root/tests/fixtures/images certs=$BATS_TEST_TMPDIR/certs
    essence "oci:$samples/buildah-multi-index" >"$BATS_TEST_TMPDIR/layout.json"
    export HOME=$BATS_TEST_TMPDIR/home REGISTRY_AUTH_FILE=$BATS_TEST_TMPDIR/auth.json
    mkdir -p "$HOME/.config/containers" "$certs"

    # Plain http is skopeo's to allow: registries.conf.
    start_registry plain 'http: {addr: "@"}'
    printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$registry" >"$HOME/.config/containers/registries.conf"
    skopeo copy --quiet --all --dest-tls-verify=false "oci:$samples/buildah-multi-index" "docker://$registry/shop/app:1"
    essence "docker://$registry/shop/app:1" | diff "$BATS_TEST_TMPDIR/layout.json" -
    cached_layers >"$BATS_TEST_TMPDIR/blobs"
    essence "docker://$registry/shop/app:1" | diff "$BATS_TEST_TMPDIR/layout.json" -
    cached_layers | diff "$BATS_TEST_TMPDIR/blobs" -
    (($(wc -l <"$BATS_TEST_TMPDIR/blobs") == 2))

    htpasswd -Bbn me secret >"$BATS_TEST_TMPDIR/htpasswd"
    start_registry basic "http: {addr: \"@\"}
auth: {htpasswd: {realm: r, path: $BATS_TEST_TMPDIR/htpasswd}}"
    printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$registry" >>"$HOME/.config/containers/registries.conf"
    run -2 image explain "docker://$registry/shop/app:1"
    skopeo login --tls-verify=false --username me --password secret "$registry"
    skopeo copy --quiet --all --dest-tls-verify=false "oci:$samples/buildah-multi-index" "docker://$registry/shop/app:1"
    essence "docker://$registry/shop/app:1" | diff "$BATS_TEST_TMPDIR/layout.json" -

    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 \
        -keyout "$certs/key" -out "$certs/cert" 2>/dev/null
    start_registry tls "http: {addr: \"@\", tls: {certificate: $certs/cert, key: $certs/key}}"
    run -2 image explain "docker://$registry/shop/app:1"
    assert_has "$output" certificate
    mkdir -p "$HOME/.config/containers/certs.d/$registry"
    cp "$certs/cert" "$HOME/.config/containers/certs.d/$registry/ca.crt"
    skopeo copy --quiet --all "oci:$samples/buildah-multi-index" "docker://$registry/shop/app:1"
    essence "docker://$registry/shop/app:1" | diff "$BATS_TEST_TMPDIR/layout.json" -

    run -2 image explain "docker://$registry/shop/none:1"
    assert_has "$output" 'skopeo:'
}

@test "without skopeo a registry's image is refused with the package's name" {
    mkdir -p "$BATS_TEST_TMPDIR/empty"
    PATH=$BATS_TEST_TMPDIR/empty run -2 "$bin/ocinorm-image" explain docker://example.com/x:1
    assert_has "$output" 'needs skopeo'
}

@test "without ocinorm-image its package is named" {
    mkdir -p "$BATS_TEST_TMPDIR/alone"
    cp "$bin/ocinorm" "$BATS_TEST_TMPDIR/alone/"
    if [[ -e /usr/libexec/ocinorm/ocinorm-image ]]; then
        mount --bind /dev/null /usr/libexec/ocinorm/ocinorm-image
    fi
    run -2 "$BATS_TEST_TMPDIR/alone/ocinorm" lint x
    assert_has "$output" 'package ocinorm-image'
}
