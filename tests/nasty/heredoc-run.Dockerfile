FROM alpine:3.20
RUN <<EOF
apk add curl
rm -rf /x
EOF
CMD x
