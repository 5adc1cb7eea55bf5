#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The packages of what is committed, built, looked at and used: packaging/test.sh DIRECTORY [STEP...],
# as root. Everything is kept in DIRECTORY; without a step, all of them in order: test.sh --list names them.
set -euo pipefail
export LC_ALL=C

here=$(cd -- "$(dirname -- "$0")" && pwd)
root=${here%/*}
dir=${1:?the directory to work in}
steps=(build again deb-lint rpm-lint hardening sbom install-deb remove-busy install-rpm
    install-tarball autopkgtest)
if [[ $dir == --list ]]; then
    printf '%s\n' "${steps[@]}"
    exit
fi

elsewhere=''
cleanup() {
    if [[ -n $elsewhere ]]; then
        cp "$elsewhere"/scratch/*.log "$dir" 2>/dev/null || true
        rm -rf -- "$elsewhere"
    fi
}
trap cleanup EXIT

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

step_build() {
    rm -rf "$dir/first"
    OCN_PACKAGE_TESTS=OFF bash "$here/build.sh" all "$dir/first"
}

# The same commit in another directory, on another day, by a user who is nobody to this machine and has
# other habits, now with the unit tests: the same files. What tells how it was built (.buildinfo, and
# .changes with its checksum) differs.
step_again() {
    local file name second
    rm -rf "$dir/second"
    elsewhere=$(mktemp -d /tmp/ocinorm-again.XXXXXX)
    second=$elsewhere/dist
    git clone --quiet --no-local "$root" "$elsewhere/source"
    mkdir "$second" "$elsewhere/scratch"
    chown -R 12345:12345 "$elsewhere"
    (
        umask 077
        cd /
        setpriv --reuid=12345 --regid=12345 --clear-groups env -i PATH="$PATH" \
            HOME=/nonexistent TZ=Pacific/Kiritimati LC_ALL=C.UTF-8 LANGUAGE=de \
            OCN_PACKAGE_WORK="$elsewhere/scratch" \
            faketime -f '+400d' bash "$elsewhere/source/packaging/build.sh" all "$second"
    )
    mv "$second" "$dir/second"
    for file in "$dir/first"/*; do
        name=${file##*/}
        case $name in
            *.buildinfo | *.changes | *.log) continue ;;
        esac
        cmp "$file" "$dir/second/$name" || {
            diffoscope --text-color never "$file" "$dir/second/$name" | head -n 100 || true
            fail "$name is not the same when it is built again"
        }
        echo "same: $name"
    done
}

