#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Reports against the schema of SARIF 2.1.0, which is npm's (@microsoft/jest-sarif has it):
#   tests/lint/schema.sh BIN
# Needs the network, npm and python3-jsonschema (packaging/deps.sh test). None of npm's scripts is run.
set -euo pipefail

here=$(cd -- "$(dirname -- "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
npm install --prefix "$scratch" --ignore-scripts --no-audit --no-fund --no-save --loglevel=error \
    @microsoft/jest-sarif@1.0.0-beta.0
python3 "$here/formats.py" "$1" "$scratch/node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"
