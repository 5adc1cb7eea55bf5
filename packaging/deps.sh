#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Installs what is missing, and nothing else: packaging/deps.sh [build|musl|test|demo|fuzz|engines|package ...] (default: build)
# Works on Debian and Ubuntu (apt) and Fedora (dnf), as root. Does nothing where all is there.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

# One row per need: what it is for | how to see that it is there | apt packages | dnf packages.
# cmd:NAME is a program, static:NAME one that needs no library, file:GLOB[:GLOB] a file that a
# package puts somewhere (one match will do).
needs='
build | cmd:gcc                                | gcc libc6-dev             | gcc glibc-devel
build | cmd:cmake                              | cmake                     | cmake
build | cmd:ninja                              | ninja-build               | ninja-build
build | cmd:pkg-config                         | pkg-config                | pkgconf-pkg-config
build | file:/usr/include/jansson.h            | libjansson-dev            | jansson-devel
build | file:/usr/include/seccomp.h            | libseccomp-dev            | libseccomp-devel
build | file:/usr/include/sys/capability.h     | libcap-dev                | libcap-devel
build | file:/usr/include/archive.h            | libarchive-dev            | libarchive-devel
build | file:/usr/include/openssl/evp.h        | libssl-dev                | openssl-devel
build | file:/usr/include/yaml.h               | libyaml-dev               | libyaml-devel
build | file:/usr/include/microhttpd.h         | libmicrohttpd-dev         | libmicrohttpd-devel
build | file:/usr/include/gnutls/gnutls.h      | libgnutls28-dev           | gnutls-devel
build | file:/usr/lib*/libc.a:/usr/lib/*/libc.a             | libc6-dev      | glibc-static
build | file:/usr/lib*/libjansson.a:/usr/lib/*/libjansson.a | libjansson-dev | jansson-static
build | file:/usr/lib*/libcap.a:/usr/lib/*/libcap.a         | libcap-dev     | libcap-static
test  | file:/usr/include/check.h              | check                     | check-devel
musl  | cmd:musl-gcc                           | musl-tools                | musl-gcc musl-libc-static
test  | cmd:clang                              | clang                     | clang
test  | cmd:clang-tidy                         | clang-tidy                | clang-tools-extra
test  | cmd:clang-format                       | clang-format              | clang-tools-extra
test  | cmd:cppcheck                           | cppcheck                  | cppcheck
test  | cmd:shellcheck                         | shellcheck                | ShellCheck
test  | cmd:bats                               | bats                      | bats
test  | cmd:curl                               | curl                      | curl
test  | cmd:jq                                 | jq                        | jq
test  | cmd:file                               | file                      | file
test  | cmd:strace                             | strace                    | strace
test  | cmd:valgrind                           | valgrind                  | valgrind
test  | cmd:python3                            | python3                   | python3
test  | cmd:nm                                 | binutils                  | binutils
test  | cmd:setpriv                            | util-linux                | util-linux
test  | cmd:setcap                             | libcap2-bin               | libcap
test  | cmd:script                             | bsdutils bsdextrautils    | util-linux-script
test  | cmd:crun                               | crun                      | crun
test  | cmd:containerd                         | containerd                | containerd
test  | cmd:podman                             | podman                    | podman
test  | cmd:conmon                             | conmon                    | conmon
test  | cmd:newuidmap                          | uidmap                    | shadow-utils
test  | file:/usr/libexec/podman/catatonit:/usr/libexec/catatonit/catatonit | catatonit | catatonit
test  | cmd:dockerd                            | docker.io                 | moby-engine
test  | cmd:ip                                 | iproute2                  | iproute
test  | cmd:npm                                | npm                       | nodejs-npm
test  | cmd:git                                | git                       | git
test  | cmd:pre-commit                         | pre-commit                | pre-commit
test  | file:/usr/lib/python3/dist-packages/yaml:/usr/lib*/python3*/site-packages/yaml | python3-yaml | python3-pyyaml
test  | cmd:mkfs.ext4                          | e2fsprogs                 | e2fsprogs
test  | cmd:mandoc                             | mandoc                    | mandoc
test  | cmd:man                                | man-db groff              | man-db groff
test  | cmd:zsh                                | zsh                       | zsh
test  | cmd:fish                               | fish                      | fish
test  | cmd:pkill                              | procps                    | procps-ng
test  | file:/usr/bin/python3                  | python3                   | python3
test  | file:/usr/lib/python3/dist-packages/jsonschema:/usr/lib*/python3*/site-packages/jsonschema | python3-jsonschema | python3-jsonschema
test  | file:/usr/lib/cni/bridge:/usr/libexec/cni/bridge | containernetworking-plugins | containernetworking-plugins
test  | file:/usr/lib/python3/dist-packages/grpc:/usr/lib*/python3*/site-packages/grpc | python3-grpcio | python3-grpcio
test  | file:/usr/lib/python3/dist-packages/grpc_tools:/usr/lib*/python3*/site-packages/grpc_tools | python3-grpc-tools | python3-grpcio-tools
test  | file:/usr/share/gocode/src/github.com/gogo/protobuf/gogoproto/gogo.proto | golang-github-gogo-protobuf-dev | golang-github-gogo-protobuf-devel
test  | cmd:skopeo                             | skopeo                    | skopeo
test  | cmd:umoci                              | umoci                     | umoci
test  | cmd:buildah                            | buildah                   | buildah
test  | cmd:docker-registry                    | docker-registry           | docker-distribution
test  | cmd:htpasswd                           | apache2-utils             | httpd-tools
test  | cmd:openssl                            | openssl                   | openssl
test  | cmd:zstd                               | zstd                      | zstd
fuzz  | cmd:clang                              | clang                     | clang
fuzz  | file:/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer*:/usr/lib/clang/*/lib/*/libclang_rt.fuzzer* | libclang-rt-dev | compiler-rt
live  | cmd:runc                               | runc                      | runc
live  | static:busybox                         | busybox-static            | busybox
live  | cmd:jq                                 | jq                        | jq
test  | cmd:go                                 | golang-go                 | golang
demo  | cmd:go                                 | golang-go                 | golang
engines | cmd:debootstrap                      | debootstrap               | debootstrap
package | file:/usr/include/check.h            | check                     | check-devel
package | cmd:git                              | git                       | git
package | cmd:jq                               | jq                        | jq
package | cmd:xz                               | xz-utils                  | xz
package | file:/usr/share/build-essential:/usr/lib/rpm/redhat | build-essential | redhat-rpm-config
package | cmd:dpkg-buildpackage                | dpkg-dev                  | dpkg-dev
package | cmd:dh                               | debhelper                 | debhelper
package | cmd:lintian                          | lintian                   | lintian
package | cmd:blhc                             | blhc                      | blhc
package | cmd:autopkgtest                      | autopkgtest               | autopkgtest
package | cmd:rpmbuild                         | rpm                       | rpm-build
package | cmd:rpmlint                          | rpmlint                   | rpmlint
package | cmd:faketime                         | faketime                  | libfaketime
package | cmd:diffoscope                       | diffoscope-minimal        | diffoscope
'

