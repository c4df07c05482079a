FROM alpine:3.20
run <<EOF
a
EOF
copy <<EOF /b
c
EOF
