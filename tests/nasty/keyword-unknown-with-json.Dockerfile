FROM alpine:3.20
FOO ["a", 1]
