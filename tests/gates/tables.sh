#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The tables are in order: names are unique, a rule is documented and has a case.
. "$(dirname -- "$0")/../lib/gate.bash"

# A name a row; a row may go over several lines.
rules=$(tr '\n' ' ' <normalize/policy/rules.def | grep -oE 'OCN_RULE\([A-Z_]+, *"[^"]+",[^"]*"' |
    awk -F', *' '{ gsub(/"/, "", $2); print $2 }')
require_some rule "$(wc -l <<<"$rules")"
if [[ $(wc -l <<<"$rules") != $(grep -c '^OCN_RULE(' normalize/policy/rules.def) ]]; then
    complain "normalize/policy/rules.def: a row is not spelled as the others"
fi
complain_lines < <(cut -d' ' -f1 <<<"$rules" | sort | uniq -d |
    sed 's/^/normalize\/rules.def: twice: /')

while read -r rule; do
    grep -qF "\`$rule\`" README.md integration/README.md 2>/dev/null ||
        complain "$rule: neither README.md nor integration/README.md speaks of it"
    if [[ -z $(find "tests/cases/$rule" -mindepth 1 -maxdepth 1 -type d \
        2>/dev/null) ]]; then
        complain "$rule: no case below tests/cases/$rule/"
    fi
done <<<"$rules"

arches=$(grep -oE '^OCN_ARCH\("[^"]*"' normalize/program/arch.def)
require_some architecture "$(grep -c . <<<"$arches")"
sort -uc <<<"$arches" || complain "normalize/program/arch.def: the rows are not sorted, or one is there twice"
finish
