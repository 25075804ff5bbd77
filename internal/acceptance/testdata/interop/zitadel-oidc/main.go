// Command zitadel-oidc runs the example server of zitadel/oidc on a free port of 127.0.0.1, for one
// redirect URI. It prints its settings as one line of JSON, and ends when its standard input does.
package main

import (
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	issuer := "http://localhost:" + port + "/"
	storage.RegisterClients(storage.WebClient("web", "secret", os.Args[1]), storage.WebClient("other", "other-secret", os.Args[1]))
	store := storage.NewStorage(storage.NewUserStore(issuer))
	handler := exampleop.SetupServer(issuer, store, slog.New(slog.NewTextHandler(os.Stderr, nil)), false)
	fmt.Printf(`{"issuer":%q,"client_id":"web","client_secret":"secret","other_client_id":"other","other_client_secret":"other-secret"}`+"\n", issuer)
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	log.Fatal(http.Serve(listener, handler))
}
