FROM alpine:3.20
healthcheck none
