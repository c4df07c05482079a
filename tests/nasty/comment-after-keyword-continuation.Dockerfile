FROM alpine:3.20
RUN \
# first
# second
  a
