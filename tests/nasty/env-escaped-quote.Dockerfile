FROM alpine:3.20
ENV A=\"one B=two\" C="a\"b"
