FROM alpine:3.20
RUN a=$(cat <<EOF
b
EOF
)
