FROM alpine:3.20
RUN <<EOF
cat <<EOF
inner
EOF
RUN after
