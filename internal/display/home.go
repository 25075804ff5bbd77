package display

import (
	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/session"
	"time"
)

// Home is what is configured, and what is known of the server. As JSON it is for programs.
type Home struct {
	DemoMode    bool          `json:"demo"`
	Issuer      string        `json:"issuer,omitempty"`
	ClientID    string        `json:"client_id"`
	Scopes      []string      `json:"scopes"`
	RedirectURI string        `json:"redirect_uri"`
	LoginURI    string        `json:"login_uri"`
	IsFound     bool          `json:"server_found"`
	Source      string        `json:"metadata_uri,omitempty"`
	Tried       []oauth.Tried `json:"tried,omitempty"`

	AtAPI bool   `json:"begins_at_the_api,omitempty"` // which names its authorization server
	API   string `json:"resource_url,omitempty"`

	Resource   string          `json:"-"` // what the API calls itself, where that is not its address
	Registered bool            `json:"-"` // the client was, by this process
	Registers  bool            `json:"-"` // or it will be
	Public     bool            `json:"-"` // the client has no secret
	Found      *oauth.Metadata `json:"-"` // nil when the server has not been found
}

// NewHome prepares the settings, with the server's metadata or the reason why there is none; both are nil
// before the first attempt to find it has ended.
func NewHome(cfg config.Config, found *oauth.Metadata, missing *oauth.Error) Home {
	v := Home{DemoMode: cfg.Demo, Issuer: cfg.Issuer, ClientID: cfg.ClientID, Scopes: cfg.Scopes, RedirectURI: cfg.RedirectURI(), LoginURI: cfg.BaseURL + "/login",
		IsFound: found != nil, Public: cfg.ClientSecret == "", Found: found}
	if cfg.AtAPI {
		v.AtAPI, v.API, v.Registered, v.Registers = true, cfg.ResourceURL, cfg.Registered, cfg.Registered || cfg.ClientID == ""
		if cfg.Resource != cfg.ResourceURL {
			v.Resource = cfg.Resource
		}
	}
	if found != nil {
		v.Source = found.Source
	}
	if missing != nil {
		v.Tried = missing.Tried
	}
	return v
}

// Unfinished is a login that was begun and has not come back, and the usual causes.
type Unfinished struct {
	Began  time.Time      `json:"began"`
	Ago    string         `json:"-"`
	Causes []causes.Cause `json:"causes"`
}

// NewUnfinished prepares the newest login that a browser has begun and not come back from, unless one has
// been finished since: then nothing is wrong. Both lists begin with the newest.
func NewUnfinished(cfg config.Config, begun []time.Time, logins []*session.Login, now time.Time) *Unfinished {
	if len(begun) == 0 || len(logins) > 0 && logins[0].Arrived.After(begun[0]) {
		return nil
	}
	return &Unfinished{Began: begun[0], Ago: ago(now.Sub(begun[0])), Causes: causes.NeverCameBack(cfg)}
}
