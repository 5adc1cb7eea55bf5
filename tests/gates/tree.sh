#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The top level is fixed (the layout in README.md); build directories are nobody's business. Live tests are there.
. "$(dirname -- "$0")/../lib/gate.bash"

# CHANGELOG, CONTRIBUTING and SECURITY lie where forges and packagers look for them.
allowed=' .ci .clang-format .git .gitignore CHANGELOG.md CMakeLists.txt CONTRIBUTING.md LICENSE README.md
 SECURITY.md config hook integration normalize packaging tests '
shopt -s dotglob nullglob
for name in *; do
    [[ $allowed =~ [[:space:]]"$name"[[:space:]] || $name == build* ]] ||
        complain "$name: not a name for the top level"
done
# A link that became a file with a path in it runs no tests, and nobody hears of it.
for name in integration/*/*.bats; do
    grep -q '^@test ' "$name" || complain "$name: has no test"
done
finish
