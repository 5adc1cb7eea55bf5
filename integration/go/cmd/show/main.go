// SPDX-License-Identifier: Apache-2.0

// Show prints what a Go program really uses of the environment that ocinorm gives it.
package main

import (
	"fmt"
	"log"
	"math"
	"net/http"
	"runtime"
	"runtime/debug"

	"ocinorm.example/go/httpenv"
)

func main() {
	transport, err := httpenv.Transport()
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{}
	if err := httpenv.Configure(server); err != nil {
		log.Fatal(err)
	}
	fmt.Println("GOMAXPROCS", runtime.GOMAXPROCS(0))
	if limit := debug.SetMemoryLimit(-1); limit != math.MaxInt64 {
		fmt.Println("GOMEMLIMIT", limit)
	}
	fmt.Println("transport idle", transport.IdleConnTimeout)
	fmt.Println("transport TLS handshake", transport.TLSHandshakeTimeout)
	fmt.Println("transport expect-continue", transport.ExpectContinueTimeout)
	fmt.Println("server idle", server.IdleTimeout)
}
