FROM alpine:3.20
RUN cat <<E\
OF
a
EOF
