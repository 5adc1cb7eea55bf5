// SPDX-License-Identifier: Apache-2.0

// Prints the resource that the OpenTelemetry SDK makes of its environment, a JSON object.
package main

import (
	"encoding/json"
	"os"

	"go.opentelemetry.io/otel/sdk/resource"
)

func main() {
	attributes := map[string]string{}
	for _, kv := range resource.Environment().Attributes() {
		attributes[string(kv.Key)] = kv.Value.AsString()
	}
	if err := json.NewEncoder(os.Stdout).Encode(attributes); err != nil {
		panic(err)
	}
}
