FROM alpine:3.20
RUN --mount=target="/c d" <<EOF
a
EOF
