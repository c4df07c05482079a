FROM alpine:3.20
RUN <<E"O"F
a
EOF
RUN <<'E'OF
b
EOF
