#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154
# What a Go program really uses: integration/go/cmd/show asks the Go runtime and net/http.
load ../lib.bash

setup_file() {
    make_rootfs "$BATS_FILE_TMPDIR/rootfs"
    (cd "$root/integration/go" && CGO_ENABLED=0 go build -o "$BATS_FILE_TMPDIR/rootfs/bin/show" ./cmd/show)
}
setup() {
    make_bundle
    edit '.process.args = ["/bin/show"] |
          .linux.resources.cpu = {quota: 150000, period: 100000} |
          .linux.resources.memory = {limit: 536870912}'
}
teardown() { cleanup; }

@test "bare: Go sees neither limit, and its own idle timeout" {
    run -0 bare run --bundle "$bundle" "$id"
    assert_has "$output" "GOMAXPROCS $(nproc)"
    assert_hasnt "$output" GOMEMLIMIT
    assert_has "$output" 'transport idle 1m30s'
    assert_has "$output" 'server idle 0s'
}

@test "GOMAXPROCS, GOMEMLIMIT and the timeouts of the profile arrive in the Go runtime and net/http" {
    set_policy '{"profile": "aws-eks"}'
    run -0 run_wrapped
    assert_has "$output" 'GOMAXPROCS 2'
    assert_has "$output" 'GOMEMLIMIT 483183820'
    assert_has "$output" 'transport idle 50s'
    assert_has "$output" 'server idle 1m15s'
    assert_has "$output" 'transport TLS handshake 5s'
    assert_has "$output" 'transport expect-continue 1s'
}

@test "GOMAXPROCS is 1 where the policy allows it" {
    set_policy '{"env": {"maxprocs": {"min": 1, "round": "down"}}}'
    run -0 run_wrapped
    assert_has "$output" 'GOMAXPROCS 1'
}

@test "what the container sets stays" {
    set_policy '{"profile": "aws-eks"}'
    edit '.process.env += ["GOMAXPROCS=7", "OCINORM_HTTP_CLIENT_IDLE_TIMEOUT=9s"]'
    run -0 run_wrapped
    assert_has "$output" 'GOMAXPROCS 7'
    assert_has "$output" 'transport idle 9s'
    assert_has "$output" 'server idle 1m15s'
}

@test "the container's environment tells of the platform, where no file of the node does" {
    set_policy '{"profile": "auto"}'
    mkdir -p "${policy%/*}/profiles"
    printf '%s\n' '{"detect": [{"env": "SHOP_EDGE", "weight": 900}], "env": {"timeouts": {
        "clientIdle": {"seconds": 33, "why": "the edge router closes after 40 s"}}}}' \
        >"${policy%/*}/profiles/shop-edge.json"
    run -0 run_wrapped
    assert_hasnt "$output" 'transport idle 33s'
    edit '.process.env += ["SHOP_EDGE=1"]'
    run -0 run_wrapped
    assert_has "$output" 'transport idle 33s'
}

@test "the hook brings the same through entry" {
    set_policy '{"profile": "azure-aks"}'
    edit '.hooks.prestart = [{path: $hook, args: ["ocinorm-hook", "--config", $policy, "prestart"]}] |
          .process.capabilities |= map_values(. + ["CAP_SETUID", "CAP_SETGID"])' \
        --arg hook "$bin/ocinorm-hook" --arg policy "$policy"
    run -0 bare run --bundle "$bundle" "$id"
    assert_has "$output" 'GOMAXPROCS 2'
    assert_has "$output" 'transport idle 1m0s'
    assert_has "$output" 'server idle 2m5s'
}
