package main

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// The demo server satisfies a certified client that we did not write.
func TestOpenIDClient(t *testing.T) {
	_, err := exec.LookPath("node")
	needs(t, "Node", err)
	_, err = os.Stat("interop/node_modules/openid-client")
	needs(t, "interop/node_modules (npm ci in interop)", err)
	a := startApp(t, nil)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	node := exec.CommandContext(ctx, "node", "openid-client.mjs", a.cfg.Issuer, "http://127.0.0.1:1/callback")
	node.Dir = "interop"
	out, err := node.CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "ok" {
		t.Errorf("openid-client: %v\n%s", err, out)
	}
}
