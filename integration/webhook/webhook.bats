#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # what lab.bash reads; server, status and answer are set by it
# The webhook, alive: reviews as an API server writes them, over TLS; files swapped, workers killed, clients that
# are slow or hostile, the end.

load ../lib.bash
load lab.bash

setup_file() {
    make_ca "$BATS_FILE_TMPDIR/ca"
    make_leaf "$BATS_FILE_TMPDIR/ca" "$BATS_FILE_TMPDIR/secret" first
}

setup() {
    ca=$BATS_FILE_TMPDIR/ca
    secret=$BATS_TEST_TMPDIR/secret
    policy=$BATS_TEST_TMPDIR/policy.json
    log=$BATS_TEST_TMPDIR/log
    server=''
    open=''
    cp -a "$BATS_FILE_TMPDIR/secret" "$secret"
    cat >"$policy" <<'JSON'
{"version": 1, "rules": {"user.root": "deny"},
 "admission": {"rules": {"runtimeclass": "warn"},
               "labels": {"required": ["app", "app.kubernetes.io/name"], "allowed": {}}}}
JSON
}

teardown() {
    stop_webhook
    rm -rf "${open:-}"
}

# A policy that lets everything pass, and one that refuses what runs as root.
lenient='{"version": 1, "admission": {"rules": {"labels.required": "off", "image.digest": "off"}}, "rules": {"user.root": "off"}}'
strict='{"version": 1, "admission": {"rules": {"labels.required": "off", "image.digest": "off"}}, "rules": {"user.root": "deny"}}'

# Replaced as kubectl and editors do it: at once.
write_policy() { # JSON
    printf '%s\n' "$1" >"$policy.new"
    mv "$policy.new" "$policy"
}

