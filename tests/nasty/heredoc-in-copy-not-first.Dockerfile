FROM alpine:3.20
COPY a <<EOF b <<X /c/
1
EOF
2
X
