FROM alpine:3.20
ONBUILD \
  RUN \
  # note
  a \
  b
