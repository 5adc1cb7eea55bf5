#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The schemas that are checked in are those that the tables make, and what is printed is as they say.
. "$(dirname -- "$0")/../lib/gate.bash"

ocinorm=$build_dir/bin/ocinorm
"$ocinorm" config schema | diff -u config/schema.json - ||
    complain "config/schema.json is stale: ocinorm config schema > config/schema.json"
"$ocinorm" explain --schema | diff -u config/explain.schema.json - ||
    complain "config/explain.schema.json is stale: ocinorm explain --schema > config/explain.schema.json"

# Each case's config.json as a bundle: most have no root file system, which is a report, too.
reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
count=0
for config in tests/cases/*/*/config.json; do
    count=$((count + 1))
    "$ocinorm" explain --bundle "${config%/*}" --config config/default.json --format json \
        >"$reports/$count.json" 2>/dev/null || true
done
find "$reports" -empty -type f -delete # undecided: there is no report
require_some "report" "$(find "$reports" -name '*.json' | wc -l)"
check='
import json, pathlib, sys
import jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
for path in pathlib.Path(sys.argv[2]).iterdir():
    for error in validator.iter_errors(json.loads(path.read_text())):
        print("a report: /%s: %s" % ("/".join(map(str, error.absolute_path)), error.message))'
complain_lines < <(/usr/bin/python3 -c "$check" config/explain.schema.json "$reports" | sort -u)
finish