@test "webhook: every kind of workload is judged, to the letter of the protocol" {
    local review
    start_webhook
    for review in "$reviews"/*-create.json "$reviews"/pod-{root,dry-run,ephemeralcontainers}.json; do
        ask /validate "$review"
        assert_protocol "$review"
        [[ $(said .response.allowed) == false ]] || { echo "$review: $answer"; return 1; }
        [[ $(said .response.status.code) == 403 && $(said .response.status.reason) == Forbidden ]]
        [[ $(said .response.status.message) == *user.root* ]]
        [[ $(said '.response | has("patch")') == false ]]
    done
    [[ $(said .response.status.message) == *"runAsNonRoot"* ]]
}

@test "webhook: what a request leaves as it was, and deletions, pass" {
    local review
    start_webhook
    for review in "$reviews"/pod-{update-finalizer,delete}.json; do
        ask /validate "$review"
        assert_protocol "$review"
        [[ $(said .response.allowed) == true && $(said '.response | has("warnings")') == false ]]
    done
    write_policy '{"version": 1, "rules": {"user.root": "off"}, "admission": {"rules": {"labels.required": "off"}}}'
    metric_is ocinorm_webhook_policy_loads_total 2
    ask /validate "$reviews/pod-resize.json"
    assert_protocol "$reviews/pod-resize.json"
    [[ $(said '.response.warnings | join(" ")') == *env.gomaxprocs* ]]
}

@test "webhook: what is absent is filled in, once" {
    local review=$reviews/pod-create.json patch
    start_webhook
    ask /mutate "$review"
    assert_protocol "$review"
    printf '%s' "$answer" >"$BATS_TEST_TMPDIR/answer"
    patch=$(said '.response.patch | @base64d')
    [[ $(jq -r '[.[].path] | sort | join(" ")' <<<"$patch") == "/metadata/labels/app.kubernetes.io~1name \
/spec/containers/0/env/- /spec/containers/0/env/- /spec/runtimeClassName" ]]
    [[ $(jq -r '[.[] | .value | objects | .name + "=" + .value] | join(" ")' <<<"$patch") == \
        "GOMAXPROCS=2 GOMEMLIMIT=483183820" ]]
    python3 "$BATS_TEST_DIRNAME/patch.py" "$review" "$BATS_TEST_TMPDIR/answer" >"$BATS_TEST_TMPDIR/patched.json"
    ask /mutate "$BATS_TEST_TMPDIR/patched.json"
    assert_protocol "$review"
    [[ $(said '.response | has("patch")') == false ]]
    # Templates and running pods are not touched.
    for review in "$reviews"/{deployment-create,pod-resize,pod-ephemeralcontainers,pod-delete}.json; do
        ask /mutate "$review"
        assert_protocol "$review"
        [[ $(said .response.allowed) == true && $(said '.response | has("patch")') == false ]]
    done
}

@test "webhook: what is no review is refused with a reason" {
    local file=$BATS_TEST_TMPDIR/bad.json good=$reviews/pod-create.json
    start_webhook
    jq '.apiVersion = "admission.k8s.io/v1beta1"' "$good" >"$file"
    refuses 400 'apiVersion is not admission.k8s.io/v1' /validate "$file"
    jq '.kind = "Review"' "$good" >"$file"
    refuses 400 'kind is not AdmissionReview' /validate "$file"
    jq 'del(.request.uid)' "$good" >"$file"
    refuses 400 'uid' /mutate "$file"
    jq 'del(.request)' "$good" >"$file"
    refuses 400 'request' /validate "$file"
    jq '.request.operation = "PATCH"' "$good" >"$file"
    refuses 400 'operation' /validate "$file"
    jq '.request.object = "pod"' "$good" >"$file"
    refuses 400 'request.object is no object' /validate "$file"
    echo '{"kind": "AdmissionReview", "kind": "AdmissionReview"}' >"$file"
    refuses 400 'duplicate' /validate "$file"
    { printf '[%.0s' {1..5000}; printf ']%.0s' {1..5000}; } >"$file"
    refuses 400 'no AdmissionReview' /validate "$file"
    : >"$file"
    refuses 400 'no AdmissionReview' /validate "$file"
    head -c 100000 /dev/urandom >"$file"
    refuses 400 'no AdmissionReview' /mutate "$file"
    type=text/plain refuses 400 'content-type' /validate "$good"
    refuses 400 'content-encoding' /validate "$good" -H 'Content-Encoding: gzip'
    head -c 9000000 /dev/zero >"$file"
    refuses 413 '8 MiB' /validate "$file"
    refuses 413 '8 MiB' /validate "$file" -H 'Expect:'
    refuses 413 '8 MiB' /validate "$file" -H 'Transfer-Encoding: chunked'
    refuses 404 'nothing is here' /elsewhere "$good"
    refuses 405 'method' /validate "$good" -X PUT
    refuses 405 'method' /healthz "$good"
    get /validate -o /dev/null -w '%{http_code} %{header_json}' | grep -q '"allow":\["POST"\]'
    # Chunks are a form of HTTP/1.1: read within the same limit.
    ask /validate "$good" -H 'Transfer-Encoding: chunked'
    assert_protocol "$good"
    metric_is 'ocinorm_webhook_worker_restarts_total{reason="died"}' 0
}

@test "webhook: an object of 3 MiB, and its predecessor" {
    local big=$BATS_TEST_TMPDIR/big.json
    start_webhook
    jq '.request.object.metadata.annotations["example.com/blob"] = ("x" * 3000000) |
        .request.oldObject = .request.object | .request.operation = "UPDATE" |
        .request.oldObject.spec.containers[0].image = "other"' "$reviews/pod-create.json" >"$big"
    [[ $(stat -c %s "$big") -gt 6000000 ]]
    ask /validate "$big"
    assert_protocol "$reviews/pod-create.json"
    [[ $(said .response.allowed) == false ]]
}

@test "webhook: what an author wrote forges no line of the log, and no warning" {
    local file=$BATS_TEST_TMPDIR/evil.json
    start_webhook
    jq '.request.name = "a\n{\"level\":\"info\",\"msg\":\"forged\"}" | .request.userInfo.username = "\u001b[31mred" |
        .request.object.spec.containers[0].name = "c\n\u202eevil"' "$reviews/pod-create.json" >"$file"
    ask /validate "$file"
    assert_protocol "$file"
    grep -a denied "$log"
    jq -es 'map(select(.msg == "forged")) == []' "$log"
    run ! env LC_ALL=C grep -aP '[^\x20-\x7e]' "$log"
    run ! env LC_ALL=C grep -aP '[^\x20-\x7e]' <<<"$(said '.response.status.message, (.response.warnings // [])[]')"
}

@test "webhook: a certificate is swapped under load, and no request fails" {
    local before after loader
    start_webhook
    write_policy "$strict"
    metric_is ocinorm_webhook_policy_loads_total 2
    serial() { openssl s_client -connect "$address" -servername localhost </dev/null 2>/dev/null |
        openssl x509 -noout -serial; }
    before=$(serial)
    load "$reviews/pod-root.json" --rate 60 --seconds 8 --expect denied >"$BATS_TEST_TMPDIR/load" 3>&- &
    loader=$!
    make_leaf "$ca" "$secret" second
    metric_is ocinorm_webhook_certificate_loads_total 2
    after=$(serial)
    make_leaf "$ca" "$secret" third
    metric_is ocinorm_webhook_certificate_loads_total 3
    wait "$loader" || { cat "$BATS_TEST_TMPDIR/load"; return 1; }
    [[ -n $before && -n $after && $before != "$after" ]]
    [[ $(jq .failures "$BATS_TEST_TMPDIR/load") == 0 ]]
}

@test "webhook: a certificate that cannot be used leaves the one before" {
    start_webhook
    mkdir "$secret/..broken"
    echo 'no certificate' >"$secret/..broken/tls.crt"
    cp "$secret/..first/tls.key" "$secret/..broken/tls.key"
    swap_to "$secret" ..broken
    says 'the new certificate cannot be used, the one before holds'
    metric_is ocinorm_webhook_certificate_broken 1
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$secret/..broken/tls.key"
    cp "$secret/..first/tls.crt" "$secret/..broken/tls.crt"
    says 'is not the key of'
    rm -f "$secret/..data"
    says 'tls.crt: cannot'
    ask /validate "$reviews/pod-create.json"
    assert_protocol "$reviews/pod-create.json"
    swap_to "$secret" ..first
    metric_is ocinorm_webhook_certificate_broken 0
}

@test "webhook: a policy is swapped under load; a broken one leaves the one before" {
    local loader
    write_policy "$lenient"
    start_webhook
    load "$reviews/pod-root.json" --rate 60 --seconds 6 >"$BATS_TEST_TMPDIR/load" 3>&- &
    loader=$!
    ask /validate "$reviews/pod-root.json"
    [[ $(said .response.allowed) == true ]]
    write_policy "$strict"
    metric_is ocinorm_webhook_policy_loads_total 2
    ask /validate "$reviews/pod-root.json"
    [[ $(said .response.allowed) == false ]]
    write_policy '{"version": 1, "rules": {"user.rot": "off"}}'
    says 'the new policy cannot be used, the one before holds'
    metric_is ocinorm_webhook_policy_broken 1
    says 'user.rot'
    # What only a gate cannot do: this is found by the worker that tries it.
    write_policy '{"version": 1, "admission": {"rules": {"image.registry": "deny"}}}'
    says 'registries'
    ask /validate "$reviews/pod-root.json"
    [[ $(said .response.allowed) == false ]]
    write_policy "$lenient"
    metric_is ocinorm_webhook_policy_broken 0
    ask /validate "$reviews/pod-root.json"
    [[ $(said .response.allowed) == true ]]
    wait "$loader" || { cat "$BATS_TEST_TMPDIR/load"; return 1; }
}

@test "webhook: kill -9 of a worker: the next request is answered" {
    local i loader list
    start_webhook
    # One and all of them, idle; then under load.
    for i in 1 2 3; do
        read -ra list < <(workers)
        kill -9 "${list[@]::i}"
        ask /validate "$reviews/pod-create.json"
        assert_protocol "$reviews/pod-create.json"
    done
    load "$reviews/pod-root.json" --rate 60 --seconds 3 >"$BATS_TEST_TMPDIR/load" 3>&- &
    loader=$!
    for i in 1 2 3 4; do
        sleep 0.5
        read -ra list < <(workers)
        kill -9 "${list[0]}" || true
    done
    wait "$loader" || { cat "$BATS_TEST_TMPDIR/load"; return 1; }
    says 'SIGKILL'
    [[ $(metric 'ocinorm_webhook_worker_restarts_total{reason="died"}') -ge 4 ]]
}

@test "webhook: a worker is confined, and holds no key" {
    local worker
    start_webhook
    metric_is ocinorm_webhook_workers "$(workers | wc -w)"
    for worker in $(workers); do
        grep -q '^Seccomp:.*2$' "/proc/$worker/status"
        grep -q '^NoNewPrivs:.*1$' "/proc/$worker/status"
        [[ $(awk '$1 == "Uid:" { print $2 }' "/proc/$worker/status") == 65534 ]]
        [[ $(readlink /proc/"$worker"/fd/* | grep -cv '^/dev/null$') == 1 ]]
        # The first line of the key's own bytes.
        run -1 python3 - "$worker" "$(sed -n 2p "$secret/tls.key")" <<'PYTHON'
import re, sys
pid, key = sys.argv[1], sys.argv[2].encode()
with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
    for line in maps:
        start, end, mode = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+)", line).groups()
        if mode[1] == "w":
            memory.seek(int(start, 16))
            if key in memory.read(int(end, 16) - int(start, 16)):
                sys.exit(0)
sys.exit(1)
PYTHON
    done
}

@test "webhook: slow and silent clients are cut, and cost nothing meanwhile" {
    local ticks
    start_webhook
    cpu() { awk '{ print $14 + $15 }' "/proc/$server/stat"; }
    python3 - "$address" "$ca/ca.crt" >"$BATS_TEST_TMPDIR/slow" 3>&- <<'PYTHON' &
import socket, ssl, sys, time
host, port = sys.argv[1].rsplit(":", 1)
def tcp():
    return socket.create_connection((host, int(port)))
def tls():
    return ssl.create_default_context(cafile=sys.argv[2]).wrap_socket(tcp(), server_hostname="localhost")
silent, half, body = tcp(), tls(), tls()
silent.send(b"\x16\x03\x01\x02")  # the beginning of a handshake
half.send(b"POST /validate HTTP/1.1\r\nHost: a\r\n")
body.send(b"POST /validate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n")
open_ = {"silent": silent, "half": half, "body": body}
for one in open_.values():
    one.settimeout(0.2)
begin = time.monotonic()
while open_ and time.monotonic() < begin + 60:
    for name, one in list(open_.items()):
        try:
            if name != "silent":
                one.send(b" " if name == "body" else b"X")
            if one.recv(100) == b"":
                raise ConnectionError
        except (TimeoutError, socket.timeout):
            continue
        except OSError:
            print(name, flush=True)
            del open_[name]
PYTHON
    local slow=$!
    sleep 1
    ticks=$(cpu)
    ask /validate "$reviews/pod-create.json"
    assert_protocol "$reviews/pod-create.json"
    sleep 4
    ticks=$(($(cpu) - ticks))
    wait "$slow"
    [[ $(sort "$BATS_TEST_TMPDIR/slow" | paste -sd' ') == "body half silent" ]]
    [[ $(metric 'ocinorm_webhook_connections_cut_total{reason="slow"}') == 3 ]]
    # A turn for every 5 ms at most, not a CPU: 400 ticks are four seconds of one.
    ((ticks < 200))
}

@test "webhook: only TLS 1.2 and newer, and no more connections than there may be" {
    start_webhook
    get /healthz --tlsv1.2 --tls-max 1.2
    get /healthz --tlsv1.3
    run ! curl -sS --max-time 10 --cacert "$ca/ca.crt" --ciphers DEFAULT@SECLEVEL=0 --tlsv1.0 --tls-max 1.1 "https://$address/healthz"
    run ! curl -sS --max-time 10 "http://$address/healthz"
    python3 - "$address" <<'PYTHON'
import socket, sys
host, port = sys.argv[1].rsplit(":", 1)
held = [socket.create_connection((host, int(port))) for _ in range(200)]
closed = 0
for one in held:
    one.settimeout(0.02)
    try:
        closed += one.recv(1) == b""
    except (TimeoutError, socket.timeout):
        pass
    except ConnectionError:
        closed += 1
assert closed >= 60, closed
PYTHON
    metric_is ocinorm_webhook_connections 1
    ask /validate "$reviews/pod-create.json"
    assert_protocol "$reviews/pod-create.json"
}

@test "webhook: metrics at an address of their own" {
    local plain
    start_webhook --metrics 127.0.0.1:0
    plain=$(sed -n 's/.*serving metrics at \([0-9.:]*\)".*/\1/p' "$log")
    curl -sS "http://$plain/metrics" | grep -q '^ocinorm_webhook_build_info{version='
    [[ $(curl -sS "http://$plain/healthz") == ok ]]
    [[ $(curl -sS -o /dev/null -w '%{http_code}' "http://$plain/validate" -d '{}') == 404 ]]
    [[ $(get /metrics -o /dev/null -w '%{http_code}') == 404 ]]
}

