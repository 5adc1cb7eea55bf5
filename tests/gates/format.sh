#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The sources are as clang-format leaves them.
. "$(dirname -- "$0")/../lib/gate.bash"

mapfile -t files < <(find normalize config hook tests integration -name '*.[ch]' | sort)
require_some "C file" "${#files[@]}"
clang-format --dry-run --Werror "${files[@]}" || complain "run: clang-format -i on these files"
finish
