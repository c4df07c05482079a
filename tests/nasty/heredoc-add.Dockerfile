FROM alpine:3.20
ADD <<EOF /etc/x.conf
a=1
EOF
