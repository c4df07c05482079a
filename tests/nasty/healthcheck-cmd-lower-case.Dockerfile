FROM alpine:3.20
HEALTHCHECK cmd a b
