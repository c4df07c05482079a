FROM alpine
RUN <<EOF
a
b
EOF
CMD x
