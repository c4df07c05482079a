FROM alpine:3.20
RUN <<EOF
cat <<IN > /x
EOF2
IN
EOF
