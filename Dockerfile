# The app as a container: a static binary and the certificates of the public authorities. No shell, nothing else.
#
#   docker build -t oauth-test-client .
#   docker run --rm -p 127.0.0.1:3000:3000 oauth-test-client
#
# In a container the app has to listen on all interfaces. Publish its port on 127.0.0.1, as above: published anywhere
# else, it shows tokens to the network. docs/container.md has the settings.
FROM golang:1.26.9 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags="-s -w -buildid=" -o oauth-test-client .

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /src/oauth-test-client /
USER 65532:65532
EXPOSE 3000
ENTRYPOINT ["/oauth-test-client"]
CMD ["-listen", ":3000", "-open=false"]