step_deb-lint() {
    lintian --info --display-info --pedantic --fail-on error,warning --allow-root "$dir"/first/*.changes
}

step_rpm-lint() {
    local said
    said=$(rpmlint -c "$here/rpm/rpmlint.toml" "$dir"/first/*.rpm "$here/rpm/ocinorm.spec" 2>&1) || true
    echo "$said"
    grep -q ' packages and 1 specfiles checked; 0 errors' <<<"$said" || fail "rpmlint found errors"
    ! grep -q ' W: ' <<<"$said" || fail "rpmlint found warnings"
}

assert_hardened() { # PREFIX
    local program header dynamic
    for program in bin/ocinorm bin/ocinorm-runtime libexec/oci/hooks.d/ocinorm-hook; do
        header=$(readelf -Whl "$1/$program")
        dynamic=$(readelf -Wd "$1/$program")
        [[ $header == *"Type:"*DYN* && $header == *GNU_RELRO* && $header != *INTERP* ]] ||
            fail "$program is not static-pie with RELRO"
        [[ $header =~ GNU_STACK[^$'\n']*\ RW\  ]] || fail "the stack of $program is executable"
        [[ $dynamic == *NOW* && $dynamic != *NEEDED* ]] || fail "$program is not bound at its start"
        echo "static-pie, RELRO, BIND_NOW, no executable stack: $1/$program"
    done
}

# The flags of dpkg-buildflags arrive in the package; ocinorm-entry has no libc, and so none of its
# instruments. Those of the tarball are our own: musl's headers know no _FORTIFY_SOURCE.
assert_hardened_dynamic() { # PROGRAM
    local header dynamic
    header=$(readelf -Whl "$1")
    dynamic=$(readelf -Wd "$1")
    [[ $header == *"Type:"*DYN* && $header == *GNU_RELRO* && $header == *INTERP* ]] || fail "$1 is not PIE with RELRO"
    [[ $header =~ GNU_STACK[^$'\n']*\ RW\  ]] || fail "the stack of $1 is executable"
    [[ $dynamic == *NOW* && $dynamic == *"$2"* && $dynamic != *curl* ]] || fail "$1 is not linked as it should be"
    echo "PIE, RELRO, BIND_NOW, no executable stack: $1"
}

step_hardening() {
    local compiled
    blhc --debian --all --arch "$(dpkg --print-architecture)" --ignore-line '.* -ffreestanding .*' \
        "$dir/first/deb.log"
    compiled=$(grep -E ' -c [^ ]+\.c$' "$dir/first/tarball.log" | grep -v -e ' -ffreestanding ')
    ! grep -v -e ' -fstack-protector-strong ' <<<"$compiled" || fail "compiled without stack protector"
    rm -rf "$dir/unpacked" && mkdir "$dir/unpacked"
    dpkg -x "$dir"/first/ocinorm_*.deb "$dir/unpacked/deb"
    mkdir "$dir/unpacked/tarball"
    tar -C "$dir/unpacked/tarball" --strip-components=1 -xf "$(echo "$dir"/first/*-linux-*.tar.xz)"
    assert_hardened "$dir/unpacked/deb/usr"
    dpkg -x "$dir"/first/ocinorm-image_*.deb "$dir/unpacked/image"
    assert_hardened_dynamic "$dir/unpacked/image/usr/libexec/ocinorm/ocinorm-image" libarchive
    dpkg -x "$dir"/first/ocinorm-webhook_*.deb "$dir/unpacked/webhook"
    assert_hardened_dynamic "$dir/unpacked/webhook/usr/bin/ocinorm-webhook" libmicrohttpd
    assert_hardened "$dir/unpacked/tarball"
}

# SPDX 2.3: what its JSON schema demands of the members used, every identifier known, every relation to
# something that is there; and the facts: each file of the archive with its checksum.
step_sbom() {
    local sbom name archive file
    (cd "$dir/first" && sha256sum --check SHA256SUMS)
    sbom=$(echo "$dir"/first/*.spdx.json)
    archive=${sbom%.spdx.json}.tar.xz
    name=${sbom##*/}
    name=${name%.spdx.json}
    jq -e '
        def elements: [.SPDXID, .packages[].SPDXID, .files[].SPDXID];
        .spdxVersion == "SPDX-2.3" and .dataLicense == "CC0-1.0" and .SPDXID == "SPDXRef-DOCUMENT"
        and (.documentNamespace | test("^[a-z]+:[^#]+$"))
        and (.creationInfo.created | test("^[0-9-]{10}T[0-9:]{8}Z$"))
        and (elements | length == (unique | length) and all(test("^SPDXRef-[A-Za-z0-9.-]+$")))
        and all(.packages[]; .name != "" and .versionInfo != "" and .downloadLocation == "NOASSERTION"
            and .filesAnalyzed == false)
        and all(.files[]; .fileName[0:2] == "./" and ([.checksums[].algorithm] == ["SHA1", "SHA256"]))
        and (elements as $known | all(.relationships[]; [.spdxElementId, .relatedSpdxElement]
            | all(. as $id | $known | index($id) != null)))
        and ([.relationships[] | select(.relationshipType == "STATIC_LINK")
            | [.spdxElementId, .relatedSpdxElement] | map(sub("^SPDXRef-(File|Package)-"; "")) | join(" ")]
            | index("bin-ocinorm-runtime libjansson-dev") != null
            and index("libexec-oci-hooks.d-ocinorm-hook musl-dev") != null
            and map(select(contains("libcap"))) == ["bin-ocinorm libcap-dev"]
            and all(startswith("share-") | not)
            and all(contains("libseccomp") or contains("libc6") or contains("entry") | not))
    ' "$sbom" || fail "$sbom is not what it should be"
    rm -rf "$dir/tarball" && mkdir "$dir/tarball"
    tar -C "$dir/tarball" -xf "$archive"
    jq -r '.files[] | .checksums[1].checksumValue + "  " + .fileName' "$sbom" >"$dir/tarball.sums"
    (cd "$dir/tarball/$name" && sha256sum --quiet --check "$dir/tarball.sums")
    file=$(find "$dir/tarball/$name" -type f | wc -l)
    [[ $file -eq $(jq '.files | length' "$sbom") ]] || fail "not every file is in $sbom"
    echo "$file files, as the bill of materials says"
}

