FROM alpine:3.20
HEALTHCHECK CMD ["a"] || exit 1
