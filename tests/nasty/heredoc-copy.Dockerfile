FROM alpine:3.20
COPY <<EOF /etc/x.conf
a=1
EOF
