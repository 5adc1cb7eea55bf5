# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # reviews is for the tests; bin is set by lib.bash
# A webhook on this machine: a CA, certificates, a policy, and the questions of an API server.

program=$bin/ocinorm-webhook
reviews=$BATS_TEST_DIRNAME/reviews

make_ca() { # DIRECTORY
    mkdir -p "$1"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test-ca \
        -keyout "$1/ca.key" -out "$1/ca.crt" 2>/dev/null
}

# DIRECTORY/tls.crt and tls.key, as a Secret is mounted: links into ..data, which is swapped.
make_leaf() { # CA-DIRECTORY DIRECTORY NAME
    local new=$2/..$3
    mkdir -p "$new"
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$3" \
        -keyout "$new/tls.key" -out "$new/leaf.csr" 2>/dev/null
    openssl x509 -req -in "$new/leaf.csr" -CA "$1/ca.crt" -CAkey "$1/ca.key" -CAcreateserial -days 1 \
        -extfile <(printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\n') -out "$new/tls.crt" 2>/dev/null
    swap_to "$2" "..$3"
    ln -sfn ..data/tls.crt "$2/tls.crt"
    ln -sfn ..data/tls.key "$2/tls.key"
}

swap_to() { # DIRECTORY TARGET
    ln -sfn "$2" "$1/..data_tmp"
    mv -T "$1/..data_tmp" "$1/..data"
}

start_webhook() { # [OPTION...]
    : >"$log"
    "$program" --cert "$secret/tls.crt" --key "$secret/tls.key" --config "$policy" --listen 127.0.0.1:0 "$@" \
        2>"$log" 3>&- &
    server=$!
    says 'serving https at ' || { cat "$log" >&2; return 1; }
    address=$(sed -n 's/.*serving https at \([0-9.:]*\)".*/\1/p' "$log")
    says 'the certificate holds'
}

stop_webhook() {
    [[ -n ${server:-} ]] || return 0
    kill -INT "$server" 2>/dev/null || true
    wait "$server" || true
    server=
}

# The log has, within a minute, a line with TEXT.
says() { # TEXT
    local i
    for ((i = 0; i < 600; i++)); do
        ! grep -qF -- "$1" "$log" || return 0
        sleep 0.1
    done
    echo "the log has no \"$1\"" >&2
    return 1
}

# Within a minute, a metric has a value.
metric_is() { # NAME VALUE
    local i
    for ((i = 0; i < 600; i++)); do
        [[ $(metric "$1") != "$2" ]] || return 0
        sleep 0.1
    done
    echo "$1 is $(metric "$1"), not $2" >&2
    return 1
}

metric() { get /metrics | awk -v name="$1" '$1 == name { print $2 }'; } # NAME

get() { curl -sS --max-time 20 --cacert "$ca/ca.crt" "https://$address$1" "${@:2}"; } # PATH [CURL-OPTION...]

# The answer to a review; "$status" is HTTP's.
ask() { # PATH FILE [CURL-OPTION...]
    local all
    all=$(curl -sS --max-time 20 --cacert "$ca/ca.crt" -w '\n%{http_code}' -H "Content-Type: ${type:-application/json}" \
        --data-binary "@$2" "${@:3}" "https://$address$1?timeout=3s") || return 1
    status=${all##*$'\n'}
    answer=${all%$'\n'*}
}

# A member of the answer.
said() { jq -r "$1" <<<"$answer"; } # JQ-PROGRAM

refuses() { # STATUS TEXT PATH FILE [CURL-OPTION...]
    ask "${@:3}"
    [[ $status == "$1" && $answer == *"$2"* ]] || { echo "$status: $answer" >&2; return 1; }
}

# The protocol, whatever the verdict: version, kind, uid; patch and patchType both or neither.
assert_protocol() { # REVIEW
    [[ $status == 200 ]] || { echo "$status: $answer" >&2; return 1; }
    jq -e --slurpfile review "$1" '.apiVersion == "admission.k8s.io/v1" and .kind == "AdmissionReview" and
        .response.uid == $review[0].request.uid and (.response.allowed | type) == "boolean" and
        (.response | has("patch") == has("patchType")) and
        (.response.allowed or (.response.status | .code >= 400 and .message != "" and .reason != "")) and
        ([.response.warnings // [] | .[] | length] | all(. <= 256) and (add // 0) <= 4096)' <<<"$answer" >/dev/null ||
        { echo "$answer" >&2; return 1; }
}

workers() { xargs <"/proc/$server/task/$server/children"; }

load() { python3 "$BATS_TEST_DIRNAME/load.py" "$address" "$ca/ca.crt" "$@"; } # REVIEW [OPTION...]
