FROM alpine
RUN <<EOF
a
EOF