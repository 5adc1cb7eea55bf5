#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The bill of materials of static programs, SPDX 2.3 as JSON: sbom.sh BUILD STAGE VERSION
# Every installed file with its checksums; what the linker took from which of dpkg's packages, program
# by program; what was needed to build. Made from facts only, so the same build gives the same text.
set -euo pipefail
export LC_ALL=C

here=$(cd -- "$(dirname -- "$0")" && pwd)
build=$1
stage=$2
version=$3
created=$(date -u -d "@${SOURCE_DATE_EPOCH:?the time of the release}" +%Y-%m-%dT%H:%M:%SZ)

# dpkg does not know licences in a form for machines: of what is linked in, these are they.
licences='{
    "jansson": "MIT",
    "libcap2": "BSD-3-Clause",
    "musl": "MIT",
    "glibc": "LGPL-2.1-or-later",
    "gcc-12": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "gcc-14": "GPL-3.0-or-later WITH GCC-exception-3.1"
}'

# name, version, architecture, source, source version, maintainer
describe() { # PACKAGE...
    dpkg-query -W -f '${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\t${Maintainer}\n' "$@"
}

linked=$("$here/linked.sh" list "$build")
mapfile -t link_packages < <(awk '{ print $2 }' <<<"$linked" | sort -u)
# The filter of the confined child is made by libseccomp while we are built; nothing of it is in here. libcap
# makes the names of capabilities, and is in `ocinorm`: the linker names it.
tools=(libseccomp-dev cmake ninja-build musl-tools)
compiler=$(dpkg-query -S "$(realpath "$(command -v gcc)")" | sed 's/:.*//')
files=$(cd "$stage" && find . -type f | sort | while read -r file; do
    printf '%s %s %s\n' "$file" "$(sha1sum <"$file" | cut -d' ' -f1)" "$(sha256sum <"$file" | cut -d' ' -f1)"
done)
digest=$(sha256sum <<<"$version $linked $files")

jq -n --arg version "$version" --arg created "$created" --arg digest "$digest" --arg files "$files" \
    --arg linked "$linked" --argjson licences "$licences" \
    --arg parts "$(describe "${link_packages[@]}")" --arg tools "$(describe "${tools[@]}" "$compiler")" '
def id: gsub("[^A-Za-z0-9.]"; "-");
def rows($separator): split("\n") | map(select(. != "") | split($separator));
def file_id: "SPDXRef-File-" + (ltrimstr("./") | id);
def package_id: "SPDXRef-Package-" + id;
def relation($type; $to): { spdxElementId: ., relationshipType: $type, relatedSpdxElement: $to };
def package: {
    name: .[0], SPDXID: .[0] | package_id, versionInfo: .[1],
    supplier: ("Organization: " + (.[5] | sub(" <(?<mail>[^>]*)>$"; " (\(.mail))"))),
    downloadLocation: "NOASSERTION", filesAnalyzed: false,
    sourceInfo: "built from the Debian source package \(.[3]) \(.[4])",
    licenseConcluded: "NOASSERTION", licenseDeclared: ($licences[.[3]] // "NOASSERTION"),
    copyrightText: "NOASSERTION",
    externalRefs: [{ referenceCategory: "PACKAGE-MANAGER", referenceType: "purl",
        referenceLocator: "pkg:deb/debian/\(.[0] | @uri)@\(.[1] | @uri)?arch=\(.[2])" }]
};
($files | rows(" ")) as $files | ($linked | rows(" ")) as $linked |
($parts | rows("\t")) as $parts | ($tools | rows("\t")) as $tools |
("ocinorm" | package_id) as $us |
{
    spdxVersion: "SPDX-2.3", dataLicense: "CC0-1.0", SPDXID: "SPDXRef-DOCUMENT",
    name: "ocinorm-\($version)",
    documentNamespace: "urn:uuid:\($digest[0:8])-\($digest[8:12])-5\($digest[13:16])-8\($digest[17:20])-\($digest[20:32])",
    creationInfo: { created: $created, creators: ["Tool: ocinorm-packaging-sbom-\($version)"] },
    packages: ([{
        name: "ocinorm", SPDXID: $us, versionInfo: $version, downloadLocation: "NOASSERTION",
        filesAnalyzed: false, licenseConcluded: "NOASSERTION", licenseDeclared: "Apache-2.0",
        copyrightText: "NOASSERTION", primaryPackagePurpose: "APPLICATION"
    }] + ($parts + $tools | map(package))),
    files: ($files | map({
        fileName: .[0], SPDXID: .[0] | file_id,
        checksums: [{ algorithm: "SHA1", checksumValue: .[1] },
                    { algorithm: "SHA256", checksumValue: .[2] }],
        licenseConcluded: "NOASSERTION", copyrightText: "NOASSERTION"
    })),
    relationships: (
        ["SPDXRef-DOCUMENT" | relation("DESCRIBES"; $us)]
        + ($files | map(.[0] as $file | $us | relation("CONTAINS"; $file | file_id)))
        + ($linked | map(. as $row | $files[][0]
            | select(endswith("/" + $row[0]) and (startswith("./share/") | not)) | file_id
            | relation("STATIC_LINK"; $row[1] | package_id)))
        + ($tools | map(.[0] | package_id | relation("BUILD_DEPENDENCY_OF"; $us)))
    )
}'
