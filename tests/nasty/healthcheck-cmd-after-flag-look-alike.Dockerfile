FROM alpine:3.20
HEALTHCHECK CMD --interval=5s a
