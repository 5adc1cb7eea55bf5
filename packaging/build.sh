#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds packages of what is committed: packaging/build.sh deb|rpm|tarball|all [DIRECTORY], by default
# into build/dist. What is missing is installed first (as root). The same commit and the same
# compiler give the same bytes, whoever builds, where and when; OCN_PACKAGE_TESTS=OFF leaves out the
# unit tests, OCN_PACKAGE_WORK names the directory to build in.
set -euo pipefail

here=$(cd -- "$(dirname -- "$0")" && pwd)
root=${here%/*}
what=${1:?build.sh deb|rpm|tarball|all [DIRECTORY]}
out=${2:-$root/build/dist}
tests=${OCN_PACKAGE_TESTS:-ON}
revision=HEAD
own_work=''

say() { echo "build.sh: $*"; }

# All output of a step; shown where it fails.
step() { # NAME COMMAND...
    local log=$work/$1.log begin=$SECONDS
    say "$1 ..."
    if ! "${@:2}" >"$log" 2>&1; then
        tail -n 60 "$log" >&2
        say "$1 failed; all it said is in $log" >&2
        own_work=''
        return 1
    fi
    say "$1: $((SECONDS - begin)) s"
}

cleanup() {
    if [[ -n $own_work ]]; then
        rm -rf -- "$own_work"
    fi
}
trap cleanup EXIT

project_version() { sed -nE 's/^project\(ocinorm VERSION ([0-9.]+).*/\1/p' "$root/CMakeLists.txt"; }

# One version, wherever it is written.
check_versions() {
    local deb rpm
    deb=$(sed -nE '1s/^[^ ]+ \(([^-]+)-.*/\1/p' "$here/deb/changelog")
    rpm=$(sed -nE 's/^Version: *//p' "$here/rpm/ocinorm.spec")
    if [[ $deb != "$version" || $rpm != "$version" ]]; then
        say "CMakeLists.txt is $version, deb/changelog $deb, rpm/ocinorm.spec $rpm: they must agree" >&2
        return 1
    fi
}

# The committed tree as @1/ocinorm-VERSION, and as the tar archive that both packages are made from.
export_source() { # DIRECTORY
    local archive=$1/ocinorm-$version.tar
    mkdir -p "$1"
    git -C "$root" -c tar.umask=0022 archive --format=tar --prefix="ocinorm-$version/" \
        --output="$archive" "$revision"
    tar -C "$1" -xf "$archive"
    gzip -n9 "$archive"
}

build_deb() {
    local dir=$work/deb options="terse parallel=$jobs"
    [[ $tests == ON ]] || options+=' nocheck'
    export_source "$dir"
    mv "$dir/ocinorm-$version.tar.gz" "$dir/ocinorm_$version.orig.tar.gz"
    cp -R "$dir/ocinorm-$version/packaging/deb" "$dir/ocinorm-$version/debian"
    step deb env -C "$dir/ocinorm-$version" DEB_BUILD_OPTIONS="$options" \
        dpkg-buildpackage --unsigned-source --unsigned-changes
    cp "$dir"/*.deb "$dir"/*.dsc "$dir"/*.tar.* "$dir"/*.changes "$dir"/*.buildinfo "$out"
    cp "$work/deb.log" "$out/deb.log"
}

# A source package holds the spec with all its macros expanded, and who owns the files: it is made where
# every builder has the same directory and is root.
pack_source_rpm() { # RPMBUILD-OPTION...
    local share=(unshare --mount)
    ((EUID == 0)) || share+=(--map-root-user)
    # shellcheck disable=SC2016 # for the other shell
    "${share[@]}" --propagation private sh -c \
        'mount --bind "$0" /mnt && exec rpmbuild -bs --define "_topdir /mnt" "$@" /mnt/SPECS/ocinorm.spec' \
        "$work/rpm" "$@"
}

# Where rpm does not come from Fedora, it has no macros for cmake, and knows nothing of dpkg's packages.
build_rpm() {
    local dir=$work/rpm options=()
    export_source "$dir/SOURCES"
    rm -rf "$dir/SOURCES/ocinorm-$version"
    install -D -m 644 -t "$dir/SPECS" "$here/rpm/ocinorm.spec"
    if [[ $(rpm --eval '%cmake') == %cmake ]]; then
        options+=(--nodeps --load "$here/rpm/macros")
    fi
    step rpm-source pack_source_rpm "${options[@]}"
    [[ $tests == ON ]] || options+=(--without check)
    step rpm rpmbuild -bb --define "_topdir $dir" "${options[@]}" "$dir/SPECS/ocinorm.spec"
    cp "$dir"/RPMS/*/*.rpm "$dir"/SRPMS/*.rpm "$out"
}

compile_static() { # SOURCE BUILD STAGE
    cmake -S "$1" -B "$2" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=/usr/local \
        -DCMAKE_C_COMPILER=musl-gcc -DOCN_TESTS=OFF -DOCN_WERROR=OFF \
        -DCMAKE_C_FLAGS="-g0 -ffile-prefix-map=$1=." &&
        cmake --build "$2" -j "$jobs" --verbose &&
        DESTDIR=$3 cmake --install "$2" --strip --component ocinorm &&
        DESTDIR=$3 cmake --install "$2" --component licence
}

# Whose code is in the programs asks that its notice comes with them.
add_licences() { # BUILD DIRECTORY
    local package
    while read -r package; do
        install -D -m 644 "/usr/share/doc/$package/copyright" "$2/$package.copyright"
    done < <("$here/linked.sh" list "$1" | awk '{ print $2 }' | sort -u)
}

# For a node without package manager: /usr/local, with everything in the programs; and as it is bound to
# no distribution, with the libc that starts fastest.
build_tarball() {
    local dir=$work/tarball name source
    local -x SOURCE_DATE_EPOCH
    SOURCE_DATE_EPOCH=$(git -C "$root" log -1 --format=%ct "$revision")
    name=ocinorm-$version-linux-$(dpkg --print-architecture 2>/dev/null || uname -m)
    source=$dir/ocinorm-$version
    export_source "$dir"
    step tarball compile_static "$source" "$dir/build" "$dir/stage"
    cp "$work/tarball.log" "$out/tarball.log"
    mv "$dir/stage/usr/local" "$dir/$name"
    add_licences "$dir/build" "$dir/$name/share/licenses/ocinorm"
    "$here/sbom.sh" "$dir/build" "$dir/$name" "$version" >"$out/$name.spdx.json"
    tar -C "$dir" --sort=name --format=gnu --owner=0 --group=0 --numeric-owner \
        --mode=u=rwX,go=rX --mtime="@$SOURCE_DATE_EPOCH" -c "$name" | xz -T1 -9 >"$out/$name.tar.xz"
    (cd "$out" && sha256sum "$name.tar.xz" "$name.spdx.json" >SHA256SUMS)
}

case $what in
    deb | rpm | tarball) formats=("$what") ;;
    all) formats=(deb rpm tarball) ;;
    *)
        say "$what: not deb, rpm, tarball or all" >&2
        exit 2
        ;;
esac
bash "$here/deps.sh" package
version=$(project_version)
jobs=$(nproc)
check_versions
if [[ -n $(git -C "$root" status --porcelain --untracked-files=no) ]]; then
    say "what is not committed is not in the packages"
fi
# Packages take the time of their changelogs.
unset SOURCE_DATE_EPOCH
umask 022
mkdir -p "$out"
out=$(cd -- "$out" && pwd)
if [[ -n ${OCN_PACKAGE_WORK:-} ]]; then
    work=$OCN_PACKAGE_WORK
    mkdir -p "$work"
else
    work=$(mktemp -d "${TMPDIR:-/tmp}/ocinorm-package.XXXXXX")
    own_work=$work
fi
for format in "${formats[@]}"; do
    "build_$format"
done
say "in $out:"
(cd "$out" && ls -l)
