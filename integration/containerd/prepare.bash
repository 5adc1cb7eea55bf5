# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # OCN_FILES is set by engines.bash
# CRI's protocol as $OCN_FILES/cri.pb, a set of descriptors. Debian 12 has no package with it; the
# next release's is only text.

prepare_protocol() { # DIRECTORY
    local apt_dir=$1/apt gogo=/usr/share/gocode/src
    private_apt_init trixie "$(dpkg --print-architecture)"
    (cd "$apt_dir" && private_apt download golang-github-kubernetes-cri-api-dev && dpkg -x ./*.deb x)
    cp "$apt_dir"/x/usr/share/gocode/src/k8s.io/cri-api/pkg/apis/runtime/v1/api.proto "$1/cri.proto"
    /usr/bin/python3 -m grpc_tools.protoc "-I$1" "-I$gogo" --include_imports \
        "--descriptor_set_out=$1/cri.pb" "$1/cri.proto"
    mv "$1/cri.pb" "$OCN_FILES/cri.pb"
    rm -rf "$1"
}

mkdir -p "$OCN_FILES"
[[ -e $OCN_FILES/cri.pb ]] || prepare_protocol "$(mktemp -d "$OCN_FILES/protocol.XXXX")"
