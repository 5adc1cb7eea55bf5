// SPDX-License-Identifier: Apache-2.0

// A service that prints what it finds out about itself.
package main

import (
	"fmt"
	"os"
	"runtime"
)

func main() {
	fmt.Printf("uid=%d gid=%d\n", os.Getuid(), os.Getgid())
	fmt.Printf("HOME=%s\n", os.Getenv("HOME"))
	fmt.Printf("GOMAXPROCS=%s, and the Go runtime uses %d\n", os.Getenv("GOMAXPROCS"), runtime.GOMAXPROCS(0))
	fmt.Printf("GOMEMLIMIT=%s\n", os.Getenv("GOMEMLIMIT"))
}