@test "webhook: SIGTERM under load: what runs is answered, then it ends with 0" {
    local loader
    write_policy "$strict"
    start_webhook
    load "$reviews/pod-root.json" --rate 60 --seconds 20 --may-end --expect denied >"$BATS_TEST_TMPDIR/load" 3>&- &
    loader=$!
    sleep 1
    kill -TERM "$server"
    says stopping
    [[ $(get /healthz -o /dev/null -w '%{http_code}') == 503 ]]
    wait "$server"
    server=
    wait "$loader" || { cat "$BATS_TEST_TMPDIR/load"; return 1; }
    says stopped
}

@test "webhook: 200 requests a second, and the memory is where it was" {
    local report
    write_policy "$strict"
    start_webhook
    load "$reviews/pod-root.json" --rate 200 --seconds 2 >/dev/null
    report=$(load "$reviews/pod-root.json" --rate 200 --seconds 4 --expect denied --pid "$server")
    echo "$report"
    jq -e '.failures == 0 and .answered >= 400 and .p50 < 1000 and .memory[1] < .memory[0] + 20000' <<<"$report"
}

@test "webhook: no root, nothing to write, and files that are wrong at the start" {
    open=$(mktemp -d) # bats' own is closed to others
    cp -a "$secret" "$policy" "$program" "$open"
    chmod -R a+rX "$open"
    : >"$log"
    setpriv --reuid 65532 --regid 65532 --clear-groups --no-new-privs "$open/ocinorm-webhook" \
        --cert "$open/secret/tls.crt" --key "$open/secret/tls.key" --config "$open/policy.json" --listen 127.0.0.1:0 \
        2>"$log" 3>&- &
    server=$!
    says 'the certificate holds' || { cat "$log"; return 1; }
    address=$(sed -n 's/.*serving https at \([0-9.:]*\)".*/\1/p' "$log")
    ask /validate "$reviews/pod-create.json"
    assert_protocol "$reviews/pod-create.json"
    stop_webhook
    run -2 "$program" --cert "$secret/tls.crt"
    assert_has "$output" '--cert and --key are needed'
    run -2 "$program" --cert "$secret/none" --key "$secret/tls.key" --config "$policy" --listen 127.0.0.1:0
    assert_has "$output" 'none'
    run -2 "$program" --cert "$secret/tls.crt" --key "$secret/tls.key" --config "$policy.none" --listen 127.0.0.1:0
    assert_has "$output" 'policy.json.none'
    run -2 "$program" --cert "$secret/tls.crt" --key "$secret/tls.key" --config "$policy" --listen nowhere
    assert_has "$output" 'no address to listen at'
    run -0 "$program" --help
    run -0 "$program" --version
}
