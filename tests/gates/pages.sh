#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A rule has a page, a page is a rule's: its title, its built-in level, and JSON that is a policy.
. "$(dirname -- "$0")/../lib/gate.bash"

pages=packaging/doc/rules
snippet=$(mktemp)
trap 'rm -f "$snippet"' EXIT

# NAME LEVEL of each row, which may go over several lines.
rows=$(tr '\n' ' ' <normalize/policy/rules.def |
    sed -En 's/OCN_RULE\(/\n&/g; p' |
    sed -En 's/^OCN_RULE\([A-Z_]+, *"([^"]+)", *([A-Z]+),.*/\1 \L\2/p')
require_some rule "$(grep -c . <<<"$rows")"
[[ $(wc -l <<<"$rows") == $(grep -c '^OCN_RULE(' normalize/policy/rules.def) ]] ||
    complain "normalize/policy/rules.def: a row is not spelled as the others"

while read -r rule level; do
    page=$pages/$rule.md
    if [[ ! -f $page ]]; then
        complain "$rule: no page $page"
        continue
    fi
    [[ $(head -n 1 "$page") == "# $rule" ]] || complain "$page: the title is not \"# $rule\""
    grep -q "^Level: \`$level\` (built in)" "$page" ||
        complain "$page: no line \"Level: \`$level\` (built in)\", as rules.def has it"
    grep -qF "[$rule]" "$page" || complain "$page: no example with [$rule]"
    grep -qF "($rule.md)" "$pages/README.md" || complain "$pages/README.md: no link to $rule.md"
    grep -qF "($page)" README.md || complain "README.md: no link to $page"
done <<<"$rows"

# Those of images and manifests: no policy has them, so that a README of their own names them.
lint_rows=$(tr '\n' ' ' <normalize/lint/lint_rules.def |
    sed -En 's/OCN_LINT_RULE\(/\n&/g; p' |
    sed -En 's/^OCN_LINT_RULE\([A-Z_]+, *"([^"]+)", *([A-Z]+),.*/\1 \L\2/p')
[[ $(wc -l <<<"$lint_rows") == $(grep -c '^OCN_LINT_RULE(' normalize/lint/lint_rules.def) ]] ||
    complain "normalize/lint/lint_rules.def: a row is not spelled as the others"
while read -r rule level; do
    page=$pages/$rule.md
    if [[ ! -f $page ]]; then
        complain "$rule: no page $page"
        continue
    fi
    [[ $(head -n 1 "$page") == "# $rule" ]] || complain "$page: the title is not \"# $rule\""
    grep -q "^Level: \`$level\` (built in)" "$page" ||
        complain "$page: no line \"Level: \`$level\` (built in)\", as lint_rules.def has it"
    grep -q '^## Source' "$page" || complain "$page: no heading Source"
    grep -qF "($rule.md)" "$pages/README.md" || complain "$pages/README.md: no link to $rule.md"
done <<<"$lint_rows"

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
$lint_rows" || complain "$page: no rule of that name"
    complain_lines < <(check_snippets "$page")
done
finish
