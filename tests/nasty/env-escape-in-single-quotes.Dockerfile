FROM alpine:3.20
ENV A='a\' B='b'
