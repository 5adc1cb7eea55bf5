// SPDX-License-Identifier: Apache-2.0

package httpenv

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestTransportKeepsItsOwnValues(t *testing.T) {
	transport, err := Transport()
	if err != nil {
		t.Fatal(err)
	}
	if transport.IdleConnTimeout != 90*time.Second || transport.TLSHandshakeTimeout != 10*time.Second {
		t.Errorf("idle %v, handshake %v", transport.IdleConnTimeout, transport.TLSHandshakeTimeout)
	}
}

func TestTransportTakesTheEnvironment(t *testing.T) {
	t.Setenv(ClientIdle, "50s")
	t.Setenv(TLSHandshake, "5s")
	t.Setenv(ExpectContinue, "1500ms")
	transport, err := Transport()
	if err != nil {
		t.Fatal(err)
	}
	if transport.IdleConnTimeout != 50*time.Second || transport.TLSHandshakeTimeout != 5*time.Second ||
		transport.ExpectContinueTimeout != 1500*time.Millisecond {
		t.Errorf("%+v", transport)
	}
	if http.DefaultTransport.(*http.Transport).IdleConnTimeout != 90*time.Second {
		t.Error("http.DefaultTransport was changed")
	}
}

func TestMalformedValuesAreErrors(t *testing.T) {
	for _, text := range []string{"50", "-1s", "0s", "soon"} {
		t.Setenv(ClientIdle, text)
		if _, err := Transport(); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

// The server closes an idle connection after the time in the variable, and not before.
func TestServerClosesIdleConnections(t *testing.T) {
	t.Setenv(ServerIdle, "200ms")
	closed := make(chan time.Time, 1)
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	if err := Configure(server.Config); err != nil {
		t.Fatal(err)
	}
	server.Start()
	defer server.Close()
	connection, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now() // it cannot be idle before
	if _, err := connection.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	go func() {
		buffer := make([]byte, 4096)
		for {
			if _, err := connection.Read(buffer); err != nil {
				closed <- time.Now()
				return
			}
		}
	}()
	select {
	case at := <-closed:
		if at.Sub(begin) < 200*time.Millisecond {
			t.Errorf("closed after %v already", at.Sub(begin))
		}
	case <-time.After(time.Minute):
		t.Error("still open after a minute")
	}
}