# A stage stands for its rows and those of the stages behind it.
stages='
build : build
musl  : musl build
test  : test live musl build
demo  : demo live build
fuzz  : fuzz build
engines : engines test live musl build
package : package live musl build
'

is_there() { # one "how to see" of the table
    local match pattern patterns
    case $1 in
        cmd:*)
            command -v "${1#cmd:}" >/dev/null
            ;;
        static:*)
            match=$(command -v "${1#static:}") && ! ldd "$match" >/dev/null 2>&1
            ;;
        file:*)
            IFS=: read -ra patterns <<<"${1#file:}"
            for pattern in "${patterns[@]}"; do
                for match in $pattern; do
                    [[ -e $match ]] && return 0
                done
            done
            return 1
            ;;
    esac
}

# Prints the packages of @1 (a stage) that are missing, in column @2 of the table.
missing_packages() {
    local of row need_stage check apt dnf
    of=$(sed -n "s/^$1 *: *//p" <<<"$stages")
    if [[ -z $of ]]; then
        echo "deps.sh: no such stage: $1; use build, musl, test, demo, fuzz, engines or package" >&2
        return 2
    fi
    while IFS='|' read -r need_stage check apt dnf; do
        read -r need_stage <<<"$need_stage"
        read -r check <<<"$check"
        if [[ " $of " != *" $need_stage "* ]] || is_there "$check"; then
            continue
        fi
        row=$apt
        [[ $2 == dnf ]] && row=$dnf
        tr ' ' '\n' <<<"$row"
    done < <(sed '/^$/d' <<<"$needs")
}

main() {
    local manager stage packages='' list
    manager=$(command -v apt-get >/dev/null && echo apt || echo dnf)
    for stage in "${@:-build}"; do
        list=$(missing_packages "$stage" "$manager")
        packages+=$'\n'$list
    done
    mapfile -t packages < <(sort -u <<<"$packages" | sed '/^$/d')
    if ((${#packages[@]} == 0)); then
        return 0
    fi
    echo "deps.sh: installing ${packages[*]}"
    if ((EUID != 0)); then
        echo "deps.sh: this needs root; as root, run: $0 $*" >&2
        return 1
    fi
    case $manager in
        apt)
            export DEBIAN_FRONTEND=noninteractive
            apt-get update -qq
            apt-get install -y --no-install-recommends "${packages[@]}"
            ;;
        dnf)
            dnf install -y "${packages[@]}"
            ;;
    esac
}

main "$@"
