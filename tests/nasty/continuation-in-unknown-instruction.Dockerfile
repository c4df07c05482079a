FROM alpine:3.20
FOO a \
  b
RUN c
