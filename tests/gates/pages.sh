#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A rule has a page, a page is a rule's: its title, its built-in level, and JSON that is a policy.
. "$(dirname -- "$0")/../lib/gate.bash"

pages=packaging/doc/rules
snippet=$(mktemp)
trap 'rm -f "$snippet"' EXIT

# NAME LEVEL of each row of @1 in @2, which may go over several lines.
rows_of() { # MACRO FILE
    local found
    found=$(tr '\n' ' ' <"$2" | sed -En "s/$1\(/\n&/g; p" |
        sed -En "s/^$1\([A-Z_]+, *\"([^\"]+)\", *([A-Z]+),.*/\1 \L\2/p")
    require_some rule "$(grep -c . <<<"$found")" >&2
    [[ $(wc -l <<<"$found") == $(grep -c "^$1(" "$2") ]] || echo "- -"
    printf '%s\n' "$found"
}

# What every rule's page has.
check_page() { # RULE LEVEL
    local page=$pages/$1.md
    if [[ $1 == - ]]; then
        complain "a row of the rules is not spelled as the others"
        return 1
    fi
    if [[ ! -f $page ]]; then
        complain "$1: no page $page"
        return 1
    fi
    [[ $(head -n 1 "$page") == "# $1" ]] || complain "$page: the title is not \"# $1\""
    grep -q "^Level: \`$2\` (built in)" "$page" ||
        complain "$page: no line \"Level: \`$2\` (built in)\", as the rule's row has it"
    grep -qF "($1.md)" "$pages/README.md" || complain "$pages/README.md: no link to $1.md"
}

rows=$(rows_of OCN_RULE normalize/policy/rules.def)
while read -r rule level; do
    page=$pages/$rule.md
    check_page "$rule" "$level" || continue
    grep -qF "[$rule]" "$page" || complain "$page: no example with [$rule]"
    grep -qF "($page)" README.md || complain "README.md: no link to $page"
done <<<"$rows"

# Those of images and manifests: no policy has them, so that a README of their own names them.
lint_rows=$(rows_of OCN_LINT_RULE normalize/lint/lint_rules.def)
while read -r rule level; do
    check_page "$rule" "$level" || continue
    grep -q '^## Source' "$pages/$rule.md" || complain "$pages/$rule.md: no heading Source"
done <<<"$lint_rows"

# Those that only a cluster's gate asks.
gate_rows=$(rows_of OCN_GATE_RULE normalize/policy/gate_rules.def)
while read -r rule level; do
    check_page "$rule" "$level" || continue
    grep -qF "[$rule]" "$pages/$rule.md" || complain "$pages/$rule.md: no example with [$rule]"
    [[ -n $(find "tests/admission/cases/$rule" -mindepth 1 -maxdepth 1 -type d 2>/dev/null) ]] ||
        complain "$rule: no case below tests/admission/cases/$rule/"
done <<<"$gate_rows"

# "PAGE: WHAT IS WRONG" of each block of JSON: an example is a policy file that works.
check_snippets() { # PAGE
    local json
    awk '/^```json$/ { on = 1; next } /^```$/ && on { on = 0; printf "%c", 0; next } on' "$1" |
        while IFS= read -r -d '' json; do
            printf '%s' "$json" >"$snippet"
            "$build_dir/bin/ocinorm" config check "$snippet" 2>&1 >/dev/null | sed "s|^|$1: |" || true
        done
}

for page in "$pages"/*.md; do
    name=$(basename -- "$page" .md)
    [[ $name == README ]] || grep -q "^$name " <<<"$rows
$lint_rows
$gate_rows" || complain "$page: no rule of that name"
    complain_lines < <(check_snippets "$page")
done
finish
