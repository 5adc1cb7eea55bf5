#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # jq's variables; bats' subshells; what is loaded
# `ocinorm diff` between two registries: what is the same, what differs, and how little is fetched for that.
load ../lib.bash
load lab.bash

setup_file() {
    make_hello "$BATS_FILE_TMPDIR/hello"
    make_base "$BATS_FILE_TMPDIR/layout"
    umoci config --image "$BATS_FILE_TMPDIR/layout:base" --tag 1 --config.entrypoint /bin/hello --config.user app:app
}

setup() {
    layout=$BATS_FILE_TMPDIR/layout
    samples=$root/tests/fixtures/images
    registries=()
    export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache HOME=$BATS_TEST_TMPDIR/home
    mkdir -p "$HOME/.config/containers"
    start_registry one 'http: {addr: "@"}'
    one=$registry
    start_registry two 'http: {addr: "@"}'
    two=$registry
    printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$one" "$two" >"$HOME/.config/containers/registries.conf"
    cp -r "$layout" "$BATS_TEST_TMPDIR/layout"
    layout=$BATS_TEST_TMPDIR/layout
}

teardown() {
    local pid
    for pid in "${registries[@]}"; do
        kill "$pid" 2>/dev/null || true
    done
}

push() { # INPUT REGISTRY NAME
    skopeo copy --quiet --all "$1" "docker://$2/$3"
}

