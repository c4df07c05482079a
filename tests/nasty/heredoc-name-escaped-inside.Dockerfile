FROM alpine:3.20
RUN <<E\OF
a
EOF
