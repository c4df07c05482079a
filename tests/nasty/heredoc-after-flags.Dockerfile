FROM alpine:3.20
RUN --mount=type=cache,target=/c --network=none <<EOF
a
EOF