# What was fetched that is no JSON: layers.
fetched_layers() {
    local blob
    for blob in "$XDG_CACHE_HOME"/ocinorm/blobs/sha256/*; do
        [[ $(head -c 1 "$blob") == '{' ]] || echo "$blob"
    done
}

differences() { # jq's words about one
    jq -c "[.differences[] | $1]" <<<"$output"
}

@test "the same push is one and the same, and no layer is fetched to say so" {
    push "oci:$samples/buildah-multi-index" "$one" shop/web:1
    push "oci:$samples/buildah-multi-index" "$two" other/name:2
    run -0 image diff "docker://$one/shop/web:1" "docker://$two/other/name:2"
    assert_has "$output" 'one and the same'
    [[ -z $(fetched_layers) ]]
    run -0 image diff "oci:$samples/buildah-multi-index" "docker://$two/other/name:2"
    assert_has "$output" 'one and the same'
    run -0 image diff "docker://$one/shop/web:1" "docker://$one/shop/web@$(jq -r '.manifests[0].digest' "$samples/buildah-multi-index/index.json")"
}

@test "another push differs, by pointer and both values, and no layer is fetched to say so" {
    push "oci:$layout:1" "$one" web:1
    umoci config --image "$layout:1" --tag 2 --config.user 0 --config.env GREETING=bye --config.label a/b=c
    push "oci:$layout:2" "$two" web:1
    run -1 image diff --format json "docker://$one/web:1" "docker://$two/web:1"
    [[ $(differences 'select(.path == "/config/User") | [.level, .platform, .a, .b]') == '[["config","linux/amd64","app:app","0"]]' ]]
    [[ $(differences 'select(.path == "/config/Env/GREETING") | [.a, .b]') == '[["hello","bye"]]' ]]
    [[ $(differences 'select(.path == "/config/Labels/a~1b") | [.a, .b]') == '[[null,"c"]]' ]]
    [[ $(differences 'select(.level == "layers")') == '[]' ]]
    [[ -z $(fetched_layers) ]]
    run -0 image diff --ignore user,labels,history --ignore /config/Env "docker://$one/web:1" "docker://$two/web:1"
    assert_has "$output" 'ignored: '
}

@test "a platform that one registry lacks, and an annotation that one has" {
    push "oci:$samples/buildah-multi-index" "$one" web:1
    skopeo copy --quiet --override-arch amd64 "docker://$one/web:1" "docker://$two/web:1"
    run -1 image diff --format json "docker://$one/web:1" "docker://$two/web:1"
    [[ $(differences '[.level, .platform, .path, .b]') == '[["index","linux/arm64/v8","/manifests/1",null]]' ]]
    run -0 image diff --platform linux/amd64 "docker://$one/web:1" "docker://$two/web:1"
    run -1 image diff --platform linux/arm64 "docker://$one/web:1" "docker://$two/web:1"
    run -2 image diff --platform linux/s390x "docker://$one/web:1" "docker://$two/web:1"

    push "oci:$layout:1" "$one" app:1
    umoci config --image "$layout:1" --tag 2 --no-history --manifest.annotation com.example.team=shop
    push "oci:$layout:2" "$two" app:1
    run -1 image diff --format json "docker://$one/app:1" "docker://$two/app:1"
    [[ $(differences '[.level, .path, .a, .b]') == '[["annotations","/annotations/com.example.team",null,"shop"]]' ]]
    [[ $(jq -r '.images[0].same' <<<"$output") == config ]]
    [[ -z $(fetched_layers) ]]
}

@test "the same image as OCI, as Docker's, compressed otherwise: the same in meaning, but not exactly" {
    push "oci:$layout:1" "$one" web:1
    skopeo copy --quiet --dest-compress-format zstd --dest-compress "oci:$layout:1" "docker://$two/web:zstd"
    skopeo copy --quiet --format v2s2 "oci:$layout:1" "docker://$two/web:docker"
    local tag
    for tag in zstd docker; do
        run -0 image diff "docker://$one/web:1" "docker://$two/web:$tag"
        assert_has "$output" 'the same in meaning'
        run -1 image diff --exact "docker://$one/web:1" "docker://$two/web:$tag"
        run -0 image diff --layers --as aws-eks "docker://$one/web:1" "docker://$two/web:$tag"
    done
}

# The bytes of the object that a digest names, in a registry's own files.
stored() { # NAME DIGEST
    echo "$BATS_TEST_TMPDIR/$1/data/docker/registry/v2/blobs/sha256/${2:7:2}/${2:7}/data"
}

@test "a registry that serves something else as a digest is found out" {
    push "oci:$samples/buildah-multi-index" "$one" web:1
    push "oci:$samples/buildah-multi-index" "$two" web:1
    local index manifest config
    index=$(skopeo inspect --raw "docker://$two/web:1")
    manifest=$(jq -r '.manifests[0].digest' <<<"$index")
    config=$(jq -r '.config.digest' "$(stored two "$manifest")")

    cp "$(stored two "$config")" "$BATS_TEST_TMPDIR/config"
    sed -i 's/"User":"app:1001"/"User":"root"/' "$(stored two "$config")"
    run ! cmp -s "$(stored two "$config")" "$BATS_TEST_TMPDIR/config"
    run -2 image diff "oci:$layout:1" "docker://$two/web:1"
    assert_has "$output" "$config"
    cp "$BATS_TEST_TMPDIR/config" "$(stored two "$config")"

    sed -i 's/"schemaVersion": *2/"schemaVersion":2 /' "$(stored two "$manifest")"
    run -2 image diff "oci:$layout:1" "docker://$two/web:1"
    assert_has "$output" "$manifest"
    # What lies in the cache is what its name says, so one and the same is still said of what one has.
    run -0 image diff "docker://$one/web:1" "oci:$samples/buildah-multi-index"
}

@test "files that differ are listed with mode, owner, size and digest; a layer that both have is not read" {
    local work=$BATS_TEST_TMPDIR/work
    umoci unpack --image "$layout:1" "$work"
    printf 'changed\n' >"$work/rootfs/etc/motd"
    chmod 600 "$work/rootfs/bin/lost"
    chown 1001:0 "$work/rootfs/data"
    rm "$work/rootfs/programs"
    ln -s /bin/hello "$work/rootfs/new"
    umoci repack --image "$layout:2" "$work"
    push "oci:$layout:1" "$one" web:1
    push "oci:$layout:2" "$two" web:1
    run -1 image diff --layers --history --format json "docker://$one/web:1" "docker://$two/web:1"
    [[ $(differences 'select(.level == "layers" and .path == "/bin/lost") | [.a.mode, .b.mode, .a.digest == .b.digest]') == '[["0755","0600",true]]' ]]
    [[ $(differences 'select(.level == "layers" and .path == "/data") | [.a.uid, .b.uid]') == '[[0,1001]]' ]]
    [[ $(differences 'select(.level == "layers" and .path == "/new") | [.a, .b.type, .b.link]') == '[[null,"link","/bin/hello"]]' ]]
    [[ $(differences 'select(.level == "layers" and .path == "/programs") | [.a.type, .b]') == '[["link",null]]' ]]
    [[ $(differences 'select(.path == "/etc/motd") | .b.digest') == "[\"sha256:$(sha256sum "$work/rootfs/etc/motd" | cut -d' ' -f1)\"]" ]]
    run -1 image diff --layers "docker://$one/web:1" "docker://$two/web:1"
    assert_has "$output" '/bin/lost: file 0755'
    run -1 image diff --layers --format unified "docker://$one/web:1" "docker://$two/web:1"
    assert_has "$output" '@@ linux/amd64 layers /new @@'
}

@test "what becomes of the difference on a node" {
    umoci config --image "$layout:1" --tag 2 --config.user 65532 --config.env GOMAXPROCS=7
    umoci config --image "$layout:1" --tag 3 --config.user 0
    push "oci:$layout:2" "$one" web:1
    push "oci:$layout:3" "$two" web:1
    run -1 image diff --as aws-eks --cpus 1.5 --memory 512Mi --format json "docker://$one/web:1" "docker://$two/web:1"
    [[ $(differences 'select(.path == "/process/user/uid") | [.level, .profile, .a, .b]') == '[["outcome","aws-eks",65532,1001]]' ]]
    [[ $(differences 'select(.path == "/process/env/GOMAXPROCS" and .level == "outcome") | [.a, .b]') == '[["7","2"]]' ]]
    jq -e '.images[0].outcomes[0].same | index("/process/env/GOMEMLIMIT")' <<<"$output"
    run -1 image diff --as aws-eks --cpus 1.5 --memory 512Mi "docker://$one/web:1" "docker://$two/web:1"
    assert_has "$output" 'outcome     aws-eks /process/user/uid: 65532 -> 1001'
}

@test "the Go program: version, module and settings differ" {
    local work=$BATS_TEST_TMPDIR/go
    mkdir -p "$work"
    printf 'package main\n\nfunc main() { println("other") }\n' >"$work/main.go"
    printf 'module example.com/other\n\ngo 1.19\n' >"$work/go.mod"
    (cd "$work" && CGO_ENABLED=0 GOAMD64=v2 GOFLAGS=-buildvcs=false GOCACHE=$work/cache go build -ldflags '-X main.a=secret' -o app .)
    umoci insert --image "$layout:1" --tag 2 "$work/app" /bin/hello
    run -1 image diff --format json "oci:$layout:1" "oci:$layout:2"
    [[ $(differences 'select(.path == "/go/module") | [.level, .a, .b]') == '[["program","example.com/hello","example.com/other"]]' ]]
    [[ $(differences 'select(.path == "/go/settings/GOAMD64") | [.a, .b]') == '[["v1","v2"]]' ]]
    [[ $(differences 'select(.path == "/go/settings/-ldflags") | .b') == *'not shown'* ]]
    [[ $output != *secret\"* ]]
    # A registry's is not looked into unless somebody asks.
    push "oci:$layout:1" "$one" web:1
    push "oci:$layout:2" "$two" web:1
    run -1 image diff "docker://$one/web:1" "docker://$two/web:1"
    assert_has "$output" 'not compared: the program'
}

@test "what is not there, and a registry that is not: exit 2 with the reason" {
    run -2 image diff "docker://$one/none:1" "oci:$layout:1"
    assert_has "$output" 'skopeo:'
    run -2 image diff "oci:$layout:1" "oci:$BATS_TEST_TMPDIR/none"
    run -2 image diff "oci:$layout:1" docker://127.0.0.1:1/none:1
    run -2 image diff "oci:$layout:1"
}
