#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# No function is longer than a page: 60 lines between its braces. Braces of functions stand alone in
# the first column (.clang-format sees to that).
. "$(dirname -- "$0")/../lib/gate.bash"

mapfile -t files < <(find normalize config hook tests integration -name '*.c' | sort)
require_some "C file" "${#files[@]}"
complain_lines < <(awk '
    FNR == 1 { start = 0 }
    /^{$/ { start = FNR }
    /^}$/ && start { if (FNR - start - 1 > 60) {
                         print FILENAME ":" start ": " FNR - start - 1 " lines in one function" }
                     start = 0 }' "${files[@]}")
finish
