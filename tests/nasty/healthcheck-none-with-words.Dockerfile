FROM alpine:3.20
HEALTHCHECK NONE really none
