package main

import (
	"testing"

	"oauth-test-client/internal/chromium"
)

// The pages of a step-by-step login on a wide screen and on a phone, light and dark: nothing goes over the side, and the
// audit is clean, while the login waits too.
func TestSteps_InChromium(t *testing.T) {
	t.Parallel()
	c := chromium.Open(t)
	a := startTalk(t, false)
	c.Resize(1200, 800)
	c.Go(a.Cfg.BaseURL + "/login?step=1")
	c.WaitFor("1. Before the redirect")
	c.Shot("stage-1")
	c.Press(`a[data-leave]`, "Choose any user")
	c.Press(`button[value="user_alice"]`, "wants to access your account")
	c.Press(`button[value="allow"]`, "3. The browser is back")
	c.Shot("stage-3")
	c.Press(`button[value="steal"]`, "The thief gets nothing")
	c.Shot("stage-thief")
	c.Press(`button[value="forge"]`, "The forged response is refused")
	c.Shot("stage-forged")
	c.Press(`a[href$="show=2"]`, "This app saw nothing")
	c.Shot("stage-2")
	c.Go(a.Cfg.BaseURL + "/")
	c.WaitFor("Resume at step 3")
	c.Shot("stage-home")
	c.Press(`nav a[href="/flow"]`, "What went over the wire so far")
	c.Shot("stage-flow-so-far")
	c.Press(`.presenting button`, "Exit")
	c.Shot("stage-flow-present")
	c.Press(`.verdict a[href*="show=3"]`, "3. The browser is back")
	c.Shot("stage-3-present")
	c.Press(`button[value="exchange"]`, "4. The token response")
	c.Shot("stage-4-present")
	c.Press(`button[value="api"]`, "5. The API accepts only the token")
	c.Shot("stage-5-present")
	c.Press(`.presenting button`, "Present")
	c.Shot("stage-5")
}
