FROM alpine:3.20
onbuild run a
