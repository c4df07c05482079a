FROM alpine:3.20
RUN <<EOF
# note
a
  # more
EOF