# ---- in a root of its own -----------------------------------------------------------------------------
# The machine's own file system with a layer above it that takes every change, in a mount namespace
# with pivot_root: runc would leave a plain chroot.

# Runs the steps @2... of this script there.
in_scratch_root() { # STEP...
    # shellcheck disable=SC2016 # for the other shell
    unshare --mount --propagation private bash -euo pipefail -c '
        PATH=$PATH:/usr/sbin:/sbin
        mount -t tmpfs -o mode=755 scratch /mnt
        mkdir /mnt/upper /mnt/work /mnt/root
        mount -t overlay scratch -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root
        cd /mnt/root
        mount --rbind /dev dev
        mount --rbind /sys sys
        mount -t proc proc proc
        mount -t tmpfs -o mode=755 run run
        mount -t tmpfs -o mode=1777 tmp tmp
        mkdir tmp/scratch tmp/scratch/{old,here,first,before,changes}
        mount --bind "$1" tmp/scratch/here
        mount --bind "$2" tmp/scratch/first
        mount --bind / tmp/scratch/before
        mount -o remount,bind,ro tmp/scratch/before
        mount --bind /mnt/upper tmp/scratch/changes
        pivot_root . tmp/scratch/old
        cd /
        umount -nl /tmp/scratch/old
        rmdir /tmp/scratch/old
        mkdir /run/lock
        exec env HOME=/root OCN_SCRATCH=1 bash /tmp/scratch/here/test.sh /tmp/scratch "${@:3}"
    ' scratch "$here" "$dir/first" "$@"
}

is_as_before() { # PATH
    local before=/tmp/scratch/before/$1 what='%f %u %g'
    [[ ! -d /$1 ]] || what='%f %u %g %F'
    [[ $(stat -c "$what" "/$1" 2>&1) == "$(stat -c "$what" "$before" 2>&1)" ]] || return 1
    if [[ -L $before ]]; then
        [[ $(readlink "$before") == "$(readlink "/$1")" ]]
    elif [[ -d $before ]]; then
        [[ $(ls -A "$before") == "$(ls -A "/$1")" ]]
    elif [[ -f $before ]]; then
        cmp -s "$before" "/$1"
    fi
}

# The layer holds every path that was written: all are as they were, but for the book that a package
# manager keeps (patterns @*).
assert_as_before() { # PATTERN...
    local path pattern left=0 seen=0
    while IFS= read -r -d '' path; do
        seen=$((seen + 1))
        for pattern in "$@"; do
            # shellcheck disable=SC2053 # a pattern
            [[ $path == $pattern ]] && continue 2
        done
        if ! is_as_before "$path"; then
            echo "not as before: $(ls -ld "/$path" 2>&1)" >&2
            left=$((left + 1))
        fi
    done < <(cd /tmp/scratch/changes && find . -mindepth 1 -printf '%P\0')
    ((left == 0)) || fail "$left paths are not as they were"
    path=$(find /tmp /run -mindepth 1 -path /tmp/scratch -prune -o ! -path /run/lock -print)
    [[ -z $path ]] || fail "left:" "$path"
    echo "all as before: $seen paths were written"
}

