//go:build !interop

package chromium

// Audit does nothing without the build tag interop, as it needs packages from npm.
func (c *Tab) Audit(string) {}
