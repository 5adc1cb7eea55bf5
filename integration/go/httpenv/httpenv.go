// SPDX-License-Identifier: Apache-2.0

// Package httpenv gives net/http the timeouts that ocinorm's rule env.http puts into a container's
// environment. Copy it: it has no dependencies and no state.
package httpenv

import (
	"fmt"
	"net/http"
	"os"
	"time"
)

// Names of the variables, as ocinorm's policy has them by default (env.http, format "go").
const (
	ClientIdle     = "OCINORM_HTTP_CLIENT_IDLE_TIMEOUT"
	ServerIdle     = "OCINORM_HTTP_SERVER_IDLE_TIMEOUT"
	TLSHandshake   = "OCINORM_HTTP_TLS_HANDSHAKE_TIMEOUT"
	ExpectContinue = "OCINORM_HTTP_EXPECT_CONTINUE_TIMEOUT"
)

// set puts the duration in the variable name into *timeout, and leaves it where the variable is not
// set: off a node with ocinorm a program keeps its own values.
func set(timeout *time.Duration, name string) error {
	text := os.Getenv(name)
	if text == "" {
		return nil
	}
	value, err := time.ParseDuration(text)
	if err != nil || value <= 0 {
		return fmt.Errorf("%s: %q is no positive duration such as \"50s\"", name, text)
	}
	*timeout = value
	return nil
}

// Transport is http.DefaultTransport's copy with the timeouts of the environment. Connections that
// idle longer than a balancer on the way allows would fail at their next request.
func Transport() (*http.Transport, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	for name, timeout := range map[string]*time.Duration{
		ClientIdle:     &transport.IdleConnTimeout,
		TLSHandshake:   &transport.TLSHandshakeTimeout,
		ExpectContinue: &transport.ExpectContinueTimeout,
	} {
		if err := set(timeout, name); err != nil {
			return nil, err
		}
	}
	return transport, nil
}

// Configure sets the idle timeout of a server. A balancer in front must be the one that closes an idle
// connection first, or it sends a request into a closed one and answers 502.
func Configure(server *http.Server) error {
	return set(&server.IdleTimeout, ServerIdle)
}
