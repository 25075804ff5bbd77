//go:build !interop

package chromium

// Audit does nothing without the build tag interop: what it takes, npm has to install.
func (c *Tab) Audit(string) {}
