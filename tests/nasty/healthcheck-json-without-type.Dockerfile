FROM alpine:3.20
HEALTHCHECK ["a", "b"]
