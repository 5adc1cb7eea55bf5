#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The recipes of integration/ci against the schemas of those who read them, and their shell, run:
#   tests/lint/recipes.sh BIN
# Needs the network, npm, python3-jsonschema, python3-yaml and pre-commit (packaging/deps.sh test). None of npm's
# scripts is run. Of GitLab and GitHub there are schemas; Tekton publishes none, IBM's linter knows its types.
set -euo pipefail

here=$(cd -- "$(dirname -- "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
npm install --prefix "$scratch" --ignore-scripts --no-audit --no-fund --no-save --loglevel=error \
    @action-validator/core@0.6.0 gitlab-ci-local@4.56.0 @ibm/tekton-lint@1.1.0 @cyclonedx/cyclonedx-library@10.3.0
cat >"$scratch/schema.mjs" <<'NODE'
import { schema } from "./node_modules/gitlab-ci-local/src/schema/schema.js";
console.log(JSON.stringify(schema));
NODE
node "$scratch/schema.mjs" >"$scratch/gitlab.json"
cat >"$scratch/action.cjs" <<'NODE'
const { validateAction } = require("@action-validator/core");
const { errors } = validateAction(require("fs").readFileSync(process.argv[2], "utf8"));
console.log(JSON.stringify(errors));
process.exit(errors.length);
NODE
/usr/bin/python3 "$here/recipes.py" "$1" "$scratch"
/usr/bin/python3 "$here/cyclonedx.py" "$1" "$scratch/node_modules/@cyclonedx/cyclonedx-library/res/schema"