assert_gone() { # PATH...
    local path
    for path in "$@"; do
        [[ ! -e $path ]] || fail "$path is still there"
    done
}

dpkg_book=('var/lib/dpkg*' 'var/log/dpkg.log' 'var/cache/man*' 'var/log/alternatives.log')

# A command that ends with 2, and says why.
says() { # TEXT COMMAND...
    local said status=0
    said=$("${@:2}" 2>&1) || status=$?
    [[ $status -eq 2 && $said == *"$1"* ]] || fail "${*:2}: status $status: $said"
}

scratch_deb() {
    local said
    echo "-- install"
    dpkg -i "$here"/../first/ocinorm_*.deb "$here"/../first/ocinorm-containerd_*.deb
    says 'package ocinorm-image' ocinorm explain oci:/nowhere
    dpkg -i "$here"/../first/ocinorm-image_*.deb
    says 'cannot open it' ocinorm explain oci:/nowhere
    sh "$here/deb/tests/container"
    dpkg -i "$here"/../first/ocinorm-webhook_*.deb
    says 'cannot open' ocinorm-webhook --cert /nowhere --key /nowhere
    dpkg --verify ocinorm ocinorm-containerd ocinorm-image ocinorm-webhook
    dpkg -P ocinorm-image ocinorm-webhook
    assert_gone /var/lib/dpkg/info/ocinorm*.postinst
    [[ ! -d /run/containerd && -z $(find /etc/containerd -newer /run/lock) ]] || fail "containerd was touched"
    ocinorm install containerd
    grep -r ocinorm-runtime /etc/containerd || fail "containerd was not told of ocinorm"
    echo "-- upgrade: registrations stay, and nothing is said of them"
    mkdir -p /etc/containerd/conf.d
    printf '# /usr/bin/ocinorm-runtime\n' >/etc/containerd/conf.d/other.toml
    mkdir -p /etc/crio/crio.conf.d
    printf '# /usr/libexec/oci/hooks.d/ocinorm-hook\n' >/etc/crio/crio.conf.d/other.conf
    printf '{"version": 1}\n' | tee /etc/ocinorm/config.json >/etc/ocinorm/conf.d/10-own.json
    touch /etc/ocinorm/disabled
    said=$(dpkg -i "$here"/../first/ocinorm_*.deb "$here"/../first/ocinorm-containerd_*.deb 2>&1)
    [[ $said != *'still told'* && -e /etc/containerd/conf.d/other.toml ]] || fail "an upgrade unregisters: $said"
    echo "-- remove: what cannot be unregistered is named, and stops nothing"
    said=$(dpkg -r ocinorm-containerd ocinorm 2>&1) || fail "the removal failed: $said"
    echo "$said"
    [[ $said == *'containerd is still told to use ocinorm'*conf.d/other.toml:1:*'then restart containerd'* ]] ||
        fail "the removal says nothing of /etc/containerd/conf.d/other.toml"
    [[ $said == *'crio is still told to use ocinorm'*conf.d/other.conf:1:*'then restart crio'* ]] ||
        fail "the removal says nothing of /etc/crio/crio.conf.d/other.conf"
    [[ $said != *'running containers that were started'* ]] || fail "nothing runs here"
    if compgen -G '/etc/containerd/conf.d/*ocinorm*'; then
        fail "the removal left the registration"
    fi
    [[ -e /etc/ocinorm/config.json && -e /etc/ocinorm/containerd/version-2.toml ]] ||
        fail "a removal that is no purge took the configuration"
    echo "-- purge"
    rm -r /etc/containerd/conf.d /etc/crio/crio.conf.d
    rmdir --ignore-fail-on-non-empty /etc/crio
    dpkg -P ocinorm-containerd ocinorm
    assert_gone /etc/ocinorm /usr/libexec/ocinorm /usr/share/ocinorm
    assert_as_before "${dpkg_book[@]}"
}

