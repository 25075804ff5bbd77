package config

import (
	"os"
	"strings"
	"time"
)

// Reread returns the settings that a running program goes on with when fresh has been read. The listener
// and the sessions stay as they are: the names of what has changed there are returned, and wait for a restart.
func (c Config) Reread(fresh Config) (next Config, waiting []string) {
	keep := func(name string, value *string, old string) {
		if *value != old {
			waiting = append(waiting, name)
		}
		*value = old
	}
	if fresh.Demo { // its address follows from BASE_URL
		fresh.Issuer = strings.Replace(fresh.Issuer, fresh.BaseURL, c.BaseURL, 1)
		fresh.ResourceURL = strings.Replace(fresh.ResourceURL, fresh.BaseURL+"/demo/", c.BaseURL+"/demo/", 1)
	}
	keep("PORT", &fresh.Port, c.Port)
	keep("BASE_URL", &fresh.BaseURL, c.BaseURL)
	keep("SESSION_SECRET", &fresh.SessionSecret, c.SessionSecret)
	keep("SESSION_STORE", &fresh.SessionStore, c.SessionStore)
	return fresh, waiting
}

// Stamp tells one state of a file from another.
type Stamp struct {
	changed time.Time
	size    int64
}

// StampOf is the state of a file; a file that is not there has one too.
func StampOf(file string) Stamp {
	info, err := os.Stat(file)
	if err != nil {
		return Stamp{}
	}
	return Stamp{info.ModTime(), info.Size()}
}
