FROM alpine:3.20
RUN python3 <<EOF
print("a")
EOF