# A container of a containerd runs while its runtime is removed: it is named, and what is said helps.
scratch_busy() {
    local said address=/run/containerd/containerd.sock id=ocinorm-busy-$$
    dpkg -i "$here"/../first/ocinorm_*.deb
    mkdir -p /tmp/rootfs/bin
    cp "$(command -v busybox)" /tmp/rootfs/bin/sleep
    env -i PATH="$PATH" containerd --root /tmp/containerd --state /run/containerd --address "$address" \
        >/tmp/containerd.log 2>&1 &
    trap 'kill %1; wait' EXIT
    until [[ -S $address ]] && ctr --address "$address" version >/dev/null 2>&1; do
        kill -0 %1 || fail "containerd: $(tail /tmp/containerd.log)"
        sleep 0.1
    done
    ctr --address "$address" run --detach --cgroup "/$id" --rootfs \
        --runc-binary /usr/bin/ocinorm-runtime /tmp/rootfs "$id" /bin/sleep 1000
    said=$(dpkg -r ocinorm 2>&1)
    echo "$said"
    [[ $said == *'are stopped through it: 1'* ]] || fail "the removal says nothing of the container"
    bash -c "$(sed -n 's/.*take its place: //p' <<<"$said")"
    ctr --address "$address" task delete --force "$id"
    rm /usr/bin/ocinorm-runtime
    [[ -z $(ls -A /run/containerd/io.containerd.runtime.v2.task/default) ]] || fail "the container is left"
    ctr --address "$address" container delete "$id"
}

scratch_rpm() {
    # Without dpkg's packages in its book, rpm knows of no /bin/sh.
    rpm --force-debian --nodeps -iv "$here"/../first/ocinorm-0*.x86_64.rpm \
        "$here"/../first/ocinorm-containerd-*.noarch.rpm "$here"/../first/ocinorm-image-0*.x86_64.rpm \
        "$here"/../first/ocinorm-webhook-0*.x86_64.rpm
    sh "$here/deb/tests/container"
    says 'cannot open it' ocinorm explain oci:/nowhere
    rpm --force-debian -V --nodeps ocinorm ocinorm-containerd ocinorm-image ocinorm-webhook
    rpm --force-debian --nodeps -ev ocinorm-containerd ocinorm-image ocinorm-webhook ocinorm
    assert_gone /etc/ocinorm /usr/libexec/ocinorm /usr/share/ocinorm
    # Where licences lie is a directory of Fedora's own.
    assert_as_before 'var/lib/rpm*' 'root/.rpmdb*' usr/share usr/share/licenses
}

scratch_tarball() {
    tar -C /usr/local --strip-components=1 -xf "$(echo "$here"/../first/*-linux-*.tar.xz)"
    sh "$here/deb/tests/container" /usr/local
}

scratch_autopkgtest() {
    autopkgtest --ignore-restrictions=isolation-machine --no-built-binaries \
        "$here"/../first/*.deb "$here"/../first/*.dsc -- null
}

step_install-deb() { in_scratch_root scratch_deb; }
step_remove-busy() { in_scratch_root scratch_busy; }
step_install-rpm() { in_scratch_root scratch_rpm; }
step_install-tarball() { in_scratch_root scratch_tarball; }
step_autopkgtest() { in_scratch_root scratch_autopkgtest; }

mkdir -p "$dir"
dir=$(cd -- "$dir" && pwd)
if [[ -n ${OCN_SCRATCH:-} ]]; then
    "$2"
    exit
fi
if (($# > 1)); then
    steps=("${@:2}")
fi
for step in "${steps[@]}"; do
    if ! declare -F "step_$step" >/dev/null; then
        echo "test.sh: $step: one of ${steps[*]}" >&2
        exit 2
    fi
    echo "== $step"
    begin=$SECONDS
    "step_$step"
    echo "== $step: $((SECONDS - begin)) s"
done
