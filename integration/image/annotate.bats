#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # jq's variables; bats' subshells; what is loaded
# `ocinorm annotate` from a registry and back to one: the digest that was said is the digest that is served.
load ../lib.bash
load lab.bash

setup_file() {
    make_hello "$BATS_FILE_TMPDIR/hello"
    make_base "$BATS_FILE_TMPDIR/layout"
    umoci config --image "$BATS_FILE_TMPDIR/layout:base" --tag 1 --config.entrypoint /bin/hello --config.user 1001:1001
}

setup() {
    layout=$BATS_FILE_TMPDIR/layout
    registries=()
    export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache HOME=$BATS_TEST_TMPDIR/home
    mkdir -p "$HOME/.config/containers"
    start_registry plain 'http: {addr: "@"}'
    printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$registry" >"$HOME/.config/containers/registries.conf"
    cd -- "$BATS_TEST_TMPDIR" || return
}

teardown() {
    local pid
    for pid in "${registries[@]}"; do
        kill "$pid" 2>/dev/null || true
    done
}

digest_of() { skopeo inspect --raw "docker://$registry/$1" | sha256sum | sed 's/^/sha256:/; s/ .*//'; } # NAME

@test "the two lines: from a registry, annotated, back to it, by the same digest; a second time nothing changes" {
    skopeo copy --quiet "oci:$layout:1" "docker://$registry/shop/web:1"
    run -0 --separate-stderr image annotate "docker://$registry/shop/web:1" --output oci:web:1 --derive --labels \
        --set org.opencontainers.image.version=1.0 --format json
    to=$(jq -r .to <<<"$output")
    [[ $(jq -r '.from' <<<"$output") == "$(digest_of shop/web:1)" ]]
    [[ $(jq -r '[.changed[] | select(.in == "manifest") | .key] | join(" ")' <<<"$output") == \
        "golang.org/build-id golang.org/module golang.org/version org.opencontainers.image.source org.opencontainers.image.version" ]]
    skopeo copy --quiet --all oci:web:1 "docker://$registry/shop/web:2"
    [[ $(digest_of shop/web:2) == "$to" ]]
    [[ $(skopeo inspect "docker://$registry/shop/web:2" | jq -r '.Labels["golang.org/module"]') == example.com/hello ]]
    # What was served is what diff finds, and nothing else.
    run -1 --separate-stderr image diff "docker://$registry/shop/web:1" "docker://$registry/shop/web:2" --format json
    [[ $(jq -c '[.differences[].level] | unique - ["annotations", "config"]' <<<"$output") == '[]' ]]
    run -0 --separate-stderr image annotate "docker://$registry/shop/web:2" --output oci:again:1 --derive --labels \
        --set org.opencontainers.image.version=1.0 --format json
    [[ $(jq -c '[.changed, .from, .to]' <<<"$output") == "[[],\"$to\",\"$to\"]" ]]
    # No name of our cache is left in it.
    [[ $(jq -c '[.manifests[].annotations]' again/index.json) == '[{"org.opencontainers.image.ref.name":"1"}]' ]]
}

@test "several platforms, Docker's manifests in the registry: OCI's come back, and every platform has them" {
    local samples=$root/tests/fixtures/images
    skopeo copy --quiet --all --format v2s2 "oci:$samples/buildah-multi-index" "docker://$registry/shop/multi:1"
    run -0 --separate-stderr image annotate "docker://$registry/shop/multi:1" --output oci:multi:2 \
        --set org.opencontainers.image.source=https://example.com/x --format json
    to=$(jq -r .to <<<"$output")
    skopeo copy --quiet --all oci:multi:2 "docker://$registry/shop/multi:2"
    [[ $(digest_of shop/multi:2) == "$to" ]]
    [[ $(skopeo inspect --raw "docker://$registry/shop/multi:2" |
        jq -c '[.mediaType, (.manifests[] | .annotations["org.opencontainers.image.source"])]') == \
        '["application/vnd.oci.image.index.v1+json","https://example.com/x","https://example.com/x"]' ]]
    [[ $(skopeo inspect --raw "docker://$registry/shop/multi:2") != *vnd.docker* ]]
}

@test "the annotated image runs as the one before" {
    run -0 image annotate "oci:$layout:1" --output oci:web:1 --derive --set a=1 --labels
    umoci unpack --image web:1 bundle
    [[ $(jq -r '.annotations["golang.org/module"]' bundle/config.json) == example.com/hello ]]
    cmp bundle/rootfs/bin/hello "$BATS_FILE_TMPDIR/hello"
    run -0 bundle/rootfs/bin/hello
}
