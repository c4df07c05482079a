FROM alpine:3.20
RUN <<EOF
abc
EOF
